//! What a filter says, as a tree, and its canonical text, which Tempo understands too.

use std::fmt::{self, Display, Write};

use glyph_formats::span::{SpanKind, SpanStatus};
use regex::Regex;

/// Something that a span meets or not.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    /// Every span, or none.
    Always(bool),
    Not(Box<Self>),
    /// Flat, since `&&` and `||` bind alike: what stands further right is met by what the left amounts to.
    Chain {
        first: Box<Self>,
        rest: Vec<(Join, Self)>,
    },
    Comparison(Comparison),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    And,
    Or,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison {
    pub(super) field: Field,
    pub(super) op: Op,
    /// Of a type that the field and the operator can have.
    pub(super) value: Value,
}

/// What is known of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Service,
    Kind,
    Status,
    StatusMessage,
    Duration,
    /// `span.KEY`.
    Attribute(String),
    /// `.KEY`: the span's attribute, or else that of its resource, of which only the service is known.
    Unscoped(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Matches,
    MatchesNot,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Pattern(Pattern),
    Integer(i64),
    Float(f64),
    /// In nanoseconds.
    Duration(i64),
    Bool(bool),
    Kind(SpanKind),
    Status(SpanStatus),
    /// No value at all.
    Nil,
}

/// A regular expression and its text.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) text: String,
    pub(super) regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Condition {
    /// Whether an attribute is named.
    pub(super) fn needs_attributes(&self) -> bool {
        match self {
            Self::Always(_) => false,
            Self::Not(inner) => inner.needs_attributes(),
            Self::Chain { first, rest } => {
                first.needs_attributes() || rest.iter().any(|(_, next)| next.needs_attributes())
            }
            Self::Comparison(Comparison { field, .. }) => {
                matches!(field, Field::Attribute(_) | Field::Unscoped(_))
            }
        }
    }
}

impl Field {
    /// A name, if it needs no quotes.
    pub(super) fn is_bare(c: char) -> bool {
        !c.is_whitespace() && !"{}()=~!<>&|^,\"".contains(c)
    }
}

impl Op {
    pub(super) const ALL: [Self; 8] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessEqual,
        Self::Greater,
        Self::GreaterEqual,
        Self::Matches,
        Self::MatchesNot,
    ];

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        }
    }

    /// Whether it asks for the same or not the same, which can be asked of every type.
    pub(super) fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    pub(super) fn is_match(self) -> bool {
        matches!(self, Self::Matches | Self::MatchesNot)
    }

    /// The operator that says the same with the sides exchanged.
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            other => other,
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |f: &mut fmt::Formatter<'_>, part: &Self| match part {
            Self::Chain { .. } => write!(f, "({part})"),
            _ => write!(f, "{part}"),
        };
        match self {
            Self::Always(always) => write!(f, "{always}"),
            Self::Not(inner) => write!(f, "!({inner})"),
            Self::Chain { first, rest } => {
                part(f, first)?;
                rest.iter().try_for_each(|(join, next)| {
                    f.write_str(if *join == Join::And { " && " } else { " || " })?;
                    part(f, next)
                })
            }
            Self::Comparison(Comparison { field, op, value }) => {
                write!(f, "{field} {} {value}", op.sign())
            }
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scope, key) = match self {
            Self::Name => return f.write_str("name"),
            Self::Service => return f.write_str("resource.service.name"),
            Self::Kind => return f.write_str("kind"),
            Self::Status => return f.write_str("status"),
            Self::StatusMessage => return f.write_str("statusMessage"),
            Self::Duration => return f.write_str("duration"),
            Self::Attribute(key) => ("span.", key),
            Self::Unscoped(key) => (".", key),
        };
        f.write_str(scope)?;
        // A digit after a dot would begin a number.
        let is_bare = key.chars().all(Self::is_bare) && !key.starts_with(|c: char| c.is_ascii_digit());
        if is_bare && !key.is_empty() {
            return f.write_str(key);
        }
        write!(f, "\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Pattern(Pattern { text, .. }) => quoted(text, f),
            Self::Integer(number) => write!(f, "{number}"),
            // With a point or an exponent, so that it stays what it is.
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Duration(ns) => duration(*ns, f),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Kind(kind) => f.write_str(kind.as_str()),
            Self::Status(status) => f.write_str(status.as_str()),
            Self::Nil => f.write_str("nil"),
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

/// In the largest unit of which it is a multiple.
fn duration(ns: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const UNITS: [(i64, &str); 6] = [
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
        (1, "ns"),
    ];
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| ns % unit == 0).unwrap_or((1, "ns"));
    write!(f, "{}{name}", ns / unit)
}
