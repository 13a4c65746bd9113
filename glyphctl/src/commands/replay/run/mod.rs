//! `glyphctl replay run`: recorded requests, sent again, and the answers held against the recorded ones.
//!
//! The modules stand in the order of the data: [`mod@plan`] has the requests in their order, [`pace`] says when each is due
//! ([`punctual`] has threads in time for that), [`send`] sends it and reads the [`answer`], which is the [`same`] at first
//! sight or goes to a [`judge`]; [`account`] tells what came of it. [`recorder`] makes a recording of the replay.

mod args;
mod plan;
mod pace;
mod punctual;
mod send;
mod answer;
mod same;
mod replaced;
mod judge;
mod recorder;
mod feed;
mod course;
mod account;
mod dry;

use std::{process::ExitCode, sync::Arc};

use anyhow::anyhow;
use glyphd::{
    cli::TraceArgs,
    sanitize::{RedactionPolicy, Sanitizer},
    telemetry::{Telemetry, name},
};

pub(super) use self::args::RunArgs;
use self::{
    course::Course,
    plan::{Plan, Preparer},
    punctual::be_punctual,
};
use super::through_plugins;
use crate::{output::failure::HintExt, telemetry::traced};

/// Runs it.
pub(super) fn run(flags: &RunArgs, trace: TraceArgs) -> anyhow::Result<ExitCode> {
    if flags.plugins.is_wanted() {
        let limit = flags.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let format = flags.compare.format();
        return through_plugins::run(&flags.plugins, &flags.input, &flags.filter, limit, format);
    }
    let rules = flags.compare.rules()?;
    // One for all: equal secrets have equal tokens in what is sent and in what comes back.
    let sanitizer = Sanitizer::new(RedactionPolicy::default(), flags.options().body_bytes);
    let sanitizer = Arc::new(sanitizer);
    let (target, marks) = (flags.target()?.clone(), flags.record.is_some());
    let preparer = Preparer::new(target, &flags.secrets, &flags.headers, rules, &sanitizer, marks)?;
    traced(trace, |telemetry| {
        let plan = plan(flags, telemetry)?;
        if flags.dry_run {
            return dry::run(flags, &plan, &preparer);
        }
        if flags.may_come_first() {
            be_punctual();
        }
        let runtime = tokio::runtime::Runtime::new()?;
        let course = runtime.block_on(Course::run(flags, plan, preparer, sanitizer))?;
        account::conclude(flags, course)
    })?
}

fn plan(flags: &RunArgs, telemetry: &Telemetry) -> anyhow::Result<Plan> {
    let mut span = telemetry.span(name::LOAD_FLOWS).start();
    let plan = Plan::open(&flags.input, &flags.filter, flags.limit)?;
    span.succeed();
    if plan.len() == 0 {
        let error = anyhow!("{}: there is no flow to send", flags.input.display());
        return Err(match flags.filter.is_any() {
            true => error.hint("the filters leave none; glyphctl flows ls takes the same ones"),
            false => error.hint("glyphctl flows ls RECORDING lists what is in it"),
        });
    }
    Ok(plan)
}
