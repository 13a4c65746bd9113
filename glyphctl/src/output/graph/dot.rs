//! A service graph in Graphviz' language: <https://graphviz.org/doc/info/lang.html>.

use std::{
    fmt::{self, Display, Write as _},
    io::{self, Write},
};

use glyph_analysis::{
    text::visible,
    trace::graph::{EdgeKind, NodeKind, ServiceGraph},
};

use super::{about, colour, edges, label, short, thickness};

/// Writes it.
pub(super) fn write(graph: &ServiceGraph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph services {{")?;
    writeln!(out, "  rankdir=LR")?;
    writeln!(out, "  graph [fontname=\"Helvetica\", nodesep=0.4, ranksep=1.1]")?;
    writeln!(
        out,
        "  node [fontname=\"Helvetica\", fontsize=12, shape=box, style=\"rounded,filled\", color=\"#475569\", \
         fillcolor=\"#f1f5f9\", fontcolor=\"#0f172a\"]"
    )?;
    writeln!(out, "  edge [fontname=\"Helvetica\", fontsize=10, arrowsize=0.8]")?;
    for (i, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<String> = std::iter::once(short(&node.name).into_owned()).chain(about(node)).collect();
        writeln!(out, "  n{i} [label=\"{}\"{}]", Lines(&lines), shape(node.kind))?;
    }
    for (caller, callee, edge) in edges(graph) {
        let lines = label(edge, &graph.nodes[callee]);
        let (width, colour) = (thickness(edge.calls), colour(edge.error_rate()));
        let style = if edge.kind == EdgeKind::Message { ", style=dashed" } else { "" };
        writeln!(
            out,
            "  n{caller} -> n{callee} [label=\"{}\", penwidth={width:.1}, color=\"{colour}\", \
             fontcolor=\"{colour}\"{style}]",
            Lines(&lines),
        )?;
    }
    writeln!(out, "}}")
}

fn shape(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Service => "",
        NodeKind::Database => ", shape=cylinder, style=filled, fillcolor=\"#e0f2fe\"",
        NodeKind::Messaging => ", shape=cds, style=filled, fillcolor=\"#fef3c7\"",
        NodeKind::External => ", style=\"rounded,filled,dashed\", fillcolor=\"#ffffff\"",
        NodeKind::User => ", shape=circle, style=filled, fillcolor=\"#ede9fe\"",
    }
}

/// Lines within quotes, in which nothing has a meaning for Graphviz: neither its escapes nor the entities of HTML.
struct Lines<'a>(&'a [String]);

impl Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, line) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\\n")?;
            }
            for c in visible(line).chars() {
                match c {
                    '"' => f.write_str("\\\"")?,
                    '\\' => f.write_str("\\\\")?,
                    '&' => f.write_str("&amp;")?,
                    c => f.write_char(c)?,
                }
            }
        }
        Ok(())
    }
}
