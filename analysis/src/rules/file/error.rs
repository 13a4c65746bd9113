//! What can be wrong with a file of rules, or of tests of rules.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// Why a file can't be used.
#[derive(Debug)]
pub struct RuleError {
    /// The file.
    pub path: PathBuf,
    /// Where in it.
    pub place: Place,
    /// What is wrong.
    pub what: String,
    /// The line of the expression and carets under the fault, if the fault is in one.
    pub shown: Option<String>,
    /// What to do about it, where something helps.
    pub hint: Option<String>,
}

/// Where something stands in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1; 0 is the whole file.
    pub line: u64,
    /// The test, in a file of tests.
    pub test: Option<String>,
    /// The group.
    pub group: Option<String>,
    /// The rule.
    pub rule: Option<String>,
}

impl RuleError {
    pub(crate) fn at(path: &Path, place: Place, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), place, what: what.into(), shown: None, hint: None }
    }

    pub(crate) fn io(path: &Path, source: &io::Error) -> Self {
        Self::at(path, Place::default(), format!("can't be read: {source}"))
    }

    pub(crate) fn yaml(path: &Path, text: &str, error: YamlError) -> Self {
        let mut place = around(text, error.line);
        place.line = error.line;
        Self { hint: error.hint, ..Self::at(path, place, error.what) }
    }

    pub(crate) fn hinted(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl std::error::Error for RuleError {}

/// `FILE:LINE: group "…", rule "…": what`.
impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if self.place.line > 0 {
            write!(f, "{}:", self.place.line)?;
        }
        write!(f, " {}{}", self.place, self.what)
    }
}

/// `group "…", rule "…": `, or nothing.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("test", &self.test), ("group", &self.group), ("rule", &self.rule)];
        let mut between = "";
        for (kind, name) in parts {
            if let Some(name) = name {
                write!(f, "{between}{kind} {name:?}")?;
                between = ", ";
            }
        }
        if between.is_empty() { Ok(()) } else { f.write_str(": ") }
    }
}

/// Why a text is not the YAML that is wanted.
#[derive(Debug)]
pub(crate) struct YamlError {
    pub(crate) line: u64,
    what: String,
    hint: Option<String>,
}

impl YamlError {
    pub(super) fn of(error: &serde_saphyr::Error, text: &str) -> Self {
        let message = error.to_string();
        let what = message.split(" at line ").next().unwrap_or(&message);
        let what = what.split(", set DuplicateKeyPolicy").next().unwrap_or(what).to_owned();
        let hint = unknown_field(&what).or_else(|| {
            let tab = text.lines().any(|line| line.trim_start_matches(' ').starts_with('\t'));
            tab.then(|| "YAML is indented by blanks, not by tabs".to_owned())
        });
        // The list of what there is may be long; the hint has what is near.
        let what = what.split(", expected one of").next().unwrap_or(&what).to_owned();
        Self { line: error.location().map_or(1, |at| at.line()), what, hint }
    }
}

/// The key that was meant by one that there is not.
fn unknown_field(what: &str) -> Option<String> {
    let (field, known) = what.strip_prefix("unknown field `")?.split_once("`, expected ")?;
    let known: Vec<&str> =
        known.trim_start_matches("one of ").split([',', ' ', '`']).filter(|key| !key.is_empty()).collect();
    let near = known.iter().map(|key| (strsim::jaro_winkler(field, key), key)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(if near.0 > 0.8 {
        format!("did you mean `{}`?", near.1)
    } else {
        format!("there are {}", known.join(", "))
    })
}

/// The group and the rule that a line belongs to, by what stands above it: a file that is no YAML has no other order.
fn around(text: &str, line: u64) -> Place {
    let mut place = Place::default();
    let above: Vec<&str> = text.lines().take(line as usize).collect();
    for line in above.into_iter().rev() {
        let line = line.trim_start_matches([' ', '-', '{', '[']);
        let value = |key: &str| {
            let value = line.strip_prefix(key)?.trim_start().strip_prefix(':')?.trim();
            Some(value.trim_matches(['"', '\'']).to_owned())
        };
        if place.rule.is_none() && place.group.is_none() {
            place.rule = value("alert").or_else(|| value("record"));
        }
        if let Some(group) = value("name") {
            place.group = Some(group);
            break;
        }
    }
    place
}
