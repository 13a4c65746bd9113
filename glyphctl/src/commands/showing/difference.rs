//! How the findings of two runs differ. In: both. Out: those that came, those that went, and how many stayed. Findings
//! are the same if they say the same of the same flow; each counts as often as it is there.

use std::collections::HashMap;

use glyph_formats::{Finding, Severity};

/// What is different.
#[derive(Debug, PartialEq)]
pub(in crate::commands) struct Difference<'a> {
    /// Only in the second run, in its order.
    pub(in crate::commands) new: Vec<&'a Finding>,
    /// Only in the first, in its order.
    pub(in crate::commands) gone: Vec<&'a Finding>,
    /// How many are in both.
    pub(in crate::commands) unchanged: usize,
}

/// What a finding says; ids and times are of one run alone.
type Identity<'a> = (Option<&'a str>, &'a str, &'a str, &'a str, Severity);

fn identity(finding: &Finding) -> Identity<'_> {
    (finding.flow_id.as_deref(), &finding.kind, &finding.target, &finding.message, finding.severity)
}

/// Compares.
pub(in crate::commands) fn between<'a>(before: &'a [Finding], after: &'a [Finding]) -> Difference<'a> {
    let new = without(after, before);
    let unchanged = after.len() - new.len();
    Difference { new, gone: without(before, after), unchanged }
}

/// Those of `findings` that have no partner among `others`.
fn without<'a>(findings: &'a [Finding], others: &[Finding]) -> Vec<&'a Finding> {
    let mut partners = HashMap::<Identity<'_>, usize>::new();
    for other in others {
        *partners.entry(identity(other)).or_default() += 1;
    }
    let mut alone = Vec::new();
    for finding in findings {
        match partners.get_mut(&identity(finding)) {
            Some(left @ 1..) => *left -= 1,
            _ => alone.push(finding),
        }
    }
    alone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(flow: &str, message: &str, id: &str) -> Finding {
        serde_json::from_value(serde_json::json!({
            "id": id, "time_unix_nano": 1, "plugin": "a", "type": "a.b", "severity": "low", "message": message,
            "target": "http://a.test/", "flow_id": flow, "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"
        }))
        .unwrap()
    }

    #[test]
    fn the_same_claim_about_the_same_flow_is_the_same_finding() {
        let before = [finding("1", "x", "A"), finding("2", "x", "B")];
        let after = [finding("2", "x", "C"), finding("1", "x", "D")];
        let none = Difference { new: vec![], gone: vec![], unchanged: 2 };
        assert_eq!(between(&before, &after), none);
    }

    #[test]
    fn what_came_and_what_went_is_told_in_order() {
        let before = [finding("1", "x", "A"), finding("2", "x", "B"), finding("3", "x", "C")];
        let after = [finding("2", "x", "D"), finding("4", "x", "E"), finding("2", "y", "F")];
        let difference = between(&before, &after);
        let ids = |findings: &[&Finding]| findings.iter().map(|f| f.id.clone()).collect::<Vec<_>>();
        assert_eq!(
            (ids(&difference.new), ids(&difference.gone)),
            (vec!["E".into(), "F".into()], vec!["A".into(), "C".into()])
        );
        assert_eq!(difference.unchanged, 1);
    }

    #[test]
    fn a_finding_counts_as_often_as_it_is_there() {
        let (one, two) = ([finding("1", "x", "A")], [finding("1", "x", "B"), finding("1", "x", "C")]);
        let more = between(&one, &two);
        assert_eq!((more.new.len(), more.gone.len(), more.unchanged), (1, 0, 1));
        let fewer = between(&two, &one);
        assert_eq!((fewer.new.len(), fewer.gone.len(), fewer.unchanged), (0, 1, 1));
    }

    #[test]
    fn a_changed_severity_is_a_change() {
        let before = [finding("1", "x", "A")];
        let after = [Finding { severity: Severity::Crit, ..finding("1", "x", "A") }];
        let difference = between(&before, &after);
        assert_eq!((difference.new.len(), difference.gone.len(), difference.unchanged), (1, 1, 0));
    }
}
