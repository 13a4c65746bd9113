//! A span line read byte by byte: what the derived reader of this folder would give, several times as fast.
//!
//! In: one line, known to be UTF-8. Out: its fields, borrowed; or nothing if there is anything about the line that is not as
//! nearly every line is, from an escape in a name to a fault: then serde_json reads it, and says what is wrong. What this
//! module takes is valid JSON to the last byte, in values that nobody looks into, too.

mod cursor;

use cursor::Cursor;

/// The fields of a span, as they stand in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Fields<'a> {
    pub(super) trace_id: &'a str,
    pub(super) span_id: &'a str,
    /// Empty for none.
    pub(super) parent_span_id: &'a str,
    pub(super) name: &'a str,
    pub(super) service_name: &'a str,
    pub(super) kind: Option<&'a str>,
    pub(super) status: Option<&'a str>,
    pub(super) start: u64,
    pub(super) end: u64,
    /// JSON text; empty if it is not there.
    pub(super) attributes: &'a str,
    /// Likewise.
    pub(super) events: &'a str,
    /// Likewise.
    pub(super) status_message: &'a str,
}

macro_rules! keys {
    ($($number:literal $key:literal)*) => {
        /// The keys, by the number of the field.
        const KEYS: [&str; 12] = [$($key),*];

        /// How long the key of that field is with quotes and colon, if `bytes` begin so. Each comparison is with a constant, which
        /// takes a few instructions and no call.
        fn is_key(bytes: &[u8], field: usize) -> Option<usize> {
            match field {
                $($number => {
                    let key = concat!('"', $key, "\":");
                    bytes.starts_with(key.as_bytes()).then_some(key.len())
                })*
                _ => None,
            }
        }
    };
}
keys! {
    0 "trace_id"
    1 "span_id"
    2 "name"
    3 "service_name"
    4 "start_time_unix_nano"
    5 "end_time_unix_nano"
    6 "parent_span_id"
    7 "kind"
    8 "status"
    9 "attributes"
    10 "events"
    11 "status_message"
}
/// No field of a span.
const OTHER: usize = KEYS.len();
/// The fields that a span must have are the first of them.
const NEEDED: u16 = 0b11_1111;

/// Which field follows which, as it was in the line before: files are written by one program, in one order.
#[derive(Debug, Clone, Copy)]
pub(in crate::trace::load) struct Order([usize; OTHER + 2]);

/// Before the first field.
const BEGIN: usize = OTHER + 1;

impl Default for Order {
    fn default() -> Self {
        Self([OTHER; OTHER + 2])
    }
}

/// Reads a line.
pub(super) fn scan<'a>(line: &'a str, order: &mut Order) -> Option<Fields<'a>> {
    let mut cursor = Cursor::new(line);
    let mut fields = Fields::default();
    let mut seen = 0_u16;
    let mut last = BEGIN;
    cursor.blank();
    cursor.take(b'{')?;
    loop {
        let number = field(&mut cursor, &mut order.0[last])?;
        cursor.blank();
        match number {
            0 => fields.trace_id = cursor.string_of(32)?,
            1 => fields.span_id = cursor.string_of(16)?,
            2 => fields.name = cursor.plain_string()?,
            3 => fields.service_name = cursor.plain_string()?,
            4 => fields.start = cursor.integer()?,
            5 => fields.end = cursor.integer()?,
            6 => fields.parent_span_id = cursor.string_of(16)?,
            7 => fields.kind = Some(cursor.plain_string()?),
            8 => fields.status = Some(cursor.plain_string()?),
            9 => fields.attributes = cursor.value()?,
            10 => fields.events = cursor.value()?,
            11 => fields.status_message = cursor.value()?,
            _ => {
                cursor.value()?;
            }
        }
        // Twice the same is a fault.
        let bit = if number == OTHER { 0 } else { 1 << number };
        if seen & bit != 0 {
            return None;
        }
        seen |= bit;
        last = number;
        cursor.blank();
        match cursor.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    cursor.blank();
    (cursor.rest().is_empty() && seen & NEEDED == NEEDED).then_some(fields)
}

/// A key with its colon: which field it is. `expected` is tried first, and becomes what it is.
fn field(cursor: &mut Cursor<'_>, expected: &mut usize) -> Option<usize> {
    if let Some(length) = is_key(cursor.rest(), *expected) {
        cursor.skip(length);
        return Some(*expected);
    }
    cursor.blank();
    let key = cursor.plain_string()?;
    cursor.blank();
    cursor.take(b':')?;
    *expected = KEYS.iter().position(|known| *known == key).unwrap_or(OTHER);
    Some(*expected)
}

#[cfg(test)]
mod tests;
