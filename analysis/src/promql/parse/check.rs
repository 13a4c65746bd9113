//! What the types of a tree's parts allow, children first, in Prometheus' order and with its texts.

use rustc_hash::FxHashSet;

use super::super::{
    ast::{Binary, Call, Expr, ExprKind, Matching, Selector, Side, TextRange},
    error::ParseError,
    value::ValueType,
};
use crate::metrics::labels::NAME;
use crate::metrics::quote::quoted;

fn fault<T>(what: impl Into<String>, range: TextRange) -> Result<T, ParseError> {
    Err(ParseError { what: what.into(), range })
}

/// Checks a tree and says what it gives. What stands between a scalar and something else matches nothing; what is
/// written there about it is dropped.
pub(super) fn tree(expr: &mut Expr, text: &str) -> Result<ValueType, ParseError> {
    let range = expr.range;
    match &mut expr.kind {
        ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::Text(_) => {}
        ExprKind::Selector(s) | ExprKind::Range { selector: s, .. } => selector(s, range)?,
        ExprKind::Subquery(s) => {
            let found = tree(&mut s.expr, text)?;
            if found != ValueType::Vector {
                let name = match found {
                    ValueType::Scalar => "scalar",
                    ValueType::Vector => "vector",
                    ValueType::Range => "matrix",
                    ValueType::Text => "string",
                };
                return fault(
                    format!("subquery is only allowed on instant vector, got {name} instead"),
                    range,
                );
            }
        }
        ExprKind::Aggregate(a) => {
            is(&mut a.expr, text, ValueType::Vector, "aggregation expression")?;
            if let (Some(param), Some(wanted)) = (&mut a.param, a.op.param()) {
                is(param, text, wanted, "aggregation parameter")?;
            }
        }
        ExprKind::Call(c) => call(c, text, range)?,
        ExprKind::Binary(b) => binary(b, text, range)?,
        ExprKind::Paren(inner) => {
            tree(inner, text)?;
        }
        ExprKind::Negate(inner) | ExprKind::Plus(inner) => {
            let found = tree(inner, text)?;
            if !matches!(found, ValueType::Scalar | ValueType::Vector) {
                let what =
                    "unary expression only allowed on expressions of type scalar or instant vector, got";
                return fault(format!("{what} \"{found}\""), range);
            }
        }
    }
    Ok(expr.value_type())
}

fn is(expr: &mut Expr, text: &str, wanted: ValueType, context: &str) -> Result<(), ParseError> {
    let found = tree(expr, text)?;
    if found == wanted {
        return Ok(());
    }
    fault(format!("expected type {wanted} in {context}, got {found}"), expr.range)
}

fn selector(s: &Selector, range: TextRange) -> Result<(), ParseError> {
    if s.named {
        let (Some(name), again) = (s.matchers.first(), s.matchers.iter().skip(1).find(|m| *m.name == *NAME))
        else {
            return Ok(());
        };
        return match again {
            Some(again) => {
                let (one, other) = (quoted(&name.value), quoted(&again.value));
                fault(format!("metric name must not be set twice: {one} or {other}"), range)
            }
            None => Ok(()),
        };
    }
    if s.matchers.iter().all(|m| m.accepts("")) {
        return fault("vector selector must contain at least one non-empty matcher", range);
    }
    Ok(())
}

fn call(call: &mut Call, text: &str, range: TextRange) -> Result<(), ParseError> {
    let function = call.function;
    let name = function.name;
    let found = call.args.len();
    let (least, most) = (function.args.len() - function.optional, function.args.len());
    let repeats = function.more.is_some();
    let is_fixed = function.optional == 0 && !repeats;
    let wanted = match found {
        _ if is_fixed && found != most => most.to_string(),
        _ if found < least => format!("at least {least}"),
        _ if found > most && !repeats => format!("at most {most}"),
        _ => {
            let types = function.args.iter().chain(function.more.iter().cycle());
            let mut args = call.args.iter_mut().zip(types);
            return args
                .try_for_each(|(arg, wanted)| is(arg, text, *wanted, &format!("call to function {name:?}")));
        }
    };
    fault(format!("expected {wanted} argument(s) in call to {name:?}, got {found}"), range)
}

fn binary(b: &mut Binary, text: &str, range: TextRange) -> Result<(), ParseError> {
    let types = [tree(&mut b.lhs, text)?, tree(&mut b.rhs, text)?];
    let sign = between(b, text);
    if b.is_bool && !b.op.compares() {
        return fault("bool modifier can only be used on comparison operators", sign);
    }
    if b.op.compares() && !b.is_bool && types == [ValueType::Scalar; 2] {
        return fault("comparisons between scalars must use BOOL modifier", sign);
    }
    if b.matching.on {
        let include: FxHashSet<&String> = b.matching.include.iter().collect();
        if let Some(label) = b.matching.labels.iter().find(|label| include.contains(label)) {
            let label = quoted(label);
            return fault(format!("label {label} must not occur in ON and GROUP clause at once"), sign);
        }
    }
    for (side, found) in [&b.lhs, &b.rhs].into_iter().zip(types) {
        if !matches!(found, ValueType::Scalar | ValueType::Vector) {
            return fault("binary expression must contain only scalar and instant vector types", side.range);
        }
    }
    let op = b.op;
    if types != [ValueType::Vector; 2] {
        if !b.matching.labels.is_empty() {
            return fault("vector matching only allowed between instant vectors", range);
        }
        if op.is_set() {
            return fault(format!("set operator \"{op}\" not allowed in binary scalar expression"), range);
        }
        b.matching = Matching::ALL;
    } else if op.is_set() && b.matching.many != Side::Neither {
        return fault(format!("no grouping allowed for \"{op}\" operation"), range);
    }
    Ok(())
}

/// Where the operator and its modifiers stand.
fn between(b: &Binary, text: &str) -> TextRange {
    let (start, end) = (b.lhs.range.end, b.rhs.range.start);
    let part = text.get(start..end).unwrap_or_default();
    let start = start + part.len() - part.trim_start().len();
    TextRange { start, end: start + part.trim().len() }
}
