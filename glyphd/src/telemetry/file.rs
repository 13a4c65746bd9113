//! Spans into the JSONL trace file. The queue is the file's own: a dead collector delays nothing here.

use std::{io, sync::Arc, time::Duration};

use glyph_formats::jsonl::{Appender, AppenderOptions, Writer};
use opentelemetry::Context;
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    trace::{Span, SpanData, SpanProcessor},
};

use super::{Metrics, SpanCounts, convert};

/// The label of this way out in `glyph_trace_spans_total`.
const EXPORTER: &str = "file";

#[derive(Debug, Clone)]
pub(super) struct FileSpans {
    appender: Arc<Appender<SpanData>>,
    metrics: Arc<Metrics>,
}

impl FileSpans {
    pub(super) fn start(writer: Writer, service_name: String, metrics: Arc<Metrics>) -> io::Result<Self> {
        metrics.exporter_known(EXPORTER);
        let outcomes = Arc::clone(&metrics);
        let write = move |span: SpanData, writer: &mut Writer| {
            let record = convert::record(span, &service_name).ok_or(io::Error::other("a span without an id"));
            let written = record.and_then(|record| writer.write(&record));
            outcomes.spans(EXPORTER, if written.is_ok() { "exported" } else { "dropped" }, 1);
            written
        };
        let appender = Appender::spawn("trace-file", writer, AppenderOptions::default(), write)?;
        Ok(Self { appender: Arc::new(appender), metrics })
    }

    pub(super) fn counts(&self) -> SpanCounts {
        let counts = self.appender.counts();
        SpanCounts { written: counts.written, dropped: counts.refused + counts.lost }
    }
}

impl SpanProcessor for FileSpans {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        // Refusals are counted by the appender, too, and told at the end.
        if self.appender.send(span).is_err() {
            self.metrics.spans(EXPORTER, "dropped", 1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(()) // At most one flush interval away.
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.appender.close().map_err(|e| OTelSdkError::InternalFailure(e.to_string()))
    }
}
