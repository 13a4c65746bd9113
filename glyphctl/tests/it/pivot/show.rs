use std::fs;

use serde_json::Value;

use super::{FAILED, FOUND, Shop, run_commands};
use crate::harness::{Run, run};

fn show(shop: &Shop, more: &[&str]) -> Run {
    run(["trace", "show", shop.arg()].iter().chain(more))
}

#[test]
fn flows_findings_and_decisions_stand_below_the_spans() {
    let shop = Shop::copy();
    let text = show(&shop, &[FOUND]).fine().stdout;
    let spans = shop.records("traces.jsonl", FOUND).len();
    assert!(text.starts_with(&format!("trace {FOUND}  {spans} spans")), "{text}");
    let flow = &shop.records("flows.jsonl", FOUND)[0];
    let (url, number) = (flow["request"]["url"].as_str().unwrap(), &flow["sequence"]);
    assert!(text.contains(&format!("flow {number}  HEAD {url} → 200 in ")), "{text}");
    for finding in shop.records("findings.jsonl", FOUND) {
        let (kind, message) = (finding["type"].as_str().unwrap(), finding["message"].as_str().unwrap());
        assert!(text.contains(&format!("{kind}: {message}")), "{text}");
    }
    let entries = shop.records("audit.jsonl", FOUND).len();
    assert_eq!(text.matches("audit  allow  finding_reported by passive-headers").count(), entries);
    let commands = text.replace("    glyphctl ", "$ glyphctl ");
    assert_eq!(run_commands(&commands), 1, "{text}");
}

#[test]
fn programs_get_the_records_as_they_are_in_the_files() {
    let shop = Shop::copy();
    for trace in [FAILED, FOUND] {
        let run = show(&shop, &[trace, "--format", "json"]).fine();
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        let shown = &document["traces"][0];
        for (key, file) in
            [("flows", "flows.jsonl"), ("findings", "findings.jsonl"), ("audit", "audit.jsonl")]
        {
            assert_eq!(shown["beside"][key], Value::Array(shop.records(file, trace)), "{key}");
        }
        let spans = shop.records("traces.jsonl", trace);
        assert_eq!(shown["spans"].as_array().unwrap().len(), spans.len());
        for span in spans {
            let mut all = shown["spans"].as_array().unwrap().iter();
            let found = all.find(|one| one["span_id"] == span["span_id"]).unwrap();
            for key in ["name", "kind", "status", "attributes", "start_unix_nano"] {
                let in_file = if key == "start_unix_nano" { "start_time_unix_nano" } else { key };
                assert_eq!(found[key], span[in_file], "{key}");
            }
        }
    }
}

#[test]
fn what_is_no_recording_has_nothing_beside_its_spans() {
    let shop = Shop::copy();
    let file = shop.path.join("traces.jsonl");
    let run = run(["trace", "show", file.to_str().unwrap(), FOUND, "--format", "json"]).fine();
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["traces"][0]["beside"], Value::Null);
}

#[test]
fn a_trace_whose_spans_were_not_recorded_is_shown_by_what_else_there_is() {
    let shop = Shop::copy();
    let spans = fs::read_to_string(shop.path.join("traces.jsonl")).unwrap();
    let others: Vec<_> = spans.lines().filter(|line| !line.contains(FOUND)).collect();
    // Sampled out, and no spans recorded at all.
    for kept in [Some(others.join("\n") + "\n"), None] {
        match kept {
            Some(text) => fs::write(shop.path.join("traces.jsonl"), text).unwrap(),
            None => fs::remove_file(shop.path.join("traces.jsonl")).unwrap(),
        }
        let run = show(&shop, &[&FOUND[..7]]).fine();
        assert!(run.stdout.starts_with(&format!("trace {FOUND}  its spans were not recorded\n\nflow ")));
        assert!(run.stdout.contains("\nfinding  "), "{}", run.stdout);
        let run = show(&shop, &["ffff"]).unable();
        assert!(run.stderr.contains("\"ffff\": no trace with that id there\nhint: "), "{}", run.stderr);
    }
    let run = show(&shop, &["8"]).unable();
    assert!(run.stderr.contains("\"8\": several traces begin with that\nhint: "), "{}", run.stderr);
    let run = show(&shop, &[]).fine();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", "glyphctl: no spans there\n"));
}

#[test]
fn a_page_is_one_file_in_which_nothing_runs() {
    let shop = Shop::copy();
    let page = shop.path.join("trace.html");
    let run = show(&shop, &[FAILED, "--format", "html", "-o", page.to_str().unwrap()]).fine();
    assert_eq!(run.stdout, "");
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"), "{html}");
    for loads in ["<script", "<link", "<img", "src=", "@import", "url("] {
        assert!(!html.contains(loads), "{loads}");
    }
    let flow = &shop.records("flows.jsonl", FAILED)[0];
    for text in [FAILED, flow["request"]["url"].as_str().unwrap(), flow["id"].as_str().unwrap()] {
        assert!(html.contains(text), "{text}");
    }
    assert_eq!(html.matches("<details>").count(), shop.records("traces.jsonl", FAILED).len());
    // Nothing is written over what is read.
    let run = show(&shop, &["-o", shop.arg()]).unable();
    assert!(run.stderr.contains("is one of the files to read"), "{}", run.stderr);
}

#[test]
fn what_traffic_carries_is_no_markup_on_the_page() {
    let file = crate::harness::testdata("hostile");
    let run = run(["trace", "show", file.to_str().unwrap(), "--slowest", "99", "--format", "html"]).fine();
    assert!(!run.stdout.contains("<script") && !run.stdout.contains("<img"), "{}", run.stdout);
    assert!(!run.stdout.contains(|c| c != '\n' && glyph_analysis::text::is_hidden(c)), "{}", run.stdout);

    let shop = Shop::copy();
    let flows = fs::read_to_string(shop.path.join("flows.jsonl")).unwrap();
    let attack = r#"/\"><script>x</script><b style='"#;
    fs::write(shop.path.join("flows.jsonl"), flows.replace("/account", attack)).unwrap();
    let run = show(&shop, &[FOUND, "--format", "html"]).fine();
    assert!(run.stdout.contains("&lt;script&gt;"), "{}", run.stdout);
    assert!(!run.stdout.contains("<script") && !run.stdout.contains("<b style"), "{}", run.stdout);
}
