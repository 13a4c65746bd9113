//! What loading puts beside a recording's files: flows and findings in one file each, the cases, where they came from.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use glyph_analysis::cases::Joined;
use glyph_formats::{
    Case, Cases,
    artifact::ArtifactError,
    glance::Glance,
    jsonl::{
        Blocks,
        input::{self, Progress},
        segments,
    },
    provenance::{Counts, Provenance},
    recording::{PROVENANCE, REPLAYED_CASES, REPLAYED_FINDINGS, REPLAYED_FLOWS},
};
use glyphd::telemetry::name;
use serde::de::IgnoredAny;

use crate::{
    commands::replay::{
        findings::{self, Findings, unreadable},
        spans::Stages,
    },
    output::warn,
};

/// Where the records are that are to be written.
pub(super) struct Files<'a> {
    pub(super) flows: PathBuf,
    pub(super) findings: &'a Findings,
    pub(super) joined: &'a Joined,
}

impl Files<'_> {
    /// Writes them, or those of a case.
    pub(super) fn write(
        &self,
        out: &Path,
        cases: &Cases,
        case: Option<&Case>,
        progress: &Progress,
        stages: &mut Stages<'_>,
    ) -> Result<Counts, ArtifactError> {
        stages.enter(Some(name::WRITE_FINDINGS));
        let (mut findings, mut flows) = (Lines::create(out.join(REPLAYED_FINDINGS))?, HashSet::new());
        self.findings.each(progress, &mut |line, finding| {
            if case.is_some_and(|case| self.joined.case_of(finding) != Some(&case.id)) {
                return Ok(());
            }
            if let (Some(_), Some(flow)) = (case, &finding.flow_id) {
                flows.insert(flow.clone());
            }
            findings.line(line)
        })?;
        let findings = findings.finish()?;

        stages.enter(Some(name::WRITE_FLOWS));
        let mut to = Lines::create(out.join(REPLAYED_FLOWS))?;
        let files = segments::existing(&self.flows).map_err(unreadable)?;
        for file in &files {
            copy(file, case.map(|_| &flows), progress, &mut to)?;
        }
        let flows = to.finish()?;

        stages.enter(Some(name::WRITE_CASES));
        let chosen;
        let cases = match case {
            Some(case) => {
                chosen = Cases { cases: vec![case.clone()], ..cases.clone() };
                &chosen
            }
            None => cases,
        };
        whole(out.join(REPLAYED_CASES), &findings::text(cases))?;
        Ok(Counts { flows, findings, cases: cases.cases.len() as u64 })
    }
}

/// Writes down where it all came from.
pub(super) fn provenance(provenance: &Provenance, out: &Path) -> Result<(), ArtifactError> {
    // Nothing in it can't be written.
    let mut text = serde_json::to_vec_pretty(provenance).unwrap_or_default();
    text.push(b'\n');
    whole(out.join(PROVENANCE), &text)
}

/// Copies the flows of a file, or those with these ids.
fn copy(
    file: &Path,
    ids: Option<&HashSet<String>>,
    progress: &Progress,
    to: &mut Lines,
) -> Result<(), ArtifactError> {
    let mut blocks = Blocks::new(input::open(file).map_err(unreadable)?);
    while let Some(block) = blocks.next_block().map_err(unreadable)? {
        if progress.is_stopped() {
            return Err(ArtifactError::Interrupted(file.to_owned()));
        }
        let mut whole = block.bytes;
        if block.unterminated
            && let Some((_, last)) = block.lines().last()
            && block.may_be_torn(last)
            && serde_json::from_slice::<IgnoredAny>(last).is_err()
        {
            warn(format_args!("{}: the last line is torn; it was left out", file.display()));
            whole = &whole[..whole.len() - last.len()];
        }
        let lines = || glyph_formats::jsonl::Block { bytes: whole, ..block }.lines();
        match ids {
            None => to.lines(whole, lines().count() as u64)?,
            Some(ids) => {
                let is_one = |line: &[u8]| {
                    serde_json::from_slice::<Glance<'_>>(line)
                        .is_ok_and(|flow| ids.contains(flow.id.as_ref()))
                };
                lines().filter(|(_, line)| is_one(line)).try_for_each(|(_, line)| to.line(line))?;
            }
        }
    }
    Ok(())
}

/// A file of lines on its way.
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    written: u64,
}

impl Lines {
    fn create(path: PathBuf) -> Result<Self, ArtifactError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|source| ArtifactError::Io { path: path.clone(), source })?;
        Ok(Self { path, file: BufWriter::with_capacity(1 << 18, file), written: 0 })
    }

    fn line(&mut self, line: &[u8]) -> Result<(), ArtifactError> {
        self.lines(line, 1)
    }

    /// So many whole lines, the last of which may lack its end.
    fn lines(&mut self, lines: &[u8], count: u64) -> Result<(), ArtifactError> {
        self.written += count;
        let end: &[u8] = if lines.is_empty() || lines.ends_with(b"\n") { b"" } else { b"\n" };
        let written = self.file.write_all(lines).and_then(|()| self.file.write_all(end));
        written.map_err(|source| ArtifactError::Io { path: self.path.clone(), source })
    }

    fn finish(mut self) -> Result<u64, ArtifactError> {
        let done = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        done.map_err(|source| ArtifactError::Io { path: self.path, source })?;
        Ok(self.written)
    }
}

fn whole(path: PathBuf, text: &[u8]) -> Result<(), ArtifactError> {
    let mut file = Lines::create(path)?;
    file.lines(text, 1)?;
    file.finish().map(drop)
}
