//! What is written is read again: in order, compressed or not, rotated or not, and after a crash.

use std::{
    fs,
    io::{BufRead, Write},
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

mod disks;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Record {
    number: u64,
    text: String,
}

fn record(number: u64) -> Record {
    Record { number, text: format!("record\n{number}") }
}

fn read(path: &Path) -> (Vec<u64>, Vec<ReadWarning>) {
    let mut reader = records::<Record>(path).unwrap();
    let numbers = reader.by_ref().map(|r| r.unwrap().number).collect();
    (numbers, reader.warnings().to_vec())
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("flows.jsonl");
    (dir, path)
}

#[test]
fn rotated_files_are_read_as_one_and_compressed() {
    let (dir, path) = folder();
    let rotation = Rotation { segment_bytes: 5_000, total_bytes: 1 << 20, ..Rotation::default() };
    let mut writer =
        Writer::append(&path, WriterOptions { rotation: Some(rotation), ..WriterOptions::default() })
            .unwrap();
    for number in 0..1_000 {
        writer.write(&record(number)).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
    let closed = segments::list(&path).unwrap();
    assert!(closed.len() >= 5, "{closed:?}");
    assert!(closed.values().all(|p| p.extension().is_some_and(|e| e == "zst")), "{closed:?}");
    assert!(dir.path().join("flows.000001.jsonl.zst").exists());
    assert_eq!(read(&path), ((0..1_000).collect(), vec![]));
}

#[test]
fn the_cap_on_the_total_deletes_the_oldest_and_counts_it() {
    let (_dir, path) = folder();
    let rotation = Rotation { segment_bytes: 2_000, total_bytes: 6_000, ..Rotation::default() };
    let mut writer =
        Writer::append(&path, WriterOptions { rotation: Some(rotation), ..WriterOptions::default() })
            .unwrap();
    for number in 0..2_000 {
        writer.write(&record(number)).unwrap();
        writer.flush().unwrap();
    }
    assert!(writer.deleted_segments() > 0);
    writer.close().unwrap();
    let (numbers, _) = read(&path);
    let first = numbers[0];
    assert!(first > 0, "the oldest should be gone");
    assert_eq!(numbers, (first..2_000).collect::<Vec<_>>(), "and nothing else");
}

#[test]
fn a_torn_last_line_is_a_warning_with_its_position_and_costs_the_next_record_nothing() {
    let (_dir, path) = folder();
    fs::write(&path, "{\"number\":1,\"text\":\"\"}\n{\"number\":2,\"te").unwrap();
    let (numbers, warnings) = read(&path);
    assert_eq!(numbers, [1]);
    assert_eq!((warnings.len(), warnings[0].line), (1, 2));
    assert!(warnings[0].to_string().contains("flows.jsonl:2: the last line is torn"), "{}", warnings[0]);

    let mut writer = Writer::append(&path, WriterOptions::default()).unwrap();
    writer.write(&record(3)).unwrap();
    writer.close().unwrap();
    let got: Vec<_> = records::<Record>(&path).unwrap().collect();
    assert_eq!(got.len(), 3);
    assert!(got[1].as_ref().unwrap_err().to_string().contains("flows.jsonl:2:"), "now it is a bad line");
    assert_eq!(got[2].as_ref().unwrap().number, 3);
}

#[test]
fn a_whole_last_line_without_its_end_is_a_record() {
    let (_dir, path) = folder();
    fs::write(&path, "{\"number\":1,\"text\":\"\"}").unwrap();
    assert_eq!(read(&path), (vec![1], vec![]));
}

#[test]
fn compression_is_found_by_content_and_a_cut_file_gives_what_it_has() {
    let (dir, plain) = folder();
    let text: String = (0..5_000).map(|n| serde_json::to_string(&record(n)).unwrap() + "\n").collect();
    fs::write(&plain, &text).unwrap();
    let gz = dir.path().join("a");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    fs::write(&gz, encoder.finish().unwrap()).unwrap();
    let zst = dir.path().join("b");
    let bytes = zstd::encode_all(text.as_bytes(), 1).unwrap();
    fs::write(&zst, &bytes).unwrap();
    for path in [&plain, &gz, &zst] {
        assert_eq!(read(path), ((0..5_000).collect(), vec![]), "{}", path.display());
    }
    let gz_bytes = fs::read(&gz).unwrap();
    fs::write(&gz, &gz_bytes[..gz_bytes.len() / 2]).unwrap();
    let (numbers, warnings) = read(&gz);
    assert!(numbers.len() > 1_000 && numbers.len() < 4_999, "{}", numbers.len());
    assert!(warnings.iter().any(|w| w.what.contains("ends before its end")), "{warnings:?}");
}

#[test]
fn a_line_of_a_newer_format_is_refused_by_its_number_and_an_older_one_is_read() {
    let (_dir, path) = folder();
    let newer = "{ \"format\" : 7,\"number\":{\"another\":\"shape\"}}";
    fs::write(
        &path,
        format!("{{\"format\":1,\"number\":1,\"text\":\"\"}}\n{newer}\n{{\"number\":3,\"text\":\"\"}}\n"),
    )
    .unwrap();
    let got: Vec<_> = records::<Record>(&path).unwrap().collect();
    let error = got[1].as_ref().unwrap_err().to_string();
    assert!(error.ends_with("flows.jsonl:2: format version 7; this program reads up to 1"), "{error}");
    assert_eq!((got[0].as_ref().unwrap().number, got[2].as_ref().unwrap().number), (1, 3));
}

#[test]
fn line_numbers_count_blank_lines() {
    let (_dir, path) = folder();
    fs::write(&path, "\n{\"number\":1,\"text\":\"\"}\r\n\nnonsense\n{\"number\":2,\"text\":\"\"}\n").unwrap();
    let got: Vec<_> = records::<Record>(&path).unwrap().collect();
    assert_eq!(got.len(), 3);
    let error = got[1].as_ref().unwrap_err().to_string();
    assert!(error.contains("flows.jsonl:4: "), "{error}");
}

proptest! {
    #[test]
    fn what_is_written_is_read(texts in prop::collection::vec(".{0,200}", 0..50), flush_every in 1..9_usize) {
        let (_dir, path) = folder();
        let written: Vec<_> =
            texts.into_iter().enumerate().map(|(i, text)| Record { number: i as u64, text }).collect();
        let mut writer = Writer::append(&path, WriterOptions::default()).unwrap();
        for (i, record) in written.iter().enumerate() {
            writer.write(record).unwrap();
            if i % flush_every == 0 {
                writer.flush().unwrap();
            }
        }
        writer.close().unwrap();
        let got: Vec<Record> = records(&path).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(got, written);
    }
}

#[test]
fn an_appender_writes_all_it_took_and_tells_once_that_the_disk_is_full() {
    let (_dir, path) = folder();
    let writer = Writer::append(&path, WriterOptions::default()).unwrap();
    let write = |(), line: &[u8], writer: &mut Writer| writer.write_lines(line);
    let appender = Appender::spawn("test", writer, AppenderOptions::default(), write).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let appender = &appender;
            scope.spawn(move || {
                (0..2_500).for_each(|n| appender.send((), &record(thread * 2_500 + n)).unwrap())
            });
        }
    });
    appender.close().unwrap();
    assert_eq!(appender.counts(), Counts { written: 10_000, ..Counts::default() });
    let (mut numbers, warnings) = read(&path);
    numbers.sort_unstable();
    assert_eq!((numbers, warnings), ((0..10_000).collect(), vec![]));
    assert_eq!(appender.send((), &record(0)), Err(Refused), "closed is closed");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_hangs_is_waited_for_once_and_costs_only_what_finds_no_room() {
    let (dir, _) = folder();
    let fifo = dir.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    // Nobody reads: the pipe takes 64 KiB, and then it hangs.
    let writer = Writer::append(&fifo, WriterOptions::default()).unwrap();
    let options = AppenderOptions { capacity: 10, ..AppenderOptions::default() };
    let write = |(), line: &[u8], writer: &mut Writer| writer.write_lines(line);
    let appender = Appender::spawn("test", writer, options, write).unwrap();
    let long = |number| Record { number, text: "x".repeat(40_000) };
    let began = std::time::Instant::now();
    let taken = (0..1_000).filter(|number| appender.send((), &long(*number)).is_ok()).count();
    assert!(began.elapsed() < options.patience * 100, "1,000 records waited one after the other");
    assert!((10..100).contains(&taken), "{taken}");
    assert_eq!(appender.counts().refused, 1_000 - taken as u64);

    // When it goes on, all that was taken is written.
    let reader = std::thread::spawn(move || {
        let mut lines = std::io::BufReader::new(fs::File::open(fifo).unwrap()).lines();
        (0..taken).map(|_| lines.next().unwrap().unwrap().len()).collect::<Vec<_>>()
    });
    appender.close().unwrap();
    assert!(reader.join().unwrap().iter().all(|length| *length > 40_000));
}

#[test]
fn lines_that_are_too_long_are_left_out_if_that_is_wanted() {
    let (_dir, path) = folder();
    let long = "x".repeat(9 << 20);
    for (text, lines, left_out) in [
        (format!("a\n{long}\nb\n"), vec![(1, "a"), (3, "b")], vec![2]),
        (format!("{long}\n{long}\nb"), vec![(3, "b")], vec![1, 2]),
        (format!("a\n{long}"), vec![(1, "a")], vec![2]),
    ] {
        fs::write(&path, &text).unwrap();
        let mut blocks = Blocks::new(input::open(&path).unwrap()).leaving_out_longer_than(5 << 20);
        let mut read = Vec::new();
        while let Some(block) = blocks.next_block().unwrap() {
            read.extend(
                block.lines().map(|(line, bytes)| (line, String::from_utf8(bytes.to_vec()).unwrap())),
            );
        }
        let read: Vec<_> = read.iter().map(|(line, text)| (*line, text.as_str())).collect();
        assert_eq!((read, blocks.left_out()), (lines, &left_out[..]));
    }
}
