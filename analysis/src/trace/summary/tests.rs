use glyph_formats::{
    TraceId,
    span::{SpanKind, SpanStatus},
};
use proptest::prelude::*;

use super::*;
use crate::trace::columns::Spans;

/// Spans of one trace without parents: (service, name, start, duration, error).
fn summary(spans: &[(&str, &str, u64, u64, bool)]) -> Summary {
    let mut columns = Spans { trace_ids: TraceId::new(1).into_iter().collect(), ..Spans::default() };
    for (i, (service, name, start, duration, error)) in spans.iter().enumerate() {
        columns.trace.push(0);
        columns.span_id.push(i as u64 + 1);
        columns.parent_id.push(0);
        columns.service.push(columns.services.intern(service));
        columns.name.push(columns.names.intern(name));
        columns.kind.push(SpanKind::Internal);
        columns.status.push(if *error { SpanStatus::Error } else { SpanStatus::Unset });
        columns.start.push(*start);
        columns.end.push(start + duration);
    }
    Traces::resolve(columns, Oddities::default()).summarize()
}

#[test]
fn rows_come_by_total_then_by_name() {
    let s = summary(&[
        ("b", "x", 5, 10, false),
        ("a", "y", 0, 10, true),
        ("a", "x", 0, 10, false),
        ("a", "z", 0, 11, false),
    ]);
    let order: Vec<_> = s.rows.iter().map(|r| (r.service(), r.name(), r.errors)).collect();
    assert_eq!(order, [("a", "z", 0), ("a", "x", 0), ("a", "y", 1), ("b", "x", 0)]);
    assert_eq!((s.start_unix_nano, s.end_unix_nano), (Some(0), Some(15)));
    assert_eq!(s.services, ["a", "b"]);
}

#[test]
fn without_spans_there_are_no_rows() {
    let s = Traces::resolve(Spans::default(), Oddities::default()).summarize();
    assert_eq!((s.spans, s.rows.len(), s.start_unix_nano), (0, 0, None));
}

#[test]
fn sums_beyond_all_numbers_stop_there() {
    let s =
        summary(&[("a", "x", 0, u64::MAX, false), ("a", "x", 0, u64::MAX, false), ("a", "y", 0, 7, false)]);
    assert_eq!((s.rows[0].total_ns, s.rows[0].max_ns), (u64::MAX, u64::MAX));
    assert_eq!(s.rows[1].total_ns, 7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn percentiles_are_nearest_rank(durations in prop::collection::vec(0_u64..1_000, 1..400)) {
        let spans: Vec<_> = durations.iter().map(|d| ("s", "n", 0, *d, false)).collect();
        let mut sorted = durations;
        sorted.sort_unstable();
        let rank = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100) - 1];
        let row = &summary(&spans).rows[0];
        prop_assert_eq!(
            [row.p50_ns, row.p90_ns, row.p95_ns, row.p99_ns],
            [rank(50), rank(90), rank(95), rank(99)]
        );
        prop_assert_eq!(row.total_ns, sorted.iter().sum::<u64>());
        prop_assert_eq!(row.count as usize, sorted.len());
    }
}
