//! What was named, loaded: an artifact, a recording, or a file of flows.

use std::{
    env,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use glyph_formats::{
    Cases, FORMAT_VERSION,
    artifact::{Artifact, ArtifactError, Contents},
    atomic::AtomicDir,
    case::Case,
    jsonl::{
        input::{Progress, is_stdin},
        segments::is_part,
    },
    provenance::{Counts, Kind, Provenance, Source, Verified},
    recording::{CASES, FINDINGS},
};
use glyphd::telemetry::{Telemetry, name};
use tempfile::TempDir;

use super::{
    LoadArgs, chosen,
    compare::{self, Packed},
    files::Files,
    open,
};
use crate::{
    commands::{
        flows::source,
        interrupt, recording,
        replay::{
            findings::{self, Findings},
            pack::tool,
            spans::{Stages, spanned, staged},
        },
    },
    output::{failure::HintExt, progress},
};

/// What came of it.
pub(super) struct Loaded {
    /// What the artifact's manifest says.
    pub(super) contents: Option<Contents>,
    /// The cases that the findings give.
    pub(super) cases: Cases,
    /// The case that was asked for.
    pub(super) case: Option<Case>,
    pub(super) packed: Packed,
    pub(super) provenance: Provenance,
}

/// The same, of an artifact.
struct OfArtifact {
    loaded: Loaded,
    contents: Contents,
}

impl AsRef<Contents> for OfArtifact {
    fn as_ref(&self) -> &Contents {
        &self.contents
    }
}

/// Loads it.
pub(super) fn load(flags: &LoadArgs, telemetry: &Telemetry) -> anyhow::Result<Loaded> {
    let kind = kind(&flags.artifact);
    if kind == Kind::Artifact {
        return spanned(telemetry, name::EXTRACT_ARTIFACT, |stages| artifact(flags, stages))
            .map(|of| of.loaded);
    }
    if flags.expect_digest.is_some() || (flags.verify_only && !flags.artifact.join(CASES).is_file()) {
        let error = anyhow!("{}: is no artifact, and has no digests to verify", flags.artifact.display());
        return Err(error.hint("glyphctl replay write makes an artifact of a recording"));
    }
    if kind == Kind::Flows {
        // What is no file of flows is told, also where nothing else is done with it.
        source::Source::open(&flags.artifact)?.each(|_| true, |_| Ok(ControlFlow::Break(())))?;
    }
    staged(telemetry, None, |stages| plain(flags, kind, stages))
}

fn kind(given: &Path) -> Kind {
    match given {
        given if is_stdin(given) => Kind::Artifact,
        given if given.is_dir() => Kind::Recording,
        given if Artifact::begins_at(given) || recording::is_named(given) => Kind::Artifact,
        _ => Kind::Flows,
    }
}

/// An artifact: its files come into the new directory or, as far as they are looked into, into a temporary one.
fn artifact(flags: &LoadArgs, stages: &mut Stages<'_>) -> anyhow::Result<OfArtifact> {
    let artifact = open(&flags.artifact, flags.out.as_deref(), flags.expect_digest.as_deref())?;
    let progress = artifact.progress();
    let _heeded = interrupt::heed(&progress);
    let bar = progress::Bar::start("reading", &progress);
    let kind = Kind::Artifact;
    let (loaded, contents) = if let Some(target) = &flags.out {
        let unpacked = artifact.unpack(target, &mut |step| stages.step(step))?;
        drop(bar);
        let contents = Some(unpacked.contents().clone());
        let sight = Sight { flags, kind, dir: Some(unpacked.path()), contents };
        let loaded = sight.loaded(Some(unpacked.path()), &progress, stages)?;
        (loaded, unpacked.commit()?)
    } else {
        let dir = TempDir::with_prefix("glyphctl-")
            .map_err(|source| ArtifactError::Io { path: env::temp_dir(), source })?;
        let wanted = |file: &str| file == CASES || is_part(file, FINDINGS);
        let contents = artifact.pick(dir.path(), &wanted, &mut |step| stages.look(step))?;
        drop(bar);
        let sight = Sight { flags, kind, dir: Some(dir.path()), contents: Some(contents.clone()) };
        (sight.loaded(None, &progress, stages)?, contents)
    };
    Ok(OfArtifact { loaded, contents })
}

/// A recording or a file of flows.
fn plain(flags: &LoadArgs, kind: Kind, stages: &mut Stages<'_>) -> anyhow::Result<Loaded> {
    let progress = Progress::default();
    let _heeded = interrupt::heed(&progress);
    let dir = (kind == Kind::Recording).then_some(flags.artifact.as_path());
    if let Some(dir) = dir {
        // One of a newer version is refused.
        glyph_formats::Recording::open(dir).map_err(ArtifactError::from)?;
    }
    let sight = Sight { flags, kind, dir, contents: None };
    let Some(target) = &flags.out else { return sight.loaded(None, &progress, stages) };
    let placing = |source| ArtifactError::placing(target, source);
    let out = AtomicDir::resume(target).map_err(placing)?;
    out.prune(&|_| false).map_err(placing)?;
    let loaded = sight.loaded(Some(out.path()), &progress, stages)?;
    out.commit().map_err(placing)?;
    Ok(loaded)
}

/// What there is to look into.
struct Sight<'a> {
    flags: &'a LoadArgs,
    kind: Kind,
    /// Where the recording's files are, but for the flows if they are looked for in `out` only.
    dir: Option<&'a Path>,
    contents: Option<Contents>,
}

