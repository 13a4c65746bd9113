//! What is printed, for programs and for people whom names from traffic want to harm.

use quick_xml::{
    XmlVersion,
    events::{BytesStart, Event},
};
use serde_json::json;

use super::{Place, TIGHT, hostile, named};
use crate::harness::run;

#[test]
fn json_is_the_contract() {
    let (code, json) = Place::shop().judge(TIGHT);
    assert_eq!((code, &json["verdict"]), (1, &json!("fail")));
    let sections = ["alerts", "findings", "traces", "replay"];
    let skipped = sections.map(|s| json!({ "section": s, "reason": format!("glyph.toml has no [{s}]") }));
    assert_eq!(json["skipped"], json!(skipped));
    assert_eq!(
        named(&json, "glyphd proxy.capture_flow p95"),
        &json!({
            "section": "budget", "name": "glyphd proxy.capture_flow p95", "state": "fail",
            "value": 233_118, "limit": 100_000, "unit": "ns",
            "message": "233µs, over the limit of 100µs (2.331 times as much); 3 spans",
            "trace_ids": [
                "686303df15ac4a8a4520b69e139e3e13", "81dd40a6b1b7d614f6e1205d70e7fdb5",
                "898114cb177d223564aa6b62429202c1",
            ],
            "tolerated": false,
            "commands": [
                "glyphctl trace show run 686303df15ac4a8a4520b69e139e3e13",
                "glyphctl trace show run 81dd40a6b1b7d614f6e1205d70e7fdb5",
                "glyphctl trace show run 898114cb177d223564aa6b62429202c1",
            ],
        })
    );
    let errors = named(&json, "glyphd proxy.capture_flow errors");
    assert_eq!((&errors["value"], &errors["limit"]), (&json!(1.0 / 3.0), &json!(0.01)));
    assert_eq!(errors["trace_ids"], json!(["686303df15ac4a8a4520b69e139e3e13"]));
    assert_eq!(errors["unit"], "ratio");
    assert_eq!(named(&json, "glyphd proxy.capture_flow p50")["state"], "pass");
}

#[test]
fn names_do_no_harm_in_any_format() {
    let (place, config) = hostile();
    for format in ["table", "markdown", "json", "junit", "github"] {
        let run = place.check(&config, &["--format", format]);
        assert_eq!(run.code, 1, "{run:#?}");
        let steers = |c: char| c != '\n' && glyph_analysis::text::is_hidden(c);
        assert!(!run.stdout.contains(steers), "{format}: {}", run.stdout);
        let is_command = |line: &str| line.trim_start().starts_with("::");
        let own = |line: &str| format == "github" && line.contains(" title=");
        assert!(!run.stdout.lines().any(|l| is_command(l) && !own(l)), "{format}: {}", run.stdout);
        if format != "json" {
            insta::assert_snapshot!(format!("hostile_{format}"), run.stdout);
        }
    }
    let (_, json) = place.judge(&config);
    let names: Vec<_> =
        json["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"::error::not a command \u{1b}]0;title\u{7}\u{1b}[2Jclear max"), "{names:?}");
}

fn attribute(element: &BytesStart<'_>, name: &str) -> String {
    let attribute = element.try_get_attribute(name).unwrap().unwrap_or_else(|| panic!("{name}: {element:?}"));
    attribute.normalized_value(XmlVersion::Explicit1_0).unwrap().into_owned()
}

#[test]
fn junit_is_xml_whose_counts_are_right() {
    let (place, config) = hostile();
    let text = place.check(&config, &["--format", "junit"]).stdout;
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut suites, mut cases, mut faults, mut skipped) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(element) | Event::Empty(element) => match element.name().as_ref() {
                "testsuite" => {
                    let of = |name| attribute(&element, name).parse::<usize>().unwrap();
                    suites.push((attribute(&element, "name"), of("tests"), of("failures"), of("errors")));
                }
                "testcase" => cases.push((attribute(&element, "classname"), attribute(&element, "name"))),
                "failure" | "error" => faults.push(attribute(&element, "message")),
                "testsuites" => assert_eq!(attribute(&element, "tests"), "10"),
                "skipped" => skipped.push(attribute(&element, "message")),
                other => panic!("{other}"),
            },
            _ => {}
        }
    }
    let sections = [("integrity", 2, 0, 0), ("alerts", 1, 0, 0), ("budget", 4, 3, 1), ("findings", 1, 0, 0)];
    let sections = sections.into_iter().chain([("traces", 1, 0, 0), ("replay", 1, 0, 0)]);
    let sections: Vec<_> = sections.map(|(name, all, f, e)| (name.to_owned(), all, f, e)).collect();
    assert_eq!(suites, sections);
    assert_eq!(cases.len(), 10);
    let reasons = ["alerts", "findings", "traces", "replay"].map(|s| format!("glyph.toml has no [{s}]"));
    assert_eq!(skipped, reasons);
    let markup = r#"line\nend \u{202e}gnp.exe "quoted", <script>alert(1)</script> max"#;
    assert!(cases.contains(&("glyph.budget".to_owned(), markup.to_owned())), "{cases:?}");
    assert_eq!(faults.len(), 4);
    assert_eq!(faults[0], "3.00µs, over the limit of 0ns; 1 span");
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!("check_help", run(["check", "--help"]).fine().stdout);
    insta::assert_snapshot!("check_init_help", run(["check", "init", "--help"]).fine().stdout);
}

