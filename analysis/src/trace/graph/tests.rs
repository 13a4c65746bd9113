use glyph_formats::jsonl::input::Progress;

use super::*;
use crate::trace::{Keep, Sources, lines, load, oddity::Oddity};

/// A span on a line: id, parent, service, kind, start, end; `more` stands before the closing brace.
fn span(id: u64, parent: u64, service: &str, kind: &str, (start, end): (u64, u64), more: &str) -> String {
    let parent = if parent == 0 { String::new() } else { format!("\"parent_span_id\":\"{parent:016x}\",") };
    format!(
        "{{\"trace_id\":\"{:032x}\",\"span_id\":\"{id:016x}\",{parent}\"name\":\"n\",\"kind\":\"{kind}\",\
         \"service_name\":\"{service}\",\"start_time_unix_nano\":{start},\"end_time_unix_nano\":{end}{more}}}\n",
        1 + id / 100,
    )
}

fn named(attributes: &str) -> String {
    format!(",\"attributes\":{{{attributes}}}")
}

const FAILED: &str = ",\"status\":\"error\"";

/// Each edge in one line.
fn told(graph: &ServiceGraph) -> Vec<String> {
    let edge = |e: &Edge| {
        let mut told = format!("{} > {} {} of {} failed", e.caller, e.callee, e.errors, e.calls);
        if e.kind == EdgeKind::Message {
            told += ", message";
        }
        if e.measured_by == Side::Caller {
            told += ", by caller";
        }
        told
    };
    graph.edges.iter().map(edge).collect()
}

#[test]
fn a_call_is_measured_on_both_sides() {
    let graph = lines::traces(
        &[
            span(1, 0, "web", "server", (0, 100), ""),
            span(2, 1, "web", "client", (10, 90), ""),
            // Its clock is far behind.
            span(3, 2, "auth", "server", (1, 51), ""),
            span(101, 0, "web", "server", (0, 100), ""),
            span(102, 101, "web", "client", (10, 40), FAILED),
            span(103, 102, "auth", "server", (500, 520), ""),
            // No span of the caller's says how long this took it.
            span(104, 101, "auth", "server", (0, 7), FAILED),
        ]
        .concat(),
    )
    .graph();
    assert_eq!(
        told(&graph),
        ["service:web > service:auth 2 of 3 failed", "user > service:web 0 of 2 failed"]
    );
    let edge = &graph.edges[0];
    assert_eq!((edge.latency.p50_ns, edge.latency.max_ns, edge.latency.total_ns), (20, 50, 77));
    let (client, between) = (edge.client.unwrap(), edge.between.unwrap());
    assert_eq!((client.calls, client.latency.p50_ns, client.latency.total_ns), (2, 30, 110));
    assert_eq!((between.calls, between.latency.p50_ns, between.latency.max_ns), (2, 10, 30));
    let nodes: Vec<_> = graph.nodes.iter().map(|n| (n.id.as_str(), n.spans, n.errors)).collect();
    assert_eq!(nodes, [("service:auth", 3, 1), ("service:web", 4, 1), ("user", 0, 0)]);
    assert_eq!((graph.spans, graph.traces), (7, 2));
}

#[test]
fn a_client_with_several_calls_says_of_none_how_long_it_took() {
    let graph = lines::traces(
        &[
            span(1, 0, "web", "client", (0, 100), FAILED),
            span(2, 1, "auth", "server", (0, 10), FAILED),
            span(3, 1, "auth", "server", (20, 30), ""),
        ]
        .concat(),
    )
    .graph();
    assert_eq!(told(&graph), ["service:web > service:auth 1 of 2 failed"]);
    assert_eq!((graph.edges[0].client, graph.edges[0].between), (None, None));
}

#[test]
fn within_a_service_only_a_client_calls_a_server() {
    let graph = lines::traces(
        &[
            span(1, 0, "web", "internal", (0, 100), ""),
            span(2, 1, "web", "internal", (0, 90), ""),
            span(3, 2, "web", "client", (0, 80), ""),
            span(4, 3, "web", "server", (0, 70), ""),
            span(5, 4, "web", "server", (0, 60), ""),
            span(6, 1, "web", "producer", (0, 5), ""),
            span(7, 6, "web", "consumer", (10, 20), ""),
        ]
        .concat(),
    )
    .graph();
    assert_eq!(
        told(&graph),
        ["service:web > service:web 0 of 1 failed", "service:web > service:web 0 of 1 failed, message"]
    );
}

