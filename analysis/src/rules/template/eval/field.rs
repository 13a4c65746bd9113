//! Fields of structures, entries of maps, methods of times.

use super::{Place, State, Stop, call::Signature};
use crate::rules::template::{
    node::Term,
    time::{Time, duration, month, weekday},
    value::{Pointed, Type, Value},
};

impl<'t> State<'t, '_> {
    /// `.a.b.c`, the last of which may be a method with arguments.
    pub(super) fn field_chain(
        &mut self,
        dot: &Value,
        receiver: Value,
        term: &'t Term,
        path: &'t [String],
        args: &'t [Term],
        last: Option<Value>,
    ) -> Result<Value, Stop> {
        let Some((name, before)) = path.split_last() else { return Ok(receiver) };
        let mut value = receiver;
        for name in before {
            value = self.field(dot, value, term, name, &[], None)?;
        }
        self.field(dot, value, term, name, args, last)
    }

    fn field(
        &mut self,
        dot: &Value,
        receiver: Value,
        term: &'t Term,
        name: &'t str,
        args: &'t [Term],
        last: Option<Value>,
    ) -> Result<Value, Stop> {
        let type_name = receiver.type_name();
        let inner = match &receiver {
            Value::Nil => return Ok(Value::Nil),
            Value::Interface(None) => {
                return Err(self.fault(format!("nil pointer evaluating {type_name}.{name}")));
            }
            receiver => receiver.unboxed(),
        };
        if let Some(takes) = method(&inner, name) {
            let signature = Signature { name, takes, variadic: false };
            let values = self.arguments(dot, &signature, args, last)?;
            let given = call_method(&inner, name, &values);
            return self.given(given, name, Place::Term(term));
        }
        let has_args = !args.is_empty() || last.is_some();
        match &inner {
            Value::Labels(_) | Value::Args(_) if has_args => {
                Err(self.fault(format!("{name} is not a method but has arguments")))
            }
            Value::Labels(labels) => Ok(Value::text(labels.get(name))),
            Value::Args(args) => Ok(args.get(name).cloned().unwrap_or(Value::Nil).boxed()),
            Value::Sample(None) if matches!(name, "Labels" | "Value") => {
                Err(self.fault(format!("nil pointer evaluating {type_name}.{name}")))
            }
            value => match structure_field(value, name) {
                Some(_) if has_args => {
                    Err(self.fault(format!("{name} has arguments but cannot be invoked as function")))
                }
                Some(field) => Ok(field),
                None => Err(self.fault(format!("can't evaluate field {name} in type {type_name}"))),
            },
        }
    }
}

fn structure_field(value: &Value, name: &str) -> Option<Value> {
    match (value, name) {
        (Value::Data(data), name) => {
            data.fields().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
        }
        (Value::Sample(Some(sample)), "Labels") => Some(Value::Labels(sample.labels.clone())),
        (Value::Sample(Some(sample)), "Value") => Some(Value::Float(sample.value).boxed()),
        _ => None,
    }
}

/// What a method takes, if there is one of that name.
fn method(value: &Value, name: &str) -> Option<&'static [Type]> {
    Some(match (value, name) {
        (
            Value::Time(..),
            "Year" | "Month" | "Day" | "YearDay" | "Weekday" | "Hour" | "Minute" | "Second" | "Nanosecond"
            | "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" | "UTC" | "IsZero" | "String",
        ) => &[],
        (Value::Time(..), "Format") => &[Type::Text],
        (Value::Time(..), "After" | "Before" | "Equal" | "Sub" | "Compare") => &[Type::Time],
        (Value::Time(..), "Add" | "Truncate" | "Round") => &[Type::Duration],
        (Value::Time(..), "AddDate") => &[Type::Int, Type::Int, Type::Int],
        (
            Value::Duration(..),
            "Hours" | "Minutes" | "Seconds" | "Milliseconds" | "Microseconds" | "Nanoseconds" | "Abs"
            | "String",
        ) => &[],
        (Value::Duration(..), "Round" | "Truncate") => &[Type::Duration],
        (Value::Month(_) | Value::Weekday(_), "String") => &[],
        _ => return None,
    })
}

