//! Rule files as every command that judges alerts takes them: loaded, with thresholds set and time scaled.
//!
//! What is wrong with single files is told here; the others are still run.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail};
use glyph_analysis::rules::{self, Rule, RuleError, RuleFile, Scale, scale::changed_by_scale};

use crate::{
    commands::trace::input,
    output::{
        failure::{self, HintExt},
        hint_at, note, quoted, warn,
    },
};

/// Rules, ready to be run.
pub(crate) struct Rules {
    /// The files that can be used.
    pub(crate) files: Vec<RuleFile>,
    /// Whether these are all that were named.
    pub(crate) all: bool,
}

/// A number in the place of a recording rule.
pub(crate) struct Set<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: f64,
    /// Where the user said so.
    pub(crate) origin: String,
}

/// Loads them.
pub(crate) fn load<'a>(
    paths: &[PathBuf],
    set: impl Iterator<Item = Set<'a>>,
    scale: Option<Scale>,
) -> anyhow::Result<Rules> {
    let Found { mut files, errors, all } = Found::of(paths);
    errors.iter().for_each(tell);
    if files.is_empty() {
        bail!("no rule file could be used");
    }
    for Set { name, value, origin } in set {
        if files.iter_mut().map(|file| file.set(name, value)).sum::<usize>() == 0 {
            let what = anyhow!("{origin}: no recording rule has that name");
            return Err(what.hint("thresholds can be set that stand in the rules as `record: NAME`"));
        }
    }
    if let Some(scale) = scale {
        rescale(&mut files, scale);
    }
    if !files.iter().flat_map(|f| &f.groups).flat_map(|g| &g.rules).any(Rule::is_alert) {
        bail!("no alerting rules there");
    }
    Ok(Rules { files, all })
}

/// The rule files that names and patterns stand for.
#[derive(Default)]
pub(super) struct Found {
    /// Those that can be used, each once.
    pub(super) files: Vec<RuleFile>,
    /// What is wrong with the others.
    pub(super) errors: Vec<RuleError>,
    /// Whether all that were named can be used.
    pub(super) all: bool,
}

impl Found {
    /// Loads them. What can't be found is told.
    pub(super) fn of(named: &[PathBuf]) -> Self {
        let mut found = Self { all: true, ..Self::default() };
        let mut seen = BTreeSet::new();
        for name in named {
            match input::matching(name) {
                Ok(paths) => {
                    paths.iter().filter(|path| seen.insert(identity(path))).for_each(|path| found.add(path));
                }
                Err(error) => {
                    failure::report(&error);
                    found.all = false;
                }
            }
        }
        found
    }

    fn add(&mut self, path: &Path) {
        match rules::load(path) {
            Ok(file) => self.files.push(file),
            Err(errors) => {
                self.errors.extend(errors);
                self.all = false;
            }
        }
    }
}

fn identity(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Says what is wrong with a file, where, and what to do about it.
pub(super) fn tell(error: &RuleError) {
    note(error);
    error.shown.iter().for_each(|shown| quoted(shown));
    error.hint.iter().for_each(|hint| hint_at(hint));
}

fn rescale(files: &mut [RuleFile], scale: Scale) {
    note(format_args!("for, ranges, offsets and intervals of all rules are multiplied by {scale}"));
    for file in files {
        for rule in file.groups.iter().flat_map(|g| &g.rules) {
            let changed = changed_by_scale(&rule.query.expr);
            if !changed.is_empty() {
                warn(format_args!(
                    "{}: {} means something else over a shorter time",
                    rule.name,
                    changed.join(", ")
                ));
            }
        }
        file.rescale(scale);
    }
}
