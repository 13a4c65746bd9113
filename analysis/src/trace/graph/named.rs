//! From numbers to the graph that people and programs read.
//!
//! In: [`Calls`], and what their numbers stand for. Out: [`ServiceGraph`], in an order that only its content decides.

use std::collections::BTreeMap;

use super::{
    Edge, EdgeKind, Latency, Node, NodeKind, PairedLatency, ServiceGraph, Side,
    calls::{Between, Calls, End, Figures},
};
use crate::trace::{
    columns::Names,
    filter::Filter,
    group::{Grouping, Groups},
    oddity::Oddities,
    peer::Peer,
    summary::frame,
};

/// Says what the calls are.
pub(super) fn graph(
    calls: Calls,
    grouping: &Grouping,
    groups: &Groups,
    services: &Names,
    oddities: Oddities,
) -> ServiceGraph {
    let mut nodes: BTreeMap<Called, (u64, u64)> =
        calls.services.iter().map(|(code, figures)| (service(services.text(*code)), *figures)).collect();
    let with_spans = nodes.clone();
    let called = |end| match end {
        End::Service(code) => service(services.text(code)),
        End::User => (NodeKind::User, "user".to_owned()),
        End::Named(group) => {
            let (peer, name) =
                groups.peer(group as usize, grouping).and_then(Peer::decoded).unwrap_or((Peer::Address, ""));
            let kind = match peer {
                Peer::Service if with_spans.contains_key(&service(name)) => NodeKind::Service,
                Peer::Service | Peer::Address => NodeKind::External,
                Peer::Database => NodeKind::Database,
                Peer::Messaging => NodeKind::Messaging,
            };
            (kind, name.to_owned())
        }
    };
    // What has one name in several attributes is one node.
    let mut edges: BTreeMap<(Called, Called, EdgeKind, Side), Figures> = BTreeMap::new();
    for (Between { caller, callee, kind, measured_by }, figures) in calls.between {
        let ends = (called(caller), called(callee));
        for end in [&ends.0, &ends.1] {
            nodes.entry(end.clone()).or_default();
        }
        edges.entry((ends.0, ends.1, kind, measured_by)).or_default().absorb(figures);
    }
    ServiceGraph {
        filter: grouping.filter().map(Filter::to_string),
        spans: calls.spans,
        traces: calls.traces,
        nodes: nodes
            .into_iter()
            .map(|(called, (spans, errors))| Node {
                id: id(&called),
                kind: called.0,
                name: called.1,
                spans,
                errors,
            })
            .collect(),
        edges: measured(edges),
        unnamed_calls: calls.unnamed,
        edges_left_out: None,
        oddities,
    }
}

/// A node's kind and name.
type Called = (NodeKind, String);

fn service(name: &str) -> Called {
    (NodeKind::Service, name.to_owned())
}

fn id((kind, name): &Called) -> String {
    match kind {
        NodeKind::User => kind.as_str().to_owned(),
        kind => format!("{}:{name}", kind.as_str()),
    }
}

fn measured(edges: BTreeMap<(Called, Called, EdgeKind, Side), Figures>) -> Vec<Edge> {
    let (ends, figures): (Vec<_>, Vec<_>) = edges.into_iter().unzip();
    let counts: Vec<_> = figures.iter().map(|f| (f.errors, f.durations.len(), f.client.len())).collect();
    let durations = figures.into_iter().flat_map(|f| [f.durations, f.client, f.between]).collect();
    let latencies = latencies(durations);
    let mut edges: Vec<Edge> = ends
        .into_iter()
        .zip(counts)
        .zip(latencies.chunks_exact(3))
        .map(|(((caller, callee, kind, measured_by), (errors, calls, pairs)), latencies)| {
            let paired = |latency| (pairs > 0).then_some(PairedLatency { calls: pairs as u64, latency });
            Edge {
                caller: id(&caller),
                callee: id(&callee),
                kind,
                measured_by,
                calls: calls as u64,
                errors,
                latency: latencies[0],
                client: paired(latencies[1]),
                between: paired(latencies[2]),
            }
        })
        .collect();
    edges.sort_by_key(|edge| std::cmp::Reverse(edge.calls));
    edges
}

fn latencies(durations: Vec<Vec<u64>>) -> Vec<Latency> {
    let totals: Vec<u64> =
        durations.iter().map(|all| all.iter().fold(0_u64, |sum, ns| sum.saturating_add(*ns))).collect();
    let latency = |(spread, total_ns): (frame::Spread, u64)| {
        let [p50_ns, _, p95_ns, p99_ns, max_ns] = spread.percentiles;
        Latency { p50_ns, p95_ns, p99_ns, max_ns, total_ns }
    };
    frame::spreads(durations).into_iter().zip(totals).map(latency).collect()
}
