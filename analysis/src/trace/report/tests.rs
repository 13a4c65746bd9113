use proptest::prelude::*;

use super::*;
use crate::trace::{
    arbitrary::{forest, traces as named},
    lines::{line, traces},
};

const FAILED: &str = r#","status":"error""#;

#[test]
fn the_histogram_of_a_row_counts_its_spans() {
    let traces = traces(
        &[
            line(1, 1, 0, "a", 0, 1_024, ""),
            line(1, 2, 1, "b", 0, 5, ""),
            line(2, 3, 0, "a", 0, 1_025, ""),
            line(2, 4, 3, "a", 0, 0, ""),
        ]
        .concat(),
    );
    let report = Report::of(&traces);
    let names: Vec<_> = report.summary.rows.iter().map(|row| (row.name(), row.count)).collect();
    assert_eq!(names, [("a", 3), ("b", 1)]);
    let a = &report.spreads[0];
    assert_eq!((a.counts()[80], a.counts()[0], a.counts().iter().sum::<u64>()), (2, 1, 3));
    assert_eq!(report.spreads[1].counts().iter().sum::<u64>(), 1);
}

#[test]
fn a_failed_trace_that_is_slow_is_shown_once() {
    let traces = traces(
        &[
            line(1, 1, 0, "a", 0, 10, FAILED),
            line(2, 1, 0, "a", 0, 30, FAILED),
            line(3, 1, 0, "a", 0, 20, ""),
            line(4, 1, 0, "a", 0, 15, FAILED),
        ]
        .concat(),
    );
    assert_eq!(Shown::of(&traces, 2, 1), Shown { slowest: vec![1, 2], failed: vec![3] });
    assert_eq!(Shown::of(&traces, 0, 9), Shown { slowest: vec![], failed: vec![1, 3, 0] });
}

#[test]
fn the_overview_is_of_traces() {
    let traces = traces(
        &[
            line(1, 1, 0, "a", 100, 110, ""),
            line(1, 2, 1, "b", 105, 132, FAILED),
            line(2, 1, 0, "a", 200, 208, ""),
            line(3, 1, 0, "a", 300, 301, ""),
        ]
        .concat(),
    );
    let overview = Overview::of(&traces);
    assert_eq!((overview.traces, overview.failed, overview.percentiles), (3, 1, [8, 32, 32, 32]));
    assert_eq!((overview.extent, overview.starts), (Some((100, 301)), (100, 300)));
    let filled: Vec<_> = overview.columns.iter().filter(|column| !column.cells.is_empty()).collect();
    // 32 ns are row 10, 8 ns row 6, 1 ns row 0.
    let cells: Vec<_> = filled.iter().map(|c| (c.cells.iter().next().unwrap(), c.failed)).collect();
    assert_eq!(cells, [((&10, &1), 1), ((&6, &1), 0), ((&0, &1), 0)]);
}

#[test]
fn of_a_large_trace_the_telling_spans_are_shown_with_those_above_them() {
    let mut lines = line(1, 1, 0, "root", 0, 10_000, "");
    for i in 0..100 {
        lines += &line(1, 10 + i, 1, "quick", 10 * i, 10 * i + 5, "");
    }
    lines += &line(1, 2, 1, "slow", 2_000, 9_000, "");
    lines += &line(1, 3, 10 + 50, "below", 501, 502, FAILED);
    let traces = traces(&lines);
    let excerpt = Excerpt::of(&traces, 0, &traces.critical_path(), 4);
    let seen: Vec<_> =
        excerpt.lines.iter().map(|line| (line.row.name.as_str(), line.row.depth, line.left_out)).collect();
    assert_eq!(seen, [("root", 0, 99), ("quick", 1, 0), ("below", 2, 0), ("slow", 1, 0)]);
    assert_eq!((excerpt.spans, excerpt.failed, excerpt.duration_ns), (103, 1, 10_000));
    assert_eq!(excerpt.lines[3].critical, [(2_000, 7_000)]);
}

proptest! {
    #[test]
    fn an_excerpt_leaves_nothing_uncounted(f in forest(40, 60), most in 1_usize..50) {
        let traces = named(&f, &vec![0; f.start.len()]);
        let excerpt = Excerpt::of(&traces, 0, &traces.critical_path(), most);
        prop_assert!(excerpt.lines.len() <= most);
        let counted = |line: &Line| 1 + line.left_out;
        let all = excerpt.lines.iter().map(counted).sum::<u64>();
        // What is below no line at all is nobody's.
        let is_lost = |i: &usize| {
            let way = std::iter::successors(Some(*i), |at| traces.tree.parent(*at));
            way.into_iter().all(|at| excerpt.lines.iter().all(|line| line.row.span_id != at as u64 + 1))
        };
        let lost = (0..f.start.len()).filter(is_lost).count() as u64;
        prop_assert_eq!(all + lost, excerpt.spans);
        for line in &excerpt.lines {
            let own: u64 = line.critical.iter().map(|(_, ns)| ns).sum();
            prop_assert_eq!(own, line.row.critical_path_ns);
        }
    }
}
