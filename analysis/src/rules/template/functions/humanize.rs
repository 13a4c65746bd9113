//! Numbers for people: four digits and a unit.

use super::{Given, to_float};
use crate::rules::template::{
    fmt::precise,
    time::{Time, TimeFault},
    value::Value,
};

const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];

/// `1.235k`, `12.5m`
pub(super) fn by_thousands(value: &Value) -> Given {
    let number = to_float(value)?;
    if number == 0.0 || !number.is_finite() {
        return Ok(Value::text(precise(number, 4)));
    }
    if number.abs() < 1.0 {
        return Ok(Value::text(small(number)));
    }
    Ok(Value::text(large(number, 1000.0, ["k", "M", "G", "T", "P", "E", "Z", "Y"])))
}

/// `1.5Ki` but for the case: `1.5ki`
pub(super) fn by_1024(value: &Value) -> Given {
    let number = to_float(value)?;
    if number.abs() <= 1.0 || !number.is_finite() {
        return Ok(Value::text(precise(number, 4)));
    }
    Ok(Value::text(large(number, 1024.0, ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"])))
}

fn large(mut number: f64, step: f64, units: [&str; 8]) -> String {
    let mut unit = "";
    for next in units {
        if number.abs() < step {
            break;
        }
        unit = next;
        number /= step;
    }
    precise(number, 4) + unit
}

fn small(mut number: f64) -> String {
    let mut unit = "";
    for next in SMALL {
        if number.abs() >= 1.0 {
            break;
        }
        unit = next;
        number *= 1000.0;
    }
    precise(number, 4) + unit
}

/// `1d 2h 3m 4s` of seconds, `12ms` of less than one.
pub(super) fn duration(value: &Value) -> Given {
    let number = to_float(value)?;
    if !number.is_finite() {
        return Ok(Value::text(precise(number, 4)));
    }
    if number == 0.0 {
        return Ok(Value::text(precise(number, 4) + "s"));
    }
    if number.abs() < 1.0 {
        return Ok(Value::text(small(number) + "s"));
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let number = number.abs();
    // What is more than fits is the least number, as on Prometheus' usual machines.
    let whole = if number >= 9_223_372_036_854_775_808.0 { i64::MIN } else { number as i64 };
    let (seconds, minutes, hours) = (whole % 60, whole / 60 % 60, whole / 60 / 60 % 24);
    Ok(Value::text(match (whole / 60 / 60 / 24, hours, minutes) {
        (0, 0, 0) => format!("{sign}{}s", precise(number, 4)),
        (0, 0, _) => format!("{sign}{minutes}m {seconds}s"),
        (0, ..) => format!("{sign}{hours}h {minutes}m {seconds}s"),
        (days, ..) => format!("{sign}{days}d {hours}h {minutes}m {seconds}s"),
    }))
}

/// `12.35%`
pub(super) fn percentage(value: &Value) -> Given {
    Ok(Value::text(precise(to_float(value)? * 100.0, 4) + "%"))
}

/// Seconds since 1970 as a date.
pub(super) fn timestamp(value: &Value) -> Given {
    let number = to_float(value)?;
    match Time::from_seconds(number) {
        Ok(time) => Ok(Value::text(time.to_string())),
        Err(TimeFault::NotFinite) => Ok(Value::text(precise(number, 4))),
        Err(fault) => Err(fault.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_readable() {
        let table = [
            (0.0, "0", "0", "0s", "0%"),
            (1.0, "1", "1", "1s", "100%"),
            (1234567.0, "1.235M", "1.177Mi", "14d 6h 56m 7s", "1.235e+08%"),
            (0.01234, "12.34m", "0.01234", "12.34ms", "1.234%"),
            (-90.5, "-90.5", "-90.5", "-1m 30s", "-9050%"),
            (3600.0, "3.6k", "3.516ki", "1h 0m 0s", "3.6e+05%"),
            (f64::NAN, "NaN", "NaN", "NaN", "NaN%"),
            (f64::INFINITY, "+Inf", "+Inf", "+Inf", "+Inf%"),
        ];
        for (number, thousands, binary, seconds, percent) in table {
            let value = Value::Float(number);
            let made = [by_thousands(&value), by_1024(&value), duration(&value), percentage(&value)];
            assert_eq!(
                made,
                [thousands, binary, seconds, percent].map(|text| Ok(Value::text(text))),
                "{number}"
            );
        }
        assert_eq!(by_thousands(&Value::text("1.5e3")), Ok(Value::text("1.5k")));
        let wrong = Err("strconv.ParseFloat: parsing \"x\": invalid syntax".to_owned());
        assert_eq!(by_thousands(&Value::text("x")), wrong);
        assert_eq!(timestamp(&Value::Int(1)), Ok(Value::text("1970-01-01 00:00:01 +0000 UTC")));
    }
}
