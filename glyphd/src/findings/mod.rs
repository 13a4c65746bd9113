//! Findings onto the disk. In: findings that the bus has checked. Out: `findings.jsonl`.
//!
//! Not here yet: joining them into cases.

use std::{io, sync::Arc};

use glyph_formats::{
    Finding,
    jsonl::{Appender, AppenderOptions, Refused, Writer},
};
use tokio::sync::mpsc;

use crate::telemetry::{Telemetry, name};

/// The store. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Findings {
    /// They are only counted.
    Nowhere,
    /// Onto the disk.
    File(Arc<Appender<()>>),
    /// To whoever runs plugins over a recording.
    Handed(mpsc::UnboundedSender<Finding>),
}

impl Findings {
    pub(crate) fn start(writer: Option<Writer>) -> io::Result<Self> {
        let Some(writer) = writer else { return Ok(Self::Nowhere) };
        let write = |(), line: &[u8], writer: &mut Writer| writer.write_lines(line);
        let appender = Appender::spawn("findings", writer, AppenderOptions::default(), write)?;
        Ok(Self::File(Arc::new(appender)))
    }

    /// Keeps a finding.
    ///
    /// # Errors
    /// If the disk has been too slow for too long.
    pub(crate) fn store(&self, finding: Finding) -> Result<(), Refused> {
        match self {
            Self::Nowhere => Ok(()),
            Self::File(appender) => appender.send((), &finding),
            Self::Handed(to) => to.send(finding).map_err(|_| Refused),
        }
    }

    /// Writes all that was stored, and closes the file.
    pub(crate) fn close(&self, telemetry: &Telemetry) -> io::Result<()> {
        match self {
            Self::File(appender) => telemetry.closing(name::WRITE_FINDINGS, appender),
            Self::Nowhere | Self::Handed(_) => Ok(()),
        }
    }
}
