//! A recording's findings, as often as they are wanted, and the cases that they make.

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use glyph_analysis::cases::{Joined, Joining};
use glyph_formats::{
    Cases, Finding,
    artifact::ArtifactError,
    jsonl::{
        Blocks, ReadError,
        input::{self, Progress},
        segments,
    },
    recording::{CASES, FINDINGS},
};
use serde::Deserialize;

use crate::output::warn;

/// Who is shown findings, and the lines that they stand in.
type SeeFinding<'a> = &'a mut dyn FnMut(&[u8], &Finding) -> Result<(), ArtifactError>;
/// Who is shown lines, and their numbers.
type SeeLine<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), ArtifactError>;

/// No finding is longer.
const LONGEST: usize = 16 << 20;

/// Where findings stand.
#[derive(Debug)]
pub(super) struct Findings {
    files: Vec<PathBuf>,
}

impl Findings {
    /// Those of a recording; it need not have any.
    pub(super) fn of(dir: &Path) -> Result<Self, ArtifactError> {
        Ok(Self { files: segments::existing(&dir.join(FINDINGS)).map_err(unreadable)? })
    }

    /// None at all.
    pub(super) fn none() -> Self {
        Self { files: Vec::new() }
    }

    /// Joins them.
    pub(super) fn joined(&self, seed: &str, progress: &Progress) -> Result<Joined, ArtifactError> {
        let mut joining = Joining::default();
        let mut bad = 0_u64;
        let mut first_bad = None;
        for file in &self.files {
            read(file, progress, &mut |number, line| {
                match serde_json::from_slice::<Finding>(line) {
                    Ok(finding) => joining.add(&finding),
                    Err(_) => {
                        bad += 1;
                        first_bad.get_or_insert_with(|| format!("{}:{number}", file.display()));
                    }
                }
                Ok(())
            })?;
        }
        if let Some(first) = first_bad {
            let others = if bad > 1 { format!(" ({bad} lines are not)") } else { String::new() };
            warn(format_args!("{first}: is no finding{others}; the cases are without"));
        }
        let mut joined = joining.join(seed);
        self.each(progress, &mut |_, finding| {
            joined.add(finding);
            Ok(())
        })?;
        Ok(joined)
    }

    /// Shows each finding, and the line that it stands in. What is no finding is left out.
    pub(super) fn each(&self, progress: &Progress, see: SeeFinding<'_>) -> Result<(), ArtifactError> {
        self.files.iter().try_for_each(|file| {
            read(file, progress, &mut |_, line| match serde_json::from_slice::<Finding>(line) {
                Ok(finding) => see(line, &finding),
                Err(_) => Ok(()),
            })
        })
    }
}

/// Shows each line of a file, with its number.
fn read(file: &Path, progress: &Progress, see: SeeLine<'_>) -> Result<(), ArtifactError> {
    let input = input::open(file).map_err(unreadable)?;
    let mut blocks = Blocks::new(input).leaving_out_longer_than(LONGEST);
    while let Some(block) = blocks.next_block().map_err(unreadable)? {
        if progress.is_stopped() {
            return Err(ArtifactError::Interrupted(file.to_owned()));
        }
        block.lines().try_for_each(|(number, line)| see(number, line))?;
    }
    Ok(())
}

/// The seed of the cases that a recording has; nothing if it has none.
pub(super) fn seed_in(dir: &Path) -> String {
    #[derive(Deserialize)]
    struct Seeded {
        seed: String,
    }
    let read = |file| serde_json::from_reader::<_, Seeded>(BufReader::new(file)).ok();
    File::open(dir.join(CASES)).ok().and_then(read).map(|cases| cases.seed).unwrap_or_default()
}

/// Cases as they stand in a file.
pub(super) fn text(cases: &Cases) -> Vec<u8> {
    // Nothing in them can't be written.
    let mut text = serde_json::to_vec_pretty(cases).unwrap_or_default();
    text.push(b'\n');
    text
}

/// The same error, for those who look into artifacts.
pub(super) fn unreadable(error: ReadError) -> ArtifactError {
    match error {
        ReadError::Io { path, source } => ArtifactError::Io { path, source },
        ReadError::LineTooLong { ref path, .. }
        | ReadError::Record { ref path, .. }
        | ReadError::TooNew { ref path, .. } => ArtifactError::Io {
            path: path.clone(),
            source: io::Error::new(io::ErrorKind::InvalidData, error),
        },
    }
}
