//! A service graph in each format.

mod dot;
mod mermaid;
mod rows;

use std::{
    borrow::Cow,
    collections::HashMap,
    io::{self, Write},
};

use clap::ValueEnum;
use glyph_analysis::{
    text::{counted, duration},
    trace::graph::{Edge, EdgeKind, Node, NodeKind, ServiceGraph, Side},
};

use super::json;

/// How a graph is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// For people: a row for each edge.
    Table,
    /// For programs: exact, documented, stable.
    Json,
    /// For pull requests.
    Markdown,
    /// For spreadsheets: exact.
    Csv,
    /// For Graphviz: a picture.
    Dot,
    /// For Markdown that draws: a picture in GitHub, GitLab and wikis.
    Mermaid,
}

impl GraphFormat {
    /// Whether it has room to say that edges are left out.
    pub(crate) fn says_what_is_left_out(self) -> bool {
        matches!(self, Self::Table | Self::Json | Self::Markdown)
    }
}

/// Writes it, for a terminal of so many columns if it is one.
pub(crate) fn write(
    graph: &ServiceGraph,
    format: GraphFormat,
    terminal: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        GraphFormat::Json => json::write(graph, out),
        GraphFormat::Table => rows::write_text(graph, terminal, out),
        GraphFormat::Markdown => rows::write_markdown(graph, out),
        GraphFormat::Csv => rows::write_csv(graph, out),
        GraphFormat::Dot => dot::write(graph, out),
        GraphFormat::Mermaid => mermaid::write(graph, out),
    }
}

/// Whether Mermaid refuses it, unless whoever draws it has set its limits higher.
pub(crate) fn is_too_large_for_mermaid(graph: &ServiceGraph) -> bool {
    mermaid::is_too_large(graph)
}

/// The edges with the positions of their nodes.
fn edges(graph: &ServiceGraph) -> impl Iterator<Item = (usize, usize, &Edge)> {
    let at: HashMap<&str, usize> =
        graph.nodes.iter().enumerate().map(|(i, node)| (node.id.as_str(), i)).collect();
    let at = move |id: &str| at.get(id).copied();
    graph.edges.iter().filter_map(move |edge| Some((at(&edge.caller)?, at(&edge.callee)?, edge)))
}

/// What a picture has room for of a name.
fn short(name: &str) -> Cow<'_, str> {
    const MOST: usize = 80;
    match name.char_indices().nth(MOST) {
        None => Cow::Borrowed(name),
        Some((end, _)) => Cow::Owned(format!("{}…", &name[..end])),
    }
}

/// What a picture says of a node below its name.
fn about(node: &Node) -> Option<String> {
    match node.kind {
        NodeKind::Service => Some(counted(node.spans, "span")),
        NodeKind::Database => Some("database".to_owned()),
        NodeKind::Messaging => Some("messaging".to_owned()),
        NodeKind::External => Some("no spans".to_owned()),
        NodeKind::User => None,
    }
}

/// What a picture says of an edge, in lines.
fn label(edge: &Edge, callee: &Node) -> Vec<String> {
    let mut lines = vec![counted(edge.calls, "call"), format!("p95 {}", duration(edge.latency.p95_ns))];
    if edge.kind == EdgeKind::Message {
        lines[0] = counted(edge.calls, "message");
    }
    if edge.errors > 0 {
        lines.push(format!("{} failed", percent(edge.error_rate())));
    }
    if edge.measured_by == Side::Caller && callee.kind == NodeKind::Service {
        lines.push("without a span there".to_owned());
    }
    lines
}

/// A share in percent, none of which looks like nothing or like everything if it is not.
fn percent(share: f64) -> String {
    match 100.0 * share {
        0.0 => "0%".to_owned(),
        percent if percent < 0.1 => "<0.1%".to_owned(),
        percent if percent < 100.0 && percent > 99.9 => ">99.9%".to_owned(),
        percent => format!("{percent:.1}%"),
    }
}

/// The colour of an edge of which such a share failed: grey for none, then amber, orange, red.
fn colour(share: f64) -> &'static str {
    match share {
        0.0 => "#64748b",
        share if share < 0.01 => "#d97706",
        share if share < 0.05 => "#ea580c",
        _ => "#dc2626",
    }
}

/// How thick an edge of so many calls is drawn: 1 for one, 5 for a million and more.
fn thickness(calls: u64) -> f64 {
    1.0 + 4.0 * ((calls.max(1) as f64).log10() / 6.0).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_all() {
        let table = [(0.0, "0%"), (1e-9, "<0.1%"), (0.123, "12.3%"), (0.999999, ">99.9%"), (1.0, "100.0%")];
        for (share, text) in table {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(short("shop"), "shop");
        assert_eq!(short(&"ü".repeat(80)), "ü".repeat(80));
        assert_eq!(short(&"ü".repeat(10_000)), "ü".repeat(80) + "…");
    }

    #[test]
    fn more_calls_are_a_thicker_edge() {
        assert_eq!([0, 1, 1_000, 1_000_000, u64::MAX].map(thickness), [1.0, 1.0, 3.0, 5.0, 5.0]);
    }
}
