//! A trace file against the tables of spans, both ways: what is there is in the document, and what is in the document is there.

use std::collections::{BTreeMap, BTreeSet};

use glyph_formats::{Span, SpanId, TraceId, span::SpanStatus};

use super::{document, document::Row, stage::everything};

/// Every way in which these spans are not as the table has it.
pub(crate) fn differences(spans: &[Span], rows: &[Row]) -> Vec<String> {
    let there: BTreeMap<(TraceId, SpanId), &Span> =
        spans.iter().map(|span| ((span.trace_id, span.span_id), span)).collect();
    let mut differences = BTreeSet::new();
    // By row: attributes and events that were seen, and kinds.
    let mut seen: Vec<(BTreeSet<&str>, BTreeSet<&str>, BTreeSet<&str>)> =
        vec![Default::default(); rows.len()];
    for span in spans {
        let is_its = |row: &Row| row.names.contains(&*span.name) && row.kinds.contains(span.kind.as_str());
        let Some(at) = rows.iter().position(is_its) else {
            differences.insert(format!("{} of kind {} is not in the table", span.name, span.kind.as_str()));
            continue;
        };
        let (row, seen) = (&rows[at], &mut seen[at]);
        let mut differs = |what: String| differences.extend([format!("{}: {what}", span.name)]);
        seen.2.insert(span.kind.as_str());
        match span.parent_span_id.map(|id| there.get(&(span.trace_id, id))) {
            None if !row.root => differs("it is the root of a trace".to_owned()),
            Some(None) if !row.remote => differs("its parent is not in the file".to_owned()),
            Some(Some(parent)) if !row.parents.contains(&*parent.name) => {
                differs(format!("it is below {}", parent.name));
            }
            _ => {}
        }
        for link in &span.links {
            let to = there.get(&(link.trace_id, link.span_id)).map_or("traceparent", |span| &*span.name);
            if !row.links.contains(to) {
                differs(format!("it is linked to {to}"));
            }
        }
        for (i, (name, value)) in span.attributes.0.iter().enumerate() {
            if span.attributes.0[..i].iter().any(|(other, _)| other == name) {
                differs(format!("it has {name} twice"));
            }
            if name == "error.type" {
                if !row.errors.contains(&value.to_string()) {
                    differs(format!("error.type is {value}"));
                }
                continue;
            }
            match row.attributes.get(&**name) {
                None => differs(format!("it has {name}")),
                Some(values) if !values.is_empty() && !values.contains(&value.to_string()) => {
                    differs(format!("{name} is {value}"));
                }
                Some(_) => seen.0.extend([&**name]),
            }
        }
        for event in &span.events {
            seen.1.insert(&event.name);
            if !row.events.contains(&*event.name) {
                differs(format!("it has the event {}", event.name));
            }
        }
        let failed = span.attributes.get("error.type").is_some();
        let told = span.status_message.is_some();
        if (failed, failed && told) != (span.status == SpanStatus::Error, told) {
            differs(format!("error.type: {failed}, status: {:?}, message: {told}", span.status));
        }
    }
    for (row, (attributes, events, kinds)) in rows.iter().zip(seen) {
        let missing = |what: &str, listed: BTreeSet<&str>, seen: &BTreeSet<&str>| {
            let missing: Vec<_> = listed.difference(seen).copied().collect();
            (!missing.is_empty()).then(|| format!("{:?}: no {what} {missing:?} was seen", row.names))
        };
        let listed =
            |names: &'_ BTreeSet<String>| names.iter().map(|name| name.to_owned()).collect::<Vec<_>>();
        let (listed_kinds, listed_events) = (listed(&row.kinds), listed(&row.events));
        let all = [
            missing("kind", listed_kinds.iter().map(String::as_str).collect(), &kinds),
            missing("attribute", row.attributes.keys().map(String::as_str).collect(), &attributes),
            missing("event", listed_events.iter().map(String::as_str).collect(), &events),
        ];
        differences.extend(all.into_iter().flatten());
        let names: BTreeSet<_> = spans.iter().map(|span| span.name.to_string()).collect();
        differences.extend(row.names.difference(&names).map(|name| format!("{name}: there was none")));
    }
    differences.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_says_of_spans_what_is_and_nothing_else() {
    let recorded = everything(|_| {}, async |_| {}).await;
    let rows = document::spans(&document::text(), "### Spans of glyphd");
    let differences = differences(&recorded.spans, &rows);
    assert!(differences.is_empty(), "{differences:#?}");
    assert_eq!(recorded.summary.spans, recorded.spans.len() as u64);
}
