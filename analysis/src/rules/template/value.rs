//! What expressions in a template are: Go's values, as far as alerts have them.

use std::{collections::BTreeMap, rc::Rc};

use super::time::Time;
use crate::{metrics::Labels, promql::Sample};

/// A value. Clones are cheap.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// No value at all: an untyped nil.
    Nil,
    /// What stands where Go's type is `interface {}`; perhaps nothing.
    Interface(Option<Rc<Value>>),
    Bool(bool),
    /// Go's `int`.
    Int(i64),
    /// Go's `int64`.
    Long(i64),
    /// Go's `uint8`: a byte of a text.
    Byte(u8),
    Float(f64),
    Complex(f64, f64),
    /// Bytes, mostly UTF-8.
    Text(Rc<[u8]>),
    /// What `safeHtml` gives.
    Html(Rc<[u8]>),
    Labels(Labels),
    /// What `args` gives: `map[string]interface {}`.
    Args(Rc<BTreeMap<String, Value>>),
    /// What `query` gives.
    Samples(Option<Rc<[Rc<Sample>]>>),
    /// A pointer to one of them.
    Sample(Option<Rc<Sample>>),
    /// What a template begins with.
    Data(Rc<Data>),
    /// A time, behind a pointer or not.
    Time(Time, Pointed),
    /// Nanoseconds.
    Duration(i64, Pointed),
    Month(u8),
    Weekday(u8),
}

/// What a template is given.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Data {
    pub(super) labels: Labels,
    pub(super) external_labels: Labels,
    pub(super) external_url: Rc<[u8]>,
    pub(super) value: f64,
}

impl Data {
    /// By the names that templates have for them.
    pub(super) fn fields(&self) -> [(&'static str, Value); 4] {
        [
            ("Labels", Value::Labels(self.labels.clone())),
            ("ExternalLabels", Value::Labels(self.external_labels.clone())),
            ("ExternalURL", Value::Text(self.external_url.clone())),
            ("Value", Value::Float(self.value).boxed()),
        ]
    }
}

/// Whether a value is a pointer in Go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pointed {
    Yes,
    No,
}

/// The kinds that are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basic {
    Bool,
    Int,
    Uint,
    Float,
    Complex,
    Text,
}

impl Value {
    pub(super) fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Text(text.as_ref().into())
    }

    /// A value in a place that may hold any.
    pub(super) fn boxed(self) -> Self {
        match self {
            Self::Nil => Self::Interface(None),
            Self::Interface(_) => self,
            value => Self::Interface(Some(Rc::new(value))),
        }
    }

    /// What is in it, where it stands for any value.
    pub(super) fn unboxed(&self) -> Self {
        match self {
            Self::Interface(None) => Self::Nil,
            Self::Interface(Some(value)) => (**value).clone(),
            value => value.clone(),
        }
    }

    /// Whether an `if` takes it for true.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Nil | Self::Interface(None) => false,
            Self::Interface(Some(value)) => value.is_true(),
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Long(value) | Self::Duration(value, Pointed::No) => *value != 0,
            Self::Byte(value) | Self::Month(value) | Self::Weekday(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(re, im) => *re != 0.0 || *im != 0.0,
            Self::Text(text) | Self::Html(text) => !text.is_empty(),
            Self::Labels(labels) => !labels.is_empty(),
            Self::Args(args) => !args.is_empty(),
            Self::Samples(samples) => samples.as_ref().is_some_and(|samples| !samples.is_empty()),
            Self::Sample(sample) => sample.is_some(),
            Self::Data(_) | Self::Time(..) | Self::Duration(_, Pointed::Yes) => true,
        }
    }

    /// Go's name for its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Interface(_) => "interface {}",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Long(_) => "int64",
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::Text(_) => "string",
            Self::Html(_) => "template.HTML",
            Self::Labels(_) => "map[string]string",
            Self::Args(_) => "map[string]interface {}",
            Self::Samples(_) => "template.queryResult",
            Self::Sample(_) => "*template.sample",
            Self::Data(_) => {
                "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; \
                 Value interface {} }"
            }
            Self::Time(_, Pointed::Yes) => "*time.Time",
            Self::Time(_, Pointed::No) => "time.Time",
            Self::Duration(_, Pointed::Yes) => "*time.Duration",
            Self::Duration(_, Pointed::No) => "time.Duration",
            Self::Month(_) => "time.Month",
            Self::Weekday(_) => "time.Weekday",
        }
    }

    /// The name of the type that it points to, or its own.
    pub(super) fn pointed_type_name(&self) -> &'static str {
        let name = self.type_name();
        name.strip_prefix('*').unwrap_or(name)
    }

    /// What it is compared as, if it can be.
    pub(super) fn basic(&self) -> Option<Basic> {
        Some(match self {
            Self::Bool(_) => Basic::Bool,
            Self::Int(_) | Self::Long(_) | Self::Month(_) | Self::Weekday(_) => Basic::Int,
            Self::Duration(_, Pointed::No) => Basic::Int,
            Self::Byte(_) => Basic::Uint,
            Self::Float(_) => Basic::Float,
            Self::Complex(..) => Basic::Complex,
            Self::Text(_) | Self::Html(_) => Basic::Text,
            _ => return None,
        })
    }

    /// The whole number that it is.
    pub(super) fn whole(&self) -> Option<i64> {
        match self {
            Self::Int(value) | Self::Long(value) | Self::Duration(value, Pointed::No) => Some(*value),
            Self::Byte(value) | Self::Month(value) | Self::Weekday(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// Its bytes, if it is a text.
    pub(super) fn bytes(&self) -> Option<&Rc<[u8]>> {
        match self {
            Self::Text(text) | Self::Html(text) => Some(text),
            _ => None,
        }
    }
}

/// What a function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// `interface {}`
    Any,
    /// `reflect.Value`, which takes all the same, nil as well.
    Reflected,
    Text,
    Int,
    Duration,
    Time,
    Samples,
    Sample,
}

impl Type {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Reflected => "reflect.Value",
            Self::Text => "string",
            Self::Int => "int",
            Self::Duration => "time.Duration",
            Self::Time => "time.Time",
            Self::Samples => "template.queryResult",
            Self::Sample => "*template.sample",
        }
    }

    /// The nil of this type, if it has one.
    pub(super) fn nil(self) -> Option<Value> {
        match self {
            Self::Any => Some(Value::Interface(None)),
            Self::Reflected => Some(Value::Nil),
            Self::Samples => Some(Value::Samples(None)),
            Self::Sample => Some(Value::Sample(None)),
            Self::Text | Self::Int | Self::Duration | Self::Time => None,
        }
    }

    /// The value as one of this type; it may be what a pointer points to.
    pub(super) fn take(self, value: &Value) -> Option<Value> {
        Some(match (self, value) {
            (Self::Any | Self::Reflected, value) => value.clone(),
            (Self::Text, Value::Text(_))
            | (Self::Int, Value::Int(_))
            | (Self::Samples, Value::Samples(_))
            | (Self::Sample, Value::Sample(_)) => value.clone(),
            (Self::Duration, Value::Duration(ns, _)) => Value::Duration(*ns, Pointed::No),
            (Self::Time, Value::Time(time, _)) => Value::Time(*time, Pointed::No),
            _ => return None,
        })
    }
}
