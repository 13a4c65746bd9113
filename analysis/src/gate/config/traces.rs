//! `[traces]`: the comparison of a run's traces with the baseline's, as `glyphctl trace diff` makes it.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{
    ConfigError,
    document::{Document, yes},
};
use crate::trace::{Filter, diff::Rule};

/// `[traces]`.
#[derive(Debug, Clone)]
pub struct Traces {
    /// What must not be.
    pub rules: Vec<Rule>,
    /// Which spans are compared; none for all.
    pub filter: Option<Filter>,
    /// What the resamples are drawn with.
    pub seed: u64,
    /// Whether a rule that could be held against no row is no harm.
    pub allow_undecided: bool,
    /// Whether a broken rule fails.
    pub fail: bool,
}

/// What spans must not be beside those of the baseline, beyond noise.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawTraces {
    /// Rules as those of `glyphctl trace diff`: `"p95 > 10% and > 2ms"`; without, its default ones.
    #[schemars(with = "Option<Vec<String>>")]
    fail_on: Option<Spanned<Vec<Spanned<String>>>>,
    /// Which spans are compared, in the syntax of TraceQL: `'kind = server'`.
    #[schemars(with = "Option<String>")]
    r#where: Option<Spanned<String>>,
    /// What the resamples are drawn with.
    #[serde(default = "one")]
    seed: u64,
    /// Whether a rule for which there are too few traces does no harm.
    #[serde(default)]
    allow_undecided: bool,
    /// Whether a broken rule fails.
    #[serde(default = "yes")]
    fail: bool,
}

fn one() -> u64 {
    1
}

impl RawTraces {
    pub(super) fn read(self, document: &Document<'_>) -> Result<Traces, ConfigError> {
        let rules = match &self.fail_on {
            None => Rule::defaults(),
            Some(rules) if rules.get_ref().is_empty() => {
                return Err(document.fault(rules.span(), "fail-on: name at least one rule"));
            }
            Some(rules) => {
                let read = |rule: &Spanned<String>| {
                    let parsed = rule.get_ref().parse::<Rule>();
                    parsed.map_err(|why| document.fault(rule.span(), format!("fail-on: {why}")))
                };
                rules.get_ref().iter().map(read).collect::<Result<_, _>>()?
            }
        };
        let filter = self.r#where.map(|text| {
            let parsed = text.get_ref().parse::<Filter>();
            parsed.map_err(|why| document.fault(text.span(), format!("where: {why}")))
        });
        Ok(Traces {
            rules,
            filter: filter.transpose()?,
            seed: self.seed,
            allow_undecided: self.allow_undecided,
            fail: self.fail,
        })
    }
}
