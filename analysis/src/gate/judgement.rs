//! Checks and the verdict over them, as `glyphctl check --format json` prints them.

use glyph_formats::TraceId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    pivot::{self, Suspects},
    text::{counted, duration, grouped, short},
};

/// What came of a check, and of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// Nothing can be said.
    Undecided,
}

impl State {
    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Undecided => "undecided",
        }
    }
}

/// What a check belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// Whether the recording is whole.
    Integrity,
    /// Alert rules.
    Alerts,
    /// Limits for the spans of one name.
    Budget,
    /// What plugins found.
    Findings,
    /// Traces, compared with the baseline's.
    Traces,
    /// Exchanges, compared with the baseline's.
    Replay,
}

impl Section {
    /// Every section, in the order of their checks.
    pub const ALL: [Self; 6] =
        [Self::Integrity, Self::Alerts, Self::Budget, Self::Findings, Self::Traces, Self::Replay];

    /// The section's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Alerts => "alerts",
            Self::Budget => "budget",
            Self::Findings => "findings",
            Self::Traces => "traces",
            Self::Replay => "replay",
        }
    }
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// A share of 1.
    Ratio,
    /// Things.
    Count,
    /// Whatever the alert's expression gives.
    Value,
}

/// A number, whole where it counts something.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Figure {
    /// Nanoseconds and counts.
    Integer(u64),
    /// Ratios and values.
    Real(f64),
}

impl Figure {
    /// The number.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Integer(n) => n as f64,
            Self::Real(x) => x,
        }
    }

    /// For people: three or four digits, with their unit.
    pub fn told(self, unit: Unit) -> String {
        match (self, unit) {
            (Self::Integer(ns), Unit::Ns) => duration(ns),
            (Self::Integer(n), _) => grouped(n),
            (Self::Real(share), Unit::Ratio) => format!("{}%", short(share * 100.0)),
            (Self::Real(x), _) => short(x),
        }
    }

    fn exactly(self, unit: Unit) -> String {
        match (self, unit) {
            (Self::Integer(ns), Unit::Ns) => format!("{}ns", grouped(ns)),
            (Self::Integer(n), _) => grouped(n),
            (Self::Real(share), Unit::Ratio) => format!("{}%", share * 100.0),
            (Self::Real(x), _) => x.to_string(),
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Check {
    /// What it belongs to.
    pub section: Section,
    /// Which of the section's checks it is.
    pub name: String,
    /// What came of it.
    pub state: State,
    /// The number that was found; null if there is none.
    pub value: Option<Figure>,
    /// The number that it is held against; null if there is none.
    pub limit: Option<Figure>,
    /// What both count.
    pub unit: Unit,
    /// What there is to say, in a sentence.
    pub message: String,
    /// The traces to look at, the most telling first; not more than three.
    pub trace_ids: Vec<TraceId>,
    /// Whether the verdict stands whatever comes of it: its section says `fail = false`, or `allow-undecided`.
    pub tolerated: bool,
    /// Commands that show more, as they can be typed.
    pub commands: Vec<String>,
    /// Whether these traces are in the recording.
    #[serde(skip)]
    pub shown: bool,
    /// Commands that show more, by their words.
    #[serde(skip)]
    pub pointers: Vec<Pointer>,
}

/// A command of glyphctl that shows more than a trace does.
#[derive(Debug, Clone, PartialEq)]
pub struct Pointer(pub Vec<Word>);

/// One word of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    /// The recording, as the user calls it.
    Recording,
    /// What it was compared with.
    Baseline,
    /// A word.
    Text(String),
}

impl Pointer {
    /// A command with both recordings behind it: `words BASELINE RECORDING`.
    pub(super) fn of_both(words: &[&str]) -> Self {
        let words = words.iter().map(|word| Word::Text((*word).to_owned()));
        Self(words.chain([Word::Baseline, Word::Recording]).collect())
    }

    /// A command about something in a recording: `words WHERE what`.
    pub(super) fn within(words: &[&str], place: Word, what: impl Into<String>) -> Self {
        let words = words.iter().map(|word| Word::Text((*word).to_owned()));
        Self(words.chain([place, Word::Text(what.into())]).collect())
    }
}

impl Check {
    /// Puts traces on it: those that are in the recording, if any of them is.
    pub(super) fn name_traces(&mut self, suspects: &Suspects<'_>, ids: Vec<TraceId>) {
        let (here, elsewhere) = suspects.recorded(ids);
        self.shown = !here.is_empty();
        self.trace_ids = if self.shown { here } else { elsewhere };
        self.trace_ids.truncate(pivot::MOST);
    }

    /// A check without numbers.
    pub fn plain(
        section: Section,
        name: impl Into<String>,
        state: State,
        message: impl Into<String>,
    ) -> Self {
        Self {
            section,
            name: name.into(),
            state,
            value: None,
            limit: None,
            unit: Unit::Count,
            message: message.into(),
            trace_ids: Vec::new(),
            tolerated: false,
            commands: Vec::new(),
            shown: false,
            pointers: Vec::new(),
        }
    }

    /// A number that must not be more than its limit. What is counted is told with its `noun`.
    pub fn bounded(
        section: Section,
        name: impl Into<String>,
        noun: &str,
        (value, limit, unit): (Figure, Figure, Unit),
    ) -> Self {
        let over = value.as_f64() > limit.as_f64();
        let (mut found, mut most) = (value.told(unit), limit.told(unit));
        if found == most && value != limit {
            (found, most) = (value.exactly(unit), limit.exactly(unit));
        }
        if let (Figure::Integer(count), Unit::Count) = (value, unit) {
            found = counted(count, noun);
        }
        let message = match over {
            true => format!("{found}, over the limit of {most}{}", times(value, limit)),
            false => format!("{found}, limit {most}"),
        };
        let state = if over { State::Fail } else { State::Pass };
        Self { value: Some(value), limit: Some(limit), unit, ..Self::plain(section, name, state, message) }
    }
}

/// How many times the limit a number is; nothing to say if that is nothing.
fn times(value: Figure, limit: Figure) -> String {
    let ratio = value.as_f64() / limit.as_f64();
    if ratio.is_finite() { format!(" ({} times as much)", short(ratio)) } else { String::new() }
}

/// What `check --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Judgement {
    /// `fail` if a check failed; else `undecided` if one is undecided that may not be; else `pass`.
    pub verdict: State,
    /// What was looked at, section by section.
    pub checks: Vec<Check>,
    /// What was not looked at.
    pub skipped: Vec<Skipped>,
}

