//! `[replay]`: the comparison of a run's exchanges with the baseline's, as `glyphctl replay diff` makes it.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{
    ConfigError,
    document::{Document, yes},
};
use crate::replay::{Preset, RuleError, Rules};

/// `[replay]`.
#[derive(Debug, Clone)]
pub struct Replay {
    /// What is left out.
    pub rules: Rules,
    /// Whether exchanges with different hosts are taken for the same.
    pub ignore_host: bool,
    /// What must not be.
    pub fail_on: Vec<FailOn>,
    /// Whether it fails.
    pub fail: bool,
}

/// What exchanges must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Different.
    Difference,
    /// Only in the baseline.
    Missing,
    /// Only in the new run.
    Extra,
}

impl FailOn {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Difference, Self::Missing, Self::Extra];
}

/// How exchanges must be beside those of the newest run of the baseline.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawReplay {
    /// Places that are left out: `status`, `headers`, `body`, `headers.NAME`, or one in JSON such as `$.created_at`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    ignore: Vec<Spanned<String>>,
    /// Headers that are left out, by name.
    #[serde(default)]
    ignore_headers: Vec<String>,
    /// Regular expressions; what they match on both sides is left out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    ignore_text: Vec<Spanned<String>>,
    /// Whether dates of one form may differ.
    #[serde(default)]
    ignore_dates: bool,
    /// Whether ids of one form may differ.
    #[serde(default)]
    ignore_ids: bool,
    /// Whether exchanges with different hosts are the same.
    #[serde(default)]
    ignore_host: bool,
    /// What must not be; without, all of it.
    fail_on: Option<Vec<FailOn>>,
    /// Whether it fails.
    #[serde(default = "yes")]
    fail: bool,
}

impl RawReplay {
    pub(super) fn read(self, document: &Document<'_>) -> Result<Replay, ConfigError> {
        let mut rules = Rules::default();
        let fault = |key: &str, text: &Spanned<String>, why: &RuleError| {
            document.fault(text.span(), format!("{key}: {why}"))
        };
        for text in &self.ignore {
            rules.ignore(text.get_ref()).map_err(|why| fault("ignore", text, &why))?;
        }
        for text in &self.ignore_text {
            rules.ignore_text(text.get_ref()).map_err(|why| fault("ignore-text", text, &why))?;
        }
        self.ignore_headers.iter().for_each(|name| rules.ignore_header(name));
        let presets = [(self.ignore_dates, Preset::Dates), (self.ignore_ids, Preset::Ids)];
        presets.into_iter().filter(|(is_asked, _)| *is_asked).for_each(|(_, preset)| rules.add(preset));
        Ok(Replay {
            rules,
            ignore_host: self.ignore_host,
            fail_on: self.fail_on.unwrap_or_else(|| FailOn::ALL.to_vec()),
            fail: self.fail,
        })
    }
}