#[test]
fn who_has_no_spans_is_what_its_callers_call_it() {
    let db = named(r#""db.system":"postgresql","server.address":"10.0.0.5""#);
    let graph = lines::traces(
        &[
            span(1, 0, "web", "internal", (0, 100), ""),
            // The inner of the two is the call.
            span(2, 1, "web", "client", (0, 50), &named(r#""server.address":"outer""#)),
            span(3, 2, "web", "client", (5, 45), &format!("{db}{FAILED}")),
            // It has a span within it, which is no call.
            span(4, 1, "web", "client", (0, 30), &db),
            span(5, 4, "web", "internal", (1, 2), ""),
            span(6, 1, "web", "client", (0, 20), &named(r#""peer.service":"auth""#)),
            span(7, 1, "web", "client", (0, 20), &named(r#""peer.service":"mail""#)),
            span(8, 1, "web", "client", (0, 20), &named(r#""server.address":"mail""#)),
            span(9, 1, "web", "client", (0, 20), ""),
            span(10, 1, "auth", "internal", (0, 20), ""),
        ]
        .concat(),
    )
    .graph();
    assert_eq!(
        told(&graph),
        [
            "service:web > database:postgresql 1 of 2 failed, by caller",
            "service:web > external:mail 0 of 2 failed, by caller",
            "service:web > service:auth 0 of 1 failed, by caller",
            "service:web > service:auth 0 of 1 failed",
        ]
    );
    assert_eq!((graph.edges[0].latency.total_ns, graph.unnamed_calls), (70, 1));
    let kinds: Vec<_> = graph.nodes.iter().map(|node| (node.kind, node.name.as_str())).collect();
    assert_eq!(
        kinds,
        [
            (NodeKind::Service, "auth"),
            (NodeKind::Service, "web"),
            (NodeKind::Database, "postgresql"),
            (NodeKind::External, "mail")
        ]
    );
}

#[test]
fn messages_go_from_service_to_service_or_through_what_carries_them() {
    let kafka = named(r#""messaging.system":"kafka","server.address":"broker""#);
    let graph = lines::traces(
        &[
            span(1, 0, "shop", "producer", (0, 5), &kafka),
            span(2, 1, "mail", "consumer", (50, 80), &kafka),
            span(3, 2, "mail", "consumer", (60, 70), &kafka),
            // Sent and received in two traces.
            span(101, 0, "shop", "producer", (0, 5), &kafka),
            span(201, 0, "mail", "consumer", (50, 80), &format!("{kafka}{FAILED}")),
            span(202, 201, "mail", "consumer", (60, 70), &kafka),
            span(203, 0, "mail", "consumer", (60, 70), ""),
        ]
        .concat(),
    )
    .graph();
    assert_eq!(
        told(&graph),
        [
            "service:shop > service:mail 0 of 1 failed, message",
            "service:shop > messaging:kafka 0 of 1 failed, message, by caller",
            "messaging:kafka > service:mail 1 of 1 failed, message",
        ]
    );
}

#[test]
fn an_orphan_is_nobodys_call_and_told() {
    let traces = lines::traces(&span(1, 77, "web", "server", (0, 100), ""));
    let graph = traces.graph();
    assert_eq!((told(&graph).len(), graph.oddities.get(Oddity::Orphan)), (0, 1));
    assert_eq!(graph.nodes.len(), 1);
}

#[test]
fn of_a_condition_the_measured_span_decides() {
    let traces = lines::traces(
        &[
            span(1, 0, "web", "client", (0, 100), ""),
            span(2, 1, "auth", "server", (0, 90), ""),
            span(3, 0, "web", "client", (0, 9), &named(r#""db.system":"redis""#)),
        ]
        .concat(),
    );
    let only = |filter: &str| told(&traces.graph_only(Some(filter.parse().unwrap())));
    assert_eq!(only("duration > 95ns"), Vec::<String>::new());
    assert_eq!(only("duration > 85ns"), ["service:web > service:auth 0 of 1 failed"]);
    assert_eq!(only("kind = client"), ["service:web > database:redis 0 of 1 failed, by caller"]);
    let graph = traces.graph_only(Some("kind = client".parse().unwrap()));
    assert_eq!(graph.filter.as_deref(), Some("{ kind = client }"));
}

#[test]
fn a_call_that_does_not_count_is_still_the_call_of_what_is_around_it() {
    let db = |more: &str| named(r#""db.system":"redis""#) + more;
    let traces = lines::traces(
        &[span(1, 0, "web", "client", (0, 100), &db(FAILED)), span(2, 1, "web", "client", (0, 90), &db(""))]
            .concat(),
    );
    let graph = traces.graph_only(Some("status = error".parse().unwrap()));
    assert_eq!((told(&graph).len(), graph.unnamed_calls), (0, 0));
    assert_eq!(told(&traces.graph()), ["service:web > database:redis 0 of 1 failed, by caller"]);
}

#[test]
fn with_fewer_edges_there_are_fewer_nodes() {
    let mut graph = lines::traces(
        &[
            span(1, 0, "web", "server", (0, 100), ""),
            span(2, 1, "web", "client", (0, 9), &named(r#""db.system":"redis""#)),
            span(3, 1, "web", "client", (0, 9), &named(r#""db.system":"redis""#)),
        ]
        .concat(),
    )
    .graph();
    graph.keep_first(2);
    assert_eq!((graph.edges.len(), graph.edges_left_out), (2, None));
    graph.keep_first(1);
    assert_eq!((told(&graph).len(), graph.edges_left_out), (1, Some(1)));
    assert!(graph.node("user").is_none() && graph.node("database:redis").is_some());
}

#[test]
fn from_the_disk_comes_the_same_graph() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.jsonl");
    let text: String = (0..400_u64)
        .flat_map(|t| {
            let id = 100 * t;
            [
                span(id + 1, 0, "web", "server", (t, t + 100), ""),
                span(id + 2, id + 1, "web", "client", (t, t + 2 * (t % 40)), ""),
                span(id + 3, id + 2, ["auth", "cart"][t as usize % 2], "server", (t, t + t % 50), ""),
                span(
                    id + 4,
                    id + 3,
                    "auth",
                    "client",
                    (t, t + t % 7),
                    &named(&format!(r#""server.address":"h{}""#, t % 5)),
                ),
            ]
        })
        .collect();
    std::fs::write(&path, text).unwrap();
    let sources = Sources::find(&[path]).unwrap();
    let loaded = load(&sources, Keep::EVERYTHING, &Progress::of(None)).unwrap();
    let in_memory = Traces::resolve(loaded.spans, loaded.oddities).graph();
    assert_eq!(in_memory.edges.iter().map(|e| e.calls).sum::<u64>(), 400 + 400 + 400 + 200);
    for memory in [0, 1 << 30] {
        let sorted = Sorted::read(&sources, None, memory, &Progress::of(None)).unwrap();
        assert_eq!(sorted.graph(&Progress::of(None)).unwrap(), in_memory);
    }
}
