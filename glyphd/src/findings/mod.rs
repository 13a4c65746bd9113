//! Findings onto the disk. In: findings that the bus has checked. Out: `findings.jsonl`.
//!
//! Not here yet: joining them into cases.

use std::{io, sync::Arc};

use glyph_formats::{
    Finding,
    jsonl::{Appender, AppenderOptions, Refused, Writer},
};

use crate::telemetry::{Telemetry, name};

/// The store. Cheap to clone; without a file it only counts.
#[derive(Debug, Clone)]
pub(crate) struct Findings {
    appender: Option<Arc<Appender<Finding>>>,
}

impl Findings {
    pub(crate) fn start(writer: Option<Writer>) -> io::Result<Self> {
        let Some(writer) = writer else { return Ok(Self { appender: None }) };
        let path = writer.path().to_owned();
        let write = |finding: Finding, writer: &mut Writer| writer.write(&finding);
        let fault = move |error: &io::Error| Telemetry::file_failed(&path, error);
        let appender = Appender::spawn("findings", writer, AppenderOptions::default(), write, fault)?;
        Ok(Self { appender: Some(Arc::new(appender)) })
    }

    /// Keeps a finding.
    ///
    /// # Errors
    /// If the disk has been too slow for too long.
    pub(crate) fn store(&self, finding: Finding) -> Result<(), Refused> {
        self.appender.as_ref().map_or(Ok(()), |appender| appender.send(finding))
    }

    /// Writes all that was stored, and closes the file.
    pub(crate) fn close(&self, telemetry: &Telemetry) -> io::Result<()> {
        let closing = |appender| telemetry.closing(name::WRITE_FINDINGS, appender);
        self.appender.as_deref().map_or(Ok(()), closing)
    }
}
