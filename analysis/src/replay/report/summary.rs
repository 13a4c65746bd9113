//! A report as plain data: what `--format json` prints, and what all other formats are made of.

use glyph_formats::Flow;
use schemars::JsonSchema;
use serde::Serialize;

use super::Sending;
use crate::replay::comparison::{Difference, Kind, LeftOut};

/// Of a longer URL the beginning is told.
const URL: usize = 500;

/// What came of all comparisons.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "replay report")]
pub struct Summary {
    /// What it comes to.
    pub verdict: Verdict,
    /// How many pairs of exchanges were compared.
    pub compared: u64,
    /// How many of them don't differ.
    pub same: u64,
    /// How many of them differ.
    pub different: u64,
    /// How many recorded exchanges have none that stands beside them.
    pub missing: u64,
    /// How many new exchanges were not recorded.
    pub extra: u64,
    /// What was not compared, or not all of it, by reason; it is no difference.
    pub left_out: Vec<LeftOutCount>,
    /// What differs, by place: what occurs in most exchanges first. Elements of arrays are one place, `[*]`.
    pub groups: Vec<Group>,
    /// How many differences are in places beyond those that are told.
    pub more_differences: u64,
    /// Exchanges that differ, in the order in which they were recorded: the first of them.
    pub exchanges: Vec<Differing>,
    /// Recorded exchanges that have none beside them, by method and URL: the first of them.
    pub missing_exchanges: Vec<Stray>,
    /// New exchanges that were not recorded, by method and URL: the first of them.
    pub extra_exchanges: Vec<Stray>,
    /// How long exchanges took that were answered on both sides; none if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latencies>,
    /// How the requests were sent, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending: Option<Sending>,
}

/// What comparing comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All that was compared is the same, and every exchange stands beside another.
    Same,
    /// Something differs, is missing or was not recorded.
    Different,
    /// There was nothing to compare.
    Nothing,
}

/// How often something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOutCount {
    /// What, and why.
    #[serde(flatten)]
    pub what: LeftOut,
    /// How many exchanges.
    pub count: u64,
}

/// Differences in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Group {
    /// Where, with `[*]` for every element of an array: `body $.items[*].price`.
    pub place: String,
    /// In what way.
    pub kind: Kind,
    /// How many differences there are.
    pub count: u64,
    /// In how many exchanges.
    pub exchanges: u64,
    /// What was recorded, if it is the same in all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
    /// What stands there now, if it is the same in all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// One difference of many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Example {
    /// In which exchange.
    #[serde(flatten)]
    pub exchange: Exchange,
    /// What differs.
    #[serde(flatten)]
    pub difference: Difference,
}

/// An exchange and the one beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The recorded URL, cut to a readable length.
    pub url: String,
    /// The id of the recorded flow.
    pub recorded_flow: String,
    /// Its number in its run.
    pub recorded_sequence: u64,
    /// The id of the new flow.
    pub new_flow: String,
}

impl Exchange {
    pub(super) fn of(recorded: &Flow, new: &Flow) -> Self {
        Self {
            method: recorded.request.method.clone(),
            url: url(recorded),
            recorded_flow: recorded.id.clone(),
            recorded_sequence: recorded.sequence,
            new_flow: new.id.clone(),
        }
    }
}

/// The URL of a request, cut to a readable length.
pub(super) fn url(flow: &Flow) -> String {
    let url = &flow.request.url;
    match url.len() > URL {
        true => format!("{}…", &url[..url.floor_char_boundary(URL)]),
        false => url.clone(),
    }
}

/// How long it took.
pub(super) fn duration_ns(flow: &Flow) -> u64 {
    flow.end_time_unix_nano.0.saturating_sub(flow.start_time_unix_nano.0)
}

/// An exchange that differs from the one beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Differing {
    /// Which.
    #[serde(flatten)]
    pub exchange: Exchange,
    /// What was recorded.
    pub recorded: Side,
    /// What there is now.
    pub new: Side,
    /// What differs.
    pub differences: Vec<Difference>,
    /// How many more differences there are.
    pub more: u64,
}

/// What became of one exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Side {
    /// The status; none if no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took.
    pub duration_ns: u64,
}

impl Side {
    pub(super) fn of(flow: &Flow) -> Self {
        Self {
            status: flow.response.as_ref().map(|response| response.status),
            duration_ns: duration_ns(flow),
        }
    }
}

/// Exchanges that stand alone, of one method and URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stray {
    /// The method.
    pub method: String,
    /// The URL, cut to a readable length.
    pub url: String,
    /// How many there are.
    pub count: u64,
    /// The id of the first flow.
    pub flow: String,
    /// Its number in its run.
    pub sequence: u64,
    /// What comes nearest to them among those that stand alone on the other side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub nearest: Vec<String>,
}

/// How long exchanges took: those that were answered on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Latencies {
    /// As recorded.
    pub recorded: Quantiles,
    /// Now.
    pub new: Quantiles,
    /// New by recorded.
    pub ratio: Ratios,
}

/// Durations: nearest-rank quantiles, exact to three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Quantiles {
    /// How many there are.
    pub count: u64,
    /// Half of them took no longer.
    pub p50_ns: u64,
    /// 90 % took no longer.
    pub p90_ns: u64,
    /// 99 % took no longer.
    pub p99_ns: u64,
    /// The longest, exactly.
    pub max_ns: u64,
}

/// Quotients of quantiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Ratios {
    /// Of the medians.
    pub p50: f64,
    /// Of the 90th percentiles.
    pub p90: f64,
    /// Of the 99th percentiles.
    pub p99: f64,
    /// Of the longest.
    pub max: f64,
}
