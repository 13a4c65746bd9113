use super::{Flows, flow, json_of, mixed, text};

#[test]
fn figures_are_by_method_host_and_route() {
    insta::assert_snapshot!(mixed().run("stats", &[]).fine().stdout);
}

#[test]
fn other_formats_have_the_same() {
    let flows = mixed();
    insta::assert_snapshot!(flows.run("stats", &["--by", "status", "--format", "csv"]).fine().stdout);
    insta::assert_snapshot!(
        flows.run("stats", &["--by", "route", "--top", "2", "--format", "markdown"]).fine().stdout
    );
}

#[test]
fn percentiles_are_nearest_rank() {
    let flows: Vec<_> = (1..=200).map(|n| flow(n, "GET", "http://a/", 200, n, text(""))).collect();
    let stats = json_of(&Flows::of(&flows).run("stats", &["--format", "json"]).fine().stdout);
    let row = &stats["rows"][0];
    let ms = ["p50_ns", "p95_ns", "p99_ns", "max_ns"].map(|key| row[key].as_u64().unwrap() / 1_000_000);
    assert_eq!(ms, [100, 190, 198, 200]);
    assert_eq!((&row["count"], &row["error_rate"]), (&200.into(), &0.0.into()));
}

#[test]
fn nothing_has_no_rows() {
    let stats = json_of(&mixed().run("stats", &["--status", "418", "--format", "json"]).fine().stdout);
    assert_eq!((&stats["flows"], stats["rows"].as_array().unwrap().len()), (&0.into(), 0));
}
