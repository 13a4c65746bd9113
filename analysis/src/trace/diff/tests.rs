mod made;

use glyph_formats::TraceId;
use proptest::prelude::*;

use self::made::{Made, side, sides};
use super::{
    pool::rank,
    weights::{RESAMPLES, Weights},
    *,
};

fn rules(texts: &[&str]) -> Vec<Rule> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn by_default(base: &Side, new: &Side) -> Diff {
    compare(base, new, &rules(&Rule::DEFAULT), 1).unwrap()
}

fn verdict(diff: &Diff, name: &str) -> Verdict {
    diff.rows.iter().find(|row| row.name == name).unwrap().verdict
}

fn names(diff: &Diff, verdict: Verdict) -> Vec<&str> {
    diff.rows.iter().filter(|row| row.verdict == verdict).map(|row| row.name.as_str()).collect()
}

proptest! {
    /// In each resample the percentile is that of a list in which each span stands as often as its trace counts.
    #[test]
    fn a_percentile_of_a_resample_is_that_of_the_repeated_spans(
        traces in proptest::collection::vec(proptest::collection::vec(0_u64..50, 1..5), 20..60),
        thousandths in 1_u16..1_000,
    ) {
        let side = side(traces.iter().enumerate().map(|(t, spans)| {
            let spans: Vec<_> = spans.iter().map(|ns| Made::span("a", *ns)).collect();
            (TraceId::new(t as u128 + 1).unwrap(), spans)
        }));
        let name = SpanName { service: "s".to_owned(), name: "a".to_owned() };
        let row = side.row(&name).unwrap();
        let weights = Weights::of(3);
        let counts = weights.sums(row.blocks.iter().map(|sums| (sums.block, sums.spans.into())));
        let draws = percentile::draws(&row, &counts, thousandths, &weights);
        prop_assert_eq!(draws.len(), RESAMPLES);
        for (resample, draw) in draws.into_iter().enumerate() {
            let repeated: Vec<u64> = row
                .spans
                .iter()
                .flat_map(|span| {
                    let times = weights.of_block(span.block)[resample];
                    std::iter::repeat_n(span.duration_ns, times.into())
                })
                .collect();
            prop_assume!(!repeated.is_empty());
            prop_assert_eq!(draw, repeated[rank(repeated.len(), thousandths) - 1]);
        }
    }
}

#[test]
fn two_samples_of_the_same_hardly_ever_alarm() {
    // 3 % of them are expected to; that 7 or more of 40 do has a probability of 1 in 10,000.
    let alarms = (0..40).filter(|seed| {
        let (base, new) = sides(600, *seed, |_| {});
        by_default(&base, &new).failed
    });
    assert!(alarms.count() < 7);
}

#[test]
fn what_is_slower_is_found_and_nothing_else_is_blamed() {
    let (base, new) = sides(2_000, 7, |made| made.slower("load", 1.4));
    let diff = by_default(&base, &new);
    assert!(diff.failed);
    assert_eq!(names(&diff, Verdict::Worse), ["load"]);
    let row = &diff.rows[0];
    let p95 = &row.ratio[&Figure::P95];
    assert!(p95.low.unwrap() < 1.4 && 1.4 < p95.high.unwrap() && p95.low.unwrap() > 1.0, "{p95:?}");
    assert_eq!(row.broken.len(), 2, "{:?}", row.broken);
    assert_eq!(row.broken[1].traces.len(), 3);
    assert_eq!(diff, by_default(&base, &new));
    // The other way round it is better, and no rule is broken.
    let diff = by_default(&new, &base);
    assert!(!diff.failed && diff.undecided.is_empty());
    assert_eq!(names(&diff, Verdict::Better), ["load"]);
}

#[test]
fn a_growth_within_a_limit_breaks_no_rule() {
    let (base, new) = sides(2_000, 7, |made| made.slower("load", 1.4));
    for (rule, fails) in [
        ("p95 > 10% and > 1ms", true),
        ("p95 > 60%", false),
        ("p95 > 10% and > 1s", false),
        ("load: p95 > 10%", true),
        ("s lo*: p95 > 10%", true),
        ("render: p95 > 10%", false),
        ("mean > 10%", true),
        ("calls > 1%", false),
    ] {
        let diff = compare(&base, &new, &rules(&[rule]), 1).unwrap();
        assert_eq!((diff.failed, diff.undecided.len()), (fails, 0), "{rule}");
    }
}

#[test]
fn spans_that_fail_more_often_are_found_with_traces_in_which_they_fail() {
    let (base, new) = sides(2_000, 7, |made| made.failing("load", 0.05));
    let diff = by_default(&base, &new);
    assert_eq!(names(&diff, Verdict::Worse), ["load"]);
    let broken = &diff.rows[0].broken[0];
    assert_eq!((broken.figure, broken.base), (Some(Figure::Errors), Some(0.0)));
    assert!((broken.new.unwrap() - 0.05).abs() < 0.02 && broken.traces.len() == 3, "{broken:?}");
}

