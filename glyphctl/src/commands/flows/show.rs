//! `glyphctl flows show`: everything of some flows.

use std::{ops::ControlFlow, path::PathBuf, process::ExitCode};

use anyhow::anyhow;
use clap::Args;
use glyph_analysis::text::counted;
use glyph_formats::{Flow, secrets::Secrets};

use super::{
    filter::{FILTER_HELP, FilterArgs},
    secrets::SecretsArgs,
    source::{self, Source},
    which::Which,
};
use crate::output::{
    self,
    failure::HintExt,
    fault,
    flows::{FlowsFormat, Writer, shown},
    note, pointers,
};

/// Flags of `glyphctl flows show`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
> is what went up, < what came back. Bodies are shown decoded: JSON indented, the fields of a form one a line, other text \
as it is, anything else by its size. Bodies that an older recording holds in gzip, deflate, br or zstd are decoded up to \
16 MiB each; --raw shows what is stored. What would steer a terminal is spelled out.

{FILTER_HELP}

Examples:
  glyphctl flows show RECORDING 42                         the flow with that number
  glyphctl flows show RECORDING 01M826AC30                 with an id that begins so
  glyphctl flows show RECORDING 4bf92f35                   all flows of the trace whose id begins so
  glyphctl flows show RECORDING --status 5xx | less        all that the filters leave
  glyphctl flows show RECORDING 42 --format curl | bash    (sent again)"))]
pub(super) struct ShowArgs {
    #[arg(value_name = "RECORDING", help = source::INPUT_HELP)]
    input: PathBuf,
    /// Which: by number, by id or by trace id, of both of which the beginning is enough
    #[arg(value_name = "NUMBER|ID|TRACE_ID")]
    which: Vec<String>,
    #[command(flatten)]
    filter: FilterArgs,
    /// How to print the flows
    #[arg(long, value_enum, default_value_t = FlowsFormat::Table, help_heading = "Options")]
    format: FlowsFormat,
    /// Show bodies as they are stored
    #[arg(long, help_heading = "Options")]
    raw: bool,
    #[command(flatten)]
    secrets: SecretsArgs,
}

/// Runs it.
pub(super) fn run(flags: &ShowArgs) -> anyhow::Result<ExitCode> {
    if flags.which.is_empty() && !flags.filter.is_any() {
        return Err(anyhow!("which flow?").hint(
            "name it by its number, id or trace id, or choose with filters; glyphctl flows ls RECORDING lists all",
        ));
    }
    let filter = flags.filter.filter()?;
    let source = Source::open(&flags.input)?;
    let mut which = Which::new(&flags.which);
    let mut printer = Printer::new(flags, flags.secrets.load()?);
    output::streamed(|out| {
        printer.start(out)?;
        let mut named: Vec<Flow> = Vec::new();
        source.each(
            |line| filter.may(line),
            |record| {
                if !filter.meets(&record.flow) {
                    return Ok(ControlFlow::Continue(()));
                }
                if flags.which.is_empty() {
                    printer.print(record.whole()?, out)?;
                } else if which.meets(&record.flow) {
                    named.push(record.whole()?);
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        which.all_met()?;
        named.into_iter().try_for_each(|flow| printer.print(flow, out))?;
        printer.writer.end(out)?;
        Ok(())
    })?;
    printer.account();
    Ok(ExitCode::SUCCESS)
}

struct Printer {
    writer: Writer,
    format: FlowsFormat,
    raw: bool,
    recording: String,
    shown: u64,
}

impl Printer {
    fn new(flags: &ShowArgs, secrets: Option<Secrets>) -> Self {
        Self {
            writer: Writer::new(flags.format, flags.raw, secrets),
            format: flags.format,
            raw: flags.raw,
            recording: pointers::word(&flags.input.to_string_lossy()),
            shown: 0,
        }
    }

    fn start(&self, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
        Ok(self.writer.start(out)?)
    }

    fn print(&mut self, mut flow: Flow, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
        self.shown += 1;
        if self.format != FlowsFormat::Table {
            return Ok(self.writer.flow(flow, out)?);
        }
        self.writer.put_back(&mut flow);
        if self.shown > 1 {
            writeln!(out)?;
        }
        Ok(shown::write(&flow, shown::View { recording: &self.recording, raw: self.raw }, out)?)
    }

    fn account(&self) {
        if self.shown == 0 {
            fault("no such flow there");
        }
        if self.writer.tunnels_left_out() > 0 {
            note(format_args!(
                "{} left out: HAR has no such thing",
                counted(self.writer.tunnels_left_out(), "tunnel")
            ));
        }
    }
}
