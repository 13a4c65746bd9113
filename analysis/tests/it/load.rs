use std::{fs, path::Path};

use glyph_analysis::trace::{Keep, LoadError, Loaded, Oddity, Sources, load};

fn line(trace: u64, id: u64) -> String {
    format!(
        "{{\"trace_id\":\"{trace:032x}\",\"span_id\":\"{id:016x}\",\"name\":\"n{}\",\"service_name\":\"caf\\u00e9\",\
         \"attributes\":{{\"k\":[1,{{}}]}},\"start_time_unix_nano\":{id},\"end_time_unix_nano\":{}}}\n",
        id % 3,
        id + 5
    )
}

fn read(paths: &[&Path]) -> Result<Loaded, LoadError> {
    let sources = Sources::find(paths)?;
    load(&sources, Keep::NOTHING, &sources.progress())
}

fn loaded(text: &[u8]) -> Result<Loaded, LoadError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.jsonl");
    fs::write(&path, text).unwrap();
    read(&[&path])
}

#[test]
fn many_blocks_come_together_in_order() {
    let spans = 60_000;
    let text: String = (1..=spans).map(|id| line(id / 7 + 1, id)).collect();
    assert!(text.len() > 8 << 20, "several blocks are wanted");
    let all = loaded(text.as_bytes()).unwrap();
    assert_eq!(all.spans.len() as u64, spans);
    assert!(all.warnings.is_empty() && all.oddities.is_empty());
    let traces: Vec<u128> = all.spans.trace_ids().iter().map(|id| id.get()).collect();
    assert_eq!(traces, (1..=u128::from(spans / 7 + 1)).collect::<Vec<_>>());
    assert_eq!(all.spans.services().iter().collect::<Vec<_>>(), ["café"]);
    assert_eq!(all.spans.extent(), Some((1, spans + 5)));
}

#[test]
fn a_torn_last_line_is_a_warning_with_its_position() {
    let whole = line(1, 1) + &line(1, 2);
    for cut in 1..line(1, 2).len() - 1 {
        let all = loaded(&whole.as_bytes()[..whole.len() - cut]).unwrap();
        if cut == 1 {
            // Only the line end is missing.
            assert_eq!((all.spans.len(), all.warnings.len()), (2, 0));
            continue;
        }
        assert_eq!(all.spans.len(), 1, "{cut}");
        assert_eq!((all.oddities.get(Oddity::TornLine), all.warnings[0].line), (1, Some(2)));
    }
}

#[test]
fn a_recording_cut_short_in_its_first_line_is_no_failure() {
    let all = loaded(&line(1, 1).as_bytes()[..50]).unwrap();
    assert_eq!((all.spans.len(), all.oddities.get(Oddity::TornLine)), (0, 1));
}

#[test]
fn a_file_in_which_nothing_is_a_span_is_none() {
    for text in ["hello", "[1,2]\n", "{}\n{}\n", "null\n", "\u{feff}\n", "{\"trace_id\":\"1\"}\n"] {
        match loaded(text.as_bytes()) {
            Err(LoadError::NotATrace { line: 1, .. }) => {}
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn bad_lines_among_good_ones_are_counted_and_the_first_is_named() {
    let text = line(1, 1) + "oops\n\n" + &line(1, 2) + "{}\n" + &line(0, 3);
    let all = loaded(text.as_bytes()).unwrap();
    assert_eq!((all.spans.len(), all.oddities.get(Oddity::UnreadableLine)), (2, 3));
    assert_eq!(all.warnings.iter().map(|w| w.line).collect::<Vec<_>>(), [Some(2)]);
}

#[test]
fn a_bad_file_among_good_ones_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (good, bad) = (dir.path().join("good"), dir.path().join("bad"));
    fs::write(&good, line(1, 1)).unwrap();
    fs::write(&bad, "nothing\n").unwrap();
    match read(&[&good, &bad]) {
        Err(LoadError::NotATrace { path, .. }) => assert_eq!(path, bad),
        other => panic!("{other:?}"),
    }
}

#[test]
fn closed_segments_come_first_and_no_file_twice() {
    let dir = tempfile::tempdir().unwrap();
    let current = dir.path().join("traces.jsonl");
    fs::write(&current, line(3, 3)).unwrap();
    fs::write(dir.path().join("traces.000002.jsonl"), line(2, 2)).unwrap();
    fs::write(dir.path().join("traces.000001.jsonl"), line(1, 1)).unwrap();
    let all = read(&[&current, &current]).unwrap();
    assert_eq!(all.spans.trace_ids().iter().map(|id| id.get()).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn spans_without_a_duration_are_counted() {
    let odd = line(1, 9).replace(":14}", ":3}");
    let endless = line(1, 9).replace(",\"end_time_unix_nano\":14", "");
    let all = loaded((odd + &endless).as_bytes()).unwrap();
    assert_eq!(all.oddities.get(Oddity::EndBeforeStart), 1);
    assert_eq!(all.oddities.get(Oddity::WithoutEnd), 1);
    assert_eq!((all.spans.duration(0), all.spans.duration(1)), (0, 0));
}