impl Sight<'_> {
    /// Builds the cases, compares them, and writes what is wanted into `out`.
    fn loaded(
        self,
        out: Option<&Path>,
        progress: &Progress,
        stages: &mut Stages<'_>,
    ) -> anyhow::Result<Loaded> {
        let Self { flags, kind, dir, contents } = self;
        stages.enter(Some(name::LOAD_CASES));
        let findings = dir.map_or(Ok(Findings::none()), Findings::of)?;
        let seed = match &contents {
            Some(contents) => contents.manifest.seed.clone(),
            None => dir.map(findings::seed_in).unwrap_or_default(),
        };
        let mut joined = findings.joined(&seed, progress)?;
        let cases = joined.cases();
        let packed = match dir.map(|dir| dir.join(CASES)).filter(|path| path.exists()) {
            Some(path) => compare::packed(&path, &cases)?,
            None => Packed::Absent,
        };
        let case = flags.case.as_deref().map(|name| chosen::find(name, &cases)).transpose()?.cloned();
        let mut counts = Counts::default();
        if let Some(out) = out {
            let files =
                Files { flows: flows(kind, dir, &flags.artifact), findings: &findings, joined: &joined };
            counts = files.write(out, &cases, case.as_ref(), progress, stages)?;
        }
        stages.enter(None);
        let provenance = provenance(flags, kind, contents.as_ref(), &cases, case.as_ref(), counts, &packed);
        if let Some(out) = out {
            super::files::provenance(&provenance, out)?;
        }
        Ok(Loaded { contents, cases, case, packed, provenance })
    }
}

/// Where the flows are.
fn flows(kind: Kind, dir: Option<&Path>, given: &Path) -> PathBuf {
    match dir {
        Some(dir) if kind != Kind::Flows => dir.join(glyph_formats::recording::FLOWS),
        _ => given.to_owned(),
    }
}

fn provenance(
    flags: &LoadArgs,
    kind: Kind,
    contents: Option<&Contents>,
    cases: &Cases,
    case: Option<&Case>,
    counts: Counts,
    packed: &Packed,
) -> Provenance {
    let given = &flags.artifact;
    // Not where it lies on this machine.
    let name = given.file_name().map_or_else(|| given.to_string_lossy(), |name| name.to_string_lossy());
    let manifest = contents.map(|contents| &contents.manifest);
    Provenance {
        format: FORMAT_VERSION,
        source: Source { kind, name: name.into_owned() },
        digest: contents.map(|contents| contents.digest.clone()),
        expected: flags.expect_digest.is_some(),
        tools: manifest.map(|manifest| manifest.tools.clone()).unwrap_or_default(),
        loaded_by: tool(),
        seed: cases.seed.clone(),
        orders: manifest.map(|manifest| manifest.orders.clone()).unwrap_or_default(),
        case: case
            .map(|case| glyph_formats::provenance::Chosen { id: case.id.clone(), key: case.key.clone() }),
        counts,
        verified: Verified {
            files: manifest.map_or(0, |manifest| manifest.files.len() as u64),
            bytes: manifest.map_or(0, glyph_formats::artifact::Manifest::total_bytes),
            cases: packed.verified(),
        },
    }
}
