//! A body for people: JSON indented, the fields of a form one a line, other text as it is, anything else by its size.

use glyph_analysis::text::{counted, visible};
use glyph_formats::{content::Content, flow::Body};
use serde::de::IgnoredAny;

/// The lines of a body that stands beside these headers; as it is stored if it is to be `raw`.
pub(crate) fn lines(body: &Body, headers: &[(String, String)], raw: bool) -> Vec<String> {
    let remarks = remarks(body);
    let Some(content) = Content::of(body, headers) else {
        return remarks;
    };
    if raw {
        let stored = body.utf8.as_ref().or(body.base64.as_ref());
        return stored
            .into_iter()
            .flat_map(|text| text.lines())
            .map(|line| visible(line).into_owned())
            .chain(remarks)
            .collect();
    }
    let mut lines = match content.text() {
        Some("") => Vec::new(),
        Some(text) => of_text(text, content_type(headers)),
        None => vec![format!("({} of binary content)", counted(content.bytes.len() as u64, "byte"))],
    };
    if let Some(fault) = &content.fault {
        lines.push(format!("(as it is stored: {})", visible(fault)));
    }
    if content.cut {
        lines.push("(there would be more: decoding ended here)".to_owned());
    }
    lines.extend(remarks);
    lines
}

fn of_text(text: &str, content_type: &str) -> Vec<String> {
    let text = match content_type {
        "application/x-www-form-urlencoded" => {
            let fields = url::form_urlencoded::parse(text.as_bytes());
            return fields
                .map(|(name, value)| {
                    format!("{} = {}", visible(&name), visible(&value)).trim_end().to_owned()
                })
                .collect();
        }
        _ if serde_json::from_str::<IgnoredAny>(text).is_ok() => indented(text),
        _ => text.to_owned(),
    };
    text.lines().map(|line| visible(&line.replace('\t', "    ")).into_owned()).collect()
}

/// The media type, without parameters, in lower case.
fn content_type(headers: &[(String, String)]) -> &str {
    let value = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    value.map_or("", |(_, value)| value.split(';').next().unwrap_or_default().trim())
}

/// What is to be known of it beside its content.
fn remarks(body: &Body) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(digest) = &body.digest {
        remarks.push(format!("({} that are not stored; {})", counted(body.size, "byte"), visible(digest)));
    } else if body.captured_size < body.size {
        remarks.push(format!(
            "(cut: {} of {} were captured)",
            body.captured_size,
            counted(body.size, "byte")
        ));
    }
    if body.truncated {
        remarks.push("(cut where it was decoded: its content is larger than is stored)".to_owned());
    }
    if !body.complete {
        remarks.push("(it did not come to its end)".to_owned());
    }
    if !body.content_encoding.is_empty() {
        let codings = body.content_encoding.join(", ");
        remarks.push(format!("(passed as {}, {})", visible(&codings), counted(body.size, "byte")));
    }
    if let Some(charset) = &body.charset {
        remarks.push(format!("(passed in {})", visible(charset)));
    }
    remarks
}

/// JSON with line ends and indents between its tokens, which stay as they are: no number loses a digit, no key its place.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    let mut opened = false;
    let newline = |out: &mut String, depth: usize| {
        out.push('\n');
        // Deeper than that nobody sees anything.
        out.extend(std::iter::repeat_n("  ", depth.min(64)));
    };
    for c in json.chars() {
        if in_string {
            out.push(c);
            (in_string, is_escaped) = (is_escaped || c != '"', !is_escaped && c == '\\');
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        if opened && !matches!(c, ']' | '}') {
            newline(&mut out, depth);
        }
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !opened {
                    newline(&mut out, depth);
                }
            }
            _ => {}
        }
        opened = matches!(c, '{' | '[');
        in_string = c == '"';
        out.push(c);
        match c {
            ',' => newline(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn json_is_indented_and_stays_what_it_was() {
        let json = r#"{"b":[1.10,{}, [ ],"x:{\"\\"],"a":{"a":12345678901234567890},"a":null}"#;
        let expected = "{\n  \"b\": [\n    1.10,\n    {},\n    [],\n    \"x:{\\\"\\\\\"\n  ],\n  \"a\": {\n    \
                        \"a\": 12345678901234567890\n  },\n  \"a\": null\n}";
        assert_eq!(super::indented(json), expected);
    }
}
