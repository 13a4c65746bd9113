use std::collections::{BTreeMap, BTreeSet};

use glyph_formats::{
    TraceId,
    span::{SpanKind, SpanStatus},
};
use proptest::prelude::*;

use super::*;
use crate::trace::{
    Oddities, Spans,
    arbitrary::{Forest, forest},
};

/// Traces of a forest, with the service and name of each span.
fn traces(forest: &Forest, texts: &[(&str, &str)]) -> Traces {
    let mut columns = Spans { trace_ids: TraceId::new(1).into_iter().collect(), ..Spans::default() };
    for (i, (service, name)) in texts.iter().enumerate() {
        columns.trace.push(0);
        columns.span_id.push(i as u64 + 1);
        columns.parent_id.push(forest.tree.parent(i).map_or(0, |p| p as u64 + 1));
        columns.service.push(columns.services.intern(service));
        columns.name.push(columns.names.intern(name));
        columns.kind.push(SpanKind::Internal);
        columns.status.push(SpanStatus::Unset);
        columns.start.push(forest.start[i]);
        columns.end.push(forest.end[i]);
    }
    Traces::resolve(columns, Oddities::default())
}

fn folded(traces: &Traces) -> (String, Written) {
    let mut out = Vec::new();
    let written = write(traces, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), written)
}

/// The stack and the value of each line, as those who read the format take them apart.
fn read(text: &str) -> Vec<(&str, u64)> {
    let line = |line| {
        let (stack, value) = str::rsplit_once(line, ' ').unwrap();
        (stack, value.parse().unwrap())
    };
    text.lines().map(line).collect()
}

#[test]
fn equal_stacks_are_one_line_and_a_service_is_named_where_it_begins() {
    let f = Forest::of(&[
        (None, 0, 100),
        (Some(0), 10, 30),
        (Some(0), 40, 70),
        (Some(1), 10, 20),
        (None, 100, 105),
        (Some(4), 100, 105),
    ]);
    let texts = [("s", "a"), ("t", "b"), ("t", "b"), ("t", "c"), ("s", "a"), ("s", "a")];
    let (text, written) = folded(&traces(&f, &texts));
    assert_eq!(text, "s a 50\ns a;a 5\ns a;t b 40\ns a;t b;c 10\n");
    assert_eq!(written, Written { stacks: 4, too_deep: 0 });
}

#[test]
fn lines_come_in_the_order_of_their_bytes() {
    let f = Forest::of(&[(None, 0, 10), (Some(0), 1, 8), (Some(1), 2, 3), (Some(0), 8, 9)]);
    let (text, _) = folded(&traces(&f, &[("s", "r"), ("s", "a"), ("s", "c"), ("s", "a.b")]));
    assert_eq!(text, "s r 2\ns r;a 6\ns r;a.b 1\ns r;a;c 1\n");
}

#[test]
fn names_end_neither_a_frame_nor_a_line() {
    let f = Forest::of(&[(None, 0, 10), (Some(0), 0, 4), (Some(0), 4, 7), (Some(0), 7, 8)]);
    let long = "ä".repeat(MOST_CHARACTERS + 1);
    let texts = [("a;b", " x 1\ny;z 2\r\t"), ("", "  "), ("\u{1b}[2J", "\u{2028}"), ("a;b", long.as_str())];
    let (text, _) = folded(&traces(&f, &texts));
    assert_eq!(
        text,
        format!(
            "a\\u{{3b}}b x 1\\ny\\u{{3b}}z 2 2\n\
             a\\u{{3b}}b x 1\\ny\\u{{3b}}z 2;(unnamed) (unnamed) 4\n\
             a\\u{{3b}}b x 1\\ny\\u{{3b}}z 2;\\u{{1b}}[2J (unnamed) 3\n\
             a\\u{{3b}}b x 1\\ny\\u{{3b}}z 2;{}… 1\n",
            "ä".repeat(MOST_CHARACTERS)
        )
    );
}

#[test]
fn a_deep_trace_is_cut_and_nothing_of_its_time_is_lost() {
    let n = 10_000_u64;
    let spans: Vec<_> = (0..n).map(|i| ((i > 0).then(|| i as usize - 1), i, 2 * n - i)).collect();
    let texts = vec![("s", "n"); spans.len()];
    let (text, written) = folded(&traces(&Forest::of(&spans), &texts));
    let lines = read(&text);
    assert_eq!(lines.iter().map(|(_, ns)| ns).sum::<u64>(), 2 * n);
    assert_eq!(lines.iter().map(|(stack, _)| stack.split(';').count()).max(), Some(MOST_FRAMES));
    assert_eq!(written, Written { stacks: MOST_FRAMES as u64, too_deep: n - MOST_FRAMES as u64 });
}

#[test]
fn without_spans_there_are_no_stacks() {
    let (text, written) = folded(&Traces::resolve(Spans::default(), Oddities::default()));
    assert_eq!((text.as_str(), written), ("", Written::default()));
}

const TEXTS: [&str; 8] = ["a", "a b", "a.b", "b", ";", "a;b", "\n", "1 2"];

proptest! {
    #[test]
    fn every_stack_has_the_self_time_of_its_spans(
        f in forest(40, 60),
        texts in prop::collection::vec((0..3_usize, 0..TEXTS.len()), 40),
    ) {
        let texts: Vec<_> =
            texts[..f.start.len()].iter().map(|(s, n)| (TEXTS[*s], TEXTS[*n])).collect();
        let traces = traces(&f, &texts);
        let self_ns = traces.self_times();
        let (text, written) = folded(&traces);
        let lines = read(&text);
        prop_assert_eq!(lines.iter().map(|(_, ns)| ns).sum::<u64>(), self_ns.iter().sum::<u64>());
        prop_assert_eq!(lines.len() as u64, written.stacks);
        prop_assert!(lines.is_sorted_by(|a, b| a.0 < b.0), "{}", text);

        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for (i, ns) in self_ns.iter().enumerate() {
            let mut frames = Vec::new();
            let mut at = Some(i);
            while let Some(span) = at {
                let above = traces.tree.parent(span);
                let (service, name) = texts[span];
                let is_same = above.is_some_and(|above| texts[above].0 == service);
                frames.push(frame((!is_same).then_some(service), name));
                at = above;
            }
            frames.reverse();
            *expected.entry(frames.join(";")).or_default() += ns;
        }
        expected.retain(|_, ns| *ns > 0);
        let seen: BTreeSet<_> = lines.iter().map(|(stack, ns)| ((*stack).to_owned(), *ns)).collect();
        prop_assert_eq!(seen, expected.into_iter().collect::<BTreeSet<_>>());
    }
}