fn call_method(value: &Value, name: &str, values: &[Value]) -> Result<Value, String> {
    let given = match value {
        Value::Time(time, _) => of_time(*time, name, values),
        Value::Duration(ns, _) => of_duration(*ns, name, values),
        Value::Month(number) => Some(Value::text(month(*number))),
        Value::Weekday(number) => Some(Value::text(weekday(*number))),
        _ => None,
    };
    given.ok_or_else(|| format!("{name} is not supported here"))
}

fn of_time(time: Time, name: &str, values: &[Value]) -> Option<Value> {
    if let Some(part) = time.part(name) {
        return Some(match name {
            "Month" => Value::Month(u8::try_from(part).ok()?),
            "Weekday" => Value::Weekday(u8::try_from(part).ok()?),
            _ => Value::Int(part),
        });
    }
    Some(match (name, values) {
        ("Unix", _) => Value::Long(time.seconds()),
        ("UnixMilli", _) => Value::Long(time.ns().div_euclid(1_000_000)),
        ("UnixMicro", _) => Value::Long(time.ns().div_euclid(1_000)),
        ("UnixNano", _) => Value::Long(time.ns()),
        ("UTC", _) => Value::Time(time, Pointed::No),
        // It would have to be in the year 1.
        ("IsZero", _) => Value::Bool(false),
        ("String", _) => Value::text(time.to_string()),
        ("Format", [Value::Text(layout)]) => Value::text(time.format(&String::from_utf8_lossy(layout))),
        ("After", [Value::Time(other, _)]) => Value::Bool(time > *other),
        ("Before", [Value::Time(other, _)]) => Value::Bool(time < *other),
        ("Equal", [Value::Time(other, _)]) => Value::Bool(time == *other),
        ("Compare", [Value::Time(other, _)]) => Value::Int(time.cmp(other) as i64),
        ("Sub", [Value::Time(other, _)]) => {
            Value::Duration(time.ns().saturating_sub(other.ns()), Pointed::No)
        }
        ("Add", [Value::Duration(ns, _)]) => Value::Time(time.plus(*ns), Pointed::No),
        ("Truncate", [Value::Duration(unit, _)]) => Value::Time(time.rounded(*unit, false), Pointed::No),
        ("Round", [Value::Duration(unit, _)]) => Value::Time(time.rounded(*unit, true), Pointed::No),
        ("AddDate", [Value::Int(years), Value::Int(months), Value::Int(days)]) => {
            Value::Time(time.plus_date(*years, *months, *days)?, Pointed::No)
        }
        _ => return None,
    })
}

fn of_duration(ns: i64, name: &str, values: &[Value]) -> Option<Value> {
    let parts = |unit: i64| Value::Float((ns / unit) as f64 + (ns % unit) as f64 / unit as f64);
    Some(match (name, values) {
        ("Hours", _) => parts(3_600_000_000_000),
        ("Minutes", _) => parts(60_000_000_000),
        ("Seconds", _) => parts(1_000_000_000),
        ("Milliseconds", _) => Value::Long(ns / 1_000_000),
        ("Microseconds", _) => Value::Long(ns / 1_000),
        ("Nanoseconds", _) => Value::Long(ns),
        ("Abs", _) => Value::Duration(ns.saturating_abs(), Pointed::No),
        ("String", _) => Value::text(duration(ns)),
        ("Truncate", [Value::Duration(unit, _)]) if *unit > 0 => Value::Duration(ns - ns % unit, Pointed::No),
        ("Round", [Value::Duration(unit, _)]) if *unit > 0 => {
            let rest = i128::from(ns % unit);
            let up = rest.abs() * 2 >= i128::from(*unit);
            let whole = i128::from(ns) - rest + if up { rest.signum() * i128::from(*unit) } else { 0 };
            Value::Duration(
                i64::try_from(whole).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX }),
                Pointed::No,
            )
        }
        ("Truncate" | "Round", _) => Value::Duration(ns, Pointed::No),
        _ => return None,
    })
}
