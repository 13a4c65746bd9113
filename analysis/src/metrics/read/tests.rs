use std::{fs, io::Write};

use super::*;
use crate::metrics::Labels;

fn read_text(name: &str, text: &[u8]) -> Result<Reading, MetricsError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    read(&[path], &input::Progress::default())
}

fn told(reading: &Reading) -> Vec<String> {
    reading.warnings.iter().map(|w| format!("{}: {} ×{}", w.line, w.what, w.count)).collect()
}

fn column(reading: &Reading, labels: &Labels) -> Vec<(i64, String)> {
    let series = reading.store.series().iter().find(|s| s.labels == *labels).unwrap();
    let text = |v: &f64| if stale::is_marker(*v) { "stale".to_owned() } else { v.to_string() };
    series.times.iter().copied().zip(series.values.iter().map(text)).collect()
}

const SCRAPES: &str = r#"# TYPE up gauge
up{job="a",instance="i"} 1 1
x{job="a",instance="i",n="1"} 1 1
x{job="a",instance="i",n="2"} 1 1
other{job="b",instance="i"} 1 1.5
# TYPE up gauge
up{job="a",instance="i"} 1 2
x{job="a",instance="i",n="1"} 2 2
up{job="a",instance="i"} 0 3
# EOF
"#;

#[test]
fn a_series_that_is_missing_from_the_next_scrape_is_stale_there() {
    let reading = read_text("metrics.om", SCRAPES.as_bytes()).unwrap();
    assert_eq!(told(&reading), [""; 0]);
    let x = |n| Labels::of([("__name__", "x"), ("job", "a"), ("instance", "i"), ("n", n)]);
    let text = |pairs: &[(i64, &str)]| pairs.iter().map(|(t, v)| (*t, (*v).to_owned())).collect::<Vec<_>>();
    assert_eq!(column(&reading, &x("1")), text(&[(1000, "1"), (2000, "2"), (3000, "stale")]));
    assert_eq!(column(&reading, &x("2")), text(&[(1000, "1"), (2000, "stale")]));
    let other = Labels::of([("__name__", "other"), ("job", "b"), ("instance", "i")]);
    assert_eq!(column(&reading, &other), text(&[(1500, "1")]));
}

#[test]
fn compression_makes_no_difference() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(SCRAPES.as_bytes()).unwrap();
    let reading = read_text("metrics.om.gz", &gz.finish().unwrap()).unwrap();
    assert_eq!(reading.store.samples(), 9);
}

#[test]
fn times_are_milliseconds_in_the_older_text() {
    let reading = read_text("a.prom", b"a 1 1700000000123\na 2 1700000001123\n").unwrap();
    assert_eq!(reading.store.extent(), Some((1_700_000_000_123, 1_700_000_001_123)));
    let reading = read_text("a.txt", b"a 1 1700000000.123\n").unwrap();
    assert_eq!(reading.store.extent(), Some((1_700_000_000_123, 1_700_000_000_123)));
}

#[test]
fn what_is_odd_is_counted_and_a_torn_line_left_out() {
    let reading = read_text("m.om", b"a 1 5\na 2 5\na 2 4\na 2 3\na 3 6\na 4 70").unwrap();
    assert_eq!(
        told(&reading),
        [
            "6: the last line is torn, as a crash leaves it; it was left out ×1",
            "3: the sample is older than the one before it in its series; it was dropped ×2",
            "2: the series has another value at that time already; the sample was dropped ×1",
        ]
    );
    assert_eq!(reading.store.samples(), 2);
}

#[test]
fn exemplars_are_kept_once() {
    let line = "a_bucket{le=\"1\"} 1 5 # {trace_id=\"t\"} 0.5 4.5\n";
    let text = format!(
        "{line}{}{}",
        line.replace(" 1 5 ", " 1 6 "),
        "a_bucket{le=\"1\"} 2 7 # {trace_id=\"u\"} 0.7\n"
    );
    let reading = read_text("m.om", text.as_bytes()).unwrap();
    let times: Vec<_> =
        reading.store.exemplars(0).iter().map(|e| (e.labels.get("trace_id").to_owned(), e.time)).collect();
    assert_eq!(times, [("t".to_owned(), 4500), ("u".to_owned(), 7000)]);
}

#[test]
fn faults_have_file_and_line() {
    let error = read_text("m.om", b"a 1 5\na{b=\"c\" 1 5\nc 1 1\n").unwrap_err().to_string();
    assert!(error.ends_with("m.om:2: the labels are not well formed: they have no closing brace"), "{error}");
    let error = read_text("m.om", b"a 1\nb 1 2\n").unwrap_err().to_string();
    assert!(error.contains("m.om:1: the sample has no timestamp"), "{error}");
}
