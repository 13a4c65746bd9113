//! The service graph: who calls whom, as a picture and as a table.

use glyph_analysis::{
    text::{counted, duration, grouped},
    trace::{
        graph::{Edge, EdgeKind, Node, NodeKind, ServiceGraph},
        report::layers::Layout,
    },
};
use maud::{Markup, html};

use super::{
    label::{Palette, cut, label},
    overview::rounded,
};

/// So many edges are drawn and listed.
pub(crate) const MOST_EDGES: usize = 120;
/// So many have their figures beside them; of more, only the one that is pointed at.
const MOST_LABELS: usize = 24;

/// From this part of the calls on, many fail.
const MANY_FAIL: f64 = 0.05;

/// A node's size, and how far nodes are from each other, in pixels.
const WIDTH: f64 = 168.0;
const HEIGHT: f64 = 46.0;
const ACROSS: f64 = 350.0;
const DOWN: f64 = 84.0;
/// What is left free around them.
const MARGIN: f64 = 14.0;

/// The section; nothing if nobody calls anybody.
pub(super) fn section(graph: &ServiceGraph, palette: &Palette) -> Markup {
    let at = |id: &str| graph.nodes.iter().position(|node| node.id == id);
    let ends: Vec<(usize, usize)> =
        graph.edges.iter().filter_map(|edge| at(&edge.caller).zip(at(&edge.callee))).collect();
    if ends.is_empty() || ends.len() < graph.edges.len() {
        return html! {};
    }
    let layout = Layout::of(graph.nodes.len(), &ends);
    html! {
        section #services aria-labelledby="services-title" {
            h2 #services-title { "Who calls whom" }
            p.about { "Lines are as wide as there are many calls, and red where some fail. Durations are those of the span of who is called, or of who calls where there is no other." }
            div.wide.graph tabindex="0" role="group" aria-label="Service graph" { (picture(graph, &layout, palette)) }
            div.wide { (table(graph, palette)) }
            @if let Some(more) = graph.edges_left_out {
                p.about { (counted(more, "more edge")) " with fewer calls: glyphctl trace graph has them." }
            }
        }
    }
}

fn picture(graph: &ServiceGraph, layout: &Layout, palette: &Palette) -> Markup {
    let (width, height) = (
        (layout.layers.max(1) - 1) as f64 * ACROSS + WIDTH + 2.0 * MARGIN,
        layout.height * DOWN + HEIGHT + 2.0 * MARGIN,
    );
    let most = graph.edges.iter().map(|edge| edge.calls).max().unwrap_or(1);
    html! {
        svg width=(format!("{width:.0}")) height=(format!("{height:.0}")) viewBox=(format!("0 0 {width:.0} {height:.0}")) {
            defs {
                @for class in ["fine", "some", "many"] {
                    marker id=(format!("arrow-{class}")) class=(class) viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto" {
                        path d="M0 0L8 4L0 8z" {}
                    }
                }
            }
            @for (edge, way) in graph.edges.iter().zip(&layout.edges) {
                (self::edge(graph, edge, way, most))
            }
            @for (node, place) in graph.nodes.iter().zip(&layout.nodes) {
                (self::node(node, *place, palette))
            }
        }
    }
}

fn node(node: &Node, (layer, y): (usize, f64), palette: &Palette) -> Markup {
    let (x, y) = (MARGIN + layer as f64 * ACROSS, MARGIN + y * DOWN);
    let class = if node.kind == NodeKind::Service { palette.class(&node.name) } else { "outside".to_owned() };
    let about = match node.kind {
        NodeKind::Service if node.errors > 0 => {
            format!("{}  ✗ {}", counted(node.spans, "span"), grouped(node.errors))
        }
        NodeKind::Service => counted(node.spans, "span"),
        NodeKind::Database => "database".to_owned(),
        NodeKind::Messaging => "messaging".to_owned(),
        NodeKind::External => "external".to_owned(),
        NodeKind::User => "from outside".to_owned(),
    };
    html! {
        g.node.(class) transform=(format!("translate({x:.1} {y:.1})")) {
            title { (label(&node.name)) ": " (about) }
            rect width=(WIDTH) height=(HEIGHT) rx="6" {}
            text.name x="14" y="20" { (cut(label(&node.name).as_str(), 19)) }
            text.more x="14" y="36" { (about) }
        }
    }
}

