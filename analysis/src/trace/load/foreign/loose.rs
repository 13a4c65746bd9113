//! Fields of other tools' spans, however they are spelt: keys in several styles, numbers as text, ids in hexadecimal
//! or base64, enums as numbers or names.
//!
//! In: parts of a JSON value. Out: what they mean, none if they mean nothing. Not here: what is done about that.

use base64::{Engine, alphabet, engine};
use glyph_formats::span::{SpanKind, SpanStatus};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// The first of these fields that is there and not null.
pub(super) fn field<'a>(object: &'a Object, names: &[&str]) -> Option<&'a Value> {
    names.iter().filter_map(|name| object.get(*name)).find(|value| !value.is_null())
}

/// The first of these fields that is text.
pub(super) fn text<'a>(object: &'a Object, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| object.get(*name)?.as_str())
}

/// The elements of the first of these fields that is an array; none of anything else.
pub(super) fn list<'a>(object: &'a Object, names: &[&str]) -> &'a [Value] {
    names.iter().find_map(|name| object.get(*name)?.as_array()).map_or(&[], Vec::as_slice)
}

/// Those elements that are objects.
pub(super) fn objects(list: &[Value]) -> impl Iterator<Item = &Object> {
    list.iter().filter_map(Value::as_object)
}

/// A time or a duration as nanoseconds, `unit` of which make one of what the file counts. What is there but makes no
/// sense is a time beyond any range.
pub(super) fn nanos(value: Option<&Value>, unit: u32) -> Option<i128> {
    const BEYOND: i128 = i128::MAX;
    let whole = |number: i128| number.checked_mul(unit.into()).unwrap_or(BEYOND);
    let float = |number: f64| if number.is_finite() { (number * f64::from(unit)) as i128 } else { BEYOND };
    Some(match value? {
        Value::Null => return None,
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => whole(number.into()),
            (_, Some(number), _) => whole(number.into()),
            (.., Some(number)) => float(number),
            _ => BEYOND,
        },
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => match (text.parse(), text.parse()) {
            (Ok(number), _) => whole(number),
            (_, Ok(number)) => float(number),
            _ => BEYOND,
        },
        _ => BEYOND,
    })
}

/// A time as a date of RFC 3339, in nanoseconds since 1970. Numbers are none: nothing says what they count.
pub(super) fn date(value: Option<&Value>) -> Option<i128> {
    let time = OffsetDateTime::parse(value?.as_str()?, &Rfc3339).ok()?;
    Some(time.unix_timestamp_nanos())
}

/// An id of `bytes` bytes, zero if the file says that there is none. Hexadecimal digits may lack zeroes in front.
pub(super) fn id(value: Option<&Value>, bytes: usize) -> Option<u128> {
    match value {
        None | Some(Value::Null) => Some(0),
        Some(Value::Number(number)) => number.as_u64().map(u128::from),
        Some(Value::String(text)) => id_of(text, bytes),
        Some(_) => None,
    }
}

fn id_of(text: &str, bytes: usize) -> Option<u128> {
    const BASE64: engine::GeneralPurpose = engine::GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    const URL_SAFE: engine::GeneralPurpose = engine::GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    const LENIENT: engine::GeneralPurposeConfig =
        engine::GeneralPurposeConfig::new().with_decode_padding_mode(engine::DecodePaddingMode::Indifferent);
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.is_empty() {
        return Some(0);
    }
    if digits.len() <= 2 * bytes && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return u128::from_str_radix(digits, 16).ok();
    }
    let decoded = BASE64.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()?;
    let value = |decoded: &[u8]| decoded.iter().fold(0, |value, byte| value << 8 | u128::from(*byte));
    (decoded.len() == bytes).then(|| value(&decoded))
}

/// A span's role, as a number of OTLP or as a name in any style; none if it is neither.
pub(super) fn kind(value: Option<&Value>) -> Option<SpanKind> {
    let name = match name(value) {
        None => return Some(SpanKind::Internal),
        Some(name) => name,
    };
    let bare = name.rsplit('.').next().unwrap_or_default();
    Some(match bare.strip_prefix("span_kind_").unwrap_or(bare) {
        "0" | "unspecified" | "1" | "internal" | "local" | "" => SpanKind::Internal,
        "2" | "server" => SpanKind::Server,
        "3" | "client" => SpanKind::Client,
        "4" | "producer" => SpanKind::Producer,
        "5" | "consumer" => SpanKind::Consumer,
        _ => return None,
    })
}

