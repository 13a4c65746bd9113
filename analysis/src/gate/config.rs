//! `glyph.toml`: which rules, which budgets.
//!
//! In: the file. Out: a [`Config`] in which every limit is a number and every path can be opened from anywhere. What
//! is not known is refused with its line, so that a limit that was mistyped is not a limit that is not there.

use std::{
    collections::BTreeMap,
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::{Spanned, Value};

use super::{
    judgement::{Figure, Unit},
    quantity,
};
use crate::{rules::Scale, trace::summary::Row};

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

/// What `glyph.toml` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The file.
    pub path: PathBuf,
    /// `[alerts]`.
    pub alerts: Option<Alerts>,
    /// Each `[[budget]]`.
    pub budgets: Vec<Budget>,
}

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

/// `[[budget]]`: limits for the spans of a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// The spans' name.
    pub span: String,
    /// Their service; otherwise each that has such spans.
    pub service: Option<String>,
    /// At least one limit.
    pub limits: Vec<Limit>,
}

/// A number that must not be exceeded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Of what.
    pub measure: Measure,
    /// The number: nanoseconds, or a share of 1.
    pub figure: Figure,
}

/// What a budget limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The median duration.
    P50,
    /// The 90th percentile.
    P90,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The longest duration.
    Max,
    /// The share of spans that failed.
    Errors,
}

