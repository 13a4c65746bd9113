//! Labels that templates read and the expression's result never has, and templates that fail whatever the alert is.
//!
//! `$labels` holds the labels of the result alone: neither those that the rule sets nor the alert's name.

use super::{Code, Finding, asked, labels::Sight, near::nearest, place::Place, selectors::labels_there};
use crate::{
    metrics::{Labels, labels::NAME},
    promql::{Query, Sample},
    rules::{
        rule::{Kind, Text},
        template::Context,
    },
};

/// Some time, in milliseconds since 1970.
const TIME: i64 = 1_700_000_000_000;

pub(super) fn check(place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Kind::Alerting { annotations, .. } = &place.rule.kind else { return };
    // Where the expression asks for a label that is not there, that is the fault.
    let told = asked::labels(place);
    let labels = place.rule.labels.iter().map(|text| ("label", text));
    for (kind, text) in labels.chain(annotations.iter().map(|text| ("annotation", text))) {
        let mut read = text.template.labels_read();
        read.sort();
        read.dedup();
        read.retain(|(name, _)| !told.contains(name));
        findings.extend(read.iter().filter_map(|(name, line)| of_label(place, kind, text, name, *line)));
        findings.extend(failure(place, kind, text));
    }
}

fn of_label(place: &Place<'_>, kind: &str, text: &Text, name: &str, line: u32) -> Option<Finding> {
    let (by_rules, by_data) = (Sight::of_rules(place.world), Sight::of_data(place.world));
    let (by_rules, by_data) = (by_rules.labels(place.expr()), by_data.labels(place.expr()));
    let reads = format!("{kind} {}: it reads $labels.{name}, which the result", text.name);
    let (code, labels, what) = if !by_rules.has(name) {
        (Code::DroppedLabel, by_rules, format!("{reads} can't have"))
    } else if !by_data.has(name) {
        (Code::UnknownTemplateLabel, by_data, format!("{reads} never has in the recording"))
    } else {
        return None;
    };
    let there = || labels.names().into_iter().flatten().map(String::as_str).filter(|name| *name != NAME);
    let hint = if name == "alertname" {
        Some("the alert's name is not among $labels: write it out".to_owned())
    } else if place.rule.labels.iter().any(|text| text.name == name) {
        Some(
            "labels that the rule sets are not among $labels, only those of the expression's result"
                .to_owned(),
        )
    } else if labels.names().is_some() {
        Some(labels_there(there(), nearest(name, there())))
    } else {
        Some("without (…), ignoring (…) or a function takes it away".to_owned())
    };
    let line = text.lines.nth(u64::from(line.saturating_sub(1)));
    Some(place.in_line(line, code, what).hinted(hint))
}

/// Why a template fails, if it does so with every result that is tried.
fn failure(place: &Place<'_>, kind: &str, text: &Text) -> Option<Finding> {
    if text.template.is_plain() {
        return None;
    }
    // A template may take a label for an address, for a time, or for a text of some length.
    let examples =
        [("10.0.0.1:9100", 1.0), ("1700000000", 0.0), ("text-that-is-long-enough-to-be-cut", f64::NAN)];
    let failures = examples.map(|(value, number)| failure_with(text, value, number));
    let [Some(first), Some(_), Some(_)] = failures else { return None };
    let hint = "it fails whatever the labels and the value are".to_owned();
    Some(
        place
            .in_line(text.lines.first, Code::TemplateError, format!("{kind} {}: {first}", text.name))
            .hinted(hint),
    )
}

/// Why a template fails where all labels that it reads have some value.
fn failure_with(text: &Text, value: &str, number: f64) -> Option<String> {
    let read = text.template.labels_read();
    let names = read.iter().map(|(name, _)| name.as_str()).chain(["instance", "job"]);
    let labels = Labels::of(names.map(|name| (name, value)));
    // There is always a result: a template may take the first one.
    let query = |query: &str| match Query::parse(query) {
        Ok(_) => Ok(vec![Sample::new(labels.clone(), number)]),
        Err(error) => Err(error.to_string()),
    };
    let context = Context {
        labels: &labels,
        value: number,
        time: TIME,
        external_labels: &Labels::empty(),
        external_url: "http://localhost:9090",
        query: &query,
    };
    text.template.try_expand(&context).err()
}
