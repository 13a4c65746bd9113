//! `glyphctl replay export`: flows for other tools.

use std::{io::Write, ops::ControlFlow, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Args, ValueEnum};
use glyph_analysis::text::counted;
use glyph_formats::atomic::AtomicFile;
use glyphd::{cli::TraceArgs, telemetry::name};

use crate::{
    commands::flows::{
        filter::{FILTER_HELP, FilterArgs},
        secrets::SecretsArgs,
        source::{self, Source},
    },
    output::{
        self,
        failure::HintExt,
        flows::{FlowsFormat, Writer},
        note,
    },
    telemetry::traced,
};

/// Flags of `glyphctl replay export`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
{FILTER_HELP}

har is one HAR 1.2 document, as browsers and other tools read it. What only Glyph knows stands under _glyph, so that \
glyphctl replay import makes the same flows of it; tunnels are left out. curl is a script for bash, zsh or ksh that sends \
the requests again, one after the other; what was replaced or cut is told in comments. The file is there when it is whole.

Examples:
  glyphctl replay export RECORDING -o run1.har
  glyphctl replay export RECORDING --format curl --method POST --status 5xx
  glyphctl replay export RECORDING --host '*.example.com' --secrets run1.secrets -o example.har"))]
pub(super) struct ExportArgs {
    #[arg(value_name = "RECORDING", help = source::INPUT_HELP)]
    input: PathBuf,
    #[command(flatten)]
    filter: FilterArgs,
    /// What for [default: curl if the file's name ends with .sh, else har]
    #[arg(long, value_enum, help_heading = "Options")]
    format: Option<ExportFormat>,
    /// Where to put it; what stands there is replaced when the new one is whole [default: standard output]
    #[arg(short, long, value_name = "FILE", help_heading = "Options")]
    output: Option<PathBuf>,
    #[command(flatten)]
    secrets: SecretsArgs,
}

/// What flows are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// For browsers and other tools: one HAR 1.2 document
    Har,
    /// For a shell: a command for each request
    Curl,
}

/// Runs it.
pub(super) fn run(flags: &ExportArgs, trace: TraceArgs) -> anyhow::Result<ExitCode> {
    let tunnels = traced(trace, |telemetry| {
        let mut span = telemetry.span(name::LOAD_FLOWS).start();
        let exported = match &flags.output {
            None => output::streamed(|out| export(flags, out)),
            Some(path) => to_file(flags, path)
                .with_context(|| format!("-o {}", path.display()))
                .map_err(|error| error.folder_hint()),
        };
        match &exported {
            Ok(_) => span.succeed(),
            Err(error) => span.fail("export", error.to_string()),
        }
        exported
    })??;
    if tunnels > 0 {
        note(format_args!("{} left out: HAR has no such thing", counted(tunnels, "tunnel")));
    }
    Ok(ExitCode::SUCCESS)
}

fn to_file(flags: &ExportArgs, path: &std::path::Path) -> anyhow::Result<u64> {
    let mut file = AtomicFile::create_private(path)?;
    let tunnels = export(flags, &mut file)?;
    file.commit()?;
    Ok(tunnels)
}

/// Tells how many tunnels there was no way to write.
fn export(flags: &ExportArgs, out: &mut dyn Write) -> anyhow::Result<u64> {
    let is_script = flags.output.as_ref().is_some_and(|path| path.extension().is_some_and(|end| end == "sh"));
    let format = match flags.format {
        Some(ExportFormat::Curl) => FlowsFormat::Curl,
        None if is_script => FlowsFormat::Curl,
        Some(ExportFormat::Har) | None => FlowsFormat::Har,
    };
    let filter = flags.filter.filter()?;
    let source = Source::open(&flags.input)?;
    let mut writer = Writer::new(format, false, flags.secrets.load()?);
    writer.start(out)?;
    source.each(
        |line| filter.may(line),
        |record| {
            if filter.meets(&record.flow) {
                writer.flow(record.whole()?, out)?;
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    writer.end(out)?;
    Ok(writer.tunnels_left_out())
}
