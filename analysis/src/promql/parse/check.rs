//! What the types of a tree's parts allow. The texts are Prometheus'.

use super::super::{
    ast::{Binary, Expr, Side, TextRange},
    error::ParseError,
    functions::Function,
    value::ValueType,
};

fn fault(what: impl Into<String>, range: TextRange) -> Result<(), ParseError> {
    Err(ParseError { what: what.into(), range })
}

pub(super) fn is(expr: &Expr, wanted: ValueType, context: &str) -> Result<(), ParseError> {
    let found = expr.value_type();
    if found == wanted {
        return Ok(());
    }
    fault(format!("expected type {wanted} in {context}, got {found}"), expr.range)
}

pub(super) fn signed(expr: &Expr) -> Result<(), ParseError> {
    match expr.value_type() {
        ValueType::Scalar | ValueType::Vector => Ok(()),
        found => fault(
            format!(
                "unary expression only allowed on expressions of type scalar or instant vector, got \"{found}\""
            ),
            expr.range,
        ),
    }
}

/// `named` is whether `on` or `ignoring` stands there, `sign` where the operator does.
pub(super) fn binary(b: &Binary, named: bool, sign: TextRange) -> Result<(), ParseError> {
    if b.is_bool && !b.op.compares() {
        return fault("bool modifier can only be used on comparison operators", sign);
    }
    for side in [&b.lhs, &b.rhs] {
        if !matches!(side.value_type(), ValueType::Scalar | ValueType::Vector) {
            return fault("binary expression must contain only scalar and instant vector types", side.range);
        }
    }
    let scalars = [&b.lhs, &b.rhs].map(|side| side.value_type() == ValueType::Scalar);
    if scalars == [true, true] && b.op.compares() && !b.is_bool {
        return fault("comparisons between scalars must use BOOL modifier", sign);
    }
    if scalars.contains(&true) {
        if b.op.is_set() {
            return fault(
                format!("set operator {:?} not allowed in binary scalar expression", b.op.to_string()),
                sign,
            );
        }
        if named {
            return fault("vector matching only allowed between instant vectors", sign);
        }
    }
    if b.op.is_set() && b.matching.many != Side::Neither {
        return fault(format!("no grouping allowed for {:?} operation", b.op.to_string()), sign);
    }
    if b.matching.on
        && let Some(label) = b.matching.labels.iter().find(|label| b.matching.include.contains(label))
    {
        return fault(format!("label {label:?} must not occur in ON and GROUP clause at once"), sign);
    }
    Ok(())
}

pub(super) fn call(function: &Function, args: &[Expr], range: TextRange) -> Result<(), ParseError> {
    let name = function.name;
    let (least, most) = (function.args.len() - function.optional, function.args.len());
    let repeats = function.more.is_some();
    let problem = if args.len() < least {
        Some(if function.optional > 0 || repeats { ("at least ", least) } else { ("", least) })
    } else if args.len() > most && !repeats {
        Some(if function.optional > 0 { ("at most ", most) } else { ("", most) })
    } else {
        None
    };
    if let Some((bound, count)) = problem {
        let found = args.len();
        return fault(format!("expected {bound}{count} argument(s) in call to {name:?}, got {found}"), range);
    }
    let types = function.args.iter().chain(function.more.iter().cycle());
    for (arg, wanted) in args.iter().zip(types) {
        is(arg, *wanted, &format!("call to function {name:?}"))?;
    }
    Ok(())
}
