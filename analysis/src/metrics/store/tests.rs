use super::*;
use crate::metrics::{MatchOp, Matcher};

#[test]
fn series_are_found_by_their_labels() {
    let mut store = Store::new();
    for labels in
        [[("__name__", "a"), ("x", "1")], [("__name__", "a"), ("x", "2")], [("__name__", "b"), ("y", "1")]]
    {
        store.append(&Labels::of(labels), 0, 1.0).unwrap();
    }
    type Conditions = &'static [(&'static str, MatchOp, &'static str)];
    let table: [(Conditions, usize); 7] = [
        (&[("__name__", MatchOp::Equal, "a")], 2),
        (&[("__name__", MatchOp::Equal, "a"), ("x", MatchOp::NotEqual, "1")], 1),
        (&[("x", MatchOp::Matches, "1|2")], 2),
        (&[("x", MatchOp::Equal, "")], 1),
        (&[("x", MatchOp::MatchesNot, "1")], 2),
        (&[("z", MatchOp::Matches, ".+")], 0),
        (&[("__name__", MatchOp::Matches, ".*"), ("y", MatchOp::Equal, "1")], 1),
    ];
    for (conditions, expected) in table {
        let matchers: Vec<_> = conditions.iter().map(|(n, op, v)| Matcher::new(n, *op, v).unwrap()).collect();
        assert_eq!(store.select(&matchers).len(), expected, "{conditions:?}");
    }
}

#[test]
fn samples_are_refused_as_prometheus_refuses_them() {
    let mut store = Store::new();
    let labels = Labels::of([("__name__", "a")]);
    assert_eq!(store.append(&labels, 10, 1.0), Ok(()));
    assert_eq!(store.append(&labels, 10, 1.0), Ok(()));
    assert_eq!(store.append(&labels, 10, 2.0), Err(Refusal::Duplicate));
    assert_eq!(store.append(&labels, 9, 1.0), Err(Refusal::OutOfOrder));
    assert_eq!(store.samples(), 1);
}

#[test]
fn lookback_is_open_on_the_left_and_ends_at_a_marker() {
    let mut store = Store::new();
    let labels = Labels::of([("__name__", "a")]);
    for (time, value) in [(0, 1.0), (10, 2.0), (20, stale::MARKER)] {
        store.append(&labels, time, value).unwrap();
    }
    let series = &store.series()[0];
    assert_eq!(series.latest(0, 10), Some((10, 2.0)));
    assert_eq!(series.latest(10, 15), None);
    assert_eq!(series.latest(0, 25), None);
    assert_eq!(series.window(0, 20).0, [10, 20]);
}

#[test]
fn conditions_are_met_whichever_way_the_index_takes() {
    let mut store = Store::new();
    for n in 0..60 {
        let (name, shard, zone) = (["a", "b"][n % 2], (n / 2 % 10).to_string(), ["", "x", "y.z"][n % 3]);
        let labels = [("__name__", name), ("shard", &shard), ("zone", zone), ("n", &n.to_string())];
        store.append(&Labels::of(labels), 0, 1.0).unwrap();
    }
    let conditions = [
        ("__name__", MatchOp::Equal, "a"),
        ("__name__", MatchOp::Matches, "a|c"),
        ("shard", MatchOp::Matches, "1|3|7|11"),
        ("shard", MatchOp::Matches, "[1-4]"),
        ("shard", MatchOp::MatchesNot, "2|3"),
        ("zone", MatchOp::NotEqual, ""),
        ("zone", MatchOp::Matches, "|x"),
        ("zone", MatchOp::Matches, r"y\.z"),
        ("zone", MatchOp::Equal, ""),
        ("none", MatchOp::Equal, ""),
        ("none", MatchOp::Matches, ".+"),
    ];
    let conditions = conditions.map(|(name, op, value)| Matcher::new(name, op, value).unwrap());
    for chosen in 0..1_u32 << conditions.len() {
        let chosen = conditions.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1);
        let matchers: Vec<Matcher> = chosen.map(|(_, matcher)| matcher.clone()).collect();
        let mut expected: Vec<&Labels> = store.series().iter().map(|s| &s.labels).collect();
        expected.retain(|labels| matchers.iter().all(|m| m.admits(labels)));
        expected.sort();
        let found = store.select(&matchers);
        let found: Vec<&Labels> = found.iter().map(|id| &store.series()[*id as usize].labels).collect();
        assert_eq!(found, expected, "{matchers:?}");
    }
}

#[test]
fn labels_are_listed() {
    let mut store = Store::new();
    for labels in
        [[("__name__", "b"), ("y", "1")], [("__name__", "a"), ("x", "2")], [("__name__", "a"), ("x", "1")]]
    {
        store.append(&Labels::of(labels), 0, 1.0).unwrap();
    }
    let text = |found: Vec<Str>| found.join(" ");
    let is_a = [Matcher::new("__name__", MatchOp::Equal, "a").unwrap()];
    assert_eq!(text(store.label_names(&[])), "__name__ x y");
    assert_eq!(text(store.label_names(&is_a)), "__name__ x");
    assert_eq!(text(store.label_values("x", &[])), "1 2");
    assert_eq!(text(store.label_values("__name__", &is_a)), "a");
    assert_eq!(text(store.label_values("y", &is_a)), "");
    assert_eq!(text(store.label_values("z", &[])), "");
}

#[test]
fn a_store_can_be_read_from_several_threads() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    is_shared(&Store::new());
}

#[test]
fn runs_are_merged_and_the_first_value_stays() {
    let mut store = Store::new();
    let (a, b) = (Labels::of([("__name__", "a")]), Labels::of([("__name__", "b")]));
    for (time, value) in [(10, 1.0), (30, 3.0)] {
        store.append(&a, time, value).unwrap();
    }
    store.begin_run();
    for (time, value) in [(0, 0.0), (10, 1.0), (20, 2.0), (30, 9.0), (40, 4.0)] {
        store.append(&a, time, value).unwrap();
    }
    assert_eq!(store.append(&a, 25, 0.0), Err(Refusal::OutOfOrder));
    store.append(&b, 10, 1.0).unwrap();
    assert_eq!(store.append(&b, 5, 1.0), Err(Refusal::OutOfOrder));
    assert_eq!(store.end_run(), 1);
    assert_eq!(store.series()[0].times, [0, 10, 20, 30, 40]);
    assert_eq!(store.series()[0].values, [0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(store.append(&a, 25, 0.0), Err(Refusal::OutOfOrder));
}
