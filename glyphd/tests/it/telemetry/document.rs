//! `docs/telemetry.md` as a program reads it: its tables of spans, of errors, and of audit events; and what a trace file has
//! otherwise. `glyphctl`'s tests use it, too.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use glyph_formats::{Span, SpanId, TraceId, span::SpanStatus};

type Names = BTreeSet<String>;

/// What the document says of the spans of some names.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) names: Names,
    pub(crate) kinds: Names,
    /// Names of spans that it can be below.
    pub(crate) parents: Names,
    /// Whether it can be the root of a trace.
    pub(crate) root: bool,
    /// Whether its parent can be somewhere else.
    pub(crate) remote: bool,
    /// Names of spans that it can be linked to.
    pub(crate) links: Names,
    /// Each attribute, and the values that it can have, if these are a closed set.
    pub(crate) attributes: BTreeMap<String, Names>,
    pub(crate) events: Names,
    /// Values of `error.type`.
    pub(crate) errors: Names,
}

/// The document's text.
pub(crate) fn text() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/telemetry.md")).unwrap()
}

/// The rows of the table below that heading, each a list of cells.
fn table(text: &str, heading: &str) -> Vec<Vec<String>> {
    let after = text.split(&format!("\n{heading}\n")).nth(1).unwrap_or_else(|| panic!("no {heading:?}"));
    let section = after.split("\n#").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands between backticks, outside of parentheses; and what stands in the parentheses behind it.
fn named(cell: &str) -> BTreeMap<String, Names> {
    let mut found = BTreeMap::<_, Names>::new();
    let (mut depth, mut last) = (0_usize, String::new());
    for (i, part) in cell.split('`').enumerate() {
        if i % 2 == 0 {
            depth = (depth + part.matches('(').count()).saturating_sub(part.matches(')').count());
        } else if depth == 0 {
            part.clone_into(&mut last);
            found.entry(last.clone()).or_default();
        } else {
            found.entry(last.clone()).or_default().insert(part.to_owned());
        }
    }
    found
}

fn names(cell: &str) -> Names {
    named(cell).into_keys().collect()
}

/// The table of spans below that heading.
pub(crate) fn spans(text: &str, heading: &str) -> Vec<Row> {
    let flow_errors = errors(text);
    let row = |cells: &Vec<String>| {
        let [span, kind, parent, attributes, events, error] = &cells[..] else { panic!("{cells:?}") };
        let (parents, links) = parent.split_once("linked to").unwrap_or((parent, ""));
        let mut parents = names(parents);
        let mut errors = names(error);
        if error.contains("as the flow's error") {
            errors.extend(flow_errors.iter().cloned());
        }
        let kinds = ["server", "client", "internal"].into_iter().filter(|word| kind.contains(word));
        Row {
            names: names(span),
            kinds: kinds.map(str::to_owned).collect(),
            root: parent.split(|c: char| !c.is_alphanumeric()).any(|word| word == "none"),
            remote: parents.remove("traceparent"),
            parents,
            links: names(links),
            attributes: named(attributes),
            events: names(events),
            errors,
        }
    };
    table(text, heading).iter().map(row).collect()
}

/// The kinds of flows' errors.
pub(crate) fn errors(text: &str) -> Names {
    table(text, "## Errors of flows").iter().flat_map(|cells| names(&cells[0])).collect()
}

/// Audit events: event, component, and the decisions that there are.
pub(crate) fn audit(text: &str) -> BTreeSet<(String, String, String)> {
    let mut entries = BTreeSet::new();
    for cells in table(text, "## Audit") {
        for component in names(&cells[1]) {
            for decision in cells[2].split(',') {
                let event = names(&cells[0]).into_iter().next().unwrap();
                entries.insert((event, component.clone(), decision.trim().to_owned()));
            }
        }
    }
    entries
}

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
        for (i, event) in span.events.iter().enumerate() {
            // What is sent again can be sent again more than once.
            if event.name != "backoff" && span.events[..i].iter().any(|other| other.name == event.name) {
                differs(format!("{} happened to it twice", event.name));
            }
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

#[test]
fn a_row_is_read_with_all_that_it_says() {
    let table = "\n## Errors of flows\n| `timeout`, `closed` | x |\n\n### Spans\n\n| span | kind |\n| --- | --- |\n\
                 | `a.b` | server for `X`, internal | `traceparent`, or none; linked to `c` | `x` (`1`, `2`: so), `y` | – | as the flow's error, or `z` |\n## Next\n";
    let rows = spans(table, "### Spans");
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Names>();
    let row = &rows[0];
    assert_eq!((rows.len(), &row.names, &row.kinds), (1, &set(&["a.b"]), &set(&["internal", "server"])));
    assert_eq!((row.root, row.remote, &row.parents, &row.links), (true, true, &set(&[]), &set(&["c"])));
    assert_eq!(row.attributes["x"], set(&["1", "2"]));
    assert_eq!((&row.attributes["y"], &row.events), (&set(&[]), &set(&[])));
    assert_eq!(row.errors, set(&["timeout", "closed", "z"]));
}
