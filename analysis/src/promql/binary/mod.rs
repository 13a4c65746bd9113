//! Operators between two expressions.

mod matching;
mod sets;

use super::{
    ast::{Binary, BinaryOp, TextRange},
    error::EvalError,
    evaluate::{Scope, distinct},
    value::{Sample, Value},
};

pub(crate) use matching::matched_labels;

/// The value of an operator and what stands on its sides.
pub(super) fn evaluate(
    scope: &mut Scope<'_>,
    b: &Binary,
    range: TextRange,
    time: i64,
) -> Result<Value, EvalError> {
    let (lhs, rhs) = (scope.value(&b.lhs, time)?, scope.value(&b.rhs, time)?);
    Ok(Value::Vector(match (lhs, rhs) {
        (Value::Scalar(l), Value::Scalar(r)) => {
            return Ok(Value::Scalar(match apply(b.op, l, r) {
                Applied::Number(value) => value,
                Applied::Truth(truth) => f64::from(u8::from(truth)),
            }));
        }
        (Value::Vector(l), Value::Scalar(r)) => with_scalar(scope, b, l, r, false, range)?,
        (Value::Scalar(l), Value::Vector(r)) => with_scalar(scope, b, r, l, true, range)?,
        (Value::Vector(l), Value::Vector(r)) if b.op.is_set() => sets::evaluate(b, l, r),
        (Value::Vector(l), Value::Vector(r)) => matching::evaluate(scope, b, l, r, range)?,
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

/// The value that an operator leaves of two; none if it leaves the element out. A comparison leaves its left side.
fn left_over(b: &Binary, l: f64, r: f64, kept: f64) -> Option<f64> {
    match apply(b.op, l, r) {
        Applied::Number(value) => Some(value),
        Applied::Truth(truth) if b.is_bool => Some(f64::from(u8::from(truth))),
        Applied::Truth(truth) => truth.then_some(kept),
    }
}

/// A vector and a number; `swapped` if the number stands on the left.
fn with_scalar(
    scope: &Scope<'_>,
    b: &Binary,
    vector: Vec<Sample>,
    scalar: f64,
    swapped: bool,
    range: TextRange,
) -> Result<Vec<Sample>, EvalError> {
    let mut out = Vec::with_capacity(vector.len());
    for sample in vector {
        let (l, r) = if swapped { (scalar, sample.value) } else { (sample.value, scalar) };
        let Some(value) = left_over(b, l, r, sample.value) else { continue };
        out.push(if b.op.computes() || b.is_bool {
            scope.renamed(sample.labels, value)
        } else {
            Sample { value, ..sample }
        });
    }
    distinct(out, range)
}
