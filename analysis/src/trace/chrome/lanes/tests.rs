use proptest::prelude::*;

use super::*;
use crate::trace::arbitrary::{Forest, forest};

fn layout(f: &Forest, group: &[u32]) -> Layout {
    Layout::of(group, &f.start, &f.end, &f.tree)
}

fn lanes(spans: &[(Option<usize>, u64, u64)]) -> Vec<u32> {
    let f = Forest::of(spans);
    layout(&f, &vec![0; spans.len()]).lane
}

#[test]
fn a_child_is_on_its_parents_lane() {
    assert_eq!(
        lanes(&[(None, 0, 100), (Some(0), 10, 50), (Some(1), 10, 50), (Some(0), 51, 100)]),
        [0, 0, 0, 0]
    );
}

#[test]
fn of_concurrent_children_one_is_on_another_lane() {
    assert_eq!(lanes(&[(None, 0, 100), (Some(0), 10, 50), (Some(0), 40, 60)]), [0, 0, 1]);
}

#[test]
fn a_child_that_outlives_its_parent_is_on_another_lane() {
    assert_eq!(lanes(&[(None, 0, 100), (Some(0), 10, 150)]), [0, 1]);
}

#[test]
fn strangers_share_a_lane_only_one_after_the_other() {
    assert_eq!(lanes(&[(None, 0, 100), (None, 10, 50), (None, 60, 70), (None, 101, 110)]), [0, 1, 1, 0]);
}

#[test]
fn an_arrow_leaves_the_parent_where_nothing_is_inside_it() {
    let f = Forest::of(&[(None, 0, 100), (Some(0), 10, 50), (Some(0), 20, 60), (Some(0), 70, 150)]);
    let layout = layout(&f, &[0; 4]);
    assert_eq!(layout.lane, [0, 0, 1, 1]);
    let arrows: Vec<_> = (0..4).map(|i| layout.arrow_from(i)).collect();
    assert_eq!(arrows, [None, None, Some(9), Some(69)]);
}

#[test]
fn an_arrow_leaves_the_parent_where_the_sibling_before_ends() {
    let f = Forest::of(&[(None, 0, 100), (Some(0), 10, 50), (Some(0), 50, 60)]);
    assert_eq!(layout(&f, &[0; 3]).arrow_from(2), Some(50));
}

#[test]
fn slices_that_touch_are_on_different_lanes() {
    assert_eq!(lanes(&[(None, 0, 1_000), (Some(0), 100, 300), (Some(0), 300, 500)]), [0, 0, 1]);
}

#[test]
fn a_child_that_sticks_out_in_doubles_is_on_another_lane() {
    // 0.1 + 0.2 is more than 0.3.
    assert_eq!(lanes(&[(None, 0, 300), (Some(0), 100, 300)]), [0, 1]);
    assert_eq!(lanes(&[(None, 0, 500), (Some(0), 100, 500)]), [0, 0]);
}

#[test]
fn an_empty_child_at_its_parents_start_is_on_another_lane() {
    assert_eq!(lanes(&[(None, 5, 9), (Some(0), 5, 5), (Some(0), 6, 6)]), [0, 1, 0]);
}

#[test]
fn many_empty_spans_at_one_instant_take_no_quadratic_time() {
    let spans: Vec<_> = (0..100_000).map(|_| (None, 5, 5)).collect();
    assert_eq!(lanes(&spans).iter().max(), Some(&99_999));
}

fn is_ancestor(tree: &Tree, above: usize, mut of: usize) -> bool {
    while let Some(parent) = tree.parent(of) {
        if parent == above {
            return true;
        }
        of = parent;
    }
    false
}

/// A forest and a group for each span.
fn groups() -> impl Strategy<Value = (Forest, Vec<u32>)> {
    (forest(24, 600), prop::collection::vec(0_u32..2, 24))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_span_is_on_one_lane_of_its_group((f, group) in groups()) {
        let layout = layout(&f, &group);
        let mut order = layout.order.clone();
        order.sort_unstable();
        prop_assert!(order.iter().copied().eq(0..f.start.len() as u32));
        for (i, lane) in layout.lane.iter().enumerate() {
            prop_assert_eq!(layout.lanes[*lane as usize].group, group[i]);
        }
        let mut numbers: Vec<_> = layout.lanes.iter().map(|l| (l.group, l.number)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), layout.lanes.len());
    }

    #[test]
    fn no_span_is_inside_one_that_is_not_its_ancestor((f, group) in groups()) {
        let layout = layout(&f, &group);
        let base = *f.start.iter().min().unwrap();
        let micros = |ns: u64| ns as f64 / 1e3;
        for (at, a) in layout.order.iter().map(|i| *i as usize).enumerate() {
            let first_on_lane = layout.order.iter().find(|i| layout.lane[**i as usize] == layout.lane[a]);
            let lane_start = micros(f.start[*first_on_lane.unwrap() as usize] - base);
            for b in layout.order[at + 1..].iter().map(|i| *i as usize) {
                if layout.lane[a] != layout.lane[b] || f.end[a] < f.start[b] {
                    continue;
                }
                prop_assert!(is_ancestor(&f.tree, a, b), "{} is drawn inside {}", b, a);
                prop_assert!(f.start[b] < f.end[a] && f.end[b] <= f.end[a], "{} sticks out of {}", b, a);
                let is_empty = f.start[b] == f.end[b];
                prop_assert!(!is_empty || f.start[a] < f.start[b], "{} hides {}", b, a);
                for zero in [0.0, lane_start] {
                    let end = |i: usize| micros(f.start[i] - base) - zero + micros(f.end[i] - f.start[i]);
                    prop_assert!(end(b) <= end(a), "{} sticks out of {} in doubles", b, a);
                }
            }
        }
    }

    #[test]
    fn arrows_lead_from_the_parent_wherever_lanes_change((f, group) in groups()) {
        let layout = layout(&f, &group);
        for i in 0..f.start.len() {
            let parent = f.tree.parent(i);
            let wanted = parent.filter(|p| layout.lane[*p] != layout.lane[i] && f.start[*p] <= f.start[i]);
            prop_assert_eq!(layout.arrow_from(i).is_some(), wanted.is_some());
            let (Some(parent), Some(at)) = (wanted, layout.arrow_from(i)) else { continue };
            prop_assert!(f.start[parent] <= at && at <= f.end[parent] && at <= f.start[i]);
            let inside = (0..f.start.len()).find(|q| {
                *q != parent
                    && layout.lane[*q] == layout.lane[parent]
                    && is_ancestor(&f.tree, parent, *q)
                    && f.start[*q] <= at
                    && at < f.end[*q]
            });
            prop_assert!(inside.is_none() || at == f.start[parent], "{:?} hides the arrow to {}", inside, i);
        }
    }
}
