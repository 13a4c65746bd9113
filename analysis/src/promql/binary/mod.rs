//! Operators between two expressions.

mod matching;
mod scalar;
mod sets;
mod signature;

use super::{
    ast::{Binary, BinaryOp, TextRange},
    error::EvalError,
    grid::Grid,
    scope::{Evaluated, Scope},
};

pub(crate) use matching::matched_labels;

/// What an operator and what stands on its sides give.
pub(super) fn evaluate(
    scope: &mut Scope<'_>,
    b: &Binary,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated, EvalError> {
    let (lhs, rhs) = (scope.eval(&b.lhs, grid)?, scope.eval(&b.rhs, grid)?);
    Ok(Evaluated::Vector(match (lhs, rhs) {
        (Evaluated::Scalar(l), Evaluated::Scalar(r)) => {
            return Ok(Evaluated::Scalar(scalar::of_two(b.op, &l, &r)));
        }
        (Evaluated::Vector(l), Evaluated::Scalar(r)) => scalar::right(scope, b, l, &r, grid, range)?,
        (Evaluated::Scalar(l), Evaluated::Vector(r)) => scalar::left(scope, b, &l, r, grid, range)?,
        (Evaluated::Vector(l), Evaluated::Vector(r)) if b.op.is_set() => {
            sets::evaluate(scope, b, l, r, grid, range)?
        }
        (Evaluated::Vector(l), Evaluated::Vector(r)) => matching::evaluate(scope, b, &l, &r, grid, range)?,
        // The parser lets nothing else through.
        _ => Vec::new(),
    }))
}

/// What an operator makes of two numbers.
enum Applied {
    Number(f64),
    Truth(bool),
}

fn apply(op: BinaryOp, l: f64, r: f64) -> Applied {
    use Applied::{Number, Truth};
    match op {
        BinaryOp::Add => Number(l + r),
        BinaryOp::Sub => Number(l - r),
        BinaryOp::Mul => Number(l * r),
        BinaryOp::Div => Number(l / r),
        BinaryOp::Mod => Number(l % r),
        BinaryOp::Pow => Number(l.powf(r)),
        BinaryOp::Atan2 => Number(l.atan2(r)),
        BinaryOp::Equal => Truth(l == r),
        BinaryOp::NotEqual => Truth(l != r),
        BinaryOp::Greater => Truth(l > r),
        BinaryOp::Less => Truth(l < r),
        BinaryOp::GreaterEqual => Truth(l >= r),
        BinaryOp::LessEqual => Truth(l <= r),
        // Sets are no operators on numbers; the parser refuses them.
        BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => Number(f64::NAN),
    }
}

/// The value that an operator leaves of two; none if it leaves the element out. A comparison leaves `kept`.
fn left_over(b: &Binary, l: f64, r: f64, kept: f64) -> Option<f64> {
    match apply(b.op, l, r) {
        Applied::Number(value) => Some(value),
        Applied::Truth(truth) if b.is_bool => Some(f64::from(u8::from(truth))),
        Applied::Truth(truth) => truth.then_some(kept),
    }
}
