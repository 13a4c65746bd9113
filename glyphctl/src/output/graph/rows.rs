//! A service graph as a table: a row for each edge.

use std::io::{self, Write};

use glyph_analysis::{
    text::{counted, duration, grouped},
    trace::graph::{Edge, EdgeKind, Node, NodeKind, PairedLatency, ServiceGraph, Side},
};

use super::{edges, percent};
use crate::output::table::{Head, Table};

/// A column for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Calls,
    Errors,
    P50,
    P95,
    P99,
    Max,
    Total,
    Between,
}

impl Column {
    const ALL: [Self; 8] =
        [Self::Calls, Self::Errors, Self::P50, Self::P95, Self::P99, Self::Max, Self::Total, Self::Between];
    /// Those of a narrow terminal, and of a narrower one.
    const FEWER: [Self; 6] = [Self::Calls, Self::Errors, Self::P50, Self::P95, Self::Max, Self::Between];
    const FEWEST: [Self; 3] = [Self::Calls, Self::Errors, Self::P95];

    fn title(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Errors => "errors",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Total => "total",
            Self::Between => "between",
        }
    }

    fn cell(self, edge: &Edge) -> String {
        match self {
            Self::Calls => grouped(edge.calls),
            Self::Errors if edge.errors == 0 => "0".to_owned(),
            Self::Errors => format!("{} ({})", grouped(edge.errors), percent(edge.error_rate())),
            Self::P50 => duration(edge.latency.p50_ns),
            Self::P95 => duration(edge.latency.p95_ns),
            Self::P99 => duration(edge.latency.p99_ns),
            Self::Max => duration(edge.latency.max_ns),
            Self::Total => duration(edge.latency.total_ns),
            Self::Between => {
                edge.between.map_or_else(String::new, |between| duration(between.latency.p50_ns))
            }
        }
    }
}

/// Writes it for a terminal.
pub(super) fn write_text(
    graph: &ServiceGraph,
    terminal: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}\n", caption(graph))?;
    let ways = [&Column::ALL[..], &Column::FEWER, &Column::FEWEST].map(|columns| table(graph, columns));
    let fits = |table: &&Table| terminal.is_none_or(|columns| table.width() <= columns);
    let table = ways.iter().find(fits).unwrap_or(&ways[2]);
    table.write_text(out)?;
    let hidden: Vec<_> = Column::ALL.iter().map(|c| c.title()).filter(|title| !table.has(title)).collect();
    if !hidden.is_empty() {
        writeln!(out, "(a wider terminal shows {}, too)", hidden.join(", "))?;
    }
    left_out(graph).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Writes it as Markdown.
pub(super) fn write_markdown(graph: &ServiceGraph, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n", caption(graph))?;
    table(graph, &Column::ALL).write_markdown(out)?;
    left_out(graph).iter().try_for_each(|line| writeln!(out, "\n{line}"))
}

fn caption(graph: &ServiceGraph) -> String {
    let services = graph.nodes.iter().filter(|node| node.kind == NodeKind::Service).count();
    let calls = graph.edges.iter().map(|edge| edge.calls).sum();
    format!(
        "{}, {}, {}, {} on {}{}",
        counted(graph.spans, "span"),
        counted(graph.traces, "trace"),
        counted(services as u64, "service"),
        counted(calls, "call"),
        counted(graph.edges.len() as u64, "edge"),
        if graph.filter.is_some() { " (--where)" } else { "" },
    )
}

/// What is in no row: what `--top` hides, and calls of nobody knows whom.
fn left_out(graph: &ServiceGraph) -> Vec<String> {
    let hidden = graph.edges_left_out.map(|hidden| format!("… and {} (--top)", counted(hidden, "more edge")));
    let calls = counted(graph.unnamed_calls, "call");
    let unnamed = (graph.unnamed_calls > 0).then(|| {
        format!("{calls} left out: the client's span doesn't say to whom, and nobody's span is in it")
    });
    hidden.into_iter().chain(unnamed).collect()
}

fn table(graph: &ServiceGraph, columns: &[Column]) -> Table {
    let mut heads = vec![text("caller"), text("callee")];
    heads.extend(columns.iter().map(|column| number(column.title())));
    let row = |(caller, callee, edge): (usize, usize, &Edge)| {
        let (caller, callee) = (&graph.nodes[caller], &graph.nodes[callee]);
        let carries = [caller, callee].iter().any(|node| node.kind == NodeKind::Messaging);
        let lacks_span = edge.measured_by == Side::Caller && callee.kind == NodeKind::Service;
        let how =
            [(edge.kind == EdgeKind::Message && !carries, "messages"), (lacks_span, "without a span there")];
        let how: Vec<_> = how.into_iter().filter(|(is_so, _)| *is_so).map(|(_, how)| how).collect();
        let mut called = shown(callee);
        if !how.is_empty() {
            called += &format!(" ({})", how.join(", "));
        }
        let mut cells = vec![shown(caller), called];
        cells.extend(columns.iter().map(|column| column.cell(edge)));
        cells
    };
    Table { heads, rows: edges(graph).map(row).collect() }
}

/// A service's name is its own; whatever else has one says what it is.
fn shown(node: &Node) -> String {
    match node.kind {
        NodeKind::Service => node.name.clone(),
        NodeKind::User => "(user)".to_owned(),
        kind => format!("{} ({})", node.name, kind.as_str()),
    }
}

/// Writes it as CSV.
pub(super) fn write_csv(graph: &ServiceGraph, out: &mut dyn Write) -> io::Result<()> {
    let heads = ["caller_kind", "caller", "callee_kind", "callee", "kind", "measured_by"].map(text);
    let numbers = [
        "calls",
        "errors",
        "p50_ns",
        "p95_ns",
        "p99_ns",
        "max_ns",
        "total_ns",
        "client_calls",
        "client_p50_ns",
        "client_p95_ns",
        "client_total_ns",
        "between_p50_ns",
        "between_p95_ns",
        "between_total_ns",
    ]
    .map(number);
    let row = |(caller, callee, edge): (usize, usize, &Edge)| {
        let (caller, callee) = (&graph.nodes[caller], &graph.nodes[callee]);
        let mut cells: Vec<String> = [
            caller.kind.as_str(),
            &caller.name,
            callee.kind.as_str(),
            &callee.name,
            edge.kind.as_str(),
            edge.measured_by.as_str(),
        ]
        .map(str::to_owned)
        .into();
        let of = edge.latency;
        let always = [edge.calls, edge.errors, of.p50_ns, of.p95_ns, of.p99_ns, of.max_ns, of.total_ns];
        cells.extend(always.map(|n| n.to_string()));
        let paired = |paired: Option<PairedLatency>, figure: fn(PairedLatency) -> u64| {
            paired.map_or_else(String::new, |paired| figure(paired).to_string())
        };
        cells.push(paired(edge.client, |paired| paired.calls));
        for side in [edge.client, edge.between] {
            cells.push(paired(side, |paired| paired.latency.p50_ns));
            cells.push(paired(side, |paired| paired.latency.p95_ns));
            cells.push(paired(side, |paired| paired.latency.total_ns));
        }
        cells
    };
    let heads = heads.into_iter().chain(numbers).collect();
    Table { heads, rows: edges(graph).map(row).collect() }.write_csv(out)
}

fn text(title: &str) -> Head {
    Head { title: title.to_owned(), is_number: false }
}

fn number(title: &str) -> Head {
    Head { title: title.to_owned(), is_number: true }
}
