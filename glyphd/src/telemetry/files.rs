//! How the files are doing that the daemon appends to: what `/readyz` says of them, and the metrics.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use glyph_formats::{
    Recording,
    jsonl::{FileEvent, Observer, Writer},
};

use super::Metrics;

/// The recording whose files they are, and which lists their segments.
pub(crate) type SharedRecording = Arc<Mutex<Recording>>;

/// Which file it is: a closed set, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Flows,
    Traces,
    Findings,
    Audit,
    Metrics,
    Secrets,
}

impl FileKind {
    pub(crate) const ALL: [Self; 6] =
        [Self::Flows, Self::Traces, Self::Findings, Self::Audit, Self::Metrics, Self::Secrets];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Flows => "flows",
            Self::Traces => "traces",
            Self::Findings => "findings",
            Self::Audit => "audit",
            Self::Metrics => "metrics",
            Self::Secrets => "secrets",
        }
    }
}

/// The state of all of them. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct FileHealth {
    metrics: Arc<Metrics>,
    faults: Arc<Mutex<BTreeMap<PathBuf, String>>>,
    recording: Arc<OnceLock<SharedRecording>>,
}

impl FileHealth {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, faults: Arc::default(), recording: Arc::default() }
    }

    /// Looks after a file from now on.
    pub(crate) fn observe(&self, kind: FileKind, writer: &mut Writer) {
        writer.observe(Arc::new(Watch { kind, health: self.clone() }));
    }

    /// Notes closed segments in that recording from now on.
    pub(crate) fn list_segments_in(&self, recording: SharedRecording) {
        // There is one recording, and it is told once.
        drop(self.recording.set(recording));
    }

    /// The files that can't be written, each with the reason.
    pub(crate) fn faults(&self) -> BTreeMap<PathBuf, String> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fault(&self, path: &Path, cause: Option<String>) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match cause {
            Some(cause) => drop(faults.insert(path.to_owned(), cause)),
            None => drop(faults.remove(path)),
        }
    }

    fn list_segments(&self) {
        let Some(recording) = self.recording.get() else { return };
        // One at a time: they would write the same file.
        let recording = recording.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = recording.save() {
            tracing::warn!(%error, "the closed files can't be listed");
        }
    }
}

#[derive(Debug)]
struct Watch {
    kind: FileKind,
    health: FileHealth,
}

impl Observer for Watch {
    fn tell(&self, path: &Path, event: FileEvent<'_>) {
        let (health, kind, file) = (&self.health, self.kind.as_str(), path.display());
        match event {
            FileEvent::Failed(error) => {
                health.metrics.file_failed(kind);
                health.metrics.file_failing(kind, true);
                health.fault(path, Some(error.to_string()));
                tracing::error!(%file, %error, "the file can't be written");
            }
            FileEvent::Recovered => {
                health.metrics.file_failing(kind, false);
                health.fault(path, None);
                tracing::info!(%file, "the file can be written again");
            }
            FileEvent::TakenAway => {
                health.metrics.file_failed(kind);
                tracing::warn!(%file, "the file was taken away or cut, and is begun anew");
            }
            FileEvent::Closed | FileEvent::Compressed => health.list_segments(),
            FileEvent::NotCompressed(error) => {
                tracing::warn!(%file, %error, "a closed file could not be compressed, and stays as it is");
            }
            FileEvent::Deleted => {
                health.metrics.segment_deleted(kind);
                tracing::info!(%file, "the oldest closed file was deleted, to stay under the limit of them all");
                health.list_segments();
            }
        }
    }
}
