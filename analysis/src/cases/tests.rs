use std::collections::BTreeSet;

use glyph_formats::{
    Attributes, Severity, TraceId, UnixNanos,
    case::{MOST_EVIDENCE, MOST_IDS, MOST_SEEN, MOST_TARGETS},
};
use proptest::{prelude::*, sample::select};

use super::*;

fn finding(id: &str, plugin: &str, kind: &str, severity: Severity, target: &str) -> Finding {
    Finding {
        id: id.to_owned(),
        time_unix_nano: UnixNanos(1),
        plugin: plugin.to_owned(),
        kind: kind.to_owned(),
        severity,
        message: format!("{kind} at {target}"),
        target: target.to_owned(),
        evidence: None,
        metadata: Attributes::default(),
        flow_id: None,
        trace_id: TraceId::new(7).unwrap(),
        span_id: None,
    }
}

fn with(mut finding: Finding, name: &'static str, value: &'static str) -> Finding {
    finding.metadata.push(name, value);
    finding
}

fn keys(cases: &Cases) -> Vec<&str> {
    cases.cases.iter().map(|case| case.key.as_str()).collect()
}

#[test]
fn what_has_a_key_in_common_is_one_case() {
    let low = |id: &str, target: &str| finding(id, "a", "a.x", Severity::Low, target);
    let table: [(Vec<Finding>, &[&str]); 7] = [
        (
            vec![low("1", "http://a.example.co.uk/x"), low("2", "https://b.example.co.uk:8443/")],
            &["domain:example.co.uk"],
        ),
        (
            vec![low("1", "http://a.example.com/"), low("2", "http://a.example.org/")],
            &["domain:example.com", "domain:example.org"],
        ),
        // Who has a name under a suffix of many owners is no neighbour.
        (
            vec![low("1", "https://one.github.io/"), low("2", "https://two.github.io/")],
            &["domain:one.github.io", "domain:two.github.io"],
        ),
        (
            vec![low("1", "http://10.0.0.1/"), low("2", "http://10.0.0.1:81/"), low("3", "http://[::1]/")],
            &["host:10.0.0.1", "host:::1"],
        ),
        (
            vec![low("1", "http://LOCALHOST/"), low("2", "http://localhost.:80/"), low("3", "a plugin")],
            &["host:localhost", "target:a plugin"],
        ),
        (
            vec![
                with(low("1", "http://a.test.example/"), "case_key", "login"),
                with(low("2", "http://b.test/"), "case_key", "login"),
            ],
            &["case:login"],
        ),
        // A chain: the second has a host in common with the first, and an id with the third.
        (
            vec![
                low("1", "http://a.com/"),
                with(low("2", "http://a.com/"), "correlation_id", "9"),
                with(low("3", "http://b.net/"), "correlation_id", "9"),
            ],
            &["domain:a.com"],
        ),
    ];
    for (findings, wanted) in table {
        assert_eq!(keys(&of(findings.iter(), "")), wanted);
    }
}

#[test]
fn the_worst_comes_first_whatever_else_there_is() {
    let mut findings = vec![finding("1", "a", "a.one", Severity::High, "http://one.com/")];
    findings.extend(
        (0..40).map(|i| finding(&format!("m{i}"), "a", &format!("a.{i}"), Severity::Med, "http://many.com/")),
    );
    let cases = of(findings.iter(), "");
    assert_eq!(keys(&cases), ["domain:one.com", "domain:many.com"]);
    let [one, many] = &cases.cases[..] else { panic!("{cases:?}") };
    assert_eq!((one.risk, one.severity), (60.0, Severity::High));
    assert!(many.risk <= 60.0 && many.risk > 59.0, "{}", many.risk);
}

#[test]
fn risk_and_confidence_are_what_the_formulas_say() {
    let mut findings = [
        finding("1", "a", "a.x", Severity::High, "http://a.com/"),
        finding("2", "a", "a.x", Severity::High, "http://a.com/"),
        finding("3", "b", "b.x", Severity::High, "http://a.com/"),
        finding("4", "b", "b.y", Severity::Med, "http://a.com/"),
    ];
    findings[2].evidence = Some("it is written there".to_owned());
    let case = &of(findings.iter(), "").cases[0];
    // 60 + 20 · (1 − (1 − ½)(1 − ¼)); 1 − (1 − 0.5)(1 − 0.75).
    assert_eq!((case.risk, case.confidence), (72.5, 0.875));
    assert_eq!(case.evidence.len(), 3);
    assert_eq!(case.evidence[0].findings, ["1", "2"]);
    assert_eq!(
        case.sources.iter().map(|s| (s.plugin.as_str(), s.findings)).collect::<Vec<_>>(),
        [("a", 2), ("b", 2)]
    );
}

#[test]
fn ids_are_of_seed_and_key() {
    let findings = || vec![finding("1", "a", "a.x", Severity::Low, "http://a.com/")];
    let id = |seed: &str, findings: Vec<Finding>| of(findings.iter(), seed).cases[0].id.clone();
    assert_eq!(
        id("s", findings()),
        id("s", [findings(), vec![finding("2", "b", "b.y", Severity::High, "http://b.a.com/")]].concat())
    );
    assert_ne!(id("s", findings()), id("t", findings()));
    // sha256("s\0domain:a.com"), by coreutils.
    assert_eq!(id("s", findings()).len(), 16);
}

