//! Whether a recording is whole: nothing cut off, nothing missing, nothing dropped on the way.

use super::{
    judgement::{Check, Figure, Section, State, Unit},
    recorded::{FileState, Recorded},
};
use crate::{
    metrics::{MatchOp, Matcher, Store, labels::NAME, stale::is_marker},
    text::counted,
};

/// Something that `glyphd` counts and that should not happen.
struct Loss {
    metric: &'static str,
    label: Option<(&'static str, &'static str)>,
    noun: &'static str,
}

const LOSSES: [Loss; 3] = [
    Loss { metric: "glyph_flow_log_dropped_total", label: None, noun: "lost flow" },
    Loss { metric: "glyph_trace_spans_total", label: Some(("outcome", "dropped")), noun: "dropped span" },
    Loss { metric: "glyph_audit_failures_total", label: None, noun: "audit failure" },
];

/// Looks at all there is but digests.
pub fn judge(recorded: &Recorded) -> Vec<Check> {
    let mut checks = vec![end(recorded)];
    checks.extend(recorded.files.iter().map(whole));
    if !recorded.info.segments.is_empty() {
        checks.push(segments(recorded));
    }
    checks.extend(LOSSES.iter().filter_map(|loss| lost(&recorded.metrics, loss)));
    checks
}

/// An artifact is what its digests say, or the message says why not.
pub fn digests(result: Result<u64, String>) -> Check {
    let (state, message) = match result {
        Ok(files) => (State::Pass, format!("{} as packed", counted(files, "file"))),
        Err(why) => (State::Fail, why),
    };
    Check::plain(Section::Integrity, "digests", state, message)
}

fn end(recorded: &Recorded) -> Check {
    let (state, message) = match recorded.info.end_time_unix_nano {
        Some(end) => (State::Pass, format!("the recording ended at {end}")),
        None => {
            (State::Fail, "recording.json has no end: the run was cut short, or is not over yet".to_owned())
        }
    };
    Check::plain(Section::Integrity, "end", state, message)
}

fn none_of(name: &str, noun: &str, count: u64) -> Check {
    let figures = (Figure::Integer(count), Figure::Integer(0), Unit::Count);
    Check::bounded(Section::Integrity, name, noun, figures)
}

fn whole(file: &FileState) -> Check {
    let mut check = none_of(file.name, "fault", file.faults);
    if let Some(first) = &file.first {
        check.message.push_str(&format!("; {first}"));
    }
    check
}

fn segments(recorded: &Recorded) -> Check {
    let missing = &recorded.missing;
    let mut check = none_of("segments", "missing segment", missing.len() as u64);
    if let Some(first) = missing.first() {
        check.message.push_str(&format!("; recording.json lists {first}, which is not there"));
    }
    check
}

/// The last sample of what was lost, over all series; nothing to say if it was never counted.
fn lost(store: &Store, Loss { metric, label, noun }: &Loss) -> Option<Check> {
    let mut matchers = vec![Matcher::new(NAME, MatchOp::Equal, metric).ok()?];
    let mut name = (*metric).to_owned();
    if let Some((label, value)) = label {
        matchers.push(Matcher::new(label, MatchOp::Equal, value).ok()?);
        name.push_str(&format!("{{{label}={value:?}}}"));
    }
    // Of what never happened, glyphd may export no series; where it exports some, what is missing is zero.
    if !store.has_metric(metric) {
        return None;
    }
    let last = |id: &u32| {
        let values = &store.series()[*id as usize].values;
        values.iter().rev().find(|value| !is_marker(**value)).copied().unwrap_or(0.0)
    };
    let sum: f64 = store.select(&matchers).iter().map(last).sum();
    Some(none_of(&name, noun, sum.ceil() as u64))
}
