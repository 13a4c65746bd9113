//! `[alerts]`: Prometheus alert rules of which none may fire.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{
    ConfigError,
    document::{Document, yes},
};
use crate::rules::Scale;

/// `[alerts]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Alerts {
    /// The rule files.
    pub rules: Vec<PathBuf>,
    /// What the rules' durations are multiplied by.
    pub time_scale: Option<Scale>,
    /// Whether an alert that is undecided is no harm.
    pub allow_undecided: bool,
    /// Numbers in the place of recording rules.
    pub set: Vec<Setting>,
    /// Whether an alert that fires fails.
    pub fail: bool,
}

/// A number in the place of a recording rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The recording rule's name.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Where that is said.
    pub line: usize,
}

/// Prometheus alert rules of which none may fire over the recorded metrics.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawAlerts {
    /// The rule files, at least one; relative to this file.
    #[schemars(with = "Vec<PathBuf>")]
    rules: Spanned<Vec<PathBuf>>,
    /// What all durations of the rules are multiplied by, such as `"1/60"`.
    #[schemars(with = "Option<String>")]
    time_scale: Option<Spanned<String>>,
    /// Whether an alert that the recording is too short for does no harm.
    #[serde(default)]
    allow_undecided: bool,
    /// Numbers in the place of recording rules, by their names.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, f64>")]
    set: BTreeMap<String, Spanned<f64>>,
    /// Whether an alert that fires fails.
    #[serde(default = "yes")]
    fail: bool,
}

impl RawAlerts {
    pub(super) fn read(self, document: &Document<'_>) -> Result<Alerts, ConfigError> {
        if self.rules.get_ref().is_empty() {
            return Err(document.fault(self.rules.span(), "rules: name at least one file"));
        }
        let time_scale = match self.time_scale {
            None => None,
            Some(text) => {
                let scale = text.get_ref().parse();
                Some(scale.map_err(|why| document.fault(text.span(), format!("time-scale: {why}")))?)
            }
        };
        let set = self.set.into_iter().map(|(name, value)| {
            let line = document.line(&value.span());
            Setting { name, value: value.into_inner(), line }
        });
        Ok(Alerts {
            rules: self.rules.get_ref().iter().map(|rule| document.folder().join(rule)).collect(),
            time_scale,
            allow_undecided: self.allow_undecided,
            set: set.collect(),
            fail: self.fail,
        })
    }
}