#[test]
fn what_is_told_of_a_case_is_bounded_and_the_worst() {
    let mut findings: Vec<_> = (0..2_500_u64)
        .map(|i| {
            let target = format!("http://a.com/{:04}", i % 1_250);
            let severity = if i % 1_250 == 1_249 { Severity::High } else { Severity::Low };
            let mut found = finding(&format!("{i:04}"), "a", "a.x", severity, &target);
            found.time_unix_nano = UnixNanos(i);
            found.flow_id = Some(format!("flow {i}"));
            found
        })
        .collect();
    findings
        .extend((0..50).map(|i| finding(&format!("x{i:02}"), "b", "b.x", Severity::Med, "http://a.com/")));
    let told = of(findings.iter(), "");
    let [case] = &told.cases[..] else { panic!("{told:?}") };
    assert_eq!((case.findings, case.claims), (2_550, 1_251));
    assert_eq!((case.targets.len(), case.evidence.len()), (MOST_TARGETS, MOST_EVIDENCE));
    assert_eq!(case.evidence[0].target, "http://a.com/1249");
    assert_eq!((case.evidence[0].times, case.evidence[0].findings.len()), (2, 2));
    assert_eq!((case.evidence[1].times, case.evidence[1].findings.len()), (50, MOST_IDS));
    // Those of the worst two, of the next one, and of the first of the mild ones.
    assert_eq!(case.steps.len(), 2 + 1 + (MOST_SEEN - 52));
    assert!(
        case.graph.contains("1201 more claims") || case.graph.contains("1,201 more claims"),
        "{}",
        case.graph
    );
    findings.reverse();
    assert_eq!(of(findings.iter(), ""), told);
}

#[test]
fn many_cases_are_told_of_in_less_each() {
    let findings = (0..60_000_u32).map(|i| {
        finding(&format!("{i:05}"), "a", "a.x", Severity::Low, &format!("http://{}.com/{i}", i % 2_000))
    });
    let told = of(findings.collect::<Vec<_>>().iter(), "");
    assert_eq!(told.cases.len(), 2_000);
    for case in &told.cases {
        assert_eq!(
            (case.claims, case.evidence.len(), case.targets.len(), case.steps.len()),
            (30, 10, 10, 10)
        );
    }
}

#[test]
fn a_finding_knows_its_case() {
    let findings = [
        finding("1", "a", "a.x", Severity::Low, "http://a.com/"),
        with(finding("2", "a", "a.x", Severity::Low, "http://b.com/"), "correlation_id", "1"),
        with(finding("3", "a", "a.x", Severity::Low, "plugin"), "correlation_id", "1"),
    ];
    let mut joining = Joining::default();
    findings.iter().for_each(|finding| joining.add(finding));
    let joined = joining.join("");
    let of = |finding| joined.case_of(finding).unwrap().to_owned();
    assert_ne!(of(&findings[0]), of(&findings[1]));
    assert_eq!(of(&findings[1]), of(&findings[2]));
    assert_eq!(joined.case_of(&finding("4", "a", "a.x", Severity::Low, "http://c.com/")), None);
}

#[test]
fn a_graph_holds_nothing_that_has_a_meaning_of_its_own() {
    let target = "http://a.com/\"]; click case href \"javascript:alert(1)\" <script>#";
    let case = &of([finding("1", "a", "a.x", Severity::Low, target)].iter(), "").cases[0];
    let labels = case.graph.lines().filter(|line| line.contains('[')).map(|line| line.split('"').count());
    assert!(labels.into_iter().all(|parts| parts == 3), "{}", case.graph);
    assert!(!case.graph.contains('<') && !case.graph.contains("];"), "{}", case.graph);
}

const TARGETS: &[&str] =
    &["http://a.com/1", "http://b.a.com/2", "http://10.0.0.1/", "plugin", "http://c.org/", "http://d.net/x"];
const METADATA: &[(&str, &str)] =
    &[("case_key", "k"), ("asset", "db"), ("correlation_id", "7"), ("other", "x")];
const SEVERITIES: &[Severity] =
    &[Severity::Info, Severity::Low, Severity::Med, Severity::High, Severity::Crit];

prop_compose! {
    fn arbitrary()(
        (id, time) in (0_u32..9, 0_u64..4),
        plugin in select(&["a", "b", "c"][..]),
        kind in select(&["k.1", "k.2", "k.3"][..]),
        severity in select(SEVERITIES),
        target in select(TARGETS),
        (name, value) in select(METADATA),
        has_evidence in any::<bool>(),
    ) -> Finding {
        let mut found = with(finding(&id.to_string(), plugin, kind, severity, target), name, value);
        found.time_unix_nano = UnixNanos(time);
        found.evidence = has_evidence.then(|| format!("seen by {plugin}"));
        found
    }
}

proptest! {
    #[test]
    fn the_order_in_which_findings_came_leaves_no_trace(
        (findings, shuffled) in prop::collection::vec(arbitrary(), 0..24).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let text = |findings: Vec<Finding>| serde_json::to_string(&of(findings.iter(), "seed")).unwrap();
        prop_assert_eq!(text(findings), text(shuffled));
    }

    #[test]
    fn every_finding_is_in_one_case_with_all_that_it_shares_a_key_with(findings in prop::collection::vec(arbitrary(), 0..24)) {
        let cases = of(findings.iter(), "");
        let in_cases: u64 = cases.cases.iter().flat_map(|case| &case.sources).map(|source| source.findings).sum();
        prop_assert_eq!(in_cases, findings.len() as u64);
        // No key is in two cases.
        for a in &findings {
            for b in &findings {
                if !super::keys::of(a).is_disjoint(&super::keys::of(b)) {
                    let place = |f: &Finding| cases.cases.iter().position(|case| case.targets.contains(&f.target));
                    prop_assert_eq!(place(a), place(b));
                }
            }
        }
        let ids: BTreeSet<_> = cases.cases.iter().map(|case| &case.id).collect();
        prop_assert_eq!(ids.len(), cases.cases.len());
    }
}
