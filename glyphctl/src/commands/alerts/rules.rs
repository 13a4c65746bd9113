//! Rule files as every command that judges alerts takes them: loaded, with thresholds set and time scaled.
//!
//! What is wrong with single files is told here; the others are still run.

use std::path::PathBuf;

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
    let mut all = true;
    let mut files = files(paths, &mut all)?;
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

/// The files that can be used. What is wrong with the others is told.
fn files(paths: &[PathBuf], all: &mut bool) -> anyhow::Result<Vec<RuleFile>> {
    let mut files = Vec::new();
    for path in paths {
        let found = match input::matching(path) {
            Ok(found) => found,
            Err(error) => {
                failure::report(&error);
                *all = false;
                continue;
            }
        };
        for path in found {
            match rules::load(&path) {
                Ok(file) => files.push(file),
                Err(errors) => {
                    errors.iter().for_each(tell);
                    *all = false;
                }
            }
        }
    }
    if files.is_empty() {
        bail!("no rule file could be used");
    }
    Ok(files)
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
