//! A comparison of exchanges as checks: those that differ, those that are missing, those that were not recorded.

use glyph_formats::TraceId;

use super::{
    config::FailOn,
    judgement::{Check, Figure, Pointer, Section, State, Unit, Word},
};
use crate::{
    pivot::{MOST, Suspects},
    replay::{Stray, Summary, Verdict},
    text::counted,
};

/// So many places that differ are told.
const PLACES: usize = 3;

/// Makes checks of a comparison. `trace_of` knows the traces of the new run's flows by their ids.
pub fn judge(
    summary: &Summary,
    fail_on: &[FailOn],
    trace_of: &dyn Fn(&str) -> Option<TraceId>,
    suspects: &Suspects<'_>,
) -> Vec<Check> {
    if summary.verdict == Verdict::Nothing {
        let message = "no exchange of one run is like one of the other: nothing could be compared";
        return vec![Check::plain(Section::Replay, "exchanges", State::Undecided, message)];
    }
    let check = |what: &FailOn| match what {
        FailOn::Difference => different(summary, trace_of, suspects),
        FailOn::Missing => {
            let mut check = stray("missing", "missing exchange", summary.missing, &summary.missing_exchanges);
            // They are where they still were.
            let show =
                |stray: &Stray| Pointer::within(&["flows", "show"], Word::Baseline, stray.flow.as_str());
            check.pointers = summary.missing_exchanges.iter().take(1).map(show).collect();
            check
        }
        FailOn::Extra => {
            let mut check = stray("extra", "unknown exchange", summary.extra, &summary.extra_exchanges);
            let flows = summary.extra_exchanges.iter().map(|stray| stray.flow.as_str());
            point(&mut check, flows, trace_of, suspects);
            check
        }
    };
    fail_on.iter().map(check).collect()
}

/// The flows of the new run that a judgement may ask the traces of.
pub fn flows_to_look_at(summary: &Summary) -> impl Iterator<Item = &str> {
    let different = summary.exchanges.iter().map(|differing| differing.exchange.new_flow.as_str());
    let extra = summary.extra_exchanges.iter().map(|stray| stray.flow.as_str());
    different.take(MOST).chain(extra.take(MOST))
}

fn different(
    summary: &Summary,
    trace_of: &dyn Fn(&str) -> Option<TraceId>,
    suspects: &Suspects<'_>,
) -> Check {
    let mut check = none_of("differences", "different exchange", summary.different);
    let of = counted(summary.compared, "exchange");
    check.message.push_str(&format!("; {of} compared"));
    for group in summary.groups.iter().take(PLACES) {
        check.message.push_str(&format!("; {} {}", group.place, group.kind.as_str()));
        if let Some(example) = group.examples.first() {
            let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
            let (recorded, new) = (side(&example.difference.recorded), side(&example.difference.new));
            let exchange = &example.exchange;
            check.message.push_str(&format!(" ({recorded} → {new}, {} {})", exchange.method, exchange.url));
        }
    }
    let flows = summary.exchanges.iter().map(|differing| differing.exchange.new_flow.as_str());
    point(&mut check, flows, trace_of, suspects);
    check
}

fn stray(name: &str, noun: &str, count: u64, strays: &[Stray]) -> Check {
    let mut check = none_of(name, noun, count);
    for stray in strays.iter().take(PLACES) {
        check.message.push_str(&format!("; {} {}", stray.method, stray.url));
    }
    check
}

fn none_of(name: &str, noun: &str, count: u64) -> Check {
    let figures = (Figure::Integer(count), Figure::Integer(0), Unit::Count);
    Check::bounded(Section::Replay, name, noun, figures)
}

/// The traces of flows, and the command that shows what differs.
fn point<'f>(
    check: &mut Check,
    flows: impl Iterator<Item = &'f str>,
    trace_of: &dyn Fn(&str) -> Option<TraceId>,
    suspects: &Suspects<'_>,
) {
    if check.state == State::Fail {
        check.name_traces(suspects, flows.take(MOST).filter_map(trace_of).collect());
        check.pointers.push(Pointer::of_both(&["replay", "diff"]));
    }
}
