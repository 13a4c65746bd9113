use super::*;
use crate::trace::lines::{line, traces};

fn drawn(traces: &Traces, t: usize, width: usize) -> String {
    let options = Options { width, attributes: true, events: true };
    render(&Waterfall::of(traces, t, &traces.critical_path()), options)
        .iter()
        .map(|line| line.iter().map(|p| p.text.as_str()).collect::<String>().trim_end().to_owned() + "\n")
        .collect()
}

#[test]
fn spans_stand_below_their_parents_by_start() {
    let more = r#","status":"error","status_message":"refused","attributes":{"k\u001b":"v"},"events":[{"name":"retry","time_unix_nano":1050}]"#;
    let traces = traces(
        &[
            line(1, 3, 1, "late", 1_500, 2_000, ""),
            line(1, 1, 0, "root", 1_000, 2_000, ""),
            line(1, 2, 1, "early\\u001b[2J", 1_000, 1_400, more),
            line(1, 4, 1, "aside", 1_100, 1_200, ""),
        ]
        .concat(),
    );
    insta::assert_snapshot!(drawn(&traces, 0, 60), @r"
    trace 00000000000000000000000000000001  4 spans, 1.00µs  1 error
    root s               │███████████████████████████████ 1.00µs
      ✗ early\u{1b}[2J s │████████████                     400ns
        refused
        k\u{1b} = v
        · 50ns retry
      aside s            │   ▒▒▒                           100ns
      late s             │               ████████████████  500ns
    ");
}

#[test]
fn a_bar_has_a_cell_and_keeps_to_the_line() {
    let spans: String = (0..50)
        .map(|i| line(1, i + 1, i, &"漢字".repeat(i as usize % 30), 1_000 + i, 1_001 + i * i, ""))
        .collect();
    let traces = traces(&spans);
    for width in [0, 40, 57, 200] {
        let options = Options { width, attributes: false, events: false };
        for line in &render(&Waterfall::of(&traces, 0, &traces.critical_path()), options)[1..] {
            let columns: usize =
                line.iter().map(|p| unicode_width::UnicodeWidthStr::width(p.text.as_str())).sum();
            assert_eq!(columns, width.max(40), "{line:?}");
            assert!(line.iter().any(|p| p.text.contains(['█', '▒'])), "{line:?}");
        }
    }
}
