use std::{collections::BTreeMap, fs, path::Path};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::RowAccessor,
};

use super::*;
use crate::trace::lines::line;

/// The hour in which these spans start, in nanoseconds.
const HOUR: u64 = 1_767_322_800_000_000_000;

fn written(lines: &str, memory: u64, filter: Option<&str>) -> (tempfile::TempDir, Written) {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = (dir.path().join("traces.jsonl"), dir.path().join("out"));
    fs::write(&file, lines).unwrap();
    fs::create_dir(&out).unwrap();
    let sources = Sources::find(&[file]).unwrap();
    let filter = filter.map(|text| text.parse().unwrap());
    let sorted = Sorted::read(&sources, filter, memory, &Progress::of(None)).unwrap();
    let written = sorted.write(out, &Progress::of(None)).unwrap();
    (dir, written)
}

/// Every file below a folder, by its path there.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut next = vec![dir.to_owned()];
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                next.push(entry.path());
            } else {
                let path = entry.path().strip_prefix(dir).unwrap().to_owned();
                all.insert(path, fs::read(entry.path()).unwrap());
            }
        }
    }
    all
}

/// Each row of a file in words.
fn rows(dir: &Path, path: &str) -> Vec<String> {
    let file = fs::File::open(dir.join(path)).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect()
}

