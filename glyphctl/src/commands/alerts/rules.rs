//! Rule files as every command that judges alerts takes them: loaded, with thresholds set and time scaled.
//!
//! What is wrong with single files is told here; the others are still run.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use glyph_analysis::rules::{self, Rule, RuleFile, Scale, scale::changed_by_scale};

use crate::output::{failure::HintExt, note, quoted, warn};

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
    let mut files = files(paths)?;
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
    let all = files.len() == paths.len();
    Ok(Rules { files, all })
}

/// The files that can be used. What is wrong with the others is told.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<RuleFile>> {
    let mut files = Vec::new();
    for path in paths {
        match rules::load(path) {
            Ok(file) => {
                file.warnings.iter().for_each(warn);
                files.push(file);
            }
            Err(errors) => errors.iter().for_each(|error| {
                note(error);
                error.shown().into_iter().for_each(quoted);
            }),
        }
    }
    if files.is_empty() {
        bail!("no rule file could be used");
    }
    Ok(files)
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
