//! Lines of exposition text, odd ones too, beside promtool: what it takes we take, to the same samples; what it refuses
//! we refuse, but for what its other parser takes, or that of Prometheus 3.

use std::{fs, path::Path, process::Command};

use glyph_analysis::metrics;
use glyph_formats::jsonl::input::Progress;

/// Both read the same, or both refuse.
const SAME: [&[u8]; 75] = [
    b"a 1 1",
    b"a{} 1 1",
    b"a{b=\"c\",d=\"e\"} 1 1",
    b"a{b=\"c\"d=\"e\"} 1 1",
    b"a{,b=\"c\"} 1 1",
    b"a{b=\"c\",,} 1 1",
    b"a 1.5e3 1",
    b"a 1e400 1",
    b"a -1e400 1",
    b"a 1e-400 1",
    b"a 0x10 1",
    b"a 0x1p3 1",
    b"a 1_000 1",
    b"a Inf 1",
    b"a +inf 1",
    b"a -Infinity 1",
    b"a infinit 1",
    b"a NaN 1",
    b"a nan 1",
    b"a +NaN 1",
    b"a -NaN 1",
    b"a .5 1",
    b"a 5. 1",
    b"a . 1",
    b"a 1e 1",
    b"a x 1",
    b"a \"1\" 1",
    b"a 1,5 1",
    b"a 0.1 1",
    b"a 123456789.123456789 1",
    b"a 9007199254740993 1",
    b"a 1 1.005",
    b"a 1 1.0009",
    b"a 1 1e3",
    b"a 1 +5",
    b"a 1 NaN",
    b"a 1 Inf",
    b"a 1 x",
    b"a 1 1700000000.123",
    b"a{b=\"c\",b=\"d\"} 1 1",
    b"a{b=\"c\",b=\"c\"} 1 1",
    b"a{b=\"\",b=\"c\"} 1 1",
    b"a{__name__=\"b\"} 1 1",
    b"{__name__=\"b\"} 1 1",
    b"{} 1 1",
    b"a{b=\"x\\\"y\"} 1 1",
    b"a{b=\"x\\\\y\"} 1 1",
    b"a{b=\"x\\ny\"} 1 1",
    b"a{b=\"x\\ty\\q\"} 1 1",
    b"a{b=\"x} 1 1",
    b"a{b=\"x\\\"} 1 1",
    b"a{b=x} 1 1",
    b"a{b} 1 1",
    b"a{1b=\"c\"} 1 1",
    b"a{b.c=\"d\"} 1 1",
    b"a{b:c=\"d\"} 1 1",
    b"a.b 1 1",
    b"1a 1 1",
    b":a:b_ 1 1",
    b"a-b 1 1",
    b"\xc3\xbc 1 1",
    b"a{b=\"\xc3\xbc\t\x01\"} 1 1",
    b"a{b=\"\xff\"} 1 1",
    b"a{b=\"\xed\xa0\x80\"} 1 1",
    b"# TYPE a nothing\na 1 1",
    b"# TYPE 1 counter\na 1 1",
    b"# TYPE a counter x\na 1 1",
    b"a_total 1 1 # {t=\"1\"} 1 1",
    b"a_total 1 1 # {t=\"1\"}",
    b"a_total 1 1 # x{t=\"1\"} 1",
    b"a_total 1 1 # {t=\"1\"} 1 1 1",
    b"a 1 1 1",
    b"a {count:1,sum:1} 1",
    b"a 1 1\na 1 1",
    b"\xef\xbb\xbfa 1 1",
];

fn promtool(arguments: &[&Path]) -> Option<(bool, String)> {
    let command = ["tsdb", "create-blocks-from", "openmetrics"];
    match Command::new("promtool").args(command).args(arguments).output() {
        Ok(output) => Some((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())),
        Err(e) if std::env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required") => {
            panic!("missing: promtool: {e}")
        }
        Err(e) => {
            eprintln!("skipped: promtool: {e}");
            None
        }
    }
}

/// What is in blocks, a sample a line: `{__name__="a", b="c"} 1 1000`.
fn dumped(blocks: &Path) -> Vec<String> {
    // Without a log it says that there is no database.
    fs::create_dir_all(blocks.join("wal")).unwrap();
    let output = Command::new("promtool").args(["tsdb", "dump"]).arg(blocks).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The label set and the time of each sample as there, and the value as bits.
fn taken(reading: &metrics::Reading) -> Vec<(String, u64, i64)> {
    let mut all = Vec::new();
    for series in reading.store.series() {
        let pairs = series.labels.pairs().iter().map(|(name, value)| format!("{name}={value:?}"));
        let labels = format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "));
        for (time, value) in series.times.iter().zip(&series.values) {
            all.push((labels.clone(), value.to_bits(), *time));
        }
    }
    all
}

fn parsed(line: &str) -> (String, u64, i64) {
    let (rest, time) = line.rsplit_once(' ').unwrap();
    let (labels, value) = rest.rsplit_once(' ').unwrap();
    // Go's \x01 is Rust's \u{1}.
    (labels.replace(r"\x01", r"\u{1}"), value.parse::<f64>().unwrap().to_bits(), time.parse().unwrap())
}

#[test]
fn lines_are_read_as_promtool_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    for (i, line) in SAME.iter().enumerate() {
        let file = dir.path().join(format!("{i}.om"));
        fs::write(&file, [line, &b"\n# EOF\n"[..]].concat()).unwrap();
        let blocks = dir.path().join(format!("blocks-{i}"));
        let Some((accepts, told)) = promtool(&[&file, &blocks]) else { return };
        let shown = String::from_utf8_lossy(line);
        match metrics::read(&[file], &Progress::default()) {
            Ok(reading) => {
                assert!(accepts, "{shown}: promtool refuses: {told}");
                let theirs: Vec<_> = dumped(&blocks).iter().map(|line| parsed(line)).collect();
                assert_eq!(taken(&reading), theirs, "{shown}");
            }
            Err(error) => assert!(!accepts, "{shown}: only we refuse: {error}"),
        }
    }
}
