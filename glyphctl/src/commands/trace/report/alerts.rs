//! `--rules`: what alert rules make of the recordings' metrics.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use glyph_analysis::{
    metrics,
    rules::{Check, Options, Outcome, check as evaluate},
};
use glyph_formats::Recording;

use crate::{
    commands::{alerts::rules, metrics::data, recording::Opened},
    output::{failure::HintExt, warn},
};

/// What came of them.
pub(super) fn check(files: &[PathBuf], opened: &[Opened]) -> anyhow::Result<Outcome> {
    let rules = rules::load(files, std::iter::empty(), None)?;
    if !rules.all {
        bail!("--rules: not every rule file can be used");
    }
    let recordings: Vec<PathBuf> = opened
        .iter()
        .map(|one| one.path().to_owned())
        .filter(|path| Recording::open(path).is_ok())
        .filter(|path| metrics::files_of(path).is_ok_and(|files| files.iter().any(|file| file.is_file())))
        .collect();
    if recordings.is_empty() {
        let error = anyhow!("--rules: there are no metrics to evaluate them on");
        return Err(
            error.hint("name a recording with metrics, as glyphd --record and glyphctl record make it")
        );
    }
    let mut store = data::read(&recordings)?.store;
    let Check { outcome, problems, warnings } = evaluate(&rules.files, &mut store, Options::default());
    warnings.iter().for_each(warn);
    problems.iter().for_each(warn);
    Ok(outcome)
}
