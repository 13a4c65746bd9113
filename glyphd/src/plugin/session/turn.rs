//! The spans of a stream beside its handshake: one for the work of each stretch of time, since one for all of it would
//! only end with the connection.

use std::time::{Duration, Instant};

use crate::telemetry::{Span, Telemetry, TraceContext, name};

/// One stretch, from its first message on.
#[derive(Debug)]
pub(super) struct Turn {
    length: Duration,
    open: Option<(Span, Instant)>,
    sent: u64,
    received: u64,
}

impl Turn {
    pub(super) fn new(length: Duration) -> Self {
        Self { length, open: None, sent: 0, received: 0 }
    }

    /// When it is over, if there is one.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.open.as_ref().map(|(_, ends)| *ends)
    }

    pub(super) fn sent(&mut self, telemetry: &Telemetry, stream: TraceContext, plugin: &str) {
        self.begin(telemetry, stream, plugin);
        self.sent += 1;
    }

    pub(super) fn received(&mut self, telemetry: &Telemetry, stream: TraceContext, plugin: &str) {
        self.begin(telemetry, stream, plugin);
        self.received += 1;
    }

    fn begin(&mut self, telemetry: &Telemetry, stream: TraceContext, plugin: &str) {
        if self.open.is_none() {
            let mut span = telemetry.span(name::EVENT_STREAM).parent(stream).start();
            span.set_with("glyph.plugin.id", || plugin.to_owned());
            self.open = Some((span, Instant::now() + self.length));
        }
    }

    pub(super) fn end(&mut self) {
        let (sent, received) = (std::mem::take(&mut self.sent), std::mem::take(&mut self.received));
        if let Some((mut span, _)) = self.open.take() {
            span.set("glyph.stream.sent", sent);
            span.set("glyph.stream.received", received);
            span.succeed();
        }
    }
}
