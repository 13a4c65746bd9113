use proptest::prelude::*;

use super::*;
use crate::trace::{
    chrome, folded,
    lines::{line, traces},
};

const FAILED: &str = r#","status":"error""#;

fn all() -> Choice {
    Choice::default()
}

#[test]
fn the_slowest_traces_are_chosen_and_those_that_failed() {
    let traces = traces(
        &[
            line(1, 1, 0, "a", 0, 10, ""),
            line(2, 1, 0, "a", 0, 30, FAILED),
            line(3, 1, 0, "a", 0, 20, ""),
            line(4, 1, 0, "a", 0, 15, FAILED),
        ]
        .concat(),
    );
    assert_eq!(traces.choose(&all()), [1, 2, 3, 0]);
    assert_eq!(traces.choose(&Choice { slowest: Some(1), ..all() }), [1]);
    assert_eq!(traces.choose(&Choice { errors: true, ..all() }), [1, 3]);
    let ids = [1, 4].into_iter().filter_map(TraceId::new).collect();
    assert_eq!(traces.choose(&Choice { ids, errors: true, slowest: Some(1), ..all() }), [3]);
}

#[test]
fn what_lasts_as_long_as_a_plugin_is_not_slow() {
    let traces = traces(
        &[
            line(1, 1, 0, "plugin.supervisor.task", 0, 9_000, ""),
            line(1, 2, 1, "plugin.runner.exec", 0, 9_000, ""),
            line(2, 3, 0, "quick", 1_000, 1_100, ""),
            line(3, 4, 0, "slow", 1_000, 3_000, ""),
        ]
        .concat(),
    );
    assert_eq!(traces.choose(&all()), [2, 1, 0]);
}

#[test]
fn a_recorded_command_is_looked_for_if_its_requests_are_below_it() {
    let command = line(1, 1, 0, "glyphctl.record", 0, 9_000, "");
    let others = line(2, 2, 0, "proxy.capture_flow", 1_000, 3_000, "");
    let own = line(1, 3, 1, "proxy.capture_flow", 1_000, 1_100, "");
    assert_eq!(traces(&[command.clone(), others.clone()].concat()).choose(&all()), [1, 0]);
    assert_eq!(traces(&[command, others, own].concat()).choose(&all()), [0, 1]);
}

#[test]
fn a_trace_lasts_into_a_window_or_not() {
    let traces = traces(
        &[
            line(1, 1, 0, "a", 1_000, 1_100, ""),
            line(2, 1, 0, "a", 1_050, 1_300, ""),
            line(3, 1, 0, "a", 1_310, 1_320, ""),
            line(3, 2, 1, "a", 1_330, 1_400, ""),
        ]
        .concat(),
    );
    let table: [(&str, &[usize]); 8] = [
        ("..49ns", &[0]),
        ("..50ns", &[1, 0]),
        ("100ns..", &[1, 0, 2]),
        ("101ns..", &[1, 2]),
        ("325ns..326ns", &[2]),
        ("305ns..306ns", &[]),
        ("1s..", &[]),
        ("..1970-01-01T00:00:00.000001Z", &[0]),
    ];
    for (window, expected) in table {
        let choice = Choice { window: Some(window.parse().unwrap()), ..all() };
        assert_eq!(traces.choose(&choice), expected, "{window}");
    }
}

#[test]
fn a_trace_is_found_by_the_beginning_of_its_id() {
    let traces = traces(&[line(0xab, 1, 0, "a", 0, 1, ""), line(0xac, 1, 0, "a", 0, 1, "")].concat());
    assert_eq!(traces.by_prefix(&"0".repeat(30)), Err(PrefixError::Several));
    assert_eq!(Some(traces.by_prefix(&format!("{:0>32}", "AB")).unwrap()), TraceId::new(0xab));
    assert_eq!(traces.by_prefix("f"), Err(PrefixError::None));
}

fn exports(traces: &Traces) -> (String, String) {
    let (mut json, mut stacks) = (Vec::new(), Vec::new());
    chrome::write(traces, chrome::Args::Full, &mut json).unwrap();
    folded::write(traces, &mut stacks).unwrap();
    (String::from_utf8(json).unwrap(), String::from_utf8(stacks).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// What is chosen is exactly what a file with no other lines would give: names, services, ids, parents, details.
    #[test]
    fn chosen_traces_are_as_if_no_others_had_been_there(
        spans in prop::collection::vec((0_u64..4, 0_u64..6, 0..5_usize, 0_u64..50, 0_u64..50), 1..30),
        chosen in prop::collection::btree_set(0_u64..4, 0..4),
    ) {
        let lines: Vec<(u64, String)> = (1..).zip(&spans).map(|(id, (trace, parent, name, start, length))| {
            let more = format!(
                r#","attributes":{{"n":{id}}},"events":[{{"name":"e{id}","time_unix_nano":{start}}}]{}"#,
                if id % 3 == 0 { FAILED } else { "" },
            );
            let more = more + &format!(r#","service_name":"s{}""#, (id + trace) % 3);
            let line = line(trace + 1, id, *parent, ["a", "b", "c", "d", "e"][*name], *start, start + length, &more);
            (*trace, line.replacen("\"service_name\":\"s\",", "", 1))
        }).collect();
        let text = |keep: &dyn Fn(u64) -> bool| {
            lines.iter().filter(|(trace, _)| keep(*trace)).map(|(_, line)| line.as_str()).collect::<String>()
        };
        let all = traces(&text(&|_| true));
        let ids: Vec<_> = chosen.iter().filter_map(|trace| TraceId::new(u128::from(*trace) + 1)).collect();
        let positions: Vec<_> =
            (0..all.spans.trace_ids().len()).filter(|t| ids.contains(&all.spans.trace_ids()[*t])).collect();
        let only = all.only(&positions);
        let alone = traces(&text(&|trace| chosen.contains(&trace)));
        prop_assert_eq!(&only.spans.trace_ids, &alone.spans.trace_ids);
        prop_assert_eq!(exports(&only), exports(&alone));
    }
}
