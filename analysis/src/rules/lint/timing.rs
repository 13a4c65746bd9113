//! How long an alert waits, and how often it is looked at. That is sure only where the group says so.

use super::{Code, Finding, place::Place};
use crate::{promql::duration, rules::rule::Kind};

pub(super) fn check(place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Kind::Alerting { hold, .. } = place.rule.kind else { return };
    let interval = place.group.interval;
    if hold <= 0 || hold >= interval || !place.group.has_interval {
        return;
    }
    let [hold, interval] = [hold, interval].map(duration::format);
    let what =
        format!("for: {hold} is shorter than the group's interval of {interval}: it fires after {interval}");
    let hint = format!("write for: {interval}, or give the group a shorter interval");
    findings.push(place.in_line(place.rule.line, Code::ForBelowInterval, what).hinted(hint));
}
