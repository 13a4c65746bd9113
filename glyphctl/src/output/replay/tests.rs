use std::{fs, path::Path};

use glyph_analysis::replay::{Report, Rules, Summary, compare};
use glyph_formats::Flow;
use schemars::schema_for;
use serde_json::json;

use super::*;

fn flow(url: &str, status: u16, body: &str) -> Flow {
    let length = body.len();
    serde_json::from_value(json!({
        "format": 1, "id": "01M826ABXFMV57ARPDF274WWPH", "sequence": 42,
        "trace_id": "686303df15ac4a8a4520b69e139e3e13", "span_id": "f7fceaf9f590a07d", "sampled": true,
        "start_time_unix_nano": 1_000_000, "end_time_unix_nano": 3_000_000,
        "kind": "http", "client": "127.0.0.1:1",
        "request": {"method": "GET", "url": url, "scheme": "http", "host": "a.test", "port": 80,
            "version": "HTTP/1.1", "headers": [], "body": {"size": 0, "captured_size": 0, "complete": true}},
        "response": {"status": status, "version": "HTTP/1.1", "headers": [["content-type", "application/json"]],
            "body": {"size": length, "captured_size": length, "utf8": body, "complete": true}},
    }))
    .unwrap()
}

/// Of traffic that would like to be more than text.
fn hostile() -> Report {
    let mut report = Report::new();
    let nasty = "\u{1b}[2J`</failure>|\n::error::x\u{202e}";
    let body = |value: &str| json!({ "items": [{ nasty: value }] }).to_string();
    let url = format!("http://a.test/{nasty}");
    let (old, new) = (flow(&url, 200, &body("one")), flow(&url, 503, &body(nasty)));
    report.add(&old, &new, &compare(&old, &new, &Rules::default()));
    report.add_missing(&old);
    report.add_extra(&new);
    report
}

fn written(report: &Report, format: ReportFormat) -> String {
    let mut out = Vec::new();
    write(report, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn traffic_steers_nothing_in_any_format() {
    use ReportFormat::{Json, Junit, Markdown, Table};
    for format in [Table, Json, Markdown, Junit] {
        let text = written(&hostile(), format);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
    }
    let xml = written(&hostile(), Junit);
    assert_eq!(xml.matches("</failure>").count(), xml.matches("<failure ").count());
    let markdown = written(&hostile(), Markdown);
    let rows: Vec<_> = markdown.lines().skip(2).take_while(|line| !line.is_empty()).collect();
    assert_eq!(rows.len(), 4, "{markdown}");
    assert!(rows.iter().all(|row| row.replace("\\|", "").matches('|').count() == 7), "{markdown}");
}

#[test]
fn a_report_is_told_verdict_first() {
    let mut report = Report::new();
    let (old, new) = (flow("http://a.test/x", 200, r#"{"a":1}"#), flow("http://a.test/x", 503, r#"{"a":2}"#));
    report.add(&old, &new, &compare(&old, &new, &Rules::default()));
    report.add(&old, &old, &compare(&old, &old, &Rules::default()));
    report.add_missing(&flow("http://a.test/items/1", 200, "1"));
    report.add_extra(&flow("http://a.test/items/2", 200, "1"));
    let text = written(&report, ReportFormat::Table);
    let expected = "\
different: 1 of 2 exchanges differs, 1 is missing, 1 was not recorded

body $.a changed, in 1 exchange
  GET http://a.test/x (flow 42)
    body $.a: 1 → 2

status changed 200 → 503, in 1 exchange
  GET http://a.test/x (flow 42)
    status: 200 → 503

missing
  GET http://a.test/items/1 (flow 42)
    near: GET http://a.test/items/2

not recorded
  GET http://a.test/items/2 (flow 42)
    near: GET http://a.test/items/1

latency      p50     p90     p99     max
recorded  2.00ms  2.00ms  2.00ms  2.00ms
new       2.00ms  2.00ms  2.00ms  2.00ms
ratio      1.00×   1.00×   1.00×   1.00×
";
    assert_eq!(text, expected);
}

#[test]
fn where_nothing_was_compared_nothing_is_green() {
    let mut report = Report::new();
    report.add_missing(&flow("http://a.test/x", 200, "1"));
    assert!(
        why_nothing(&report).unwrap().starts_with("nothing was compared: no exchange stands beside another")
    );
    let xml = written(&report, ReportFormat::Junit);
    assert!(xml.contains("errors=\"1\"") && xml.contains("failures=\"1\""), "{xml}");
}

/// `GLYPH_BLESS=1 cargo test -p glyphctl` writes it anew.
#[test]
fn the_schemas_in_docs_are_those_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/replay-report.json");
    let text = serde_json::to_string_pretty(&schema_for!(Summary)).unwrap() + "\n";
    if std::env::var_os("GLYPH_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
}
