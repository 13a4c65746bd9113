//! The alerts' timeline: when each was pending and when it fired, with the traces that it looked at.

use glyph_analysis::{
    rules::{Alert, Interval, Outcome, State},
    text::{duration_of_seconds, short, visible},
};
use glyph_formats::TraceId;
use maud::{Markup, html};

use super::label::label;
use crate::output::trace::share::TICKS;

/// So many alerts are drawn.
const MOST_ALERTS: usize = 100;
/// So many traces are named of each.
const MOST_TRACES: usize = 3;

/// Which traces the report shows, and the command for the others.
pub(super) struct Known<'a> {
    pub(super) has: &'a dyn Fn(TraceId) -> bool,
    pub(super) show: Option<&'a str>,
}

/// The section.
pub(super) fn section(outcome: &Outcome, known: &Known<'_>) -> Markup {
    let whole = outcome.to - outcome.from;
    let (shown, quiet): (Vec<&Alert>, Vec<&Alert>) = outcome
        .alerts
        .iter()
        .partition(|alert| !alert.intervals.is_empty() || alert.state == State::Undecided);
    let firing = outcome.alerts.iter().filter(|alert| alert.state == State::Firing).count();
    html! {
        section #alerts aria-labelledby="alerts-title" {
            h2 #alerts-title { "Alerts" }
            p.about {
                (firing) " of " (outcome.alerts.len()) " fired in the " (duration_of_seconds(whole)) " that the metrics last.  "
                span.key { i.bar.pending {} } " pending  " span.key { i.bar.firing {} } " firing"
            }
            @if !shown.is_empty() {
                div.alerts {
                    div.axis aria-hidden="true" {
                        span.what {}
                        span.track { @for tick in 0..=TICKS { i style=(format!("left:{}%", tick * 100 / TICKS)) { (at(whole * tick as f64 / TICKS as f64)) } } }
                        span.time {}
                    }
                    @for alert in shown.iter().take(MOST_ALERTS) { (self::alert(alert, outcome, known)) }
                }
                @if shown.len() > MOST_ALERTS { p.about { (shown.len() - MOST_ALERTS) " more: glyphctl alerts check has them." } }
            }
            @if !quiet.is_empty() {
                p.about {
                    "Quiet: " @for (at, alert) in quiet.iter().take(MOST_ALERTS).enumerate() { @if at > 0 { ", " } (label(&alert.alert)) } "."
                }
            }
        }
    }
}

fn at(seconds: f64) -> String {
    if seconds == 0.0 { "0".to_owned() } else { duration_of_seconds(seconds) }
}

fn alert(alert: &Alert, outcome: &Outcome, known: &Known<'_>) -> Markup {
    let labels: Vec<String> =
        alert.labels.iter().map(|(name, value)| format!("{}={}", visible(name), label(value))).collect();
    let traces: Vec<TraceId> = alert
        .exemplars
        .iter()
        .filter_map(|found| found.trace_id.as_ref()?.parse().ok())
        .take(MOST_TRACES)
        .collect();
    html! {
        div.alert {
            span.what {
                strong { (label(&alert.alert)) } " " small { (labels.join(" ")) }
                @if let Some(reason) = &alert.reason { small { "undecided: " (visible(reason)) } }
                @if let (Some(peak), Some(threshold)) = (alert.peak, alert.threshold) {
                    small { "peak " (short(peak)) " of " (short(threshold)) }
                }
                @for trace in traces {
                    small {
                        "trace "
                        @if (known.has)(trace) { a href=(format!("#t-{trace}")) { code { (trace) } } }
                        @else { code title=[known.show.map(|show| format!("{show} {trace}"))] { (trace) } }
                    }
                }
            }
            span.track {
                @for interval in &alert.intervals { (bar(interval, outcome)) }
            }
            span.time { (state(alert.state)) }
        }
    }
}

fn bar(interval: &Interval, outcome: &Outcome) -> Markup {
    let whole = (outcome.to - outcome.from).max(f64::MIN_POSITIVE);
    let percent = |seconds: f64| (100.0 * seconds / whole).clamp(0.0, 100.0);
    let (left, width) = (percent(interval.start - outcome.from), percent(interval.end - interval.start));
    let told = format!(
        "{} from {} for {}",
        state(interval.state),
        at(interval.start - outcome.from),
        duration_of_seconds(interval.end - interval.start)
    );
    html! {
        i.bar.(state(interval.state)) style=(format!("left:{left:.3}%;width:{width:.3}%")) title=(told) role="img" aria-label=(told) {}
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Inactive => "inactive",
        State::Pending => "pending",
        State::Firing => "firing",
        State::Undecided => "undecided",
    }
}
