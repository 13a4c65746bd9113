//! Spans of other programs, as their SDKs send them: what is written of them, and what their senders are told.

mod posts;
mod refusals;
mod ends;

use std::{io::Write, net::SocketAddr};

use flate2::{Compression, write::GzEncoder};
use http::Request;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;

use crate::harness::{
    Client, TestDaemon,
    client::{Answer, full},
};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// A daemon that takes spans.
async fn receiving() -> TestDaemon {
    TestDaemon::with(|config| config.otlp_addr = Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await
}

fn receiver(daemon: &TestDaemon) -> SocketAddr {
    daemon.daemon().addresses().otlp.unwrap()
}

/// Posts that, and returns the whole answer.
async fn post(to: SocketAddr, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    let mut request = Request::post(format!("http://{to}{path}")).header("host", to.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Client::connect(to).await.ask(request.body(full(body.into())).unwrap()).await
}

async fn post_spans(to: SocketAddr, spans: Vec<Span>) -> Answer {
    post(to, "/v1/traces", &[("content-type", PROTOBUF)], sent(spans)).await
}

/// A span that has what it must have.
fn span(number: u64) -> Span {
    Span {
        trace_id: [7; 16].to_vec(),
        span_id: (number + 1).to_be_bytes().to_vec(),
        name: format!("span {number}"),
        start_time_unix_nano: 1_760_000_000_000_000_000,
        end_time_unix_nano: 1_760_000_000_000_001_000,
        ..Span::default()
    }
}

/// A post of the service `basket`.
fn sent(spans: Vec<Span>) -> Vec<u8> {
    let resource = Resource { attributes: vec![pair("service.name", text("basket"))], ..Resource::default() };
    of_resource(resource, spans)
}

fn of_resource(resource: Resource, spans: Vec<Span>) -> Vec<u8> {
    let scope = InstrumentationScope { name: "by-hand".to_owned(), ..InstrumentationScope::default() };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource), scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn text(value: &str) -> Value {
    Value::StringValue(value.to_owned())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}
