//! What a comparison says: serialises as the documented output of `glyphctl trace diff --format json`.

use std::collections::BTreeMap;

use glyph_formats::TraceId;
use schemars::JsonSchema;
use serde::Serialize;

use super::{figure::Figure, note::Note, rule::Rule, sample::SpanName};

/// What `trace diff` says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Diff {
    /// What was compared with.
    pub base: Extent,
    /// What was compared.
    pub new: Extent,
    /// The rules, as they were written.
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Rule>,
    /// How probable it is that a comparison of two samples of the same finds nothing at all: all intervals together are of
    /// this confidence, to the side on which a rule is broken.
    pub confidence: f64,
    /// How many resamples the intervals are of.
    pub resamples: u64,
    /// What the resamples were drawn with.
    pub seed: u64,
    /// A row for each service and span name: broken ones first, then by what of the new critical path is theirs.
    pub rows: Vec<DiffRow>,
    /// Who calls whom more often or less than before, or as never before; the greatest change first.
    pub calls: Vec<ChangedCalls>,
    /// What has to be known about the comparison.
    pub notes: Vec<Note>,
    /// Rules that could be held against no row at all, as they were written.
    #[schemars(with = "Vec<String>")]
    pub undecided: Vec<Rule>,
    /// Whether a rule is broken.
    pub failed: bool,
}

/// How much there is on a side.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Extent {
    /// How many runs.
    pub runs: u64,
    /// How many traces.
    pub traces: u64,
    /// How many spans.
    pub spans: u64,
    /// How long the runs last together, in nanoseconds.
    pub lasts_ns: u64,
    /// Which share of traces was recorded, 0 to 1; absent if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_ratio: Option<f64>,
}

/// The spans of one service and name on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DiffRow {
    /// The service.
    pub service: String,
    /// The span name.
    pub name: String,
    /// Before; null if there are none.
    pub base: Option<Figures>,
    /// Now; null if there are none.
    pub new: Option<Figures>,
    /// New to base, of durations (`p50`, `p95`, `p99`, `self` and what rules name) and of spans a trace (`calls`). Empty without
    /// both.
    pub ratio: BTreeMap<Figure, Interval>,
    /// New minus base, of shares: failed spans (`errors`) and the critical path (`critical`); 0.01 is one percentage point.
    pub difference: BTreeMap<Figure, Interval>,
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// The rules that are broken.
    pub broken: Vec<Broken>,
    /// The figures that rules are about and for which there are too few traces, or clocks that differ.
    pub not_enough: Vec<NotEnough>,
}

/// What is to be thought of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A rule is broken.
    Worse,
    /// There are none any more, and that is no chance.
    Gone,
    /// There were none, and that was no chance.
    New,
    /// A figure has fallen by as much as a rule forbids it to grow.
    Better,
    /// There is too little to tell, at least for one rule.
    NotEnough,
    /// No rule is broken.
    Same,
}

/// The figures of a row's spans on one side. Percentiles are nearest-rank.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Figures {
    /// How many traces have such a span.
    pub traces: u64,
    /// How many spans there are.
    pub count: u64,
    /// How many of them have the status `error`.
    pub errors: u64,
    /// The median duration.
    pub p50_ns: u64,
    /// The 90th percentile of the durations.
    pub p90_ns: u64,
    /// The 95th percentile of the durations.
    pub p95_ns: u64,
    /// The 99th percentile of the durations.
    pub p99_ns: u64,
    /// The longest duration.
    pub max_ns: u64,
    /// The sum of the durations.
    pub total_ns: u64,
    /// The sum of the self times.
    pub self_ns: u64,
    /// The sum of what is theirs of the critical paths.
    pub critical_path_ns: u64,
    /// Which share that is of the critical paths of all spans.
    pub critical_path_share: f64,
}

impl Figures {
    /// One of them, in its unit; none if it is not among them. `traces` says how many the side has.
    pub fn value(&self, figure: Figure, traces: u64) -> Option<f64> {
        let a_span = |sum: u64| sum as f64 / self.count.max(1) as f64;
        Some(match figure {
            Figure::Percentile(500) => self.p50_ns as f64,
            Figure::Percentile(900) => self.p90_ns as f64,
            Figure::Percentile(950) => self.p95_ns as f64,
            Figure::Percentile(990) => self.p99_ns as f64,
            Figure::Percentile(_) => return None,
            Figure::Mean => a_span(self.total_ns),
            Figure::SelfTime => a_span(self.self_ns),
            Figure::Errors => a_span(self.errors),
            Figure::Critical => self.critical_path_share,
            Figure::Calls => self.count as f64 / traces.max(1) as f64,
        })
    }
}

/// A figure, and from where to where it may be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    /// What was seen.
    pub value: f64,
    /// No less than this; absent if there are too few traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// No more than this; absent if there are too few traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// A rule that a row breaks.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Broken {
    /// The rule, as it was written.
    #[schemars(with = "String")]
    pub rule: Rule,
    /// The figure that it is about; absent for `new` and `gone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figure: Option<Figure>,
    /// What it was: nanoseconds, spans a trace, or a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<f64>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<f64>,
    /// Traces to look at: of a percentile, some that last about as long as it; failed ones, for `errors`. They are
    /// the base's for `gone`.
    #[schemars(with = "Vec<String>")]
    pub traces: Vec<TraceId>,
}

/// Why a figure was not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotEnough {
    /// The figure; absent where it is whether spans are new or gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figure: Option<Figure>,
    /// How many traces there are on the side that has fewer.
    pub traces: u64,
    /// How many are wanted.
    pub wanted: u64,
    /// Whether the reason is that clocks differ.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub clocks: bool,
}

/// One calls another more or less often.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ChangedCalls {
    /// Who calls; null for spans that nobody calls.
    pub caller: Option<SpanName>,
    /// Who is called.
    pub callee: SpanName,
    /// How often a call of the caller called it; of roots, how many there were a trace. Zero if it did not.
    pub base: f64,
    /// How often it does.
    pub new: f64,
}
