//! Flows onto the disk: one JSON line each, on a thread of its own.

use std::{io, sync::Arc};

use glyph_formats::jsonl::{Appender, AppenderOptions, Refused, Writer};

use crate::{
    sanitize::Flow,
    telemetry::{Telemetry, name},
};

/// The flow log. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct FlowLog {
    appender: Arc<Appender<Flow>>,
}

impl FlowLog {
    /// Starts the thread that writes.
    pub(crate) fn start(writer: Writer) -> io::Result<Self> {
        let path = writer.path().to_owned();
        let write = |flow: Flow, writer: &mut Writer| writer.write(flow.record());
        let fault = move |error: &io::Error| Telemetry::file_failed(&path, error);
        let appender = Appender::spawn("flow-log", writer, AppenderOptions::default(), write, fault)?;
        Ok(Self { appender: Arc::new(appender) })
    }

    /// Hands a flow over.
    ///
    /// # Errors
    /// If the disk has been too slow for too long.
    pub(crate) fn write(&self, flow: &Flow) -> Result<(), Refused> {
        self.appender.send(flow.clone())
    }

    /// Writes all that was handed over, and closes the file.
    pub(crate) fn close(&self, telemetry: &Telemetry) -> io::Result<()> {
        telemetry.closing(name::WRITE_FLOWS, &self.appender)
    }
}
