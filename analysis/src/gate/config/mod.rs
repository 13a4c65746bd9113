//! `glyph.toml`: what a recording has to hold to.
//!
//! In: the file. Out: a [`Config`] in which every limit is a number and every path can be opened from anywhere. What
//! is not known is refused with its line, so that a limit that was mistyped is not a limit that is not there.
//!
//! A section is a module: what the file may say, and what comes of it.

mod document;

// What a recording alone is held against.
mod integrity;
mod alerts;
mod budget;
mod findings;

// What another run is wanted for.
mod baseline;
mod traces;
mod replay;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;

use self::{
    alerts::RawAlerts, baseline::RawBaseline, budget::RawBudget, document::Document, findings::RawFindings,
    integrity::RawIntegrity, replay::RawReplay, traces::RawTraces,
};
pub use self::{
    alerts::{Alerts, Setting},
    baseline::Baseline,
    budget::{Budget, Limit, Measure},
    findings::Findings,
    integrity::Integrity,
    replay::{FailOn, Replay},
    traces::Traces,
};

/// Why a config can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something in it is not what it should be.
    #[error("{path}:{line}: {what}", path = path.display())]
    Fault {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

/// What `glyph.toml` says. A section that is not there is not asked for, but for `[integrity]`.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file.
    pub path: PathBuf,
    /// `[integrity]`.
    pub integrity: Integrity,
    /// `[alerts]`.
    pub alerts: Option<Alerts>,
    /// Each `[[budget]]`.
    pub budgets: Vec<Budget>,
    /// `[findings]`.
    pub findings: Option<Findings>,
    /// `[baseline]`.
    pub baseline: Option<Baseline>,
    /// `[traces]`.
    pub traces: Option<Traces>,
    /// `[replay]`.
    pub replay: Option<Replay>,
}

/// What a recording has to hold to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "glyph.toml")]
struct Raw {
    integrity: Option<RawIntegrity>,
    alerts: Option<RawAlerts>,
    #[serde(default)]
    budget: Vec<RawBudget>,
    findings: Option<RawFindings>,
    baseline: Option<RawBaseline>,
    traces: Option<RawTraces>,
    replay: Option<RawReplay>,
}

/// The JSON Schema of the file.
pub fn schema() -> Schema {
    schema_for!(Raw)
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// If it can't be read, or something in it is not known.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|source| ConfigError::Io { path: path.to_owned(), source })?;
        Self::of(&Document { path, text: &text })
    }

    fn of(document: &Document<'_>) -> Result<Self, ConfigError> {
        let raw: Raw = toml::from_str(document.text)
            .map_err(|e| document.fault(e.span().unwrap_or_default(), e.message()))?;
        Ok(Self {
            path: document.path.to_owned(),
            integrity: raw.integrity.map(RawIntegrity::read).unwrap_or_default(),
            alerts: raw.alerts.map(|alerts| alerts.read(document)).transpose()?,
            budgets: RawBudget::read_all(raw.budget, document)?,
            findings: raw.findings.map(|findings| findings.read(document)).transpose()?,
            baseline: raw.baseline.map(|baseline| baseline.read(document)),
            traces: raw.traces.map(|traces| traces.read(document)).transpose()?,
            replay: raw.replay.map(|replay| replay.read(document)).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests;
