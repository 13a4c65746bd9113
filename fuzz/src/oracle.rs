//! Two ways that must come to the same.

use glyph_formats::span::Span;
use serde_json::Value;

use crate::{read, rows};

/// A line that the public type of a span takes is read by the fast reader to the same span.
pub fn as_public_type(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let line = text.trim();
    let Ok(span) = serde_json::from_str::<Span>(line) else { return };
    if line.contains('\n') || line.contains('\r') {
        return;
    }
    let traces = read(format!("{line}\n").as_bytes()).expect("a span is a trace");
    let (start, end) = (span.start_time_unix_nano.0, span.end_time_unix_nano.0);
    if start.max(end) > i64::MAX as u64 {
        assert_eq!(traces.spans.len(), 0);
        return;
    }
    let rows = rows(&traces);
    let (trace, row) = (rows[0].0, &rows[0].1[0]);
    assert_eq!((rows.len(), rows[0].1.len()), (1, 1));
    assert_eq!(trace, span.trace_id.get());
    assert_eq!(row.span_id, span.span_id.get());
    assert_eq!((row.name.as_str(), row.service.as_str()), (&*span.name, &*span.service_name));
    assert_eq!((row.kind, row.status), (span.kind, span.status));
    assert_eq!((row.start_unix_nano, row.duration_ns), (start, end.saturating_sub(start)));
    assert_eq!(row.status_message.as_deref(), span.status_message.as_deref());
    assert_eq!(row.attributes, span.attributes);
    assert_eq!(row.events, span.events);
}

/// The same values a line each and as one array have the same spans.
pub fn lines_and_document(bytes: &[u8]) {
    let values: Vec<Value> = match serde_json::from_slice(bytes) {
        Ok(Value::Array(values)) => values,
        Ok(value) => vec![value],
        Err(_) => match serde_json::Deserializer::from_slice(bytes).into_iter().collect() {
            Ok(values) => values,
            Err(_) => return,
        },
    };
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    let lines = read(format!("{}\n", texts.join("\n")).as_bytes());
    let document = read(format!("[\n{}\n]", texts.join(",\n")).as_bytes());
    match (lines, document) {
        (Ok(lines), Ok(document)) => {
            let (mut lines, mut document) = (rows(&lines), rows(&document));
            // An own line may have fields of other formats, which its reader does not look at.
            let texts = texts.concat();
            if ["\"end_time_unix_nano\":0", "status"].iter().any(|key| texts.contains(key)) {
                for row in lines.iter_mut().chain(&mut document).flat_map(|(_, rows)| rows) {
                    (row.duration_ns, row.status_message, row.critical) = (0, None, false);
                }
            }
            for row in lines.iter_mut().chain(&mut document).flat_map(|(_, rows)| rows) {
                (row.attributes, row.events) = Default::default();
            }
            assert_eq!(lines, document);
        }
        (Ok(one), Err(error)) | (Err(error), Ok(one)) => assert_eq!(one.spans.len(), 0, "{error}"),
        (Err(_), Err(_)) => {}
    }
}
