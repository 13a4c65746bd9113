//! Bytes into what OTLP calls a request: as protocol buffers, or as JSON in the way that OTLP maps them to it (ids in
//! hexadecimal, 64-bit integers as text, enumerations as numbers).

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::answer::{Coding, Refusal};

pub(super) fn decode(bytes: &[u8], coding: Coding) -> Result<ExportTraceServiceRequest, Refusal> {
    let unreadable = |error: &dyn std::fmt::Display| Refusal::Unreadable(format!("no OTLP: {error}"));
    match coding {
        Coding::Protobuf => ExportTraceServiceRequest::decode(bytes).map_err(|e| unreadable(&e)),
        Coding::Json => serde_json::from_slice(bytes).map_err(|e| unreadable(&e)),
    }
}
