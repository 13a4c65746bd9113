//! Where the spans that are recorded go: into the file, to the collector, or both.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use glyph_formats::{Span, TraceId, jsonl::Refused};

use super::{
    SpanCounts,
    file::{FileSpans, Received},
    otlp::OtlpSpans,
    spare,
};

#[derive(Debug)]
pub(super) struct Outlets {
    /// Which share of the traces that begin here is recorded.
    pub(super) ratio: f64,
    pub(super) service_name: String,
    pub(super) file: Option<FileSpans>,
    pub(super) otlp: Option<OtlpSpans>,
    pub(super) closed: AtomicBool,
}

impl Outlets {
    /// Whether nothing goes out any more.
    pub(super) fn are_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Takes a span that has ended. One that ends too late is lost.
    pub(super) fn take(&self, span: Box<Span>) {
        if self.are_closed() {
            return;
        }
        if let Some(file) = &self.file {
            file.take(&span);
        }
        match &self.otlp {
            Some(otlp) => otlp.take(span),
            None => spare::give_back(span),
        }
    }

    /// Takes lines of spans that others have made, for the file alone, all of them or none.
    pub(super) fn receive(&self, lines: &[u8], room: Received) -> Result<(), Refused> {
        match &self.file {
            Some(file) if !self.are_closed() => file.receive(lines, room),
            _ => Err(Refused),
        }
    }

    /// Takes no more, and closes the file: what is in it, and how that went. Blocks.
    pub(super) fn close(&self) -> (SpanCounts, io::Result<()>) {
        self.closed.store(true, Ordering::Relaxed);
        match &self.file {
            Some(file) => {
                let closed = file.close();
                (file.counts(), closed)
            }
            None => (SpanCounts::default(), Ok(())),
        }
    }
}

/// Whether a trace is among that share of all: the same for every span and flow of it, and as OpenTelemetry's samplers
/// decide.
pub(crate) fn is_chosen(trace: TraceId, ratio: f64) -> bool {
    const BITS: u32 = 63;
    // The share as a part of all values that 63 bits can have.
    let below = (ratio.clamp(0.0, 1.0) * (1_u64 << BITS) as f64) as u64;
    let bits = (trace.get() as u64) >> (u64::BITS - BITS);
    bits < below
}