#[test]
fn what_is_new_or_gone_is_so_only_if_that_is_no_chance() {
    let (base, new) = sides(400, 7, |made| {
        made.only_in_every(80, "now and then");
        made.only_in_every(2, "often");
    });
    let diff = by_default(&base, &new);
    assert_eq!((names(&diff, Verdict::New), diff.failed), (vec!["often"], false));
    assert_eq!(verdict(&diff, "now and then"), Verdict::NotEnough);
    let diff = compare(&new, &base, &rules(&["p50 > 5%", "gone"]), 1).unwrap();
    assert_eq!((names(&diff, Verdict::Gone), diff.failed), (vec!["often"], true));
    let diff = compare(&base, &new, &rules(&["render: new"]), 1).unwrap();
    assert!(!diff.failed && diff.undecided.is_empty());
}

#[test]
fn too_few_traces_are_never_fine() {
    let (base, new) = sides(14, 7, |made| made.slower("load", 100.0));
    let diff = compare(&base, &new, &rules(&["p95 > 10%", "p95 > 10% and > 1ms"]), 1).unwrap();
    assert!(!diff.failed);
    assert_eq!(diff.undecided.len(), 2);
    assert!(diff.rows.iter().all(|row| row.verdict == Verdict::NotEnough));
    let NotEnough { figure, traces, wanted, clocks } = diff.rows[0].not_enough[0];
    assert_eq!((figure, traces, wanted, clocks), (Some(Figure::P95), 14, 200, false));
    assert_eq!(diff.rows[0].ratio[&Figure::P95].low, None);
    // A rule for spans that are not there at all.
    let (base, new) = sides(400, 7, |_| {});
    let diff = compare(&base, &new, &rules(&["p95 > 10%", "nowhere: p95 > 10%"]), 1).unwrap();
    assert_eq!(diff.undecided, rules(&["nowhere: p95 > 10%"]));
}

#[test]
fn the_order_of_traces_does_not_matter() {
    let made = Made::new(300, 7);
    let mut reversed = made.traces.clone();
    reversed.reverse();
    let new = Made::new(300, 8).side();
    assert_eq!(by_default(&made.side(), &new), by_default(&side(reversed), &new));
}

#[test]
fn what_runs_vary_by_anyway_counts_where_there_are_several() {
    // Every run has a speed of its own, and both sides have the same ones.
    let run = |seed, speed| {
        let mut made = Made::new(400, seed);
        ["load", "render", "store"].iter().for_each(|name| made.slower(name, speed));
        made.sample()
    };
    let speeds = [0.8, 1.1, 1.3, 0.9];
    let single = by_default(&Side::of(vec![run(1, 0.8)], None), &Side::of(vec![run(2, 1.1)], None));
    assert!(single.failed && single.notes.contains(&Note::OneRun));
    let several = |from: u64| {
        let runs = speeds.iter().zip(from..).map(|(speed, seed)| run(seed, *speed));
        Side::of(runs.collect(), None)
    };
    let diff = by_default(&several(1), &several(10));
    assert!(!diff.failed && !diff.notes.contains(&Note::OneRun), "{:?}", diff.rows[0]);
    assert_eq!((diff.base.runs, diff.base.traces), (4, 1_600));
    // One run that is as slow as none of the other side's was.
    let slow = Side::of((20..24).map(|seed| run(seed, 8.0)).collect(), None);
    assert!(by_default(&several(1), &slow).failed);
}

#[test]
fn sides_with_nothing_to_compare_are_refused() {
    let none = Side::of(vec![Sample::default()], None);
    let some = Made::new(30, 7).side();
    let other = side([(TraceId::new(1).unwrap(), vec![Made::span("another", 1)])]);
    let refused = |base, new| compare(base, new, &rules(&Rule::DEFAULT), 1).unwrap_err();
    assert_eq!(refused(&none, &some), CompareError::EmptyBase);
    assert_eq!(refused(&some, &none), CompareError::EmptyNew);
    assert_eq!(refused(&some, &other), CompareError::NothingInCommon);
}

#[test]
fn different_sampling_and_length_are_told() {
    let made = Made::new(30, 7);
    let base = Side::of(vec![made.sample()], Some(1.0));
    let mut longer = made.sample();
    longer.extent = Some((0, 3_600_000_000_000));
    let new = Side::of(vec![longer], Some(0.1));
    let diff = by_default(&base, &new);
    assert!(diff.notes.contains(&Note::SampleRatios { base: 1.0, new: 0.1 }), "{:?}", diff.notes);
    assert!(diff.notes.iter().any(|note| matches!(note, Note::Lengths { new_ns: 3_600_000_000_000, .. })));
    let told: Vec<String> = diff.notes.iter().map(ToString::to_string).collect();
    assert!(
        told.iter()
            .any(|told| told.starts_with("100% of the base's traces were recorded, 10% of the new ones")),
        "{told:?}"
    );
}