impl Measure {
    /// The key in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Errors => "errors",
        }
    }

    /// The duration that it means, if it means one.
    pub(super) fn duration(self, row: &Row) -> Option<u64> {
        match self {
            Self::P50 => Some(row.p50_ns),
            Self::P90 => Some(row.p90_ns),
            Self::P95 => Some(row.p95_ns),
            Self::P99 => Some(row.p99_ns),
            Self::Max => Some(row.max_ns),
            Self::Errors => None,
        }
    }

    pub(super) fn unit(self) -> Unit {
        if self == Self::Errors { Unit::Ratio } else { Unit::Ns }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    alerts: Option<RawAlerts>,
    #[serde(default)]
    budget: Vec<RawBudget>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawAlerts {
    rules: Spanned<Vec<PathBuf>>,
    time_scale: Option<Spanned<String>>,
    #[serde(default)]
    allow_undecided: bool,
    #[serde(default)]
    set: BTreeMap<String, Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBudget {
    span: Spanned<String>,
    service: Option<String>,
    p50: Option<Spanned<Value>>,
    p90: Option<Spanned<Value>>,
    p95: Option<Spanned<Value>>,
    p99: Option<Spanned<Value>>,
    max: Option<Spanned<Value>>,
    errors: Option<Spanned<Value>>,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// If it can't be read, or something in it is not known.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|source| ConfigError::Io { path: path.to_owned(), source })?;
        Reader { path, text: &text }.config()
    }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn config(&self) -> Result<Config, ConfigError> {
        let document: Document = toml::from_str(self.text)
            .map_err(|e| self.fault(e.span().unwrap_or_default(), e.message().to_owned()))?;
        let alerts = document.alerts.map(|alerts| self.alerts(alerts)).transpose()?;
        let mut budgets: Vec<Budget> = Vec::new();
        for raw in document.budget {
            let at = raw.span.span();
            let budget = self.budget(raw)?;
            if budgets.iter().any(|b| (&b.span, &b.service) == (&budget.span, &budget.service)) {
                return Err(self.fault(at, format!("a budget for {:?} is there already", budget.span)));
            }
            budgets.push(budget);
        }
        Ok(Config { path: self.path.to_owned(), alerts, budgets })
    }

    fn line(&self, at: &Range<usize>) -> usize {
        1 + self.text.bytes().take(at.start).filter(|b| *b == b'\n').count()
    }

    fn fault(&self, at: Range<usize>, what: String) -> ConfigError {
        ConfigError::Fault { path: self.path.to_owned(), line: self.line(&at), what }
    }

    fn alerts(&self, raw: RawAlerts) -> Result<Alerts, ConfigError> {
        if raw.rules.get_ref().is_empty() {
            return Err(self.fault(raw.rules.span(), "rules: name at least one file".to_owned()));
        }
        let time_scale = match raw.time_scale {
            None => None,
            Some(text) => {
                let scale = text.get_ref().parse();
                Some(scale.map_err(|why| self.fault(text.span(), format!("time-scale: {why}")))?)
            }
        };
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let set = raw.set.into_iter().map(|(name, value)| {
            let line = self.line(&value.span());
            Setting { name, value: value.into_inner(), line }
        });
        Ok(Alerts {
            rules: raw.rules.get_ref().iter().map(|rule| folder.join(rule)).collect(),
            time_scale,
            allow_undecided: raw.allow_undecided,
            set: set.collect(),
        })
    }

    fn budget(&self, raw: RawBudget) -> Result<Budget, ConfigError> {
        let mut limits = Vec::new();
        for (measure, value) in [
            (Measure::P50, raw.p50),
            (Measure::P90, raw.p90),
            (Measure::P95, raw.p95),
            (Measure::P99, raw.p99),
            (Measure::Max, raw.max),
            (Measure::Errors, raw.errors),
        ] {
            if let Some(value) = value {
                limits.push(Limit { measure, figure: self.figure(measure, &value)? });
            }
        }
        let span = raw.span.get_ref().clone();
        if limits.is_empty() {
            let what = format!(
                "the budget for {span:?} has no limit: give one of p50, p90, p95, p99, max and errors"
            );
            return Err(self.fault(raw.span.span(), what));
        }
        Ok(Budget { span, service: raw.service, limits })
    }

    fn figure(&self, measure: Measure, value: &Spanned<Value>) -> Result<Figure, ConfigError> {
        let found = match (measure, value.get_ref()) {
            (Measure::Errors, Value::String(text)) => quantity::share(text).map(Figure::Real),
            (Measure::Errors, number @ (Value::Float(_) | Value::Integer(_))) => {
                quantity::share(&number.to_string()).map(Figure::Real)
            }
            (Measure::Errors, _) => None,
            (_, Value::String(text)) => quantity::duration(text).map(Figure::Integer),
            _ => None,
        };
        found.ok_or_else(|| {
            let (key, given) = (measure.as_str(), value.get_ref());
            let what = match measure {
                Measure::Errors => format!("{key}: {given} is no share such as \"1%\" or \"0.01\""),
                _ => format!("{key}: {given} is no duration such as \"250ms\" (units: ns, us, µs, ms, s, m)"),
            };
            self.fault(value.span(), what)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        Reader { path: Path::new("ci/glyph.toml"), text }.config().map_err(|e| e.to_string())
    }

    const GOOD: &str = r#"
[alerts]
rules = ["alerts/a.yaml", "/abs.yaml"]
time-scale = "1/60"
set = { "a:b" = 1, "c" = 0.5 }

[[budget]]
span = "s"
p95 = "250ms"
errors = "1%"

[[budget]]
span = "s"
service = "shop"
max = "2 m"
errors = 0.5
"#;

    #[test]
    fn a_config_has_numbers_and_paths_beside_it() {
        let config = read(GOOD).unwrap();
        let alerts = config.alerts.unwrap();
        assert_eq!(alerts.rules, [Path::new("ci/alerts/a.yaml"), Path::new("/abs.yaml")]);
        assert_eq!(alerts.set[1], Setting { name: "c".into(), value: 0.5, line: 5 });
        assert!(!alerts.allow_undecided);
        let limits = |i: usize| -> Vec<_> {
            config.budgets[i].limits.iter().map(|l| (l.measure.as_str(), l.figure.as_f64())).collect()
        };
        assert_eq!(limits(0), [("p95", 250e6), ("errors", 0.01)]);
        assert_eq!(limits(1), [("max", 120e9), ("errors", 0.5)]);
        assert_eq!(read("").unwrap().budgets, []);
    }

    #[test]
    fn faults_have_their_line() {
        let of = |from: &str, to: &str| read(&GOOD.replacen(from, to, 1)).unwrap_err();
        insta::assert_debug_snapshot!([
            of("[alerts]", "[alarms]"),
            of("time-scale", "time-scales"),
            of("1/60", "fast"),
            of("0.5 }", "\"x\" }"),
            of(r#"["alerts/a.yaml", "/abs.yaml"]"#, "[]"),
            of("p95", "p94"),
            of("250ms", "250"),
            of("\"250ms\"", "250"),
            of("1%", "101%"),
            of("errors = 0.5", "errors = true"),
            of("span = \"s\"\np95", "p95"),
            of("p95 = \"250ms\"\nerrors = \"1%\"\n", ""),
            of("service = \"shop\"\n", ""),
            of("[[budget]]", "[budget]"),
            of("\"1/60\"", "1/60"),
        ]);
    }
}
