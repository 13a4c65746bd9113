//! One post, from its head to its answer.

use std::sync::Arc;

use http::{HeaderMap, Method, Request};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::{
    PATIENCE, Shared,
    answer::{Answer, Coding, Refusal},
    body::{decoded, read},
    decode::decode,
    span::{REJECTED, spans},
};
use crate::sanitize::Sanitizer;

/// What is posted, by the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Traces,
    Metrics,
    Logs,
    Other,
}

/// What a post comes to.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    spans: u64,
    rejected: u64,
}

impl Signal {
    fn of(path: &str) -> Self {
        match path {
            "/v1/traces" => Self::Traces,
            "/v1/metrics" => Self::Metrics,
            "/v1/logs" => Self::Logs,
            _ => Self::Other,
        }
    }

    /// As a label has it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
            Self::Other => "other",
        }
    }
}

impl Shared {
    /// Answers one request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let signal = Signal::of(request.uri().path());
        let path = request.uri().path().to_owned();
        let coding = Coding::of(request.headers());
        let answer = self.take(signal, coding, request).await.unwrap_or_else(|refusal| {
            match refusal {
                Refusal::Busy => self.told.busy(),
                _ => {
                    let (status, why) = (refusal.status().as_u16(), refusal.to_string());
                    self.told.refused(status, &self.sanitizer.url(&path), &self.sanitizer.text(&why));
                }
            }
            refusal.answer(coding)
        });
        self.telemetry.otlp_answered(signal.as_str(), answer.status().as_u16());
        answer
    }

    async fn take(
        &self,
        signal: Signal,
        coding: Option<Coding>,
        request: Request<Incoming>,
    ) -> Result<Answer, Refusal> {
        if signal == Signal::Other {
            return Err(Refusal::NotFound);
        }
        if request.method() != Method::POST {
            return Err(Refusal::Method);
        }
        let coding = coding.ok_or(Refusal::Type)?;
        let (head, body) = request.into_parts();
        let (bytes, held) = read(body, &self.room).await?;
        if signal != Signal::Traces {
            self.told.dropped(signal.as_str());
            return Ok(coding.taken(0, ""));
        }

        let turn = timeout(PATIENCE, self.apart.acquire()).await.map_err(|_| Refusal::Busy)?;
        let sanitizer = Arc::clone(&self.sanitizer);
        let work = move || lines(&bytes, &head.headers, coding, &sanitizer);
        let lines = tokio::task::spawn_blocking(work).await.map_err(|_| Refusal::Busy)??;
        drop((turn, held));
        let room = self.room.take(lines.bytes.len()).await.ok_or(Refusal::Busy)?;
        self.telemetry.receive(&lines.bytes, lines.spans, Box::new(room)).map_err(|_| Refusal::Busy)?;
        self.telemetry.spans_rejected(lines.rejected);
        if lines.rejected > 0 {
            self.told.rejected(lines.rejected, REJECTED);
        }
        Ok(coding.taken(lines.rejected, REJECTED))
    }
}

/// The lines that a post comes to.
fn lines(bytes: &[u8], headers: &HeaderMap, coding: Coding, sanitizer: &Sanitizer) -> Result<Lines, Refusal> {
    let bytes = decoded(bytes, headers)?;
    let mut lines = Lines::default();
    let rejected = spans(decode(&bytes, coding)?, |mut span| {
        sanitizer.span(&mut span);
        let begin = lines.bytes.len();
        match span.write_line(&mut lines.bytes) {
            Ok(()) => lines.spans += 1,
            // A span has nothing that JSON does not.
            Err(_) => lines.bytes.truncate(begin),
        }
    });
    lines.rejected = rejected;
    Ok(lines)
}
