//! From a filter's text to its condition.
//!
//! In: the text. Out: a [`Condition`] in which every value has a type that its field can have, or a [`Fault`]. What
//! Tempo knows and a filter of single spans does not is refused by its name. Not here: the parts of which it is made,
//! which are `literal`'s.

use std::ops::Range;

use winnow::{LocatingSlice, stream::Location};

use super::{
    condition::{Comparison, Condition, Field, Join, Op, Pattern, Value},
    literal::{Fault, Input, place, rest, sign, takes, word},
    operand::{Operand, operand, unsupported},
};
use crate::metrics::matcher::anchored;

/// Parentheses and `!` within each other.
const MAX_DEPTH: usize = 100;

/// Parses all of `text`.
pub(super) fn condition(text: &str) -> Result<Condition, Fault> {
    let mut input = LocatingSlice::new(text);
    if !takes(&mut input, "{") {
        let condition = chain(&mut input, 0)?;
        return end(&mut input, "&&, || or the end").map(|()| condition);
    }
    let condition = if takes(&mut input, "}") {
        Condition::Always(true)
    } else {
        let condition = chain(&mut input, 0)?;
        if !takes(&mut input, "}") {
            end(&mut input, "&&, || or }")?;
            return expected(&mut input, "}");
        }
        condition
    };
    if let Some(sign) = sign(&mut input) {
        let what = if sign == "|" { "a pipeline" } else { "combining sets of spans" };
        return unsupported(&mut input, sign.len(), &format!("`{sign}` ({what})"));
    }
    end(&mut input, "the end").map(|()| condition)
}

fn expected<T>(input: &mut Input<'_>, what: &str) -> Result<T, Fault> {
    let at = place(input);
    let found = rest(input).chars().next().map_or(0, char::len_utf8);
    let so_far = if found == 0 { ", and the filter ends here" } else { "" };
    Fault::at(at..at + found, format!("expected {what}{so_far}"))
}

/// Nothing but the end, or a closing brace that its caller has found missing.
fn end(input: &mut Input<'_>, wanted: &str) -> Result<(), Fault> {
    place(input);
    if rest(input).is_empty() {
        return Ok(());
    }
    match sign(input) {
        Some(sign @ ("+" | "-" | "*" | "/" | "%" | "^")) => {
            unsupported(input, sign.len(), &format!("arithmetic (`{sign}`)"))
        }
        Some("|") => unsupported(input, 1, "a pipeline (`|`)"),
        Some("!" | "==") | None => expected(input, wanted),
        Some(sign) if Op::ALL.iter().any(|op| op.sign() == sign) => expected(input, wanted),
        Some(sign) => unsupported(input, sign.len(), &format!("`{sign}`")),
    }
}

/// Conditions with `&&` and `||` between them.
fn chain(input: &mut Input<'_>, depth: usize) -> Result<Condition, Fault> {
    let first = single(input, depth)?;
    let mut rest = Vec::new();
    loop {
        let join = match sign(input) {
            Some("&&") => Join::And,
            Some("||") => Join::Or,
            _ if rest.is_empty() => return Ok(first),
            _ => return Ok(Condition::Chain { first: Box::new(first), rest }),
        };
        takes(input, if join == Join::And { "&&" } else { "||" });
        rest.push((join, single(input, depth)?));
    }
}

/// A condition without `&&` and `||`, but for those in parentheses.
fn single(input: &mut Input<'_>, depth: usize) -> Result<Condition, Fault> {
    let at = place(input);
    if depth > MAX_DEPTH {
        return Fault::at(at..at + 1, format!("more than {MAX_DEPTH} parentheses and ! within each other"));
    }
    if takes(input, "(") {
        let inner = chain(input, depth + 1)?;
        if !takes(input, ")") {
            end(input, "&&, || or )")?;
            return expected(input, ")");
        }
        return Ok(inner);
    }
    if sign(input) == Some("!") {
        takes(input, "!");
        let after = *input;
        place(input);
        if !rest(input).starts_with(['(', '!']) {
            // Tempo negates the field alone, and compares that.
            operand(input)?;
            if operator(input)?.is_some() {
                return Fault::at(at..at + 1, "a comparison after ! has to stand in parentheses: !(…)");
            }
            *input = after;
        }
        return Ok(Condition::Not(Box::new(single(input, depth + 1)?)));
    }
    comparison(input)
}

