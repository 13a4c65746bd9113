//! `trace report`: the page, and what of it a browser shows.

mod browser;

use std::{fs, path::Path};

use crate::harness::{Run, names_in, run, run_with_stdin, testdata};

/// Makes a report of a file, and gives its text.
fn report(file: &Path, more: &[&str]) -> (String, Run) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("report.html");
    let args = ["trace", "report", file.to_str().unwrap(), "-o", out.to_str().unwrap()];
    let run = run(args.iter().chain(more)).fine();
    assert_eq!(names_in(dir.path()), ["report.html"]);
    (fs::read_to_string(out).unwrap(), run)
}

#[test]
fn the_report_is_one_file_and_told() {
    let (page, run) = report(&testdata("checkout"), &["--title", "Before & after"]);
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{}", &page[..99]);
    assert!(page.contains("<h1 id=\"title\">Before &amp; after</h1>"));
    assert!(page.contains("default-src 'none'; script-src 'sha256-"));
    for outside in ["src=", "@import", "url(http", "<link", " onclick=", "javascript:"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(run.stdout, "");
    let kilobytes = page.len().div_ceil(1_000);
    assert!(
        run.stderr.ends_with(&format!("report.html: {kilobytes} kB, for any browser\n")),
        "{}",
        run.stderr
    );
}

#[test]
fn the_same_is_printed_if_wanted() {
    let file = testdata("checkout");
    let (page, _) = report(&file, &[]);
    let printed = run(["trace", "report", file.to_str().unwrap(), "-o", "-"]).fine();
    assert_eq!((printed.stdout.as_str(), printed.stderr.as_str()), (page.as_str(), ""));
    let text = fs::read(&file).unwrap();
    let piped = run_with_stdin(["trace", "report", "-", "-o", "-"], &text).fine();
    assert!(piped.stdout.contains("Traces of standard input"));
    assert_eq!(piped.stdout.matches("<tr data-row").count(), page.matches("<tr data-row").count());
}

#[test]
fn what_matters_is_in_the_page_as_text() {
    let (page, _) = report(&testdata("checkout"), &[]);
    // Two traces, 9 spans, 3 services; the failed one lasts 41 ms.
    for text in [
        "<dd>2</dd><dd class=\"more\">9 spans</dd>",
        "<dd>3</dd><dd class=\"more\">7 span names</dd>",
        "1 of 2",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("<dt>slowest</dt><dd>41.0ms</dd>"));
    // shop calls prices and mail, once each.
    for who in
        ["shop to prices: 1 call, 0 % failed, p50 12.0ms", "shop to mail: 1 message, 0 % failed, p50 19.0ms"]
    {
        assert!(page.contains(&format!("aria-label=\"{who}")), "{who}");
    }
}

#[test]
fn names_do_no_harm() {
    let (page, _) = report(&testdata("hostile"), &[]);
    assert!(!page.contains("<script>alert"), "markup");
    let hidden = |c: char| c != '\n' && glyph_analysis::text::is_hidden(c);
    assert!(!page.contains(hidden), "{:?}", page.find(hidden));
    assert!(page.contains("&lt;script&gt;alert(1)"));
    // Twice: as the page is made, and as it ends.
    assert_eq!(page.matches("</html>").count(), 1);
    assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
}

#[test]
fn long_names_and_values_are_cut() {
    let long = "long ".repeat(2_000);
    let line = |id: u32, parent: &str| {
        format!(
            "{{\"trace_id\":\"{:032x}\",\"span_id\":\"{id:016x}\",{parent}\"name\":\"{long}\",\"kind\":\"server\",\
             \"attributes\":{{\"{long}\":\"{long}\"}},\"events\":[],\"status\":\"error\",\"status_message\":\"{long}\",\
             \"start_time_unix_nano\":{},\"end_time_unix_nano\":{},\"service_name\":\"{long}\"}}\n",
            7,
            1_000 + id,
            90_000 - id
        )
    };
    let mut text = line(1, "");
    (2..60).for_each(|id| text += &line(id, &format!("\"parent_span_id\":\"{:016x}\",", id - 1)));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("traces.jsonl");
    fs::write(&file, &text).unwrap();
    let (page, _) = report(&file, &[]);
    assert!(page.len() < 500_000 && text.len() > 2_000_000, "{}", page.len());
    assert!(!page.contains(&"long ".repeat(100)));
}

#[test]
fn without_spans_it_says_so() {
    let run = run_with_stdin(["trace", "report", "-", "-o", "-"], b"").fine();
    assert!(run.stdout.contains("There are no spans in these files."));
    assert!(run.stderr.contains("no spans there"), "{}", run.stderr);
}

#[test]
fn one_span_that_takes_no_time_is_a_report() {
    let line = "{\"trace_id\":\"00000000000000000000000000000001\",\"span_id\":\"0000000000000001\",\"name\":\"only\",\
                \"start_time_unix_nano\":5,\"end_time_unix_nano\":5,\"service_name\":\"one\"}\n";
    let run = run_with_stdin(["trace", "report", "-", "-o", "-"], line.as_bytes()).fine();
    assert!(!run.stdout.contains("NaN") && !run.stdout.contains("inf%"));
    assert_eq!(run.stdout.matches("<tr data-row").count(), 1);
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("nowhere/report.html");
    let file = testdata("checkout");
    let run = run(["trace", "report", file.to_str().unwrap(), "-o", out.to_str().unwrap()]).unable();
    assert!(run.stderr.contains("can't be written"), "{}", run.stderr);
    assert!(
        run.stderr.ends_with("hint: -o names the file for the report; its folder must exist\n"),
        "{}",
        run.stderr
    );
}

/// A recording with spans, and a gauge that is 10 from 120 to 420 s of 600 and 1 else, every 15 s.
fn with_metrics(dir: &Path) {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/recordings/shop");
    for name in ["recording.json", "traces.jsonl"] {
        fs::copy(shop.join(name), dir.join(name)).unwrap();
    }
    let mut metrics = "# TYPE waiting gauge\n".to_owned();
    for at in (0..=600).step_by(15) {
        let value = if (120..=420).contains(&at) { 10 } else { 1 };
        metrics += &format!("waiting{{queue=\"a<b\"}} {value} {}\n", 1_760_000_010 + at);
    }
    fs::write(dir.join("metrics.om"), metrics + "# EOF\n").unwrap();
}

const RULES: &str = "groups:\n- name: g\n  interval: 15s\n  rules:\n  - alert: TooMany\n    expr: waiting > 5\n    for: 1m\n  - alert: Never\n    expr: waiting > 50\n";

#[test]
fn alerts_are_on_the_timeline() {
    let dir = tempfile::tempdir().unwrap();
    with_metrics(dir.path());
    let rules = dir.path().join("rules.yaml");
    fs::write(&rules, RULES).unwrap();
    let (page, _) = report(dir.path(), &["--rules", rules.to_str().unwrap()]);
    // Pending at 120 s, firing at 180 s, over at 435 s, of 600 s.
    for bar in [
        "bar pending\" style=\"left:20.000%;width:10.000%\"",
        "bar firing\" style=\"left:30.000%;width:42.500%\"",
    ] {
        assert!(page.contains(bar), "{bar}");
    }
    assert!(page.contains("queue=a&lt;b") && page.contains("Quiet: Never."));
    let file = dir.path().join("traces.jsonl");
    let run = run(["trace", "report", file.to_str().unwrap(), "-o", "-", "--rules", rules.to_str().unwrap()])
        .unable();
    assert!(run.stderr.contains("--rules: there are no metrics to evaluate them on"), "{}", run.stderr);
}

/// 300 traces of a server that takes so many microseconds, and a little more each time.
fn served(micros: u64) -> String {
    let line = |i: u64| {
        let start = 1_760_000_000_000_000_000 + i * 1_000_000;
        format!(
            "{{\"trace_id\":\"{:032x}\",\"span_id\":\"0000000000000001\",\"name\":\"serve\",\"service_name\":\"shop\",\
             \"start_time_unix_nano\":{start},\"end_time_unix_nano\":{}}}\n",
            i + 1,
            start + (micros + i % 50) * 1_000
        )
    };
    (0..300).map(line).collect()
}

#[test]
fn what_got_slower_than_the_baseline_is_a_section() {
    let dir = tempfile::tempdir().unwrap();
    let [base, new] = ["base.jsonl", "new.jsonl"].map(|name| dir.path().join(name));
    fs::write(&base, served(1_000)).unwrap();
    fs::write(&new, served(2_000)).unwrap();
    let (page, _) = report(&new, &["--baseline", base.to_str().unwrap()]);
    assert!(page.contains("Compared with base.jsonl") && page.contains("1 row worse"));
    assert!(page.contains("<span class=\"verdict worse\">worse</span>"));
    // The middle of 1,000..=1,049 µs and of 2,000..=2,049 µs, each six times.
    assert!(page.contains("1.02ms → 2.02ms"));
    let run = run(["trace", "report", "-", "-o", "-", "--baseline", base.to_str().unwrap()]).unable();
    assert!(run.stderr.contains("standard input can't be"), "{}", run.stderr);
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!(run(["trace", "report", "--help"]).fine().stdout);
}
