//! `expect …`: failures, warnings, infos, and whether the order counts.

use regex::Regex;

use super::outcome::Difference;
use crate::promql::{Level, Note};

/// What is expected beside the values.
#[derive(Debug, Clone, Default)]
pub(super) struct Expectations {
    /// Whether it has to fail, and with which words.
    pub(super) fails: Option<Words>,
    pub(super) ordered: bool,
    /// `eval_warn`: there has to be a warning, whatever it says.
    pub(super) some_warning: bool,
    /// The same of infos.
    pub(super) some_info: bool,
    /// Each has to be met by a warning, and each warning has to meet one.
    warnings: Vec<Words>,
    no_warnings: bool,
    infos: Vec<Words>,
    no_infos: bool,
}

/// What a text has to be.
#[derive(Debug, Clone)]
pub(super) enum Words {
    Any,
    Exactly(String),
    Like(Regex),
}

impl Words {
    pub(super) fn like(pattern: &str) -> Result<Self, String> {
        let pattern = pattern.trim();
        Ok(Self::Like(Regex::new(pattern).map_err(|_| format!("{pattern:?} is no regex"))?))
    }

    fn accept(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(wanted) => text == wanted,
            Self::Like(regex) => regex.is_match(text),
        }
    }

    fn told(&self, what: &str) -> String {
        match self {
            Self::Any => what.to_owned(),
            Self::Exactly(wanted) => format!("{what} {wanted:?}"),
            Self::Like(regex) => format!("{what} like {:?}", regex.as_str()),
        }
    }
}

impl Expectations {
    /// Takes a line.
    pub(super) fn take(&mut self, line: &str) -> Result<(), String> {
        let words = line.strip_prefix("expect").unwrap_or(line).trim();
        let (kind, rest) = words.split_once([' ', '\t']).unwrap_or((words, ""));
        let words = match rest.trim() {
            "" => Words::Any,
            rest => match (rest.strip_prefix("msg:"), rest.strip_prefix("regex:")) {
                (Some(text), _) if !text.is_empty() => Words::Exactly(text.trim().to_owned()),
                (_, Some(pattern)) if !pattern.is_empty() => Words::like(pattern)?,
                _ => return Err(format!("expected msg: or regex: after `expect {kind}`, got {rest:?}")),
            },
        };
        match kind {
            "fail" if self.fails.is_some() => return Err("there is more than one `expect fail`".to_owned()),
            "fail" => self.fails = Some(words),
            "ordered" => self.ordered = true,
            "warn" => self.warnings.push(words),
            "info" => self.infos.push(words),
            "no_warn" => self.no_warnings = true,
            "no_info" => self.no_infos = true,
            _ => {
                return Err(format!(
                    "`expect {kind}` is not known: fail, warn, no_warn, info, no_info, ordered, string and range \
                     vector are"
                ));
            }
        }
        if self.no_warnings && !self.warnings.is_empty() {
            return Err("`expect warn` and `expect no_warn` exclude each other".to_owned());
        }
        if self.no_infos && !self.infos.is_empty() {
            return Err("`expect info` and `expect no_info` exclude each other".to_owned());
        }
        Ok(())
    }

    /// Whether a failure is the one that should come.
    pub(super) fn check_failure(&self, text: &str) -> Result<(), Difference> {
        match &self.fails {
            None => Err(Difference::new("no failure", format!("the failure {text:?}"))),
            Some(words) if words.accept(text) => Ok(()),
            Some(words) => Err(Difference::new(words.told("the failure"), format!("{text:?}"))),
        }
    }

    /// Whether the notes are those that should come.
    pub(super) fn check_notes(&self, notes: &[Note]) -> Result<(), Difference> {
        let of = |level| -> Vec<&str> {
            notes.iter().filter(|n| n.level == level).map(|n| n.text.as_str()).collect()
        };
        let (warnings, infos) = (of(Level::Warning), of(Level::Info));
        check("warning", &warnings, &self.warnings, self.some_warning, self.no_warnings)?;
        check("info", &infos, &self.infos, self.some_info, self.no_infos)
    }
}

fn check(what: &str, got: &[&str], wanted: &[Words], some: bool, none: bool) -> Result<(), Difference> {
    let told = || match got {
        [] => format!("no {what}"),
        all => all.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", "),
    };
    if some && got.is_empty() {
        return Err(Difference::new(format!("a {what}"), told()));
    }
    if none && !got.is_empty() {
        return Err(Difference::new(format!("no {what}"), told()));
    }
    if let Some(unmet) = wanted.iter().find(|words| !got.iter().any(|text| words.accept(text))) {
        return Err(Difference::new(unmet.told(what), told()));
    }
    let is_wanted = |text: &&&str| wanted.iter().any(|words| words.accept(text));
    match got.iter().find(|text| !is_wanted(text)) {
        Some(more) if !wanted.is_empty() => {
            Err(Difference::new(format!("no other {what} than those named"), format!("{more:?}")))
        }
        _ => Ok(()),
    }
}