fn comparison(input: &mut Input<'_>) -> Result<Condition, Fault> {
    const EXAMPLE: &str = "a condition such as duration > 100ms";
    const OPERATORS: &str = "an operator: one of = != > >= < <= =~ !~";
    let start = place(input);
    let Some(left) = operand(input)? else {
        let word = word(input);
        let length = word.len();
        return match word {
            "" => expected(input, EXAMPLE),
            _ => Fault::at(
                start..start + length,
                format!(
                    "`{word}` is no field: there are name, service, kind, status, statusMessage, duration, and \
                     attributes, which begin with a dot or span., as in .http.route"
                ),
            ),
        };
    };
    let left_end = input.current_token_start();
    let Some(op) = operator(input)? else {
        let field = match left {
            Operand::Value(Value::Bool(always)) => return Ok(Condition::Always(always)),
            Operand::Field(field @ (Field::Attribute(_) | Field::Unscoped(_))) => field,
            _ => {
                end(input, OPERATORS)?;
                return expected(input, OPERATORS);
            }
        };
        return Ok(Condition::Comparison(Comparison { field, op: Op::Equal, value: Value::Bool(true) }));
    };
    let right_start = place(input);
    let right = operand(input)?;
    let right_end = input.current_token_start();
    let comparison = match (left, right) {
        (Operand::Field(field), Some(Operand::Value(value))) => {
            checked(field, op, value, right_start..right_end)
        }
        (Operand::Value(value), Some(Operand::Field(field))) if !op.is_match() => {
            checked(field, op.turned(), value, start..left_end)
        }
        (Operand::Field(field), None) => {
            word(input);
            let range = right_start..input.current_token_start();
            Fault::at(range, format!("expected {}", wanted(&field, op)))
        }
        (Operand::Field(_), Some(Operand::Field(_))) => {
            Fault::at(right_start..right_end, "comparing two fields is not supported here")
        }
        (Operand::Value(_), Some(Operand::Field(_))) => {
            Fault::at(right_start..right_end, "expected a regular expression in quotes")
        }
        (Operand::Value(_), _) => Fault::at(start..left_end, "one side of a comparison has to be a field"),
    };
    comparison.map(Condition::Comparison)
}

fn operator(input: &mut Input<'_>) -> Result<Option<Op>, Fault> {
    let at = place(input);
    let Some(sign) = sign(input) else { return Ok(None) };
    if sign == "==" {
        return Fault::at(at..at + 2, "expected =, of which one is enough");
    }
    let op = Op::ALL.into_iter().find(|op| op.sign() == sign);
    if op.is_some() {
        takes(input, sign);
    }
    Ok(op)
}

/// What a field may be compared with.
fn wanted(field: &Field, op: Op) -> &'static str {
    match field {
        Field::Kind => "internal, server, client, producer or consumer, without quotes",
        Field::Status => "ok, error or unset, without quotes",
        Field::Duration => "a duration such as 100ms",
        _ if op.is_match() => "a regular expression in quotes",
        Field::Name | Field::Service | Field::StatusMessage => "a text in quotes",
        Field::Attribute(_) | Field::Unscoped(_) => {
            "a text in quotes, a number, a duration, true, false or nil"
        }
    }
}

/// The comparison, if the field has values of that type, and the operator is for them. The value stands at `range`.
fn checked(field: Field, op: Op, value: Value, range: Range<usize>) -> Result<Comparison, Fault> {
    let is_attribute = matches!(field, Field::Attribute(_) | Field::Unscoped(_));
    let value = match (&field, value) {
        // Of all durations the one that is the same in every unit.
        (Field::Duration, Value::Integer(0)) => Value::Duration(0),
        (_, value) => value,
    };
    let fits = match &value {
        Value::Text(_) => {
            is_attribute || matches!(field, Field::Name | Field::Service | Field::StatusMessage)
        }
        Value::Duration(_) => is_attribute || field == Field::Duration,
        Value::Kind(_) => field == Field::Kind,
        Value::Status(_) => field == Field::Status,
        _ => is_attribute,
    };
    if op.is_match() && matches!(field, Field::Kind | Field::Status | Field::Duration) {
        return Fault::at(range, format!("{field} is no text, which {} is for", op.sign()));
    }
    if !fits {
        return Fault::at(range, format!("expected {}", wanted(&field, op)));
    }
    let is_ordered =
        matches!(value, Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Duration(_));
    let value = match value {
        Value::Text(text) if op.is_match() => match anchored(&text) {
            Ok(regex) => Value::Pattern(Pattern { text, regex }),
            Err(error) => {
                // The last line says what is wrong; those before draw the place.
                let error = error.to_string();
                let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                return Fault::at(range, format!("no regular expression: {reason}"));
            }
        },
        _ if op.is_match() => {
            return Fault::at(range, format!("{} takes a regular expression in quotes", op.sign()));
        }
        value if !op.is_equality() && !is_ordered => {
            return Fault::at(range, format!("{value} can be compared with = and != only"));
        }
        value => value,
    };
    Ok(Comparison { field, op, value })
}
