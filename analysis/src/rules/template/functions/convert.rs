//! Values to numbers, times and durations.

use super::Given;
use crate::{
    metrics::quote::quoted,
    promql,
    rules::template::{
        number::parse_float,
        time::Time,
        value::{Pointed, Value},
    },
};

/// The number that a value is or, if it is a text, says.
pub(in crate::rules::template) fn to_float(value: &Value) -> Result<f64, String> {
    match value.unboxed() {
        Value::Float(number) => Ok(number),
        Value::Int(number) | Value::Long(number) => Ok(number as f64),
        Value::Duration(ns, Pointed::No) => Ok(ns as f64 / 1e9),
        Value::Text(text) => {
            let text = String::from_utf8_lossy(&text);
            parse_float(&text).map_err(|e| format!("strconv.ParseFloat: parsing {}: {e}", quoted(&text)))
        }
        value => Err(format!("can't convert {} to float", value.type_name())),
    }
}

/// Seconds since 1970 as a time.
pub(super) fn to_time(value: &Value) -> Given {
    let time = Time::from_seconds(to_float(value)?).map_err(|e| e.to_string())?;
    Ok(Value::Time(time, Pointed::Yes))
}

/// Seconds as a duration.
pub(super) fn to_duration(value: &Value) -> Given {
    Ok(Value::Duration((to_float(value)? * 1e9) as i64, Pointed::Yes))
}

/// Seconds of a duration as Prometheus writes them.
pub(super) fn parse_duration(text: &str) -> Given {
    if let Some(ms) = promql::duration::parse(text) {
        return Ok(Value::Float(ms as f64 / 1000.0));
    }
    if text.is_empty() {
        return Err("empty duration string".to_owned());
    }
    let wrong = || format!("not a valid duration string: {}", quoted(text));
    let mut rest = text;
    while !rest.is_empty() {
        let amount = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let unit = &amount[..amount.find(|c: char| c.is_ascii_digit()).unwrap_or(amount.len())];
        if amount.len() == rest.len() || unit.is_empty() {
            return Err(wrong());
        }
        if !matches!(unit, "ms" | "s" | "m" | "h" | "d" | "w" | "y") {
            return Err(format!("unknown unit {} in duration {}", quoted(unit), quoted(text)));
        }
        rest = &amount[unit.len()..];
    }
    // Each part is well written: the units are in disorder, or there is too much of one.
    let units: Vec<&str> = text.split(|c: char| c.is_ascii_digit()).filter(|unit| !unit.is_empty()).collect();
    let rank = |unit: &&str| ["y", "w", "d", "h", "m", "s", "ms"].iter().position(|known| known == unit);
    let in_order = units.windows(2).all(|pair| rank(&pair[0]) < rank(&pair[1]));
    Err(if in_order { "duration out of range".to_owned() } else { wrong() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_or_refused() {
        let table = [
            ("1h30m", Ok(5400.0)),
            ("250ms", Ok(0.25)),
            ("0", Ok(0.0)),
            ("", Err("empty duration string")),
            ("1", Err("not a valid duration string: \"1\"")),
            ("h", Err("not a valid duration string: \"h\"")),
            ("1s1h", Err("not a valid duration string: \"1s1h\"")),
            ("1x", Err("unknown unit \"x\" in duration \"1x\"")),
            ("400y", Err("duration out of range")),
        ];
        for (text, expected) in table {
            let expected = expected.map(Value::Float).map_err(str::to_owned);
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }
}
