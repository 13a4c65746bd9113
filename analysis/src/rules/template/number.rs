//! Text to numbers, as `strconv.ParseFloat` does it.

/// Why a text is no number. The texts are Go's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NumberFault {
    #[error("invalid syntax")]
    Syntax,
    #[error("value out of range")]
    Range,
}

/// Reads a number: decimal, hexadecimal with a binary exponent, `Inf`, `NaN`.
pub(super) fn parse_float(text: &str) -> Result<f64, NumberFault> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    if lower == "nan" && digits.len() == text.len() {
        return Ok(f64::NAN);
    }
    let size = match lower.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        _ => finite(&lower)?,
    };
    Ok(if negative { -size } else { size })
}

fn finite(lower: &str) -> Result<f64, NumberFault> {
    let plain = without_underscores(lower).ok_or(NumberFault::Syntax)?;
    let value = match plain.strip_prefix("0x") {
        Some(hex) => hexadecimal(hex).ok_or(NumberFault::Syntax)?,
        None => {
            let is_number = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.');
            plain.parse().ok().filter(|_| is_number).ok_or(NumberFault::Syntax)?
        }
    };
    if value.is_infinite() { Err(NumberFault::Range) } else { Ok(value) }
}

/// Underscores stand between digits, or between `0x` and a digit, and only where there is such a prefix.
fn without_underscores(text: &str) -> Option<String> {
    if !text.contains('_') {
        return Some(text.to_owned());
    }
    let body = text.strip_prefix("0x").map_or(text, |_| &text[1..]);
    let is_hex = body.len() < text.len();
    let is_digit = |byte: Option<&u8>| {
        byte.is_some_and(|b| b.is_ascii_digit() || (is_hex && (b.is_ascii_hexdigit() || *b == b'x')))
    };
    let bytes = body.as_bytes();
    let between =
        |at: usize| is_digit(at.checked_sub(1).and_then(|at| bytes.get(at))) && is_digit(bytes.get(at + 1));
    let fits = bytes.iter().enumerate().all(|(at, byte)| *byte != b'_' || between(at));
    (fits && is_hex).then(|| text.replace('_', ""))
}

fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let mut power: i32 = exponent.parse::<i64>().ok()?.clamp(-100_000, 100_000) as i32;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut value, mut used) = (0_u64, 0);
    for (i, c) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u64::from(c.to_digit(16)?);
        // More digits than fit weigh nothing that is looked at here.
        if value >> 59 == 0 {
            value = value * 16 + digit;
            used = i + 1;
        } else if digit != 0 {
            value |= 1;
        }
    }
    let places = i32::try_from(used).ok()? - i32::try_from(whole.len()).ok()?;
    power -= places * 4;
    // In two steps, so that neither is out of range where the result is not.
    let half = power / 2;
    Some(value as f64 * 2_f64.powi(half) * 2_f64.powi(power - half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        let table = [
            ("1", Ok(1.0)),
            ("-1.5e3", Ok(-1500.0)),
            (".5", Ok(0.5)),
            ("5.", Ok(5.0)),
            ("+Inf", Ok(f64::INFINITY)),
            ("-infinity", Ok(f64::NEG_INFINITY)),
            ("0x1p-2", Ok(0.25)),
            ("0x1.8p1", Ok(3.0)),
            ("0x_1_0p0", Ok(16.0)),
            ("1e400", Err(NumberFault::Range)),
            ("", Err(NumberFault::Syntax)),
            ("1 ", Err(NumberFault::Syntax)),
            ("1_0", Err(NumberFault::Syntax)),
            ("0x1", Err(NumberFault::Syntax)),
            ("-nan", Err(NumberFault::Syntax)),
            (".", Err(NumberFault::Syntax)),
            ("e5", Err(NumberFault::Syntax)),
        ];
        for (text, expected) in table {
            assert_eq!(parse_float(text), expected, "{text}");
        }
        assert!(parse_float("NaN").unwrap().is_nan());
    }
}
