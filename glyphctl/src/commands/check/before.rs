//! The baseline, and how a recording compares with it.
//!
//! In: what `glyph.toml` or `--baseline` names. Out: checks. The traces of all its runs are one side of a comparison, and
//! their findings are known; exchanges are compared with those of the newest run.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, anyhow};
use glyph_analysis::{
    gate::{Check, Config, Found, config, replay, traces},
    pivot::Suspects,
    trace::diff::compare,
};
use glyph_formats::TraceId;
use glyphd::telemetry::Telemetry;

use crate::{
    commands::{
        flows::{filter::FilterArgs, source::Source},
        replay::Recordings,
        runs::Run,
        trace::{MEMORY, pattern, side_of},
    },
    output::{failure::HintExt, note},
};

/// What there was before.
pub(super) enum Before {
    /// Nothing that would have to be there, and why.
    Missing(String),
    Runs(Base),
}

/// The runs to compare with.
pub(super) struct Base {
    /// What the user calls them.
    pub(super) given: PathBuf,
    /// At least one; the oldest first.
    runs: Vec<Run>,
}

impl Before {
    /// Finds and opens them, if anything is to be compared.
    pub(super) fn find(config: &Config, named: Option<&Path>) -> anyhow::Result<Self> {
        let asked = config.baseline.as_ref().filter(|_| named.is_none());
        let is_wanted = config.traces.is_some() || config.replay.is_some();
        let Some(given) = named.or(asked.map(|baseline| baseline.dir.as_path())) else {
            if is_wanted {
                return Err(anyhow!("{}: names nothing to compare with", config.path.display())
                    .hint("[baseline] dir = \"baselines/main\", or --baseline; glyphctl baseline save puts runs there"));
            }
            return Ok(Self::Missing(format!("{} has no [baseline]", config.path.display())));
        };
        if !is_wanted && config.findings.is_none() {
            if named.is_some() {
                note(
                    "--baseline: nothing is compared, as there is none of [traces], [replay] and [findings]",
                );
            }
            return Ok(Self::Missing("nothing is compared".to_owned()));
        }
        let runs = found(given)?;
        if runs.is_empty() && asked.is_some_and(|baseline| !baseline.required) {
            return Ok(Self::Missing(format!("there is no baseline in {} yet", given.display())));
        }
        if runs.is_empty() {
            return Err(anyhow!("{}: there is no baseline", given.display()).hint(
                "glyphctl baseline save puts a run there; required = false in [baseline] does without until then",
            ));
        }
        Ok(Self::Runs(Base { given: given.to_owned(), runs }))
    }
}

/// The runs that are there, the oldest first.
fn found(given: &Path) -> anyhow::Result<Vec<Run>> {
    if pattern(given).is_none() && !given.exists() || given.is_dir() && given.read_dir()?.next().is_none() {
        return Ok(Vec::new());
    }
    let mut runs = Run::all(given)?;
    runs.sort_by_key(Run::start);
    Ok(runs)
}

impl Base {
    /// The newest run.
    pub(super) fn newest(&self) -> &Run {
        // There is one at least.
        &self.runs[self.runs.len() - 1]
    }

    /// What they found.
    pub(super) fn findings(&self) -> anyhow::Result<Found> {
        let mut known = Found::default();
        for run in &self.runs {
            known.absorb(Found::read(run.opened.path())?);
        }
        Ok(known)
    }

    /// Compares traces.
    pub(super) fn traces(
        &self,
        config: &config::Traces,
        new: &Path,
        suspects: &Suspects<'_>,
    ) -> anyhow::Result<Vec<Check>> {
        let runs = self.runs.iter().map(|run| Ok((run.given.as_path(), &run.opened)));
        let base = side_of(runs, config.filter.clone(), MEMORY).context("the baseline")?;
        let new = side_of(std::iter::once(Ok((new, new))), config.filter.clone(), MEMORY)?;
        Ok(match compare(&base, &new, &config.rules, config.seed) {
            Ok(diff) => {
                diff.notes.iter().for_each(note);
                traces::judge(&diff, config.allow_undecided, suspects)
            }
            Err(error) => vec![traces::incomparable(&error, config.allow_undecided)],
        })
    }

    /// Compares exchanges.
    pub(super) fn replay(
        &self,
        config: &config::Replay,
        new: &Path,
        suspects: &Suspects<'_>,
    ) -> anyhow::Result<Vec<Check>> {
        let pair = Recordings {
            recorded: self.newest().opened.path(),
            new,
            ignore_host: config.ignore_host,
            filter: &FilterArgs::default(),
        };
        let summary = pair.compare(&config.rules, &Telemetry::off())?.summary();
        let traces = traces_of(new, replay::flows_to_look_at(&summary).collect())?;
        let trace_of = |flow: &str| traces.iter().find(|(id, _)| id == flow).map(|(_, trace)| *trace);
        Ok(replay::judge(&summary, &config.fail_on, &trace_of, suspects))
    }
}

/// The traces of some flows, by the flows' ids.
fn traces_of(recording: &Path, flows: Vec<&str>) -> anyhow::Result<Vec<(String, TraceId)>> {
    let mut found = Vec::new();
    if flows.is_empty() {
        return Ok(found);
    }
    let is_meant = |line: &[u8]| flows.iter().any(|id| memchr::memmem::find(line, id.as_bytes()).is_some());
    Source::open(recording)?.each(is_meant, |record| {
        if flows.contains(&record.flow.id.as_ref())
            && let Ok(trace) = TraceId::from_str(&record.flow.trace_id)
        {
            found.push((record.flow.id.clone().into_owned(), trace));
        }
        Ok(if found.len() == flows.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}
