//! Exchanges, held against those that were recorded.
//!
//! In: a recorded exchange, and the one that stands beside it: sent again, or out of another recording. Out: what
//! differs, place by place. Both are sanitised. Not here: which stands beside which, how it was sent, how it is printed.

mod rules;
mod comparison;
mod told;
mod context;
mod alike;
mod named;
mod headers;
mod json;
mod body;
mod compare;
mod report;

#[cfg(test)]
mod tests;

pub use self::{
    compare::compare,
    comparison::{Comparison, Difference, Kind, LeftOut, Why},
    report::{
        Differing, Durations, Example, Exchange, Failures, Group, Latencies, Lateness, LeftOutCount, NotSent,
        Quantiles, Ratios, Report, SecretsSent, Sending, Side, Stray, Summary, Verdict,
    },
    rules::{Preset, RuleError, Rules},
};
