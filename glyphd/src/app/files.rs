//! The files that a daemon appends to, opened before anything runs: one that can't be is told at the start.

use std::{
    fs,
    path::{Path, PathBuf},
};

use glyph_formats::{
    Recording,
    jsonl::{Rotation, Writer, WriterOptions},
    recording::{AUDIT, FINDINGS, FLOWS, RecordingError, TRACES},
};

use super::StartError;
use crate::config::{AuditTarget, Config};

/// The open files.
pub(super) struct Files {
    pub(super) flows: Option<Writer>,
    pub(super) traces: Option<Writer>,
    pub(super) findings: Option<Writer>,
    /// None: standard error.
    pub(super) audit: Option<Writer>,
}

impl Files {
    /// Opens what the configuration names, and makes the recording if there is to be one.
    pub(super) fn open(
        config: &Config,
        create: impl FnOnce(&Path) -> Result<Recording, RecordingError>,
    ) -> Result<(Self, Option<Recording>), StartError> {
        // Those with a flag of their own first: a recording is made only if nothing else is in the way.
        let named = |flag, path: &Option<PathBuf>| path.clone().map(|path| append(flag, path)).transpose();
        let flows = named("--flow-file", &config.flow_file)?;
        let findings = named("--findings-file", &config.findings_file)?;
        let audit = match &config.audit_file {
            Some(AuditTarget::File(path)) => Some(append("--audit-file", path.clone())?),
            Some(AuditTarget::Stderr) | None => None,
        };
        // Ratio 0 installs nothing, so it makes no file either.
        let tracing = config.trace.sample_ratio > 0.0;
        let traces = if tracing { named("--trace-file", &config.trace.file)? } else { None };
        let mut files = Self { flows, traces, findings, audit };

        let recording = config.record.as_deref().map(create).transpose()?;
        if let Some(recording) = &recording {
            let rest = |file: &mut Option<Writer>, name| {
                if file.is_none() {
                    *file = Some(append("--record", recording.file(name))?);
                }
                Ok::<_, StartError>(())
            };
            rest(&mut files.flows, FLOWS)?;
            rest(&mut files.findings, FINDINGS)?;
            if config.audit_file.is_none() {
                rest(&mut files.audit, AUDIT)?;
            }
            if tracing {
                rest(&mut files.traces, TRACES)?;
            }
        }
        Ok((files, recording))
    }
}

fn append(flag: &'static str, path: PathBuf) -> Result<Writer, StartError> {
    let open = || {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Writer::append(&path, WriterOptions { rotation: Some(Rotation::default()) })
    };
    open().map_err(|source| StartError::Open { flag, path: path.clone(), source })
}
