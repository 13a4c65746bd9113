//! The files that a daemon appends to, opened before anything runs: one that can't be is told at the start.

use std::{
    fs,
    path::{Path, PathBuf},
};

use glyph_formats::{
    Recording,
    jsonl::{Writer, WriterOptions},
    recording::{AUDIT, FINDINGS, FLOWS, METRICS, RecordingError, TRACES},
};

use super::StartError;
use crate::{
    config::{AuditTarget, Config},
    sanitize::create_secrets_file,
    telemetry::{FileHealth, FileKind},
};

/// What a start has made so far. It is taken away again, unless the start succeeds.
#[derive(Debug)]
pub(super) struct Made {
    writing: WriterOptions,
    files: Vec<PathBuf>,
    recording: Option<PathBuf>,
}

impl Made {
    /// The start has succeeded.
    pub(super) fn keep(mut self) {
        self.files.clear();
        self.recording = None;
    }

    fn secrets(&mut self, path: &Path) -> Result<Writer, StartError> {
        let created = create_secrets_file(path, self.writing);
        let writer = created.map_err(|source| StartError::Open {
            flag: "--secrets",
            path: path.to_owned(),
            source,
        })?;
        self.files.push(path.to_owned());
        Ok(writer)
    }

    fn append(&mut self, flag: &'static str, path: PathBuf) -> Result<Writer, StartError> {
        let mut open = || {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let was_there = path.symlink_metadata().is_ok();
            let writer = Writer::append(&path, self.writing)?;
            if !was_there {
                self.files.push(path.clone());
            }
            Ok(writer)
        };
        open().map_err(|source| StartError::Open { flag, path: path.clone(), source })
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // The start's own error is the one to tell.
        for file in &self.files {
            drop(fs::remove_file(file));
        }
        if let Some(dir) = &self.recording {
            drop(fs::remove_dir_all(dir));
        }
    }
}

/// The open files.
pub(super) struct Files {
    pub(super) flows: Option<Writer>,
    pub(super) traces: Option<Writer>,
    pub(super) findings: Option<Writer>,
    pub(super) metrics: Option<Writer>,
    /// What redactions stand for.
    pub(super) secrets: Option<Writer>,
    /// None: standard error.
    pub(super) audit: Option<Writer>,
}

/// Ratio 0 installs nothing, so it makes no file either.
fn is_tracing(config: &Config) -> bool {
    config.trace.sample_ratio > 0.0
}

/// Whether there is to be a trace file.
pub(super) fn has_traces(config: &Config) -> bool {
    is_tracing(config) && (config.trace.file.is_some() || config.record.is_some())
}

impl Files {
    /// Has all but the trace file looked after, which telemetry does itself.
    pub(super) fn observe(&mut self, health: &FileHealth) {
        for (kind, file) in [
            (FileKind::Flows, &mut self.flows),
            (FileKind::Findings, &mut self.findings),
            (FileKind::Metrics, &mut self.metrics),
            (FileKind::Audit, &mut self.audit),
            (FileKind::Secrets, &mut self.secrets),
        ] {
            if let Some(writer) = file {
                health.observe(kind, writer);
            }
        }
    }

    /// Opens what the configuration names, and makes the recording if there is to be one.
    pub(super) fn open(
        config: &Config,
        create: impl FnOnce(&Path) -> Result<Recording, RecordingError>,
    ) -> Result<(Self, Option<Recording>, Made), StartError> {
        let mut made = Made { writing: config.writing, files: Vec::new(), recording: None };
        let mut named =
            |flag, path: &Option<PathBuf>| path.clone().map(|path| made.append(flag, path)).transpose();
        let flows = named("--flow-file", &config.flow_file)?;
        let findings = named("--findings-file", &config.findings_file)?;
        let audit = match &config.audit_file {
            Some(AuditTarget::File(path)) => named("--audit-file", &Some(path.clone()))?,
            Some(AuditTarget::Stderr) | None => None,
        };
        let tracing = is_tracing(config);
        let traces = if tracing { named("--trace-file", &config.trace.file)? } else { None };
        let mut files = Self { flows, traces, findings, metrics: None, secrets: None, audit };
        if let Some(path) = &config.secrets_file {
            files.secrets = Some(made.secrets(path)?);
        }

        let recording = config.record.as_deref().map(create).transpose()?;
        if let Some(recording) = &recording {
            made.recording = Some(recording.dir.clone());
            let mut rest = |file: &mut Option<Writer>, name| {
                if file.is_none() {
                    *file = Some(made.append("--record", recording.file(name))?);
                }
                Ok::<_, StartError>(())
            };
            rest(&mut files.flows, FLOWS)?;
            rest(&mut files.findings, FINDINGS)?;
            rest(&mut files.metrics, METRICS)?;
            if config.audit_file.is_none() {
                rest(&mut files.audit, AUDIT)?;
            }
            if tracing {
                rest(&mut files.traces, TRACES)?;
            }
        }
        Ok((files, recording, made))
    }
}
