//! `multipart/form-data` (RFC 7578): fields by their names, JSON in parts as JSON.
//!
//! By hand: the crates for it read streams and give no positions.

use memchr::memmem;

use super::{Hits, Instead, Place, json};
use crate::sanitize::rules::{In, Rules};

pub(super) fn find(text: &str, boundary: &str, place: Place<'_>, rules: &Rules, hits: &mut Hits) {
    for part in parts(text.as_bytes(), boundary) {
        let (Some(head), Some(content)) = (text.get(part.head.clone()), text.get(part.content.clone()))
        else {
            continue;
        };
        let name = field_name(head).unwrap_or_default();
        if rules.is_secret(name, content, In::Form) {
            hits.add(part.content, "multipart", Some(place.of_field(name)), Instead::Token);
        } else if matches!(content.trim_start().as_bytes().first(), Some(b'{' | b'[')) {
            let mut inner = Hits::default();
            json::find(content, place.of_field(name).as_str().into(), rules, &mut inner);
            hits.hits.extend(inner.hits.into_iter().map(|mut hit| {
                hit.range = hit.range.start + part.content.start..hit.range.end + part.content.start;
                hit
            }));
        }
    }
}

/// Where a part's head and content are.
pub(in crate::sanitize) struct Part {
    pub(in crate::sanitize) head: std::ops::Range<usize>,
    pub(in crate::sanitize) content: std::ops::Range<usize>,
}

/// The parts; the last one goes to the end if its end was cut off.
pub(in crate::sanitize) fn parts(bytes: &[u8], boundary: &str) -> Vec<Part> {
    let delimiter = format!("--{boundary}");
    let marks: Vec<_> = memmem::find_iter(bytes, delimiter.as_bytes()).collect();
    let mut parts = Vec::new();
    for (at, mark) in marks.iter().enumerate() {
        let start = mark + delimiter.len();
        let end = marks.get(at + 1).copied().unwrap_or(bytes.len());
        if bytes[start..].starts_with(b"--") {
            break;
        }
        let Some(blank) = memmem::find(&bytes[start..end], b"\r\n\r\n") else { continue };
        let from = start + blank + 4;
        // The line's end before a delimiter is the delimiter's.
        let to = if end < bytes.len() && bytes[from..end].ends_with(b"\r\n") { end - 2 } else { end };
        parts.push(Part { head: start..start + blank, content: from..to });
    }
    parts
}

/// `name` of the part's Content-Disposition.
fn field_name(head: &str) -> Option<&str> {
    let line = head.lines().find(|line| {
        line.get(..20).is_some_and(|start| start.eq_ignore_ascii_case("content-disposition:"))
    })?;
    let name = line.split(';').find_map(|part| part.trim().strip_prefix("name="))?;
    Some(name.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use crate::sanitize::find::{Document, tests::clean};

    #[test]
    fn fields_go_by_name_and_parts_of_json_as_json() {
        let part = |head: &str, content: &str| {
            format!("--xx\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
        };
        let text = part("name=\"user\"", "joe")
            + &part("name=\"password\"", "s3cr3t\nof two lines")
            + &part("name=\"data\"\r\nContent-Type: application/json", r#"{"api_key":"s3cr3t","n":1}"#)
            + &part("name=\"file\"; filename=\"a.txt\"", "what is in the file")
            + "--xx--\r\n";
        let (clean, places) = clean(&text, Document::Multipart("xx"));
        assert!(!clean.contains("s3cr3t") && !clean.contains("two lines"), "{clean}");
        assert!(
            clean.contains("\r\n\r\njoe\r\n--xx") && clean.contains("what is in the file\r\n--xx--"),
            "{clean}"
        );
        assert_eq!(places, ["body/password", "body/data/api_key"]);
    }
}