fn edge(graph: &ServiceGraph, edge: &Edge, way: &[(usize, f64)], most: u64) -> Markup {
    let name = |id: &str| graph.node(id).map_or_else(String::new, |node| label(&node.name));
    let figures = format!("{} · p95 {}", grouped(edge.calls), duration(edge.latency.p95_ns));
    let told = format!(
        "{} to {}: {}, {} failed, p50 {}, p95 {}",
        name(&edge.caller),
        name(&edge.callee),
        counted(edge.calls, if edge.kind == EdgeKind::Message { "message" } else { "call" }),
        rounded(edge.errors, edge.calls),
        duration(edge.latency.p50_ns),
        duration(edge.latency.p95_ns),
    );
    let class = match edge.error_rate() {
        0.0 => "fine",
        rate if rate < MANY_FAIL => "some",
        _ => "many",
    };
    let thick = 1.0 + 3.5 * (edge.calls as f64 + 1.0).ln() / (most as f64 + 1.0).ln();
    let ends = |is: &dyn Fn(&Edge) -> bool| graph.edges.iter().filter(|other| is(other)).count();
    let is_spread = ends(&|other| other.caller == edge.caller) >= ends(&|other| other.callee == edge.callee);
    let (path, (x, y)) = curve(way, if is_spread { 0.66 } else { 0.34 });
    html! {
        g.edge.(class).message[edge.kind == EdgeKind::Message] tabindex="0" role="img" aria-label=(told) {
            title { (told) }
            path.reach d=(path) {}
            path.line d=(path) stroke-width=(format!("{thick:.1}")) marker-end=(format!("url(#arrow-{class})")) {}
            text.quiet[graph.edges.len() > MOST_LABELS] x=(format!("{x:.1}")) y=(format!("{:.1}", y - 6.0)) { (figures) }
        }
    }
}

/// A curve through these points, and where its figures stand: at that part of its first step, or of its last if that is more
/// than half.
fn curve(way: &[(usize, f64)], at: f64) -> (String, (f64, f64)) {
    let middle =
        |(layer, y): (usize, f64)| (MARGIN + layer as f64 * ACROSS, MARGIN + y * DOWN + HEIGHT / 2.0);
    if let [one] = way {
        let (x, y) = middle(*one);
        let (left, right, top) = (x + WIDTH * 0.35, x + WIDTH * 0.65, y - HEIGHT / 2.0);
        let path =
            format!("M{left:.1} {top:.1}C{left:.1} {0:.1} {right:.1} {0:.1} {right:.1} {top:.1}", top - 26.0);
        return (path, (x + WIDTH / 2.0, top - 18.0));
    }
    let is_back = way[0].0 > way[way.len() - 1].0;
    // Towards the right it leaves a node there and comes in on the left.
    let (leave, enter) = if is_back { (0.0, WIDTH) } else { (WIDTH, 0.0) };
    let (mut path, mut label) = (String::new(), (0.0, 0.0));
    for (step, two) in way.windows(2).enumerate() {
        let ((x1, y1), (x2, y2)) = (middle(two[0]), middle(two[1]));
        let (is_first, is_last) = (step == 0, step + 2 == way.len());
        let (x1, x2) =
            (x1 + if is_first { leave } else { WIDTH / 2.0 }, x2 + if is_last { enter } else { WIDTH / 2.0 });
        let half = (x1 + x2) / 2.0;
        if is_first {
            path = format!("M{x1:.1} {y1:.1}");
        }
        let has_figures = if at < 0.5 { is_first } else { is_last };
        if has_figures {
            // Of a cubic curve whose inner points are as high as the outer ones.
            let (late, early) = (at * at * (3.0 - 2.0 * at), (1.0 - at).powi(2) * (1.0 + 2.0 * at));
            let inner = 3.0 * at * (1.0 - at);
            label = ((1.0 - at).powi(3) * x1 + inner * half + at.powi(3) * x2, early * y1 + late * y2);
        }
        path += &format!("C{half:.1} {y1:.1} {half:.1} {y2:.1} {x2:.1} {y2:.1}");
    }
    (path, label)
}

fn table(graph: &ServiceGraph, palette: &Palette) -> Markup {
    let end = |id: &str| {
        let node = graph.node(id);
        html! {
            @if let Some(node) = node {
                @if node.kind == NodeKind::Service { (palette.dot(&node.name)) } @else { i.dot {} }
                (label(&node.name))
            }
        }
    };
    html! {
        table.plain {
            thead { tr {
                th scope="col" { "Caller" } th scope="col" { "Callee" } th.figure scope="col" { "Calls" } th.figure scope="col" { "Failed" }
                th.figure scope="col" { "p50" } th.figure scope="col" { "p95" } th.figure scope="col" { "p99" } th.figure scope="col" { "Max" }
            } }
            tbody {
                @for edge in &graph.edges {
                    tr {
                        td { (end(&edge.caller)) }
                        td { (end(&edge.callee)) @if edge.kind == EdgeKind::Message { small { "by message" } } }
                        td.figure { (grouped(edge.calls)) }
                        td.figure.bad[edge.errors > 0] { @if edge.errors > 0 { (rounded(edge.errors, edge.calls)) } @else { "–" } }
                        td.figure { (duration(edge.latency.p50_ns)) } td.figure { (duration(edge.latency.p95_ns)) }
                        td.figure { (duration(edge.latency.p99_ns)) } td.figure { (duration(edge.latency.max_ns)) }
                    }
                }
            }
        }
    }
}
