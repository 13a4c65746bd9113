//! `glyphctl replay load`: an artifact checked, and shown or unpacked.

mod chosen;
mod compare;
mod files;
mod given;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use glyph_analysis::text::counted;
use glyph_formats::{
    artifact::{Artifact, ArtifactError, Contents, Limits},
    provenance::{CasesVerified, Kind},
};
use glyphd::{
    cli::TraceArgs,
    telemetry::{Telemetry, name},
};
use indicatif::HumanBytes;

use self::{compare::Packed, given::Loaded};
use super::{CHANGED, judged, spans::spanned};
use crate::{
    output::{self, Format, note, progress, quoted},
    telemetry::traced,
};

/// Flags of `glyphctl replay load`.
#[derive(Debug, Args)]
#[command(after_help = "\
Everything is read and compared with the digests in the artifact's manifest before anything is written; the cases are \
built anew from the findings and compared with the packed ones. Without --out, what is in it is shown. With --out, the \
recording is unpacked there as it was, and beside it stand flows.replay.jsonl and findings.replay.jsonl (all in one \
file each), cases.replay.json (the cases as they were built) and provenance.replay.json (where it came from, and what \
was checked). Interrupted, it is gone on with by the same command. A recording or a file of flows has no digests: there \
is nothing to compare with then, which is told.

Exit codes: 0 all is as it was packed, 1 a digest differs: the artifact was changed, or is another than the one \
expected; or the packed cases are not those of the findings, 2 it could not be loaded.

Examples:
  glyphctl replay load run1.glyph.tar.zst                        what is in it
  glyphctl replay load run1.glyph.tar.zst --verify-only
  glyphctl replay load run1.glyph.tar.zst --case 3f09            one case: evidence, steps, graph
  glyphctl replay load run1.glyph.tar.zst --out run1-again       the recording, as it was
  glyphctl replay load run1.glyph.tar.zst --format json | jq -r .digest")]
pub(super) struct LoadArgs {
    /// An artifact (also gzipped), or - for one on standard input; also the directory of a recording, or a file of flows
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
    /// Unpack it there; must not exist yet
    #[arg(long, value_name = "DIR", conflicts_with = "verify_only")]
    out: Option<PathBuf>,
    /// Only this case, by its id, of which the beginning is enough, or by its key: its findings, and the flows that they are
    /// about
    #[arg(long, value_name = "ID", conflicts_with = "verify_only")]
    case: Option<String>,
    /// Check it, print its digest, and no more
    #[arg(long, conflicts_with = "format")]
    verify_only: bool,
    /// The digest that glyphctl replay write printed; with another the artifact is not loaded
    #[arg(long, value_name = "HEX", value_parser = digest)]
    expect_digest: Option<String>,
    /// How to print what is in it [default: table, unless it is unpacked]
    #[arg(long, value_enum)]
    format: Option<Format>,
}

fn digest(text: &str) -> Result<String, &'static str> {
    match text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("a digest has 64 hexadecimal digits"),
    }
}

/// Runs it.
pub(super) fn run(flags: &LoadArgs, trace: TraceArgs) -> anyhow::Result<ExitCode> {
    let loaded = match traced(trace, |telemetry| given::load(flags, telemetry))? {
        Ok(loaded) => loaded,
        Err(error) => return judged(error),
    };
    let format = match flags.format {
        None if flags.verify_only || flags.out.is_some() => None,
        format => Some(format.unwrap_or(Format::Table)),
    };
    print(&loaded, format)?;
    if format.is_none() {
        tell(flags, &loaded);
    }
    let Packed::Differ(difference) = &loaded.packed else { return Ok(ExitCode::SUCCESS) };
    note(format_args!(
        "{}: {}: {}, not what the findings give",
        flags.artifact.display(),
        glyph_formats::recording::CASES,
        difference.place
    ));
    quoted(&format!("- {}\n+ {}", difference.packed, difference.built));
    output::hint_at("another version of glyphctl may join findings otherwise; the tools are in the manifest");
    Ok(ExitCode::from(CHANGED))
}

fn print(loaded: &Loaded, format: Option<Format>) -> anyhow::Result<()> {
    output::to_stdout(|to| match (format, &loaded.case, &loaded.contents) {
        (Some(format), Some(case), _) => output::cases::write_one(case, format, to),
        (Some(format), None, Some(contents)) => {
            output::artifact::write(contents, format, to)?;
            match format {
                Format::Table | Format::Markdown if !loaded.cases.cases.is_empty() => {
                    writeln!(to)?;
                    output::cases::write(&loaded.cases, format, to)
                }
                _ => Ok(()),
            }
        }
        (Some(format), None, None) => output::cases::write(&loaded.cases, format, to),
        (None, _, Some(contents)) => writeln!(to, "{}", contents.digest),
        (None, _, None) => Ok(()),
    })
}

/// What is said beside the data.
fn tell(flags: &LoadArgs, loaded: &Loaded) {
    let place = flags.out.as_deref().unwrap_or(&flags.artifact).display();
    let provenance = &loaded.provenance;
    if flags.out.is_some() {
        let counts = provenance.counts;
        let [flows, findings, cases] =
            [(counts.flows, "flow"), (counts.findings, "finding"), (counts.cases, "case")]
                .map(|(number, of)| counted(number, of));
        let of_case = provenance.case.as_ref().map(|case| format!(" of the case {}", case.id));
        note(format_args!("{place}: {flows}, {findings}, {cases}{}", of_case.unwrap_or_default()));
    }
    match &loaded.contents {
        Some(contents) => {
            let files = counted(contents.manifest.files.len() as u64, "file");
            let bytes = HumanBytes(contents.manifest.total_bytes());
            let cases = match provenance.verified.cases {
                CasesVerified::Same => "; the cases are those of the findings",
                CasesVerified::Absent => "; it has no cases to compare with",
                CasesVerified::Differ => "",
            };
            note(format_args!("{place}: {files}, {bytes}, all as they were packed{cases}"));
        }
        None => {
            let what = match provenance.source.kind {
                Kind::Flows => "a file of flows",
                _ => "a recording",
            };
            note(format_args!(
                "{}: {what} has no digests: nothing says whether it is unchanged",
                flags.artifact.display()
            ));
        }
    }
}

/// Checks an artifact, with a progress bar, and unpacks it if there is a directory to put it into: for those commands to which
/// it is a recording.
pub(crate) fn load(
    artifact: &Path,
    into: Option<&Path>,
    digest: Option<&str>,
    telemetry: &Telemetry,
) -> Result<Contents, ArtifactError> {
    spanned(telemetry, name::EXTRACT_ARTIFACT, |stages| {
        let artifact = open(artifact, into, digest)?;
        let _bar = progress::Bar::start("reading", &artifact.progress());
        match into {
            Some(dir) => artifact.extract(dir, &mut |step| stages.step(step)),
            None => artifact.verify(&mut |step| stages.step(step)),
        }
    })
}

/// Opens an artifact, which must have that digest, to put it into that directory.
fn open(artifact: &Path, into: Option<&Path>, digest: Option<&str>) -> Result<Artifact, ArtifactError> {
    if let Some(dir) = into
        && dir.symlink_metadata().is_ok()
    {
        return Err(ArtifactError::Exists(dir.to_owned()));
    }
    let artifact = Artifact::open(artifact, Limits::default())?;
    digest.map_or(Ok(()), |digest| artifact.expect(digest))?;
    Ok(artifact)
}
