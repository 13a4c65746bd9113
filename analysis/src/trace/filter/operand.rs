//! The sides of a comparison: fields and values, by the words that stand for them.
//!
//! In: the text from where a side begins. Out: an [`Operand`], or a [`Fault`] for what Tempo knows and a filter of single
//! spans does not. Not here: which sides go together.

use std::ops::Range;

use glyph_formats::span::{SpanKind, SpanStatus};
use winnow::stream::Location;

use super::{
    condition::{Field, Value},
    literal::{Fault, Input, key, number, place, rest, takes, text, word},
};

/// One side of a comparison.
pub(super) enum Operand {
    Field(Field),
    Value(Value),
}

/// A field or a value; none if something else comes next, and nothing is taken then.
pub(super) fn operand(input: &mut Input<'_>) -> Result<Option<Operand>, Fault> {
    if let Some(text) = text(input)? {
        return Ok(Some(Operand::Value(Value::Text(text))));
    }
    if let Some(number) = number(input)? {
        return Ok(Some(Operand::Value(number)));
    }
    if takes(input, ".") {
        return Ok(Some(Operand::Field(Field::Unscoped(key(input)?))));
    }
    let start = place(input);
    let begin = *input;
    let name = word(input);
    let field = match (name, rest(input).chars().next()) {
        ("", Some(sign @ ('-' | '+'))) => return unsupported(input, 1, &format!("arithmetic (`{sign}`)")),
        ("span", Some('.')) => {
            takes(input, ".");
            Field::Attribute(key(input)?)
        }
        (_, Some('.' | ':')) => {
            key(input)?;
            let end = input.current_token_start();
            return scoped(&begin[..end - start], start..end).map(|field| Some(Operand::Field(field)));
        }
        _ => match bare(name, start..start + name.len())? {
            Some(operand) => return Ok(Some(operand)),
            None => {
                *input = begin;
                return Ok(None);
            }
        },
    };
    Ok(Some(Operand::Field(field)))
}

/// What a word alone stands for.
fn bare(word: &str, range: Range<usize>) -> Result<Option<Operand>, Fault> {
    Ok(Some(match word {
        "true" => Operand::Value(Value::Bool(true)),
        "false" => Operand::Value(Value::Bool(false)),
        "nil" => Operand::Value(Value::Nil),
        "unset" => Operand::Value(Value::Status(SpanStatus::Unset)),
        "ok" => Operand::Value(Value::Status(SpanStatus::Ok)),
        "error" => Operand::Value(Value::Status(SpanStatus::Error)),
        "internal" => Operand::Value(Value::Kind(SpanKind::Internal)),
        "server" => Operand::Value(Value::Kind(SpanKind::Server)),
        "client" => Operand::Value(Value::Kind(SpanKind::Client)),
        "producer" => Operand::Value(Value::Kind(SpanKind::Producer)),
        "consumer" => Operand::Value(Value::Kind(SpanKind::Consumer)),
        "unspecified" => {
            return Fault::at(
                range,
                "`unspecified` is not supported here: a span without a kind is internal",
            );
        }
        word => match intrinsic(word) {
            Some(field) => Operand::Field(field),
            None if ELSEWHERE.contains(&word) => {
                return Fault::at(range, format!("`{word}` is not supported here"));
            }
            None => return Ok(None),
        },
    }))
}

fn intrinsic(name: &str) -> Option<Field> {
    Some(match name {
        "name" => Field::Name,
        "service" => Field::Service,
        "kind" => Field::Kind,
        "status" => Field::Status,
        "statusMessage" => Field::StatusMessage,
        "duration" => Field::Duration,
        _ => return None,
    })
}

/// Words that mean something to Tempo, and that a filter of single spans has no answer to.
const ELSEWHERE: [&str; 31] = [
    "parent",
    "rootName",
    "rootServiceName",
    "traceDuration",
    "childCount",
    "nestedSetLeft",
    "nestedSetRight",
    "nestedSetParent",
    "minInt",
    "maxInt",
    "count",
    "avg",
    "max",
    "min",
    "sum",
    "by",
    "coalesce",
    "select",
    "with",
    "rate",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "avg_over_time",
    "sum_over_time",
    "quantile_over_time",
    "histogram_over_time",
    "compare",
    "topk",
    "bottomk",
    "not",
];

/// A field with its scope before it: `resource.service.name`, `span:duration`.
fn scoped(name: &str, range: Range<usize>) -> Result<Field, Fault> {
    const SCOPES: [&str; 7] = ["span", "resource", "parent", "event", "link", "trace", "instrumentation"];
    if name == "resource.service.name" {
        return Ok(Field::Service);
    }
    let (scope, rest) = name.split_once(['.', ':']).unwrap_or((name, ""));
    if let Some(field) = intrinsic(rest).filter(|field| name.starts_with("span:") && *field != Field::Service)
    {
        return Ok(field);
    }
    match scope {
        "resource" => Fault::at(
            range,
            format!("`{name}` is not supported here: of a resource only resource.service.name is known"),
        ),
        scope if SCOPES.contains(&scope) => Fault::at(range, format!("`{name}` is not supported here")),
        _ => Fault::at(
            range,
            format!("`{name}` is no field: attributes begin with a dot or span., as in .{name}"),
        ),
    }
}

/// The next `length` bytes mean something to Tempo, and nothing here.
pub(super) fn unsupported<T>(input: &mut Input<'_>, length: usize, what: &str) -> Result<T, Fault> {
    let at = place(input);
    Fault::at(at..at + length, format!("{what} is not supported here"))
}
