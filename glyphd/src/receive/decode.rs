//! Bytes into what OTLP calls a request: as protocol buffers, or as JSON in the way that OTLP maps them to it (ids in
//! hexadecimal, 64-bit integers as text, enumerations as numbers).

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::answer::{Coding, Refusal};

/// What is wrong with a post is told in so many bytes at most: a decoder may quote what it does not understand.
const MESSAGE: usize = 300;

pub(super) fn decode(bytes: &[u8], coding: Coding) -> Result<ExportTraceServiceRequest, Refusal> {
    let unreadable = |error: &dyn std::fmt::Display| {
        let mut message = format!("no OTLP: {error}");
        message.truncate(message.floor_char_boundary(MESSAGE));
        Refusal::Unreadable(message)
    };
    match coding {
        Coding::Protobuf => ExportTraceServiceRequest::decode(bytes).map_err(|e| unreadable(&e)),
        Coding::Json => serde_json::from_slice(bytes).map_err(|e| unreadable(&e)),
    }
}
