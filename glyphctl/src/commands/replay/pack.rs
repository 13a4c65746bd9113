//! A recording into an artifact, for every command that makes one.

use std::path::Path;

use glyph_analysis::text::counted;
use glyph_formats::artifact::{ArtifactError, Limits, Packer, Tool, Written};
use glyphd::telemetry::{Telemetry, name};
use indicatif::HumanBytes;

use super::spans::spanned;
use crate::output::{note, progress, warn};

/// Packs a recording. What stands at `artifact` is replaced when the new one is whole.
pub(crate) fn pack(
    recording: &Path,
    artifact: &Path,
    telemetry: &Telemetry,
) -> Result<Written, ArtifactError> {
    spanned(telemetry, name::CREATE_ARTIFACT, |watch| {
        let packer = Packer::open(recording, Limits::default())?;
        let progress = packer.progress();
        let _bar = progress::Bar::start("packing", &progress);
        let tool = Tool { name: "glyphctl".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        packer.write(artifact, tool, &progress, watch)
    })
}

/// Tells what was packed, but for the digest.
pub(crate) fn tell(written: &Written, artifact: &Path) {
    for file in &written.mended {
        warn(format_args!("{}: a crash left it without its end; in the artifact it has one", file.display()));
    }
    let manifest = &written.contents.manifest;
    note(format_args!(
        "{}: {}, {} in {}",
        artifact.display(),
        counted(manifest.files.len() as u64, "file"),
        HumanBytes(manifest.total_bytes()),
        HumanBytes(written.packed_bytes),
    ));
}
