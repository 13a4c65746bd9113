//! A recording, section by section: each that `glyph.toml` asks for becomes checks, each other one is skipped by name.

use std::path::Path;

use anyhow::anyhow;
use glyph_analysis::{
    gate::{
        Check, Config, Files, Judgement, Recorded, RecordedError, Section, Skipped, alerts, budget, findings,
        integrity,
    },
    pivot::Suspects,
    rules::{Options, check},
};
use glyph_formats::recording::RecordingError;

use super::before::Before;
use crate::{
    commands::{alerts::rules::Rules, recording::Opened},
    output::{failure::HintExt, note, pointers, progress, warn},
};

/// What was read, and what came of it so far.
pub(super) struct Sections<'a> {
    config: &'a Config,
    /// The recording as the user calls it, and where it lies.
    given: &'a Path,
    opened: &'a Opened,
    recorded: Recorded,
    checks: Vec<Check>,
    skipped: Vec<Skipped>,
}

impl<'a> Sections<'a> {
    /// Reads the recording.
    pub(super) fn read(config: &'a Config, given: &'a Path, opened: &'a Opened) -> anyhow::Result<Self> {
        let recorded = read(opened.path())?;
        recorded.warnings.iter().for_each(warn);
        Ok(Self { config, given, opened, recorded, checks: Vec::new(), skipped: Vec::new() })
    }

    /// Judges it, and compares it with what was before.
    pub(super) fn judge(&mut self, rules: Option<Rules>, before: Before) -> anyhow::Result<()> {
        let config = self.config;
        let name = config.path.display();
        self.integrity();
        match (&config.alerts, rules) {
            (Some(_), Some(rules)) => self.alerts(&rules),
            _ => self.skip(Section::Alerts, format!("{name} has no [alerts]")),
        }
        match config.budgets.is_empty() {
            true => self.skip(Section::Budget, format!("{name} has no [[budget]]")),
            false => self.budgets(),
        }
        match &config.findings {
            Some(_) => self.findings(&before)?,
            None => self.skip(Section::Findings, format!("{name} has no [findings]")),
        }
        match (&config.traces, &before) {
            (None, _) => self.skip(Section::Traces, format!("{name} has no [traces]")),
            (Some(_), Before::Missing(why)) => self.skip(Section::Traces, why.clone()),
            (Some(traces), Before::Runs(base)) => {
                let suspects = Suspects::among(&self.recorded.traces);
                let checks = base.traces(traces, self.opened.path(), &suspects)?;
                self.put(checks, !traces.fail, Some(&base.given));
            }
        }
        match (&config.replay, &before) {
            (None, _) => self.skip(Section::Replay, format!("{name} has no [replay]")),
            (Some(_), Before::Missing(why)) => self.skip(Section::Replay, why.clone()),
            (Some(replay), Before::Runs(base)) => {
                let suspects = Suspects::among(&self.recorded.traces);
                let checks = base.replay(replay, self.opened.path(), &suspects)?;
                self.put(checks, !replay.fail, Some(&base.newest().given));
            }
        }
        Ok(())
    }

    /// The verdict over all of it.
    pub(super) fn judgement(self) -> Judgement {
        Judgement::of(self.checks, self.skipped)
    }

    fn integrity(&mut self) {
        // What was changed since is never tolerated.
        let digests = self.opened.unpacked().map(|files| integrity::digests(Ok(files)));
        self.put(digests.into_iter().collect(), false, None);
        self.put(integrity::judge(&self.recorded), !self.config.integrity.fail, None);
    }

    fn alerts(&mut self, rules: &Rules) {
        let Some(config) = &self.config.alerts else { return };
        let found = check(&rules.files, &mut self.recorded.metrics, Options::default());
        found.warnings.iter().for_each(warn);
        let suspects = Suspects::among(&self.recorded.traces);
        let mut checks = alerts::judge(&found, config.allow_undecided, &suspects);
        if !rules.all {
            checks.push(alerts::not_all());
        }
        self.put(checks, !config.fail, None);
    }

    fn budgets(&mut self) {
        let suspects = Suspects::among(&self.recorded.traces);
        let checks = budget::judge(&self.config.budgets, &self.recorded.traces.summarize(), &suspects);
        self.put(checks, false, None);
    }

    fn findings(&mut self, before: &Before) -> anyhow::Result<()> {
        let Some(config) = &self.config.findings else { return Ok(()) };
        let known = match before {
            Before::Runs(base) => Some(base.findings()?),
            Before::Missing(_) => None,
        };
        let suspects = Suspects::among(&self.recorded.traces);
        let has_plugins = !self.recorded.info.plugins.is_empty();
        let checks = findings::judge(&self.recorded.findings, known.as_ref(), config, has_plugins, &suspects);
        self.put(checks, !config.fail, None);
        Ok(())
    }

    /// Takes in checks, with the commands that show more.
    fn put(&mut self, checks: Vec<Check>, tolerated: bool, baseline: Option<&Path>) {
        for mut check in checks {
            check.tolerated |= tolerated;
            check.commands = pointers::commands(&check, self.given, baseline);
            self.checks.push(check);
        }
    }

    fn skip(&mut self, section: Section, reason: String) {
        note(format_args!("{}: skipped, {reason}", section.as_str()));
        self.skipped.push(Skipped { section, reason });
    }
}

/// Reads a recording's directory.
pub(super) fn read(dir: &Path) -> anyhow::Result<Recorded> {
    let hint = "name a directory that glyphd --record made, or an artifact that glyphctl replay write made";
    if dir.is_file() {
        return Err(anyhow!("{}: is no recording and no artifact", dir.display()).hint(hint));
    }
    let read = || {
        let files = Files::find(dir)?;
        let progress = files.progress();
        let _bar = progress::Bar::start("reading", &progress);
        files.read(&progress)
    };
    read().map_err(|error| match error {
        RecordedError::Recording(RecordingError::NoInfo(_)) => anyhow::Error::new(error).hint(hint),
        _ => anyhow::Error::new(error),
    })
}