#[test]
fn a_span_is_a_row_in_the_file_of_its_service_and_hour() {
    let more = r#","kind":"server","status":"error","status_message":"no \"way\"","attributes":{"b":1,"a":"x","a":"y","n":null,"l":["p",2]},"events":[{"name":"e","time_unix_nano":3}]"#;
    let text = [
        line(1, 1, 0, "GET /", HOUR, HOUR + 100, more),
        line(1, 2, 1, "db", HOUR + 10, HOUR + 40, ""),
        line(1, 3, 1, "late", HOUR + 3_600_000_000_000, HOUR + 3_600_000_000_001, ""),
    ]
    .concat();
    let (dir, written) = written(&text, 1 << 30, None);
    let out = dir.path().join("out");
    let all = files(&out);
    let paths: Vec<_> = all.keys().map(|path| path.to_str().unwrap()).collect();
    let (first, second) =
        ("service=s/hour=2026-01-02T03/part-0.parquet", "service=s/hour=2026-01-02T04/part-0.parquet");
    assert_eq!(paths, [first, second]);
    let bytes = all.values().map(|bytes| bytes.len() as u64).sum::<u64>();
    assert_eq!((written.spans, written.files, written.bytes), (3, 2, bytes));

    let reader = SerializedFileReader::new(fs::File::open(out.join(first)).unwrap()).unwrap();
    let row = reader.get_row_iter(None).unwrap().next().unwrap().unwrap();
    let text = |at: usize| row.get_string(at).unwrap().as_str();
    assert_eq!([text(0), text(1)], [&format!("{:032x}", 1), &format!("{:016x}", 1)]);
    assert_eq!(
        [text(3), text(4), text(5), text(6), text(7)],
        ["GET /", "server", "error", "no \"way\"", "s"]
    );
    assert_eq!(row.get_timestamp_micros(8).unwrap() as u64, HOUR / 1_000);
    let numbers: Vec<u64> = (9..14).map(|at| row.get_long(at).unwrap() as u64).collect();
    assert_eq!(numbers, [HOUR, HOUR + 100, 100, 70, 70]);
    assert_eq!((row.get_bool(14).unwrap(), row.get_int(15).unwrap()), (true, 0));
    let map = row.get_map(16).unwrap().entries();
    let map: Vec<_> = map.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(map, [r#""a"="y""#, r#""b"="1""#, r#""l"="["p",2]""#, r#""n"=null"#]);
    assert_eq!(text(17), r#"[{"name":"e","time_unix_nano":3}]"#);

    let [_, second_of_hour] = rows(&out, first).try_into().unwrap();
    assert!(second_of_hour.contains("parent_span_id: \"0000000000000001\""), "{second_of_hour}");
    assert!(second_of_hour.contains("depth: 1"), "{second_of_hour}");
    assert!(second_of_hour.contains("status_message: null"), "{second_of_hour}");
    assert!(second_of_hour.contains("events: null"), "{second_of_hour}");
}

/// Traces whose spans are of three hours and have attributes of their own.
fn many() -> String {
    let attributes =
        |i| format!(",\"attributes\":{{\"n\":\"{i}\",\"long\":\"{}\"}}", "x".repeat(i as usize % 50));
    (0..3_000_u64)
        .map(|i| {
            let start = HOUR + (i % 3) * 3_600_000_000_000 + i;
            line(1 + i / 4, i + 1, if i % 4 == 0 { 0 } else { i }, "n", start, start + i, &attributes(i))
        })
        .collect()
}

#[test]
fn the_same_spans_give_the_same_bytes() {
    let (a, b) = (written(&many(), 1 << 30, None), written(&many(), 1 << 30, None));
    assert_eq!(a.1, b.1);
    assert!(files(&a.0.path().join("out")) == files(&b.0.path().join("out")));
}

#[test]
fn with_little_memory_there_are_more_row_groups_and_the_same_rows() {
    let path = "service=s/hour=2026-01-02T04/part-0.parquet";
    let of = |memory| {
        let (dir, _) = written(&many(), memory, None);
        let out = dir.path().join("out");
        let reader = SerializedFileReader::new(fs::File::open(out.join(path)).unwrap()).unwrap();
        (reader.metadata().num_row_groups(), rows(&out, path))
    };
    let (one_group, all) = of(1 << 30);
    let (groups, from_disk) = of(1 << 17);
    assert_eq!((one_group, all.len()), (1, 1_000));
    assert!(groups > 5, "{groups}");
    assert!(all == from_disk);
}

#[test]
fn of_very_many_files_a_thousand_are_on_their_way_and_the_others_have_parts() {
    let span = |i: u64| {
        let start = HOUR + (i % 1_050) * 3_600_000_000_000;
        line(1 + i, 1, 0, &i.to_string(), start, start + 1, "")
    };
    let (dir, written) = written(&(0..3_150).map(span).collect::<String>(), 0, None);
    assert_eq!((written.spans, written.files), (3_150, 1_000 + 3 * 50));
    let out = dir.path().join("out");
    let all = files(&out);
    let mut names: Vec<u64> = Vec::new();
    for path in all.keys() {
        for row in rows(&out, path.to_str().unwrap()) {
            let (_, rest) = row.split_once(" name: \"").unwrap();
            names.push(rest.split('"').next().unwrap().parse().unwrap());
        }
    }
    names.sort_unstable();
    assert_eq!((all.len(), names), (1_150, (0..3_150).collect()));
}

#[test]
fn of_a_condition_only_what_meets_it_is_written_with_what_the_whole_trace_says() {
    let text =
        [line(1, 1, 0, "outer", HOUR, HOUR + 100, ""), line(1, 2, 1, "inner", HOUR + 10, HOUR + 40, "")]
            .concat();
    let (dir, written) = written(&text, 1 << 30, Some("name = \"outer\""));
    assert_eq!(written.spans, 1);
    let [row] =
        rows(&dir.path().join("out"), "service=s/hour=2026-01-02T03/part-0.parquet").try_into().unwrap();
    assert!(row.contains("self_time_nano: 70"), "{row}");
}

#[test]
fn without_spans_there_are_no_files() {
    let (dir, written) = written(&line(1, 1, 0, "n", HOUR, HOUR, ""), 1 << 30, Some("name = \"x\""));
    assert_eq!((written.spans, written.files, written.bytes), (0, 0, 0));
    assert!(files(&dir.path().join("out")).is_empty());
}

#[test]
fn what_is_stopped_is_not_written_on() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("traces.jsonl");
    fs::write(&file, many()).unwrap();
    let sources = Sources::find(&[file]).unwrap();
    let sorted = Sorted::read(&sources, None, 1 << 30, &Progress::of(None)).unwrap();
    let progress = sorted.progress();
    progress.stop();
    let error = sorted.write(dir.path().to_owned(), &progress).unwrap_err();
    assert!(matches!(error, WriteError::Interrupted), "{error:?}");
}
