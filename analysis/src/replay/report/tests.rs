use glyph_formats::Flow;

use super::*;
use crate::replay::{Rules, Why, compare, tests::sample::flow};

fn exchange(sequence: u64, body: &str) -> Flow {
    Flow { sequence, id: format!("F{sequence}"), ..flow("application/json", body) }
}

fn asked(sequence: u64, method: &str, url: &str) -> Flow {
    let mut flow = exchange(sequence, "1");
    (flow.request.method, flow.request.url) = (method.to_owned(), url.to_owned());
    flow
}

fn add(report: &mut Report, recorded: &Flow, new: &Flow) {
    report.add(recorded, new, &compare(recorded, new, &Rules::default()));
}

#[test]
fn one_cause_is_one_group_with_the_first_examples() {
    let mut reports = [Report::new(), Report::new()];
    // Told by two threads, in no order.
    for n in (0..10_000_u64).rev() {
        let body =
            |price: u64| format!(r#"{{"items":[{{"price":1}},{{"price":{price}}},{{"price":{price}}}]}}"#);
        let mut new = exchange(n, &body(n + 3));
        if n % 100 == 7 {
            new.response.as_mut().unwrap().status = 503;
        }
        add(&mut reports[(n % 2) as usize], &exchange(n, &body(2)), &new);
    }
    let [mut report, other] = reports;
    report.absorb(other);
    let summary = report.summary();
    assert_eq!((summary.verdict, summary.compared, summary.different), (Verdict::Different, 10_000, 10_000));
    let groups: Vec<_> = summary.groups.iter().map(|g| (g.place.as_str(), g.count, g.exchanges)).collect();
    assert_eq!(groups, [("body $.items[*].price", 20_000, 10_000), ("status", 100, 100)]);
    let group = &summary.groups[0];
    assert_eq!((group.recorded.as_deref(), group.new.as_deref()), (Some("2"), None));
    let examples: Vec<_> = group.examples.iter().map(|e| e.exchange.recorded_sequence).collect();
    assert!(examples.iter().all(|n| *n < 3), "{examples:?}");
    assert_eq!(summary.groups[1].new.as_deref(), Some("503"));
    let told: Vec<_> = summary.exchanges.iter().map(|e| e.exchange.recorded_sequence).collect();
    assert_eq!(told, (0..100).collect::<Vec<_>>());
}

#[test]
fn what_is_held_does_not_grow() {
    let mut report = Report::new();
    for n in 0..2_000 {
        let (old, new) = (exchange(n, &format!(r#"{{"k{n}":1}}"#)), exchange(n, &format!(r#"{{"k{n}":2}}"#)));
        add(&mut report, &old, &new);
        report.add_missing(&asked(n, "GET", &format!("http://a.test/{n}")));
    }
    let summary = report.summary();
    assert_eq!((summary.groups.len(), summary.more_differences), (500, 1_500));
    assert_eq!((summary.missing, summary.missing_exchanges.len()), (2_000, 200));
}

#[test]
fn what_stands_alone_is_told_with_what_is_near() {
    let mut report = Report::new();
    add(&mut report, &exchange(1, "1"), &exchange(1, "1"));
    assert_eq!(report.verdict(), Verdict::Same);
    for sequence in [5, 4] {
        report.add_missing(&asked(sequence, "GET", "http://a.test/api/users/1?page=2"));
    }
    report.add_extra(&asked(9, "GET", "http://b.test:81/api/users/1?page=3"));
    report.add_extra(&asked(8, "GET", "http://b.test:81/favicon.ico"));
    let summary = report.summary();
    assert_eq!((summary.verdict, summary.missing, summary.extra), (Verdict::Different, 2, 2));
    let [stray] = &summary.missing_exchanges[..] else { panic!("{summary:#?}") };
    assert_eq!((stray.count, stray.sequence, stray.flow.as_str()), (2, 4, "F4"));
    assert_eq!(stray.nearest, ["GET http://b.test:81/api/users/1?page=3"]);
    assert!(summary.extra_exchanges[0].nearest.is_empty());
}

#[test]
fn nothing_compared_is_not_the_same() {
    assert_eq!(Report::new().verdict(), Verdict::Nothing);
    let mut report = Report::new();
    report.leave_out(LeftOut { place: "response", why: Why::Tunnel });
    report.add_missing(&exchange(1, "1"));
    assert_eq!((report.verdict(), report.summary().left_out[0].count), (Verdict::Nothing, 1));
}

#[test]
fn durations_are_told_by_rank() {
    let lasting = |ns: u64| {
        let mut flow = exchange(1, "1");
        flow.end_time_unix_nano.0 = flow.start_time_unix_nano.0 + ns;
        flow
    };
    let mut reports = [Report::new(), Report::new()];
    for ms in 1..=100 {
        add(&mut reports[ms as usize % 2], &lasting(ms * 1_000_000), &lasting(ms * 2_000_000 + 1));
    }
    let [mut report, other] = reports;
    report.absorb(other);
    let latency = report.summary().latency.unwrap();
    let near = |ns: u64, ms: f64| (ns as f64 / 1e6 - ms).abs() < ms / 500.0;
    assert!(near(latency.recorded.p50_ns, 50.0) && near(latency.recorded.p99_ns, 99.0), "{latency:?}");
    assert!(near(latency.new.p90_ns, 180.0) && near(latency.new.p50_ns, 100.0), "{latency:?}");
    assert_eq!((latency.recorded.max_ns, latency.new.max_ns), (100_000_000, 200_000_001));
    assert!((latency.ratio.p50 - 2.0).abs() < 0.01 && latency.recorded.count == 100);
}
