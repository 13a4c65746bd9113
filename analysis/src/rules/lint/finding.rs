//! A finding: what is wrong, where, and what to do about it.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::Code;
use crate::rules::file::RuleError;

/// What `alerts lint --format json` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// How many rules were looked at.
    pub rules: u64,
    /// What was found, by file, line and code.
    pub findings: Vec<Finding>,
}

/// A fault in a rule.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// The file.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub path: PathBuf,
    /// The line in which the fault stands, counted from 1; 0 is the whole file.
    pub line: u64,
    /// The group.
    pub group: Option<String>,
    /// The rule: the alert, or what is recorded.
    pub rule: Option<String>,
    /// What kind of fault it is.
    pub code: Code,
    /// What is wrong.
    pub what: String,
    /// What to do about it, where something helps.
    pub hint: Option<String>,
    /// The line of the expression and carets under the fault, if the fault is in one.
    pub shown: Option<String>,
}

/// A path may be no text; a reader of JSON is told of it as well as can be.
fn as_text<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

impl Finding {
    /// What is wrong with a file that could not be loaded.
    pub fn of_error(error: &RuleError) -> Self {
        // The texts of a template that can't be parsed are Go's.
        let code =
            if error.what.contains("template: __alert_") { Code::TemplateError } else { Code::InvalidRule };
        Self {
            path: error.path.clone(),
            line: error.place.line,
            group: error.place.group.clone(),
            rule: error.place.rule.clone(),
            code,
            what: error.what.clone(),
            hint: error.hint.clone(),
            shown: error.shown.clone(),
        }
    }
}