/// How a span ended, likewise.
pub(super) fn status(value: Option<&Value>) -> Option<SpanStatus> {
    let name = match name(value) {
        None => return Some(SpanStatus::Unset),
        Some(name) => name,
    };
    let bare = name.rsplit('.').next().unwrap_or_default();
    Some(match bare.strip_prefix("status_code_").unwrap_or(bare) {
        "0" | "unset" | "" => SpanStatus::Unset,
        "1" | "ok" => SpanStatus::Ok,
        "2" | "error" => SpanStatus::Error,
        _ => return None,
    })
}

/// A number or a name, as lower-case text; none if there is neither.
fn name(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.trim().to_ascii_lowercase()),
        other => Some(other.to_string()),
    }
}

/// Whether a tag named «error» says that there was one.
pub(super) fn says_error(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.eq_ignore_ascii_case("false"),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_read_in_every_spelling() {
        for (text, bytes, expected) in [
            ("5B8EFFF798038103", 8, Some(0x5b8e_fff7_9803_8103)),
            ("0xff", 8, Some(0xff)),
            ("4b52eb0cabcb50a", 8, Some(0x4b5_2eb0_cabc_b50a)),
            ("AAAAAAAAAP8=", 8, Some(0xff)),
            ("AAAAAAAAAP8", 8, Some(0xff)),
            ("AAAAAAAAAAAAAAAAAAAB-w==", 16, Some(0x1fb)),
            ("", 8, Some(0)),
            ("0000000000000000ff", 8, None),
            ("AAAA", 8, Some(0xaaaa)),
            ("ZZZZ", 8, None),
            ("id", 16, None),
        ] {
            assert_eq!(id(Some(&json!(text)), bytes), expected, "{text}");
        }
        assert_eq!([id(None, 8), id(Some(&json!(7)), 8), id(Some(&json!(-7)), 8)], [Some(0), Some(7), None]);
    }

    #[test]
    fn times_are_numbers_or_text_and_never_wrap() {
        assert_eq!(nanos(Some(&json!(1_573_196_810_403_381_u64)), 1_000), Some(1_573_196_810_403_381_000));
        assert_eq!(nanos(Some(&json!("1544712660000000001")), 1), Some(1_544_712_660_000_000_001));
        assert_eq!(nanos(Some(&json!(1.5)), 1_000), Some(1_500));
        assert_eq!(nanos(Some(&json!(-3)), 1), Some(-3));
        assert_eq!([nanos(None, 1), nanos(Some(&json!(null)), 1), nanos(Some(&json!("")), 1)], [None; 3]);
        for beyond in [json!("soon"), json!(true), json!("170141183460469231731687303715884105727")] {
            assert_eq!(nanos(Some(&beyond), 1_000), Some(i128::MAX), "{beyond}");
        }
    }

    #[test]
    fn dates_are_read_to_the_nanosecond() {
        for (text, expected) in [
            ("2026-11-22T22:23:56.334877Z", Some(1_795_386_236_334_877_000)),
            ("1970-01-01T01:00:00.000000001+01:00", Some(1)),
            ("1969-12-31T23:59:59Z", Some(-1_000_000_000)),
            ("yesterday", None),
        ] {
            assert_eq!(date(Some(&json!(text))), expected, "{text}");
        }
        assert_eq!(date(Some(&json!(1_795_386_236))), None);
    }

    #[test]
    fn kinds_and_statuses_are_numbers_or_names() {
        for value in
            [json!(2), json!("2"), json!("SPAN_KIND_SERVER"), json!("SERVER"), json!("SpanKind.SERVER")]
        {
            assert_eq!(kind(Some(&value)), Some(SpanKind::Server), "{value}");
        }
        assert_eq!([kind(None), kind(Some(&json!("robot")))], [Some(SpanKind::Internal), None]);
        for value in [json!(2), json!("STATUS_CODE_ERROR"), json!("Error")] {
            assert_eq!(status(Some(&value)), Some(SpanStatus::Error), "{value}");
        }
        assert_eq!([status(None), status(Some(&json!(9)))], [Some(SpanStatus::Unset), None]);
    }
}
