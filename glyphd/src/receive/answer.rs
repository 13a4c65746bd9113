//! The words of OTLP/HTTP: how a post is coded, and what it is answered.
//!
//! Source: the OpenTelemetry Protocol Specification, "OTLP/HTTP". A post is answered in its own coding: a taken one with an
//! `ExportTraceServiceResponse`, a refused one with a `google.rpc.Status`.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;

/// What is sent back.
pub(super) type Answer = Response<Full<Bytes>>;

/// When a sender is to come again, in seconds.
const AGAIN: HeaderValue = HeaderValue::from_static("1");

/// How a post is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Protobuf,
    Json,
}

/// Why a post is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("there are /v1/traces, /v1/metrics and /v1/logs")]
    NotFound,
    #[error("only POST is answered here")]
    Method,
    #[error("expected Content-Type: application/x-protobuf or application/json")]
    Type,
    #[error("a post may have {} MiB, compressed or not", .0 >> 20)]
    TooLarge(usize),
    #[error("the post did not come to its end")]
    Unfinished,
    #[error("{0}")]
    Unreadable(String),
    #[error("spans come faster than they can be written")]
    Busy,
}

impl Coding {
    /// What the headers say of it.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let kind = value.split(';').next().unwrap_or_default().trim();
        match () {
            () if kind.eq_ignore_ascii_case("application/x-protobuf") => Some(Self::Protobuf),
            () if kind.eq_ignore_ascii_case("application/json") => Some(Self::Json),
            () => None,
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        })
    }

    /// An answer in this coding.
    fn answer(self, status: StatusCode, message: &impl Message, json: &serde_json::Value) -> Answer {
        let body = match self {
            Self::Protobuf => message.encode_to_vec(),
            Self::Json => json.to_string().into_bytes(),
        };
        whole(status, self.content_type(), body)
    }

    /// The post was taken, but for so many of its spans.
    pub(super) fn taken(self, rejected: u64, why: &str) -> Answer {
        if rejected == 0 {
            return self.answer(StatusCode::OK, &ExportTraceServiceResponse::default(), &json!({}));
        }
        let partial = ExportTracePartialSuccess {
            rejected_spans: i64::try_from(rejected).unwrap_or(i64::MAX),
            error_message: why.to_owned(),
        };
        // 64-bit integers are text there.
        let json =
            json!({ "partialSuccess": { "rejectedSpans": rejected.to_string(), "errorMessage": why } });
        self.answer(StatusCode::OK, &ExportTraceServiceResponse { partial_success: Some(partial) }, &json)
    }
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Type => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unfinished | Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The answer to a post of that coding; in plain words, if it has none.
    pub(super) fn answer(&self, coding: Option<Coding>) -> Answer {
        let (status, message) = (self.status(), self.to_string());
        let mut answer = match coding {
            Some(coding) => {
                let json = json!({ "code": self.code(), "message": message });
                coding.answer(status, &Status { code: self.code(), message }, &json)
            }
            None => {
                let plain = HeaderValue::from_static("text/plain; charset=utf-8");
                whole(status, plain, format!("{message}\n").into_bytes())
            }
        };
        match self {
            Self::Busy => drop(answer.headers_mut().insert(header::RETRY_AFTER, AGAIN)),
            Self::Method => {
                drop(answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST")));
            }
            _ => {}
        }
        answer
    }

    /// gRPC's code for it: `google/rpc/code.proto`.
    fn code(&self) -> i32 {
        match self {
            Self::NotFound => 5,
            Self::Method => 12,
            Self::TooLarge(_) => 8,
            Self::Type | Self::Unfinished | Self::Unreadable(_) => 3,
            Self::Busy => 14,
        }
    }
}

/// `google.rpc.Status`, without details.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn whole(status: StatusCode, content_type: HeaderValue, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
    answer
}
