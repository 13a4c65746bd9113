//! What is told of a replay: how it was sent beside the data, what differs as the data.

use std::{process::ExitCode, time::Duration};

use anyhow::anyhow;
use glyph_analysis::{
    replay::{Failures, Lateness, NotSent, SecretsSent, Sending},
    text::{counted, duration, grouped},
};

use super::{RunArgs, course::Course, plan::Tally};
use crate::output::{failure::HintExt, hint_at, note, warn};

/// Later than that, at the 99th percentile, and the pace was not kept.
const LATE_NS: u64 = 1_000_000;

/// Tells it, and says how to end.
pub(super) fn conclude(flags: &RunArgs, course: Course) -> anyhow::Result<ExitCode> {
    let Course { mut report, seen, tally, took, interrupted, gone, recorded } = course;
    let lateness = seen.lateness.by.told().map(|by| Lateness {
        by,
        late_for_order: seen.lateness.order,
        late_for_connection: seen.lateness.connection,
        late_for_machine: seen.lateness.machine,
    });
    let failures =
        seen.failures.into_iter().map(|(kind, (count, first))| Failures { kind, count, first }).collect();
    let sending = Sending {
        requests: seen.requests,
        answered: seen.answered,
        http2: seen.http2,
        duration_ns: u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
        failures,
        not_sent: not_sent(&tally),
        secrets: secrets(&tally),
        lateness,
        cut_short: interrupted || gone.is_some(),
    };
    tell(flags, &tally, &sending, took)?;
    if let Some((recorder, dir)) = recorded.as_ref().zip(flags.record.as_deref()) {
        let figures = [counted(recorder.flows, "flow"), counted(recorder.spans, "span")].join(", ");
        let dropped = recorder.flows_dropped + recorder.spans_dropped;
        note(format_args!("{}: {figures}; {dropped} dropped", dir.display()));
    }
    let is_answered = sending.answered > 0;
    report.set_sending(sending);
    let code = flags.compare.conclude(&report);
    if let Some(failure) = gone {
        let hint = failure.hint();
        let error = anyhow::Error::new(failure).context("the target takes no connections any more");
        return Err(error.maybe_hint(hint));
    }
    if interrupted {
        return Err(anyhow!("interrupted: what is told is of the requests until then"));
    }
    match code? {
        _ if !is_answered => Err(anyhow!("no request was answered")),
        code => Ok(code),
    }
}

pub(super) fn not_sent(tally: &Tally) -> Vec<NotSent> {
    let left_out = tally.left_out.iter();
    left_out
        .map(|(reason, (count, sequences))| NotSent {
            reason: reason.as_str(),
            count: *count,
            sequences: sequences.clone(),
        })
        .collect()
}

pub(super) fn secrets(tally: &Tally) -> SecretsSent {
    SecretsSent { put_back: tally.secrets_sent, held_back: tally.held_back, unknown: tally.unknown }
}

fn tell(flags: &RunArgs, tally: &Tally, sending: &Sending, took: Duration) -> anyhow::Result<()> {
    let target = flags.target()?;
    let rate = sending.answered as f64 / took.as_secs_f64().max(1e-9);
    let (requests, answered) = (counted(sending.requests, "request"), grouped(sending.answered));
    let took = duration(sending.duration_ns);
    note(format_args!("{requests} to {target} in {took}, {rate:.0}/s; {answered} answered"));
    for Failures { kind, count, first } in &sending.failures {
        warn(format_args!("{} came to no answer: {kind}: {first}", counted(*count, "request")));
    }
    tell_tally(tally);
    if let Some(lateness) = &sending.lateness {
        tell_lateness(lateness);
    }
    Ok(())
}

/// What is not sent, and what is not sent as it was.
pub(super) fn tell_tally(tally: &Tally) {
    for (reason, (count, first)) in &tally.left_out {
        let first: Vec<_> = first.iter().map(u64::to_string).collect();
        let more = if *count > first.len() as u64 { ", …" } else { "" };
        let numbers = first.join(", ");
        note(format_args!("{} not sent: {} (flow {numbers}{more})", grouped(*count), reason.told()));
    }
    if tally.hosts.len() > 1 {
        let hosts: Vec<_> = tally.hosts.keys().take(3).map(String::as_str).collect();
        let more = if tally.hosts.len() > 3 || tally.further > 0 { ", …" } else { "" };
        let hosts = hosts.join(", ");
        warn(format_args!("recorded at several hosts, all sent to one: {hosts}{more}; --host chooses"));
    }
    if tally.held_back > 0 {
        warn(format_args!(
            "{}: their secrets were seen at another host and are held back",
            counted(tally.held_back, "request")
        ));
        hint_at("--send-secrets-to HOST sends them to the target all the same");
    }
    if tally.unknown > 0 {
        warn(format_args!(
            "{} with tokens in place of secrets that are not known",
            counted(tally.unknown, "request")
        ));
        hint_at("--secrets takes the file of glyphd --secrets, --secret-env TOKEN=VARIABLE a single one");
    }
    if tally.trailers > 0 {
        note(format_args!("{} sent without their trailers", counted(tally.trailers, "request")));
    }
}

fn tell_lateness(lateness: &Lateness) {
    let Lateness { by, late_for_order, late_for_connection, late_for_machine } = lateness;
    let [p50, p99, max] = [by.p50_ns, by.p99_ns, by.max_ns].map(duration);
    note(format_args!("sent late by p50 {p50}, p99 {p99}, at most {max}"));
    if by.p99_ns < LATE_NS {
        return;
    }
    let reasons = [
        (late_for_order, "waited for the answer before them"),
        (late_for_connection, "waited for a connection (--concurrency)"),
        (late_for_machine, "could not be sent by this machine in time"),
    ];
    let reasons: Vec<_> = reasons
        .iter()
        .filter(|(count, _)| **count > 0)
        .map(|(count, what)| format!("{} {what}", grouped(**count)))
        .collect();
    warn(format_args!("the pace was not kept: of those over a millisecond late, {}", reasons.join(", ")));
}
