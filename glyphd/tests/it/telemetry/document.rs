//! `docs/telemetry.md` as a program reads it: its tables of spans, of errors, and of audit events.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

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
