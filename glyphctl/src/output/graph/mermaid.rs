//! A service graph in Mermaid's language: <https://mermaid.js.org/syntax/flowchart.html>.

use std::io::{self, Write};

use glyph_analysis::{
    mermaid::Label,
    trace::graph::{EdgeKind, NodeKind, ServiceGraph},
};

use super::{about, colour, edges, label, short, thickness};

/// What Mermaid draws unless it is configured otherwise: `maxEdges` and `maxTextSize` of its configuration.
const MOST_EDGES: usize = 500;
const LONGEST: usize = 50_000;

/// Whether that is too little for it.
pub(super) fn is_too_large(graph: &ServiceGraph) -> bool {
    let mut text = Vec::new();
    // Nothing fails in memory.
    write(graph, &mut text).ok();
    graph.edges.len() > MOST_EDGES || text.len() > LONGEST
}

/// Writes it.
pub(super) fn write(graph: &ServiceGraph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for (i, node) in graph.nodes.iter().enumerate() {
        let (open, close) = match node.kind {
            NodeKind::Service => ("(", ")"),
            NodeKind::Database => ("[(", ")]"),
            NodeKind::Messaging => ("{{", "}}"),
            NodeKind::External => ("[", "]"),
            NodeKind::User => ("((", "))"),
        };
        write!(out, "  n{i}{open}\"{}", Label(&short(&node.name)))?;
        if let Some(about) = about(node) {
            write!(out, "<br/>{}", Label(&about))?;
        }
        writeln!(out, "\"{close}")?;
    }
    for (i, (caller, callee, edge)) in edges(graph).enumerate() {
        let arrow = if edge.kind == EdgeKind::Message { "-.->" } else { "-->" };
        let lines = label(edge, &graph.nodes[callee]);
        let lines: Vec<String> = lines.iter().map(|line| Label(line).to_string()).collect();
        writeln!(out, "  n{caller} {arrow}|\"{}\"| n{callee}", lines.join("<br/>"))?;
        let (colour, width) = (colour(edge.error_rate()), thickness(edge.calls));
        writeln!(out, "  linkStyle {i} stroke:{colour},stroke-width:{width:.1}px")?;
    }
    Ok(())
}
