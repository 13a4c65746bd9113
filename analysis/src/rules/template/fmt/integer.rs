//! Whole numbers, and characters given as numbers.

use super::{quote, spec::Spec};

/// A number in some radix. `octal` is `%O`, which marks it.
pub(super) fn write(out: &mut Vec<u8>, spec: &Spec, value: i128, radix: u32, upper: bool, octal: bool) {
    let size = value.unsigned_abs();
    let has_sign = value < 0 || spec.plus || spec.space;
    let least = match (spec.precision, spec.width) {
        (Some(0), _) if value == 0 => return spec.pad_with_blanks(out, b""),
        (Some(precision), _) => precision,
        (None, Some(width)) if spec.zero && !spec.minus => width.saturating_sub(usize::from(has_sign)),
        _ => 0,
    };
    let mut digits = match radix {
        2 => format!("{size:b}"),
        8 => format!("{size:o}"),
        16 if upper => format!("{size:X}"),
        16 => format!("{size:x}"),
        _ => size.to_string(),
    };
    if digits.len() < least {
        digits.insert_str(0, &"0".repeat(least - digits.len()));
    }
    if spec.sharp {
        let mark = match radix {
            2 => "0b",
            8 if !digits.starts_with('0') => "0",
            16 if upper => "0X",
            16 => "0x",
            _ => "",
        };
        digits.insert_str(0, mark);
    }
    if octal {
        digits.insert_str(0, "0o");
    }
    if value < 0 {
        digits.insert(0, '-');
    } else if spec.plus {
        digits.insert(0, '+');
    } else if spec.space {
        digits.insert(0, ' ');
    }
    spec.pad_with_blanks(out, digits.as_bytes());
}

fn to_char(code: i128) -> char {
    u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// `%c`
pub(super) fn write_char(out: &mut Vec<u8>, spec: &Spec, code: i128) {
    spec.pad(out, to_char(code).encode_utf8(&mut [0; 4]).as_bytes());
}

/// `%q`
pub(super) fn write_quoted(out: &mut Vec<u8>, spec: &Spec, code: i128) {
    spec.pad(out, quote::character(to_char(code), spec.plus).as_bytes());
}

/// `%U`
pub(super) fn write_unicode(out: &mut Vec<u8>, spec: &Spec, code: i128) {
    // A negative number is a large one without its sign.
    let size = if code < 0 { code as u64 as u128 } else { code.unsigned_abs() };
    let digits = spec.precision.unwrap_or(4).max(4);
    let mut text = format!("U+{size:0digits$X}", digits = digits.min(1_000_000));
    let c = u32::try_from(code).ok().and_then(char::from_u32);
    if let Some(c) = c.filter(|c| spec.sharp && quote::is_printable(*c)) {
        text += &format!(" '{c}'");
    }
    spec.pad_with_blanks(out, text.as_bytes());
}
