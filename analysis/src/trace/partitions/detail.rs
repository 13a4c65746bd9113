//! The details of a span in bytes: three lengths, then the texts.

use std::io::{self, Read};

use super::changed;
use crate::trace::columns::Detail;

/// Longer texts no span has: the loader holds no line of so many bytes.
const LONGEST: u32 = 1 << 30;

pub(super) fn write(detail: Detail<'_>, out: &mut Vec<u8>) {
    let texts = [detail.attributes, detail.events, detail.status_message];
    for text in texts {
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    }
    for text in texts {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Reads them back into `text`, whose content is gone then.
pub(super) fn read<'t>(from: &mut impl Read, text: &'t mut String) -> io::Result<Detail<'t>> {
    let mut lengths = [[0; 4]; 3];
    from.read_exact(lengths.as_flattened_mut())?;
    let lengths = lengths.map(u32::from_le_bytes);
    if lengths.iter().any(|length| *length > LONGEST) {
        return Err(changed());
    }
    text.clear();
    let all: u64 = lengths.iter().map(|length| u64::from(*length)).sum();
    from.take(all).read_to_string(text)?;
    let [attributes, events, _] = lengths.map(|length| length as usize);
    let (attributes, rest) = text.split_at_checked(attributes).ok_or_else(changed)?;
    let (events, status_message) = rest.split_at_checked(events).ok_or_else(changed)?;
    Ok(Detail { attributes, events, status_message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_read_back() {
        let all = [
            Detail { attributes: "{\"a\":\"ü\"}", events: "[]", status_message: "\"x\"" },
            Detail::default(),
            Detail { attributes: "", events: "[1]", status_message: "" },
        ];
        let mut bytes = Vec::new();
        all.iter().for_each(|detail| write(*detail, &mut bytes));
        let (mut from, mut text) = (bytes.as_slice(), String::new());
        for detail in all {
            assert_eq!(read(&mut from, &mut text).unwrap(), detail);
        }
        assert!(read(&mut from, &mut text).is_err());
    }
}
