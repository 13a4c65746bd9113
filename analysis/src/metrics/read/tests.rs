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

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
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
    let reading = read_text("metrics.om.gz", &gzip(SCRAPES.as_bytes())).unwrap();
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

#[test]
fn formats_are_found_by_content() {
    let json = br#"{"status":"success","warnings":["partial"],"data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"a"},"values":[[1,"1"],[2,"2"],[1,"3"]]}]}}"#;
    let reading = read_text("metrics.om", json).unwrap();
    assert_eq!(reading.store.series()[0].times, [1000, 2000]);
    assert_eq!(
        told(&reading),
        ["0: partial ×1", "0: the sample is older than the one before it in its series; it was dropped ×1"]
    );
    assert!(reading.warnings[0].to_string().ends_with("metrics.om: partial"));
    for text in ["{\"a.b\"} 1 1\n", "\n\n  {\"a.b\", c=\"d\"} 1 1\n# EOF"] {
        assert_eq!(read_text("metrics.om", text.as_bytes()).unwrap().store.samples(), 1, "{text}");
    }
    let compressed = gzip(json);
    assert_eq!(read_text("answer", &compressed).unwrap().store.samples(), 2);
    let error = read_text("answer", &compressed[..compressed.len() / 2]).unwrap_err().to_string();
    assert!(error.contains("answer: "), "{error}");
    let refused = br#"{"status":"error","errorType":"bad_data","error":"no such thing"}"#;
    let error = read_text("answer.json", refused).unwrap_err().to_string();
    assert!(
        error.ends_with("answer.json: the server answered with an error: bad_data: no such thing"),
        "{error}"
    );
}

#[test]
fn files_may_be_named_in_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let later = file("later.om", "a 3 3\na 4 4\n# EOF\n");
    let earlier = file("earlier.om", "a 1 1\na 2 2\na 9 3\na 0 2\n# EOF\n");
    let reading = read(&[later, earlier], &input::Progress::default()).unwrap();
    assert_eq!(reading.store.series()[0].values, [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(
        told(&reading),
        [
            "0: a file before this one has another value at the sample's time; the sample was dropped ×1",
            "4: the sample is older than the one before it in its series; it was dropped ×1",
        ]
    );
}

#[test]
fn a_scrape_is_followed_wherever_it_changes() {
    // Of the second and third scrape nothing is as it was expected; numbers are short, long and none.
    let text = "a 1 1\nb 1 1\nc{x=\"1\"} 1 1 # {t=\"1\"} 1 1\n\
        a 2 2\nc{x=\"1\"} 2e0 2 # {t=\"1\"} 1 1\nb 12345678901234567890123 2.0\n\
        b NaN 3\nba 1 3\na {x=\"1\"} 3 3\nc{x=\"1\"} 3 3 # {t=\"2\"} 1\nc{x=\"1\"} 4 4 # {t=\"2\"} 1\n";
    let reading = read_text("m.om", text.as_bytes()).unwrap();
    let store = &reading.store;
    let values: Vec<String> =
        store.series().iter().map(|s| format!("{} {:?} {:?}", s.labels, s.times, s.values)).collect();
    assert_eq!(
        values,
        [
            "a [1000, 2000] [1.0, 2.0]",
            "b [1000, 2000, 3000] [1.0, 1.2345678901234568e22, NaN]",
            "c{x=\"1\"} [1000, 2000, 3000, 4000] [1.0, 2.0, 3.0, 4.0]",
            "ba [3000] [1.0]",
            "a{x=\"1\"} [3000] [3.0]",
        ]
    );
    let times: Vec<i64> = store.exemplars(2).iter().map(|e| e.time).collect();
    assert_eq!(times, [1000, 3000, 4000]);
}

#[test]
fn large_input_is_only_large() {
    let labels: Vec<String> = (0..10_000).map(|n| format!("l{n}=\"{n}\"")).collect();
    let text = format!(
        "a{{{}}} 1 1\n# {}\nb{{l=\"{}\"}} 1 1\n",
        labels.join(","),
        "x".repeat(5 << 20),
        "y".repeat(5 << 20)
    );
    let reading = read_text("m.om", text.as_bytes()).unwrap();
    assert_eq!(reading.store.series()[0].labels.pairs().len(), 10_001);
    assert_eq!(reading.store.series()[1].labels.get("l").len(), 5 << 20);
}

/// Exposition text of series, as a careful writer makes it.
fn written(series: &[(Labels, Vec<(i64, f64)>)]) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let mut text = String::new();
    for (labels, samples) in series {
        let pairs = labels.pairs().iter().filter(|(name, _)| **name != *"__name__");
        let pairs: Vec<_> =
            pairs.map(|(name, value)| format!("\"{}\"=\"{}\"", escaped(name), escaped(value))).collect();
        for (time, value) in samples {
            let (name, pairs) = (escaped(labels.name()), pairs.join(","));
            let time =
                format!("{}{}.{:03}", if *time < 0 { "-" } else { "" }, time.abs() / 1000, time.abs() % 1000);
            text += &format!("{{\"{name}\",{pairs}}} {value:?} {time}\n");
        }
    }
    text + "# EOF\n"
}

proptest::proptest! {
    #[test]
    fn what_is_written_is_read(
        series in proptest::collection::btree_map(
            (".{1,5}", proptest::collection::btree_map(".{1,4}", ".{1,6}", 0..4)),
            proptest::collection::btree_map(-2_000_000_000_i64..2_000_000_000, proptest::num::f64::ANY, 1..6),
            1..5,
        ),
    ) {
        let series: Vec<(Labels, Vec<(i64, f64)>)> = series
            .into_iter()
            .map(|((name, labels), samples)| {
                let labels = labels.iter().map(|(name, value)| (&**name, &**value));
                // Whole seconds: of fractions Prometheus loses some.
                let samples = samples.into_iter().map(|(time, value)| (time * 1000, value)).collect();
                (Labels::of(labels).with("__name__", &name), samples)
            })
            .collect();
        let reading = read_text("m.om", written(&series).as_bytes()).unwrap();
        let found: Vec<_> = reading.store.series().iter().map(|s| {
            (s.labels.clone(), s.times.iter().copied().zip(s.values.iter().map(|v| v.to_bits())).collect::<Vec<_>>())
        }).collect();
        let bits = |value: f64| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
        let expected: Vec<_> = series.iter().map(|(labels, samples)| {
            (labels.clone(), samples.iter().map(|(time, value)| (*time, bits(*value))).collect::<Vec<_>>())
        }).collect();
        proptest::prop_assert_eq!(found, expected);
    }
}
