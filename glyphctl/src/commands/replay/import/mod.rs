//! `glyphctl replay import`: a HAR document into flows.
//!
//! [`mod@convert`] takes the flows out of the document and their secrets out of them, for this command and for every other that
//! is given a HAR in place of flows; [`sink`] puts them where they are wanted.

pub(in crate::commands) mod convert;
mod sink;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Args, ValueEnum};
use glyph_analysis::text::counted;
use glyph_formats::jsonl::input::{self, is_stdin};
use glyphd::{
    cli::TraceArgs,
    policy::Policy,
    sanitize::{BinaryBodies, RedactionPolicy},
    telemetry::{Telemetry, name},
};

use self::{
    convert::{Converted, LONGEST_BODY, Redaction, convert},
    sink::Sink,
};
use crate::{
    output::{failure::HintExt, note, progress::Bar},
    telemetry::traced,
};

/// Flags of `glyphctl replay import`.
#[derive(Debug, Args)]
#[command(after_help = "\
A HAR document is what browsers save from their network panel, and what proxies and HTTP clients export. It is read entry \
by entry, in bounded memory, whoever wrote it. What is no HTTP (data: and blob: URLs, extensions) is left out and counted; \
of a document that is cut off, what is whole is taken. Ids are made of the entries: the same document gives the same flows. \
Entries that glyphctl wrote become the flows that they were.

Secrets are replaced, by the rules of glyphd (docs/redaction.md); --secrets keeps what each token stands for. Bodies that \
are no text are kept by their digest, as glyphd keeps them: with --binary-bodies full images and fonts can be served, too.

Every command that takes flows takes a HAR document, too: this one is for those who want to keep the flows.

Examples:
  glyphctl replay import shop.har -o shop.jsonl.zst
  glyphctl replay import shop.har -o shop --binary-bodies full       (a recording, in a directory)
  glyphctl replay import shop.har -o shop.jsonl --secrets shop.secrets
  glyphctl replay run shop.jsonl --secrets shop.secrets --target http://localhost:8000")]
pub(super) struct ImportArgs {
    /// The HAR document (also .gz and .zst), or - for standard input
    #[arg(value_name = "HAR")]
    har: PathBuf,
    /// Where to put the flows: a file (.jsonl, .jsonl.zst), or a directory that becomes a recording; must not exist yet
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write what was replaced into this file, as glyphd --secrets does; must not exist yet
    #[arg(long, value_name = "FILE", conflicts_with = "unredacted")]
    secrets: Option<PathBuf>,
    /// What is kept of bodies that are no text [default: digest, or what the policy says]
    #[arg(long, value_enum, value_name = "WHAT")]
    binary_bodies: Option<Binary>,
    // What stands in brackets is no link.
    #[arg(long, value_name = "FILE", help = "The policy, of which [redaction] counts (TOML), as for glyphd")]
    config: Option<PathBuf>,
    /// Leave secrets as they stand
    #[arg(long, conflicts_with_all = ["config", "binary_bodies"])]
    unredacted: bool,
}

/// What is kept of bodies that are no text.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Binary {
    /// Their length, and a digest with a key
    Digest,
    /// Their bytes
    Full,
}

/// Runs it.
pub(super) fn run(flags: &ImportArgs, trace: TraceArgs) -> anyhow::Result<ExitCode> {
    for (flag, path) in [("-o", Some(&flags.output)), ("--secrets", flags.secrets.as_ref())] {
        if let Some(path) = path
            && path.symlink_metadata().is_ok()
        {
            return Err(anyhow::anyhow!("{flag} {}: exists already", path.display())
                .hint("nothing is written over; choose a new name"));
        }
    }
    let redaction = flags.redaction()?;
    let imported = traced(trace, |telemetry| import(flags, &redaction, telemetry))?;
    if imported.is_err()
        && let Some(secrets) = &flags.secrets
    {
        // What still waits would be written after it.
        drop(redaction.close());
        drop(fs::remove_file(secrets));
    }
    let converted = imported?;
    converted.tell(&flags.har);
    note(format_args!("{}: {}", flags.output.display(), counted(converted.account.flows, "flow")));
    if converted.digests > 0 {
        note(format_args!(
            "{} no text, and kept by digest; --binary-bodies full keeps them",
            if converted.digests == 1 {
                "1 body is".to_owned()
            } else {
                format!("{} bodies are", converted.digests)
            }
        ));
    }
    Ok(ExitCode::SUCCESS)
}

impl ImportArgs {
    fn redaction(&self) -> anyhow::Result<Redaction> {
        if self.unredacted {
            return Ok(Redaction::Off);
        }
        let mut policy = match &self.config {
            Some(file) => Policy::load(file).context("--config")?.redaction,
            None => RedactionPolicy::default(),
        };
        match self.binary_bodies {
            Some(Binary::Digest) => policy.binary_bodies = BinaryBodies::Digest,
            Some(Binary::Full) => policy.binary_bodies = BinaryBodies::Full,
            None => {}
        }
        Redaction::on(policy, LONGEST_BODY, self.secrets.as_deref())
    }
}

fn import(flags: &ImportArgs, redaction: &Redaction, telemetry: &Telemetry) -> anyhow::Result<Converted> {
    let mut load = telemetry.span(name::LOAD_FLOWS).start();
    let mut write = telemetry.span(name::WRITE_FLOWS).parent(load.context()).start();
    let imported = import_to(&flags.har, &flags.output, redaction);
    match &imported {
        Ok(_) => [&mut load, &mut write].into_iter().for_each(|span| span.succeed()),
        Err(error) => {
            [&mut load, &mut write].into_iter().for_each(|span| span.fail("har", error.to_string()))
        }
    }
    imported
}

fn import_to(har: &Path, output: &Path, redaction: &Redaction) -> anyhow::Result<Converted> {
    let input = input::open(har)?;
    let _bar = Bar::start("importing", &input.progress);
    let mut sink = Sink::create(output).with_context(|| format!("-o {}", output.display()))?;
    let converted = convert(input, redaction, |flow| sink.write(flow))?;
    let name = if is_stdin(har) { "standard input".into() } else { har.to_string_lossy() };
    redaction.close().context("--secrets")?;
    sink.commit(&name, &converted).with_context(|| format!("-o {}", output.display()))?;
    Ok(converted)
}