/// A section that there is nothing to say of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skipped {
    /// Which.
    pub section: Section,
    /// Why.
    pub reason: String,
}

impl Judgement {
    /// The verdict over checks.
    pub fn of(checks: Vec<Check>, skipped: Vec<Skipped>) -> Self {
        let any = |state| checks.iter().any(|check| check.state == state && !check.tolerated);
        let verdict = match (any(State::Fail), any(State::Undecided)) {
            (true, _) => State::Fail,
            (false, true) => State::Undecided,
            (false, false) => State::Pass,
        };
        Self { verdict, checks, skipped }
    }

    /// The checks that did not pass.
    pub fn faults(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.state != State::Pass)
    }

    /// The verdict in a line: `fail: 2 of 9 checks failed, 1 undecided, 1 failed that is only reported`.
    pub fn told(&self) -> String {
        let count = |is: &dyn Fn(&Check) -> bool| self.checks.iter().filter(|check| is(check)).count() as u64;
        let failed = count(&|check| check.state == State::Fail && !check.tolerated);
        let reported = count(&|check| check.state == State::Fail && check.tolerated);
        let undecided = count(&|check| check.state == State::Undecided);
        let all = counted(self.checks.len() as u64, "check");
        let mut text = match failed {
            0 => format!("{}: {all}, none failed", self.verdict.as_str()),
            _ => format!("{}: {failed} of {all} failed", self.verdict.as_str()),
        };
        if undecided > 0 {
            text.push_str(&format!(", {} undecided", grouped(undecided)));
        }
        if reported > 0 {
            let is = if reported == 1 { "is" } else { "are" };
            text.push_str(&format!(", {} failed that {is} only reported", grouped(reported)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: u64, limit: u64) -> Check {
        let figures = (Figure::Integer(value), Figure::Integer(limit), Unit::Ns);
        Check::bounded(Section::Budget, "n", "", figures)
    }

    #[test]
    fn a_number_at_its_limit_holds() {
        assert_eq!(check(5, 5).state, State::Pass);
        assert_eq!(check(5, 5).message, "5ns, limit 5ns");
    }

    #[test]
    fn numbers_that_look_alike_are_told_exactly() {
        let message = check(250_100_000, 250_000_000).message;
        assert_eq!(message, "250,100,000ns, over the limit of 250,000,000ns (1 times as much)");
        assert_eq!(check(3, 0).message, "3ns, over the limit of 0ns");
    }

    #[test]
    fn one_failure_outweighs_what_is_undecided() {
        let undecided = Check::plain(Section::Alerts, "a", State::Undecided, "");
        let tolerated = Check { tolerated: true, ..undecided.clone() };
        let verdict =
            |checks: &[&Check]| Judgement::of(checks.iter().copied().cloned().collect(), Vec::new()).verdict;
        assert_eq!(verdict(&[&check(1, 2), &undecided, &check(3, 2)]), State::Fail);
        assert_eq!(verdict(&[&check(1, 2), &undecided]), State::Undecided);
        assert_eq!(verdict(&[&check(1, 2), &tolerated]), State::Pass);
        let reported = Check { tolerated: true, ..check(3, 2) };
        assert_eq!(verdict(&[&reported]), State::Pass);
        let told = Judgement::of(vec![check(3, 2), reported], Vec::new()).told();
        assert_eq!(told, "fail: 1 of 2 checks failed, 1 failed that is only reported");
        assert_eq!(verdict(&[]), State::Pass);
    }
}
