//! `glyphctl trace graph`: which service calls which.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Args;
use glyph_analysis::{text::counted, trace::Filter};

use super::{
    filter::WHERE_HELP,
    input,
    summarize::{accept, told},
};
use crate::output::{
    graph::{self, GraphFormat},
    note, terminal_width, warn,
};

/// Flags of `glyphctl trace graph`.
#[derive(Debug, Args)]
#[command(after_help = "\
A call is a span whose parent is of another service, or a server span below a client span of its own. It is measured by \
the callee's span; what the caller's client span lasts longer is the column `between`: the network, queues and \
connections. Times of one service are never held against those of another, so that clocks may differ.

A client or producer span without a span of the callee's is a call to what it names: service.peer.name, peer.service, \
db.system.name, db.system, messaging.system, server.address, net.peer.name, in this order; of a producer messaging.system \
first. One that names nobody is counted and left out. A server span without a parent was called by `user`: by somebody outside. Orphans, \
whose parent is in none of the files, are counted and have no edge.

A call counts as failed if the status of either span is error.

Examples:
  glyphctl trace graph RECORDING
  glyphctl trace graph RECORDING --format dot | dot -Tsvg > services.svg
  glyphctl trace graph 'runs/*/traces.jsonl' --format mermaid    (GitHub draws it in a ```mermaid block)
  glyphctl trace graph RECORDING --where 'status = error' --top 10
  glyphctl trace graph otlp.json --format json | jq '.edges[] | select(.errors > 0)'")]
pub(super) struct GraphArgs {
    #[arg(value_name = "FILE|RECORDING", required = true, help = input::INPUT_HELP)]
    inputs: Vec<PathBuf>,
    /// Count only calls whose span meets this condition: the callee's, or the caller's if the callee has none
    #[arg(long = "where", value_name = "CONDITION", long_help = WHERE_HELP)]
    filter: Option<String>,
    /// Do nothing and exit with 2 if anything about the files is odd, and say where
    #[arg(long)]
    strict: bool,
    /// How much of the memory the spans may take, in MiB, before they go to temporary files; each call's duration stays in
    /// memory
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    memory: u64,
    /// How to print the graph
    #[arg(long, value_enum, default_value_t = GraphFormat::Table)]
    format: GraphFormat,
    /// Print no more than the N edges with the most calls
    #[arg(long, value_name = "N")]
    top: Option<usize>,
}

/// Runs it.
pub(super) fn run(flags: &GraphArgs) -> anyhow::Result<ExitCode> {
    let filter: Option<Filter> = flags.filter.as_deref().map(str::parse).transpose().context("--where")?;
    let opened = input::open(&flags.inputs)?;
    let sources = input::sources(&opened)?;
    let mut found = input::graph(&sources, filter, flags.memory)?;
    accept(&found.oddities, flags.strict)?;
    if flags.format != GraphFormat::Json {
        told(&found.oddities);
    }
    found.keep_first(flags.top.unwrap_or(usize::MAX));
    crate::output::to_stdout(|out| graph::write(&found, flags.format, terminal_width(), out))?;
    if flags.format == GraphFormat::Mermaid && graph::is_too_large_for_mermaid(&found) {
        warn(
            "Mermaid draws no more than 500 edges or 50,000 characters unless it is configured to: --top 100 prints less",
        );
    }
    if let (Some(hidden), false) = (found.edges_left_out, flags.format.says_what_is_left_out()) {
        note(format!("{} not shown (--top)", counted(hidden, "more edge")));
    }
    Ok(ExitCode::SUCCESS)
}
