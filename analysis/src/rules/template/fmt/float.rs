//! Numbers with a fraction, as `strconv.FormatFloat` and `fmt` write them.

use super::spec::Spec;

/// No `f64` has more digits than this behind its point.
const MOST_DIGITS: usize = 1_100;

/// `%v`.
pub(in crate::rules::template) fn general(value: f64) -> String {
    format(value, 'g', None)
}

/// `%.4g` and the like.
pub(in crate::rules::template) fn precise(value: f64, digits: usize) -> String {
    format(value, 'g', Some(digits))
}

/// By one of the verbs `efgGEbxX`, in as few digits as tell it from all others if no precision is given.
fn format(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let size = value.abs();
    let text = match verb {
        'e' | 'E' => scientific(size, precision),
        'f' | 'F' => decimal(size, precision),
        'b' => binary(size),
        'x' | 'X' => hexadecimal(size, precision),
        _ => shorter(size, precision),
    };
    let text = if matches!(verb, 'E' | 'G' | 'X') { text.to_ascii_uppercase() } else { text };
    format!("{sign}{text}")
}

/// `1.5e-07`
fn scientific(size: f64, precision: Option<usize>) -> String {
    let text = match precision {
        None => format!("{size:e}"),
        Some(digits) => format!("{size:.*e}", digits.min(MOST_DIGITS)),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let missing = precision.unwrap_or(0).saturating_sub(MOST_DIGITS);
    format!("{mantissa}{}e{}", "0".repeat(missing), exponent_digits(exponent))
}

/// At least two of them, and a sign.
fn exponent_digits(exponent: &str) -> String {
    match exponent.strip_prefix('-') {
        Some(digits) => format!("-{digits:0>2}"),
        None => format!("+{exponent:0>2}"),
    }
}

fn decimal(size: f64, precision: Option<usize>) -> String {
    match precision {
        None => size.to_string(),
        Some(digits) => {
            let missing = digits.saturating_sub(MOST_DIGITS);
            format!("{size:.*}{}", digits.min(MOST_DIGITS), "0".repeat(missing))
        }
    }
}

/// `%g`: with an exponent where that is shorter.
fn shorter(size: f64, precision: Option<usize>) -> String {
    let text = match precision {
        None => format!("{size:e}"),
        Some(digits) => format!("{size:.*e}", digits.clamp(1, MOST_DIGITS) - 1),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{}", fraction.trim_end_matches('0'));
    let power: i32 = exponent.parse().unwrap_or(0);
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // From here on it has an exponent.
    let most = match precision {
        // Go decides as if six digits had been asked for.
        None => 6,
        Some(precision) => {
            let precision = i32::try_from(precision.max(1)).unwrap_or(i32::MAX);
            if precision > length && length > power { length } else { precision }
        }
    };
    if power < -4 || power >= most {
        let point = if digits.len() > 1 { "." } else { "" };
        return format!("{}{point}{}e{}", &digits[..1], &digits[1..], exponent_digits(exponent));
    }
    plain(&digits, power)
}

/// Digits and a power of ten without an exponent.
fn plain(digits: &str, power: i32) -> String {
    let Ok(power) = usize::try_from(power) else {
        return format!("0.{}{digits}", "0".repeat(power.unsigned_abs() as usize - 1));
    };
    if digits.len() <= power + 1 {
        return format!("{digits:0<width$}", width = power + 1);
    }
    format!("{}.{}", &digits[..=power], &digits[power + 1..])
}

/// `4503599627370496p-52`
fn binary(size: f64) -> String {
    let (mantissa, power) = parts(size);
    format!("{mantissa}p{power:+}")
}

/// The mantissa as a whole number, and the power of two.
fn parts(size: f64) -> (u64, i32) {
    let bits = size.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0) {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent - 1075),
    }
}

/// `0x1.8p+00`
fn hexadecimal(size: f64, precision: Option<usize>) -> String {
    let (mut mantissa, mut power) = parts(size);
    if mantissa == 0 {
        power = 0;
    } else {
        let shift = mantissa.leading_zeros() - 3;
        mantissa <<= shift;
        power += 60 - shift as i32;
    }
    // One digit before the point, fifteen behind it.
    if let Some(digits) = precision.filter(|digits| *digits < 15) {
        let shift = 60 - digits * 4;
        let rest = mantissa & ((1 << shift) - 1);
        let half = 1 << (shift - 1);
        mantissa >>= shift;
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= shift;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            power += 1;
        }
    }
    let all = format!("{:015x}", mantissa & ((1 << 60) - 1));
    let fraction = match precision {
        None => all.trim_end_matches('0').to_owned(),
        Some(digits) => format!("{:0<width$}", &all[..digits.min(15)], width = digits.min(1_000_000)),
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if power < 0 { '-' } else { '+' };
    format!("0x{}{point}{fraction}p{sign}{:02}", mantissa >> 60, power.abs())
}

/// By a verb, with flags.
pub(super) fn write(out: &mut Vec<u8>, spec: &Spec, value: f64, verb: char, default: Option<usize>) {
    let precision = spec.precision.or(default);
    let text = format(value, verb, precision);
    let (mut sign, mut digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.as_bytes()[0], digits.to_owned()),
        None => (b'+', text.clone()),
    };
    if spec.space && sign == b'+' && !spec.plus {
        sign = b' ';
    }
    if !value.is_finite() {
        let shows_sign = value.is_infinite() || spec.space || spec.plus;
        let sign = if shows_sign { char::from(sign).to_string() } else { String::new() };
        return spec.pad_with_blanks(out, (sign + &digits).as_bytes());
    }
    if spec.sharp && verb != 'b' {
        digits = with_point(&digits, verb, precision);
    }
    if !spec.plus && sign == b'+' {
        return spec.pad(out, digits.as_bytes());
    }
    let length = digits.len() + 1;
    let signed = format!("{}{digits}", char::from(sign));
    if spec.zero && !spec.minus && spec.filling(length) > 0 {
        out.push(sign);
        out.extend(std::iter::repeat_n(b'0', spec.filling(length)));
        out.extend_from_slice(digits.as_bytes());
        return;
    }
    spec.pad(out, signed.as_bytes());
}

/// `%#g`: a point in any case, and the zeros behind it.
fn with_point(digits: &str, verb: char, precision: Option<usize>) -> String {
    let is_hex = matches!(verb, 'x' | 'X');
    let tail_at = digits.find(|c: char| matches!(c, 'p' | 'P') || (!is_hex && matches!(c, 'e' | 'E')));
    let (head, tail) = digits.split_at(tail_at.unwrap_or(digits.len()));
    let mut missing = match verb {
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let significant = head.trim_start_matches(['0', '.']);
    let count = head.chars().filter(|c| *c != '.').count();
    let leading = head.chars().take_while(|c| matches!(c, '0' | '.')).filter(|c| *c == '0').count();
    missing = missing.saturating_sub(if significant.is_empty() { 0 } else { count - leading });
    let mut text = head.to_owned();
    if !head.contains('.') {
        if head == "0" {
            missing = missing.saturating_sub(1);
        }
        text.push('.');
    }
    text + &"0".repeat(missing) + tail
}
