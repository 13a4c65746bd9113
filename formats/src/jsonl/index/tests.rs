use std::{fs, io, path::PathBuf};

use proptest::prelude::*;

use super::*;
use crate::jsonl::{Blocks, input};

/// Indexes files of lines that are a key and an order; lines without are left out.
fn index(files: &[PathBuf], run: usize) -> LineIndex {
    let mut builder = Builder { sorter: Sorter::with_runs_of(run), ..Builder::new() };
    for path in files {
        builder.begin(path).unwrap();
        let mut blocks = Blocks::new(input::open(path).unwrap());
        while let Some(block) = blocks.next_block().unwrap() {
            builder.block(&block, |_, line| Ok::<_, io::Error>(numbers(line))).unwrap();
        }
    }
    builder.build().unwrap()
}

fn numbers(line: &[u8]) -> Option<(u64, u64)> {
    let (key, rest) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    Some((key.parse().ok()?, rest.split(' ').next()?.parse().ok()?))
}

fn lines(index: &LineIndex) -> Vec<String> {
    let mut buffer = Vec::new();
    let places = index.iter().unwrap().map(|place| {
        index.line(&place.unwrap(), &mut buffer).unwrap();
        String::from_utf8(buffer.clone()).unwrap()
    });
    places.collect()
}

#[test]
fn lines_come_in_order_from_files_of_every_kind() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"2 5 gzip\n1 9 gzip\n").unwrap();
        encoder.finish().unwrap()
    };
    let files = [
        file("a.zst", &zstd::encode_all(&b"2 7 zstd\n\n1 1 zstd\n"[..], 1).unwrap()),
        file("b.gz", &gzip),
        // No key, line ends of another system, and none at the end.
        file("c", b"none\r\n1 9 plain\r\n0 3 plain"),
    ];
    let index = index(&files, 1 << 10);
    assert_eq!(lines(&index), ["0 3 plain", "1 1 zstd", "1 9 gzip", "1 9 plain", "2 5 gzip", "2 7 zstd"]);
    let found: Vec<_> = (0..4).map(|key| index.with_key(key).unwrap()).collect();
    assert_eq!(found, [0..1, 1..4, 4..6, 6..6]);
    assert_eq!(index.get(2).unwrap().key, 1);
    assert!(index.get(6).is_err());
}

#[test]
fn of_no_lines_there_is_none() {
    let index = Builder::new().build().unwrap();
    assert!(index.is_empty() && lines(&index).is_empty());
    assert_eq!(index.with_key(0).unwrap(), 0..0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn runs_that_were_put_away_make_the_same_order(
        pairs in prop::collection::vec((0_u64..40, 0_u64..6), 0..3_000),
        run in 1_usize..2_000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lines");
        let text: String = pairs.iter().enumerate().map(|(i, (key, order))| format!("{key} {order} {i}\n")).collect();
        fs::write(&path, text).unwrap();
        let index = index(&[path], run);
        let mut sorted: Vec<_> = pairs.iter().copied().enumerate().map(|(i, (key, order))| (key, order, i)).collect();
        sorted.sort_unstable();
        let wanted: Vec<_> = sorted.iter().map(|(key, order, i)| format!("{key} {order} {i}")).collect();
        prop_assert_eq!(lines(&index), wanted);
        for key in 0..41 {
            let first = sorted.partition_point(|line| line.0 < key) as u64;
            let last = sorted.partition_point(|line| line.0 <= key) as u64;
            prop_assert_eq!(index.with_key(key).unwrap(), first..last);
        }
    }
}
