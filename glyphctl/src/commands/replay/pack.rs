//! A recording into an artifact, for every command that makes one.

use std::path::Path;

use glyph_analysis::text::counted;
use glyph_formats::{
    artifact::{ArtifactError, Limits, Packer, Tool, Written},
    jsonl::input::Progress,
};
use glyphd::telemetry::{Telemetry, name};
use indicatif::HumanBytes;

use super::{
    findings::{self, Findings},
    spans::spanned,
};
use crate::output::{note, progress, warn};

/// What is to be packed, and where to.
pub(super) struct Order<'a> {
    pub(super) recording: &'a Path,
    /// None, if it is only to be told what would be packed.
    pub(super) artifact: Option<&'a Path>,
    /// What the ids of the cases are made from; none for that of the cases that are there.
    pub(super) seed: Option<&'a str>,
}

/// This program, as artifacts name it.
pub(super) fn tool() -> Tool {
    Tool { name: "glyphctl".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// Packs a recording. What stands at `artifact` is replaced when the new one is whole.
pub(crate) fn pack(
    recording: &Path,
    artifact: &Path,
    telemetry: &Telemetry,
) -> Result<Written, ArtifactError> {
    let order = Order { recording, artifact: Some(artifact), seed: None };
    packed(&order, telemetry, |_| ())
}

/// Packs, or tells what would be packed; `begun` is told how to stop it, and is held until it is done.
pub(super) fn packed<T>(
    order: &Order<'_>,
    telemetry: &Telemetry,
    begun: impl FnOnce(&Progress) -> T,
) -> Result<Written, ArtifactError> {
    spanned(telemetry, name::CREATE_ARTIFACT, |stages| {
        let mut packer = Packer::open(order.recording, Limits::default())?;
        let progress = packer.progress();
        let _held = begun(&progress);
        stages.enter(Some(name::LOAD_CASES));
        let seed = match order.seed {
            Some(seed) => seed.to_owned(),
            None => findings::seed_in(order.recording),
        };
        let cases = Findings::of(order.recording)?.joined(&seed, &progress)?.cases();
        packer.put_cases(&seed, findings::text(&cases));
        stages.enter(None);
        let _bar = progress::Bar::start("packing", &progress);
        match order.artifact {
            Some(artifact) => packer.write(artifact, tool(), &progress, &mut |step| stages.step(step)),
            None => packer.plan(tool(), &progress, &mut |step| stages.step(step)),
        }
    })
}

/// Tells what was packed into that, but for the digest.
pub(crate) fn tell(written: &Written, artifact: &Path) {
    for file in &written.mended {
        warn(format_args!("{}: a crash left it without its end; in the artifact it has one", file.display()));
    }
    let manifest = &written.contents.manifest;
    let (files, bytes) = (counted(manifest.files.len() as u64, "file"), HumanBytes(manifest.total_bytes()));
    match written.packed_bytes {
        Some(packed) => {
            note(format_args!("{}: {files}, {bytes} in {}", artifact.display(), HumanBytes(packed)))
        }
        None => note(format_args!("{}: {files}, {bytes}; nothing was written", artifact.display())),
    }
}