#[test]
fn several_reports_are_written_beside_what_is_printed() {
    let place = Place::shop();
    place.write("summary.md", "something old");
    let reports = ["--format", "github", "--report", "junit=glyph.xml", "--report", "markdown=summary.md"];
    let run = place.check(TIGHT, &[&reports[..], &["--report", "json=glyph.json"]].concat());
    assert_eq!(run.code, 1, "{run:#?}");
    let printed: Vec<_> = run.stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(printed, ["::error", "::error", "::notice"], "{}", run.stdout);
    for (format, file) in [("junit", "glyph.xml"), ("markdown", "summary.md"), ("json", "glyph.json")] {
        let text = std::fs::read_to_string(place.path(file)).unwrap();
        assert_eq!(text, place.check(TIGHT, &["--format", format]).stdout, "{file}");
    }

    let unknown = place.check(TIGHT, &["--report", "xml=x"]).unable();
    assert!(unknown.stderr.contains("there are table, json, markdown, junit, github"), "{}", unknown.stderr);
    let nowhere = place.check(TIGHT, &["--report", "json=no/where.json", "--report", "junit=there.xml"]);
    assert_eq!(nowhere.code, 2, "{nowhere:#?}");
    assert!(nowhere.stderr.contains("--report no/where.json: No such file"), "{}", nowhere.stderr);
    assert!(place.path("there.xml").exists(), "the other one is there");
}

#[test]
fn a_section_may_only_report() {
    let place = Place::shop();
    let config = TIGHT.replace("errors", "fail = false\nerrors");
    let (code, json) = place.judge(&config);
    assert_eq!((code, &json["verdict"]), (0, &json!("pass")), "{json:#}");
    let check = named(&json, "glyphd proxy.capture_flow p95");
    assert_eq!((&check["state"], &check["tolerated"]), (&json!("fail"), &json!(true)));
    let table = place.check(&config, &[]).fine().stdout;
    assert!(table.starts_with("pass: 8 checks, none failed, 2 failed that are only reported\n"), "{table}");
    assert_eq!(place.follow(&table), 4, "where to look is told all the same");
    let junit = place.check(&config, &["--format", "junit"]).fine().stdout;
    assert!(junit.contains("failures=\"0\"") && junit.contains("; only reported"), "{junit}");
    let github = place.check(&config, &["--format", "github"]).fine().stdout;
    assert!(github.starts_with("::warning ") && !github.contains("::error"), "{github}");
}
