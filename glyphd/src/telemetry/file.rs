//! Spans into the JSONL trace file. The queue is the file's own: a dead collector delays nothing here.

use std::{io, sync::Arc};

use glyph_formats::{
    Span,
    jsonl::{Appender, AppenderOptions, Writer},
};

use super::{Metrics, SpanCounts};

/// The label of this way out in `glyph_trace_spans_total`.
const EXPORTER: &str = "file";

#[derive(Debug)]
pub(super) struct FileSpans {
    appender: Appender<()>,
    metrics: Arc<Metrics>,
}

impl FileSpans {
    pub(super) fn start(writer: Writer, metrics: Arc<Metrics>) -> io::Result<Self> {
        metrics.exporter_known(EXPORTER);
        let exported = metrics.span_counter(EXPORTER, "exported");
        let dropped = metrics.span_counter(EXPORTER, "dropped");
        let write = move |(), line: &[u8], writer: &mut Writer| {
            let written = writer.write_lines(line);
            if written.is_ok() { &exported } else { &dropped }.inc();
            written
        };
        let appender = Appender::spawn("trace-file", writer, AppenderOptions::default(), write)?;
        Ok(Self { appender, metrics })
    }

    pub(super) fn take(&self, span: &Span) {
        // Refusals are counted by the appender, too, and told at the end.
        if self.appender.send_by((), |line| span.write_line(line)).is_err() {
            self.metrics.spans(EXPORTER, "dropped", 1);
        }
    }

    pub(super) fn counts(&self) -> SpanCounts {
        let counts = self.appender.counts();
        SpanCounts { written: counts.written, dropped: counts.refused + counts.lost }
    }

    pub(super) fn close(&self) -> io::Result<()> {
        self.appender.close()
    }
}
