//! A receiver that is not ours: Python's package `opentelemetry-proto` gets the same spans as the file has, field by field.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use glyph_formats::recording::TRACES;
use serde_json::Value;

use crate::{harness::peers, interop::python, telemetry::stage::everything};

/// Spans by their ids.
fn by_id(lines: &str) -> BTreeMap<(String, String), Value> {
    let span = |line: &str| {
        let span: Value = serde_json::from_str(line).unwrap();
        let id = |name: &str| span[name].as_str().unwrap().to_owned();
        ((id("trace_id"), id("span_id")), span)
    };
    let all = lines.lines().map(span).collect::<Vec<_>>();
    let (count, spans) = (all.len(), BTreeMap::from_iter(all));
    assert_eq!(spans.len(), count, "each span is there once");
    spans
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_in_python_gets_the_spans_of_the_file_field_by_field() {
    let modules = ["opentelemetry.proto.collector.trace.v1.trace_service_pb2"];
    let Some(command) = python::script(&modules, "otlp_receiver.py").await else { return };
    let dir = tempfile::tempdir().unwrap();
    let received = dir.path().join("received.jsonl");
    let mut command = command.into_std();
    let spawned = command.arg(&received).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Some(mut receiver) = peers::found("python3", spawned) else { return };
    let mut address = String::new();
    BufReader::new(receiver.stdout.take().unwrap()).read_line(&mut address).unwrap();

    let change = |config: &mut glyphd::Config| {
        config.trace.endpoint = Some(format!("http://{}/v1/traces", address.trim()));
        config.trace.resource = vec![("deployment.environment.name".to_owned(), "test".to_owned())];
    };
    let recorded = everything(change, async |_| {}).await;
    // It ends with its input.
    drop(receiver.stdin.take());
    assert!(receiver.wait().unwrap().success());

    let mut received = by_id(&fs::read_to_string(received).unwrap());
    let file = by_id(&fs::read_to_string(recorded.dir.join(TRACES)).unwrap());
    assert!(file.len() > 50, "{}", file.len());
    assert_eq!(received.len(), file.len());
    for (id, span) in &file {
        let got = received.get_mut(id).unwrap().as_object_mut().unwrap();
        // What the file does not have.
        let resource = got.remove("resource").unwrap();
        assert_eq!(resource["deployment.environment.name"], "test");
        assert_eq!(resource["process.pid"], u64::from(std::process::id()));
        assert_eq!(got.remove("scope").unwrap(), "glyphd");
        assert_eq!(&Value::Object(got.clone()), span);
    }
    // Of each kind of field there is something to compare.
    let has =
        |field: &str| file.values().any(|span| span[field].as_array().is_some_and(|all| !all.is_empty()));
    assert!(has("events") && has("links"));
    assert!(file.values().any(|span| span["status"] == "error" && span["status_message"].is_string()));
    let attributes = || file.values().flat_map(|span| span["attributes"].as_object().unwrap().values());
    assert!(attributes().any(Value::is_array) && attributes().any(Value::is_boolean));
    assert!(attributes().any(Value::is_f64) && attributes().any(Value::is_i64));
}
