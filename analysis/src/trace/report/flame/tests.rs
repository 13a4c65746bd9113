use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::trace::{
    arbitrary::{forest, traces as named},
    folded,
    lines::{line, traces},
};

/// The sum of what each path costs by itself, as a stack with the frames that are no sums.
fn paths(flame: &Flame) -> BTreeMap<String, u64> {
    let mut texts: Vec<String> = Vec::new();
    let mut paths = BTreeMap::new();
    for frame in &flame.frames {
        let Kind::Spans { service, name } = &frame.kind else { continue };
        let above = frame.above.map(|above| format!("{};", texts[above])).unwrap_or_default();
        texts.push(format!("{above}{service} {name}"));
        *paths.entry(texts[texts.len() - 1].clone()).or_default() += frame.own.time_ns;
    }
    paths
}

#[test]
fn spans_with_one_path_are_one_frame() {
    let traces = traces(
        &[
            line(1, 1, 0, "a", 0, 100, ""),
            line(1, 2, 1, "b", 10, 30, r#","status":"error""#),
            line(1, 3, 1, "b", 40, 80, ""),
            line(1, 4, 1, "c", 20, 30, ""),
            line(2, 5, 0, "b", 0, 7, ""),
        ]
        .concat(),
    );
    let flame = Flame::of(&traces);
    let seen: Vec<_> = flame
        .frames
        .iter()
        .map(|f| {
            (f.above, f.level, f.count, f.errors, f.total_ns, f.own.time_ns, f.all.time_ns, f.all.critical_ns)
        })
        .collect();
    // a waits for both b: 10..30 and 40..80; c runs beside the first.
    assert_eq!(
        seen,
        [
            (None, 0, 1, 0, 100, 40, 110, 100),
            (Some(0), 1, 2, 1, 60, 60, 60, 60),
            (Some(0), 1, 1, 0, 10, 10, 10, 0),
            (None, 0, 1, 0, 7, 7, 7, 7),
        ]
    );
    assert_eq!((flame.paths, flame.too_deep), (4, 0));
    assert_eq!(flame.cost(), Cost { time_ns: 117, critical_ns: 107 });
}

#[test]
fn what_is_too_small_is_one_frame_and_counted() {
    let mut lines = line(1, 1, 0, "root", 0, 1_000_000, "");
    for i in 0..50 {
        lines += &line(1, 2 + i, 1, &format!("small{i}"), i, i + 1, "");
    }
    let flame = Flame::of(&traces(&lines));
    let [root, others] = flame.frames.as_slice() else { panic!("{flame:?}") };
    assert_eq!((others.above, others.level, &others.kind), (Some(0), 1, &Kind::Others(50)));
    assert_eq!((others.count, others.all.time_ns), (50, 50));
    assert_eq!((root.own.time_ns + others.all.time_ns, flame.paths), (root.all.time_ns, 51));
}

#[test]
fn a_deep_trace_is_cut_and_nothing_of_its_time_is_lost() {
    let n = u64::from(MOST_LEVELS) * 3;
    let lines: String = (0..n).map(|i| line(1, i + 1, i, "n", i, 2 * n - i, "")).collect();
    let flame = Flame::of(&traces(&lines));
    assert_eq!((flame.frames.len() as u64, flame.too_deep), (n / 3, n * 2 / 3));
    assert_eq!(flame.cost(), Cost { time_ns: 2 * n, critical_ns: 2 * n });
}

#[test]
fn without_spans_there_are_no_frames() {
    assert_eq!(Flame::of(&traces("")), Flame::default());
}

proptest! {
    #[test]
    fn each_path_has_the_self_time_that_its_stack_has(
        f in forest(20, 40),
        services in prop::collection::vec(0_u32..3, 20),
    ) {
        // Few enough, and each at least a thousandth of all: every path has a frame.
        let traces = named(&f, &services[..f.start.len()]);
        let flame = Flame::of(&traces);
        let mut stacks = Vec::new();
        folded::write(&traces, &mut stacks).unwrap();
        let stacks: BTreeMap<String, u64> = String::from_utf8(stacks)
            .unwrap()
            .lines()
            .map(|line| line.rsplit_once(' ').unwrap())
            .map(|(stack, ns)| (in_full(stack), ns.parse().unwrap()))
            .collect();
        let mut seen = paths(&flame);
        seen.retain(|_, ns| *ns > 0);
        prop_assert_eq!(seen, stacks);
        prop_assert_eq!(flame.cost().time_ns, traces.self_times().iter().sum::<u64>());
        prop_assert_eq!(flame.cost().critical_ns, traces.critical_path().own_ns.iter().sum::<u64>());
    }

    #[test]
    fn a_frame_has_what_is_its_own_and_what_is_below(f in forest(60, 3_000)) {
        let flame = Flame::of(&named(&f, &vec![0; f.start.len()]));
        for (at, frame) in flame.frames.iter().enumerate() {
            let below = flame.frames.iter().filter(|other| other.above == Some(at));
            let below: u64 = below.map(|other| other.all.time_ns).sum();
            prop_assert_eq!(frame.all.time_ns, frame.own.time_ns + below);
            prop_assert!(frame.above.is_none_or(|above| above < at && flame.frames[above].level + 1 == frame.level));
        }
        prop_assert_eq!(flame.frames.iter().map(|frame| frame.count).sum::<u64>(), f.start.len() as u64);
    }
}

/// A stack in which every frame names its service.
fn in_full(stack: &str) -> String {
    let mut service = "";
    let frame = |frame| match str::split_once(frame, ' ') {
        Some((its, name)) => {
            service = its;
            format!("{service} {name}")
        }
        None => format!("{service} {frame}"),
    };
    stack.split(';').map(frame).collect::<Vec<_>>().join(";")
}
