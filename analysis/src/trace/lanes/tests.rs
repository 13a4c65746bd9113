use proptest::prelude::*;

use super::*;
use crate::trace::arbitrary::{Forest, crowd, services};

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
fn arrows_lead_to_what_is_outside_and_not_earlier() {
    let f = Forest::of(&[
        (None, 10, 100),
        (Some(0), 10, 50),
        (Some(0), 20, 60),
        (Some(0), 70, 150),
        (Some(0), 5, 7),
        (Some(0), 160, 170),
    ]);
    let layout = layout(&f, &[0; 6]);
    assert_eq!(layout.lane, [0, 0, 1, 1, 0, 0]);
    assert_eq!(layout.arrows_from(0, &f.tree).collect::<Vec<_>>(), [2, 3, 5]);
    assert!(!layout.has_arrow(0) && !layout.has_arrow(1) && !layout.has_arrow(4));
}

#[test]
fn of_spans_that_start_together_the_parent_comes_first() {
    let f = Forest::of(&[(Some(1), 0, 50), (None, 0, 10), (None, 0, 100)]);
    assert_eq!(layout(&f, &[0; 3]).order, [2, 1, 0]);
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
    (crowd(), services())
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
    fn ancestors_come_before_descendants_that_start_no_earlier((f, group) in groups()) {
        let layout = layout(&f, &group);
        let mut place = vec![0; f.start.len()];
        for (at, i) in layout.order.iter().enumerate() {
            place[*i as usize] = at;
        }
        for i in 0..f.start.len() {
            let mut above = f.tree.parent(i);
            while let Some(ancestor) = above {
                prop_assert!(f.start[ancestor] > f.start[i] || place[ancestor] < place[i]);
                above = f.tree.parent(ancestor);
            }
        }
    }
}
