//! `--baseline`: what has changed, as `glyphctl trace diff` finds it.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use glyph_analysis::trace::diff::{Diff, Rule, compare as resampled};
use glyph_formats::jsonl::input::is_stdin;

use super::super::diff::runs;
use crate::output::failure::HintExt;

/// What the resamples are drawn with.
const SEED: u64 = 1;

/// A comparison, and what was compared with.
pub(super) struct Compared {
    pub(super) diff: Diff,
    pub(super) base: String,
}

/// Compares `inputs` with `base`.
pub(super) fn compare(base: &Path, inputs: &[PathBuf]) -> anyhow::Result<Compared> {
    let [new] = inputs else {
        return Err(anyhow!("--baseline: compares one input with another, not {}", inputs.len())
            .hint("a directory of recordings, or a pattern in quotes, is one input with several runs"));
    };
    if is_stdin(base) || is_stdin(new) {
        return Err(anyhow!("--baseline: both sides are read more than once; standard input can't be"));
    }
    let rules = Rule::defaults();
    let (was, is) = (runs::side(base, None, runs::MEMORY)?, runs::side(new, None, runs::MEMORY)?);
    let diff = resampled(&was, &is, &rules, SEED)
        .with_context(|| format!("--baseline {}: can't be compared", base.display()))?;
    let base = base.file_name().unwrap_or(base.as_os_str()).to_string_lossy().into_owned();
    Ok(Compared { diff, base })
}
