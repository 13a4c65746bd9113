//! `[findings]`: from which severity on a finding fails.

use glob::Pattern;
use glyph_formats::Severity;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{
    ConfigError,
    document::{Document, yes},
};

/// `[findings]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// This severity and those above must not be.
    pub severity: Severity,
    /// Types of findings that may be, as patterns.
    pub allow: Vec<Pattern>,
    /// Whether such a finding fails.
    pub fail: bool,
}

/// What plugins may find; with a baseline, what it does not have.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFindings {
    /// This severity and those above must not be: `info`, `low`, `med`, `high` (the default), `crit`.
    #[schemars(with = "Option<String>")]
    severity: Option<Spanned<String>>,
    /// Types of findings that may be, as patterns.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    allow: Vec<Spanned<String>>,
    /// Whether such a finding fails.
    #[serde(default = "yes")]
    fail: bool,
}

impl RawFindings {
    pub(super) fn read(self, document: &Document<'_>) -> Result<Findings, ConfigError> {
        let severity = match &self.severity {
            None => Severity::High,
            Some(word) => severity(word.get_ref()).ok_or_else(|| {
                let what = format!(
                    "severity: {:?} is none: there are info, low, med, high and crit",
                    word.get_ref()
                );
                document.fault(word.span(), what)
            })?,
        };
        let allow = self.allow.iter().map(|pattern| {
            Pattern::new(pattern.get_ref()).map_err(|error| {
                let what = format!("allow: {:?} is no pattern: {}", pattern.get_ref(), error.msg);
                document.fault(pattern.span(), what)
            })
        });
        Ok(Findings { severity, allow: allow.collect::<Result<_, _>>()?, fail: self.fail })
    }
}

/// By the word in the files, or the whole one.
fn severity(word: &str) -> Option<Severity> {
    Some(match word {
        "info" => Severity::Info,
        "low" => Severity::Low,
        "med" | "medium" => Severity::Med,
        "high" => Severity::High,
        "crit" | "critical" => Severity::Crit,
        _ => return None,
    })
}
