//! `glyphctl trace graph`: what is printed, and whether those who draw it understand it.
//!
//! Graphviz (`dot`) and Mermaid (in Chromium) are asked, where they are; see [`peer`].

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::harness::{Run, in_path, node_modules, peer, run, run_with_stdin, testdata};

fn graph(file: &Path, more: &[&str]) -> Run {
    let args = ["trace", "graph", file.to_str().unwrap()];
    run(args.into_iter().chain(more.iter().copied()))
}

/// A span on a line; `more` stands before the closing brace.
fn span(id: u64, parent: u64, service: &str, kind: &str, ns: u64, more: &str) -> String {
    format!(
        "{{\"trace_id\":\"{:032x}\",\"span_id\":\"{id:016x}\",\"parent_span_id\":\"{parent:016x}\",\"name\":\"n\",\
         \"kind\":\"{kind}\",\"service_name\":{},\"start_time_unix_nano\":1,\"end_time_unix_nano\":{}{more}}}\n",
        1,
        serde_json::to_string(service).unwrap(),
        1 + ns,
    )
}

/// A shop of several services, of which one fails, with a database, a queue and somebody else.
fn shop() -> String {
    [
        span(1, 0, "gateway", "server", 90_000_000, ""),
        span(2, 1, "gateway", "client", 80_000_000, ""),
        span(3, 2, "checkout", "server", 75_000_000, ""),
        span(4, 3, "checkout", "client", 20_000_000, r#","attributes":{"db.system":"postgresql"}"#),
        span(5, 3, "checkout", "client", 30_000_000, ""),
        span(6, 5, "prices", "server", 28_000_000, r#","status":"error""#),
        span(7, 3, "checkout", "producer", 1_000_000, r#","attributes":{"messaging.system":"kafka"}"#),
        span(8, 7, "mail", "consumer", 5_000_000, ""),
        span(9, 8, "mail", "client", 4_000_000, r#","attributes":{"server.address":"smtp.example"}"#),
        span(10, 3, "checkout", "producer", 1_000_000, r#","attributes":{"messaging.system":"kafka"}"#),
        span(11, 99, "lost", "server", 1, ""),
    ]
    .concat()
}

/// Names that mean something to whoever reads a graph.
const HOSTILE: [&str; 6] = [
    "\"]; evil [label=\"x\" URL=\"javascript:alert(1)\"",
    "a\\nb\\G\\",
    "<b>&amp;</b>\u{1b}[31m\u{202e}",
    "1. one --> two|three",
    "click n0 call alert() %% #35; `code`",
    "::error::\nline two\r\n```",
];

fn hostile() -> String {
    let call = |(i, name): (usize, &&str)| {
        let id = 2 * i as u64 + 1;
        let named = serde_json::json!({ "peer.service": format!("peer {name}") });
        span(id, 0, name, "server", 10, "")
            + &span(id + 1, id, name, "client", 5, &format!(",\"attributes\":{named}"))
    };
    HOSTILE.iter().enumerate().map(call).collect()
}

#[test]
fn the_table_has_a_row_for_each_edge() {
    let run = run_with_stdin(["trace", "graph", "-"], shop().as_bytes()).fine();
    assert!(run.stderr.contains("1 orphan ("), "{}", run.stderr);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn every_format_says_the_same() {
    for format in ["json", "markdown", "csv", "dot", "mermaid"] {
        let run = run_with_stdin(["trace", "graph", "-", "--format", format], shop().as_bytes()).fine();
        insta::assert_snapshot!(format!("shop_{format}"), run.stdout);
    }
}

#[test]
fn all_formats_of_spans_are_read() {
    let edges = |name: &str| {
        let file = testdata(name);
        let folder = file.parent().unwrap();
        let file = ["jsonl", "json", "txt"].iter().map(|ending| folder.join(format!("input.{ending}")));
        let file = file.into_iter().find(|file| file.is_file()).unwrap();
        let json: Value = serde_json::from_str(&graph(&file, &["--format", "json"]).fine().stdout).unwrap();
        let edge = |edge: &Value| {
            format!("{} > {}", edge["caller"].as_str().unwrap(), edge["callee"].as_str().unwrap())
        };
        json["edges"].as_array().unwrap().iter().map(edge).collect::<Vec<_>>()
    };
    assert!(
        edges("checkout").contains(&"service:shop > service:prices".to_owned()),
        "{:?}",
        edges("checkout")
    );
    let zipkin = edges("zipkin-shared");
    assert!(zipkin.iter().any(|edge| edge.starts_with("service:frontend > service:")), "{zipkin:?}");
}

#[test]
fn fewer_edges_are_those_with_the_most_calls() {
    let top = |format| {
        let args = ["trace", "graph", "-", "--top", "2", "--format", format];
        run_with_stdin(args, shop().as_bytes()).fine()
    };
    assert!(top("table").stdout.contains("… and 5 more edges (--top)"), "{}", top("table").stdout);
    assert!(top("dot").stderr.contains("5 more edges not shown (--top)"), "{}", top("dot").stderr);
    let json: Value = serde_json::from_str(&top("json").stdout).unwrap();
    assert_eq!((json["edges"].as_array().unwrap().len(), &json["edges_left_out"]), (2, &5.into()));
}

#[test]
fn a_condition_and_strictness_are_as_for_a_summary() {
    let only = |condition| {
        let args = ["trace", "graph", "-", "--format", "json", "--where", condition];
        run_with_stdin(args, shop().as_bytes())
    };
    let json: Value = serde_json::from_str(&only("status = error").fine().stdout).unwrap();
    let edges = json["edges"].as_array().unwrap();
    assert_eq!((edges.len(), &edges[0]["callee"]), (1, &"service:prices".into()));
    assert!(only("status = ").unable().stderr.contains("--where: column"));
    let strict = run_with_stdin(["trace", "graph", "-", "--strict"], shop().as_bytes()).unable();
    assert!(strict.stderr.contains("1 orphan"), "{}", strict.stderr);
}

#[test]
fn without_spans_there_is_a_graph_of_nothing() {
    for format in ["table", "json", "markdown", "csv", "dot", "mermaid"] {
        let run = run_with_stdin(["trace", "graph", "-", "--format", format], b"").fine();
        assert!(run.stderr.contains("no spans there"), "{}", run.stderr);
    }
}

#[test]
fn names_do_no_harm_in_any_format() {
    for format in ["table", "json", "markdown", "csv", "dot", "mermaid"] {
        let run = run_with_stdin(["trace", "graph", "-", "--format", format], hostile().as_bytes()).fine();
        let steers = |c: char| c != '\n' && glyph_analysis::text::is_hidden(c);
        assert!(!run.stdout.contains(steers), "{format}: {}", run.stdout);
        let is_command = |line: &str| line.trim_start().starts_with("::");
        assert!(!run.stdout.lines().any(is_command), "{format}: {}", run.stdout);
    }
}

#[test]
fn what_mermaid_refuses_is_told() {
    let many: String = (1..=600).map(|id| span(id, 0, &format!("s{id}"), "server", 1, "")).collect();
    let print = |top| {
        let args = ["trace", "graph", "-", "--format", "mermaid", "--top", top];
        run_with_stdin(args, many.as_bytes()).fine().stderr
    };
    assert!(print("600").contains("warning: Mermaid draws no more than 500 edges"), "{}", print("600"));
    assert!(!print("100").contains("warning"), "{}", print("100"));
}

/// The labels of nodes and of edges as Graphviz reads them.
fn drawn_by_graphviz(spans: &str) -> Option<(Vec<String>, Vec<String>)> {
    peer(in_path("dot"))?;
    let dot = run_with_stdin(["trace", "graph", "-", "--format", "dot"], spans.as_bytes()).fine().stdout;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("graph.dot");
    fs::write(&file, dot).unwrap();
    // What it reads in the picture, with each escape taken.
    let output = Command::new("dot").arg("-Tjson").arg(&file).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let texts = |of: &str, draw: &str| {
        let text = |thing: &Value| {
            let ops = thing[draw].as_array().into_iter().flatten();
            let texts: Vec<_> = ops.filter_map(|op| op["text"].as_str()).collect();
            texts.join("\n")
        };
        json[of].as_array().into_iter().flatten().map(text).collect()
    };
    Some((texts("objects", "_ldraw_"), texts("edges", "_ldraw_")))
}

#[test]
fn graphviz_draws_what_is_there() {
    let Some((nodes, edges)) = drawn_by_graphviz(&shop()) else { return };
    let expected =
        ["checkout\n5 spans", "gateway\n2 spans", "lost\n1 span", "mail\n2 spans", "prices\n1 span"];
    assert_eq!(nodes[..5], expected);
    assert_eq!(nodes[5..], ["postgresql\ndatabase", "kafka\nmessaging", "smtp.example\nno spans", "user"]);
    assert_eq!(edges.len(), 7);
    assert!(edges.contains(&"1 call\np95 28.0ms\n100.0% failed".to_owned()), "{edges:?}");
}

#[test]
fn graphviz_takes_names_for_text() {
    let Some((nodes, _)) = drawn_by_graphviz(&hostile()) else { return };
    for name in HOSTILE {
        let shown = format!("{}\n2 spans", glyph_analysis::text::visible(name));
        assert!(nodes.contains(&shown), "{shown}: {nodes:#?}");
    }
}

/// What Mermaid's picture has to be read: nodes, edges, and the elements in labels.
fn drawn_by_mermaid(spans: &str) -> Option<Value> {
    let (modules, chromium) = peer(mermaid())?;
    let graph =
        run_with_stdin(["trace", "graph", "-", "--format", "mermaid"], spans.as_bytes()).fine().stdout;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("graph.mmd");
    fs::write(&file, graph).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/viewer/mermaid.mjs");
    let output = Command::new("node").arg(script).arg(modules).arg(chromium).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn mermaid() -> Result<(PathBuf, PathBuf), String> {
    let modules = node_modules();
    for package in ["mermaid", "playwright-core"] {
        if !modules.join(package).is_dir() {
            return Err(format!("{package} in {}", modules.display()));
        }
    }
    in_path("node")?;
    Ok((modules, in_path("chromium")?))
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn mermaid_draws_what_is_there() {
    let Some(drawn) = drawn_by_mermaid(&shop()) else { return };
    let nodes = texts(&drawn["nodes"]);
    assert_eq!(nodes.len(), 9);
    for node in ["checkout\n5 spans", "postgresql\ndatabase", "smtp.example\nno spans", "user"] {
        assert!(nodes.contains(&node), "{node}: {nodes:?}");
    }
    let edges = texts(&drawn["edges"]);
    assert!(edges.contains(&"1 call\np95 28.0ms\n100.0% failed"), "{edges:?}");
    assert_eq!(drawn["paths"], 7);
}

#[test]
fn mermaid_takes_names_for_text() {
    let Some(drawn) = drawn_by_mermaid(&hostile()) else { return };
    let nodes = texts(&drawn["nodes"]);
    for name in HOSTILE {
        let shown = format!("{}\n2 spans", glyph_analysis::text::visible(name));
        // A backslash and an n end a line for Mermaid, however they are written.
        let shown = shown.replace("\\n", "\n");
        assert!(nodes.contains(&shown.as_str()), "{shown}: {nodes:#?}");
    }
    let elements = texts(&drawn["elements"]);
    assert!(
        elements.iter().all(|name| ["br", "div", "foreignObject", "p", "rect", "span", "g"].contains(name)),
        "{elements:?}"
    );
}
