//! The gate as a CI job meets it: exit codes, what is said, and that what it says to type works.

use std::{
    fs,
    path::{Path, PathBuf},
};

use quick_xml::{
    XmlVersion,
    events::{BytesStart, Event},
};
use serde_json::{Value, json};

use crate::harness::{Run, glyphctl, names_in, run, testdata};

fn at_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A folder to work in, with a recording `run` in it.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// With a copy of a recording.
    fn with(recording: &str) -> Self {
        let place = Self::empty();
        for name in names_in(&at_root(recording)) {
            fs::copy(at_root(recording).join(&name), place.path("run").join(&name)).unwrap();
        }
        place
    }

    fn shop() -> Self {
        Self::with("testdata/recordings/shop")
    }

    /// With a recording of nothing but its `recording.json`.
    fn empty() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("run")).unwrap();
        place.write("run/recording.json", ENDED);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs glyphctl in the folder.
    fn run(&self, args: &[&str]) -> Run {
        let output = glyphctl().current_dir(self.dir.path()).args(args).output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Checks the recording against that `glyph.toml`.
    fn check(&self, config: &str, more: &[&str]) -> Run {
        self.write("glyph.toml", config);
        let mut args = vec!["check", "run"];
        args.extend(more);
        self.run(&args)
    }

    /// The same as JSON, and the exit code.
    fn judge(&self, config: &str) -> (i32, Value) {
        let run = self.check(config, &["--format", "json"]);
        (run.code, serde_json::from_str(&run.stdout).unwrap())
    }

    fn pack(&self) {
        self.run(&["replay", "write", "run", "-o", "run.glyph.tar.zst"]).fine();
    }

    /// Runs every command that was printed; each must show the trace that it names.
    fn follow(&self, printed: &str) -> usize {
        let commands: Vec<_> =
            printed.lines().filter_map(|line| line.trim().strip_prefix("glyphctl ")).collect();
        for command in &commands {
            let args: Vec<_> = command.split_whitespace().collect();
            let shown = self.run(&args).fine();
            // The waterfall begins with the trace's id.
            assert!(shown.stdout.contains(args.last().unwrap()), "{command}: {}", shown.stdout);
        }
        commands.len()
    }
}

const ENDED: &str = r#"{"format":1,"glyph_version":"0.1.0","service_name":"glyphd",
    "start_time_unix_nano":1000000000000,"end_time_unix_nano":1060000000000}"#;

const GENEROUS: &str = r#"
[[budget]]
span = "proxy.capture_flow"
p95 = "1s"
max = "1s"
errors = "50%"
"#;

const TIGHT: &str = r#"
[[budget]]
span = "proxy.capture_flow"
p50 = "1s"
p95 = "100us"
errors = "1%"
"#;

const RULES: &str = r"
groups:
  - name: g
    interval: 10s
    rules:
      - alert: TooHot
        expr: heat > 5
";

const ALERTS: &str = "[alerts]\nrules = [\"rules.yaml\"]\n";

/// The check of that name.
#[track_caller]
fn named<'a>(judgement: &'a Value, name: &str) -> &'a Value {
    let checks = judgement["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name}: {judgement:#}"))
}

#[test]
fn a_recording_that_holds_passes() {
    let run = Place::shop().check(GENEROUS, &[]).fine();
    insta::assert_snapshot!(run.stdout);
    assert_eq!(run.stderr, "glyphctl: alerts: skipped, glyph.toml has no [alerts]\n");
}

#[test]
fn a_failure_says_number_limit_and_traces_and_its_commands_work() {
    let place = Place::shop();
    let run = place.check(TIGHT, &[]);
    assert_eq!(run.code, 1, "{run:#?}");
    insta::assert_snapshot!(run.stdout);
    assert_eq!(place.follow(&run.stdout), 4, "three slow traces, one that failed");
    insta::assert_snapshot!(place.check(TIGHT, &["--format", "markdown"]).stdout);
    insta::assert_snapshot!(place.check(TIGHT, &["--format", "junit"]).stdout);
}

#[test]
fn json_is_the_contract() {
    let (code, json) = Place::shop().judge(TIGHT);
    assert_eq!((code, &json["verdict"]), (1, &json!("fail")));
    assert_eq!(json.as_object().unwrap().len(), 2);
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
        })
    );
    let errors = named(&json, "glyphd proxy.capture_flow errors");
    assert_eq!((&errors["value"], &errors["limit"]), (&json!(1.0 / 3.0), &json!(0.01)));
    assert_eq!(errors["trace_ids"], json!(["686303df15ac4a8a4520b69e139e3e13"]));
    assert_eq!(errors["unit"], "ratio");
    assert_eq!(named(&json, "glyphd proxy.capture_flow p50")["state"], "pass");
}

#[test]
fn a_budget_without_spans_is_undecided() {
    let place = Place::shop();
    let (code, json) = place.judge("[[budget]]\nspan = \"no.such\"\nservice = \"shop\"\np95 = \"1s\"\n");
    assert_eq!((code, &json["verdict"]), (2, &json!("undecided")));
    let check = named(&json, "shop no.such p95");
    assert_eq!((&check["state"], &check["value"]), (&json!("undecided"), &Value::Null));
    let (code, _) = place.judge(&format!("{TIGHT}[[budget]]\nspan = \"no.such\"\np95 = \"1s\"\n"));
    assert_eq!(code, 1, "a failure outweighs what is undecided");
    let of_service = GENEROUS.replace("p95", "service = \"other\"\np95");
    assert_eq!(place.judge(&of_service).0, 2, "the spans of another service are not meant");
}

#[test]
fn an_alert_that_fires_names_the_traces_of_its_exemplars() {
    let place = Place::with("testdata/metrics/outage");
    let config = format!("[alerts]\nrules = [{:?}]\n", at_root("alerts/alerts.yaml").display().to_string());
    let run = place.check(&config, &[]);
    assert_eq!(run.code, 1, "{run:#?}");
    insta::assert_snapshot!(run.stdout);
    let quiet = "set = { \"glyph:threshold:plugin_latency_p95_seconds\" = 20, \
                 \"glyph:threshold:http_failure_ratio\" = 0.8, \"glyph:threshold:plugin_queue_fill_ratio\" = 1 }\n";
    let (code, json) = place.judge(&format!("{config}{quiet}"));
    assert_eq!((code, &json["verdict"]), (0, &json!("pass")), "{json:#}");
}

/// A recording of a minute: `heat` is over its limit from second 20 to 40.
fn heated() -> Place {
    let place = Place::empty();
    place.write("rules.yaml", RULES);
    let heat = |t| if (1020..=1040).contains(&t) { 9 } else { 1 };
    let samples: String = (1000..=1060).step_by(10).map(|t| format!("heat {} {t}\n", heat(t))).collect();
    place.write("run/metrics.om", &format!("# TYPE heat gauge\n{samples}# EOF\n"));
    let span = |id: u64, name: &str, status: &str, start_ms: u64, end_ms: u64| {
        format!(
            "{{\"trace_id\":\"{id:032x}\",\"span_id\":\"{id:016x}\",\"name\":{name:?},\"kind\":\"internal\",\
             \"attributes\":{{}},\"events\":[],\"status\":{status:?},\"service_name\":\"app\",\
             \"start_time_unix_nano\":{start_ms}000000,\"end_time_unix_nano\":{end_ms}000000}}\n"
        )
    };
    let spans = [
        span(1, "work", "error", 1_000_000, 1_005_000),
        span(2, "work", "unset", 1_025_000, 1_026_000),
        span(3, "work", "unset", 1_030_000, 1_035_000),
        span(4, "work", "error", 1_031_000, 1_031_100),
        span(5, "plugin.supervisor.task", "unset", 1_000_000, 1_060_000),
        span(6, "work", "unset", 1_027_000, 1_027_001),
    ];
    place.write("run/traces.jsonl", &spans.concat());
    place
}

#[test]
fn an_alert_without_exemplars_names_the_traces_of_its_time() {
    let place = heated();
    let (code, json) = place.judge(ALERTS);
    assert_eq!(code, 1);
    let check = named(&json, "TooHot");
    let id = |n: u64| format!("{n:032x}");
    assert_eq!(check["trace_ids"], json!([id(4), id(3), id(2)]), "failed first, then the slowest");
    assert_eq!(
        (&check["value"], &check["limit"], &check["unit"]),
        (&json!(9.0), &json!(5.0), &json!("value"))
    );
    assert_eq!(check["message"], "fired at 20.0s for 30.0s; peak 9, threshold 5 (1.8 times)");
    assert_eq!(place.follow(&place.check(ALERTS, &[]).stdout), 3);
}

#[test]
fn undecided_alerts_pass_only_where_that_is_allowed() {
    let place = heated();
    place.write("rules.yaml", &RULES.replace("heat > 5", "sum(rate(heat[1h])) > 5"));
    let run = place.check(ALERTS, &[]);
    assert_eq!(run.code, 2, "{run:#?}");
    insta::assert_snapshot!(run.stdout);
    let allowed = format!("{ALERTS}allow-undecided = true\n");
    let (code, json) = place.judge(&allowed);
    assert_eq!((code, &json["verdict"]), (0, &json!("pass")));
    assert_eq!(named(&json, "TooHot")["state"], "undecided");
    assert!(place.check(&allowed, &["--format", "junit"]).stdout.contains("<skipped message="));
    let (code, _) = place.judge(&format!("{ALERTS}time-scale = \"1/100\"\n"));
    assert_eq!(code, 0, "an hour is 36 seconds then");
}

#[test]
fn without_metrics_alerts_are_undecided() {
    let place = Place::shop();
    place.write("rules.yaml", RULES);
    let (code, json) = place.judge(ALERTS);
    assert_eq!((code, &named(&json, "TooHot")["message"]), (2, &json!("the recording has no samples")));
}

#[test]
fn rules_that_cannot_be_used_are_no_success() {
    let place = heated();
    place.write("quiet.yaml", &RULES.replace("> 5", "> 50"));
    place.write("bad.yaml", &RULES.replace("> 5", "> > 5"));
    let run = place.check("[alerts]\nrules = [\"quiet.yaml\", \"bad.yaml\"]\n", &[]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.starts_with("glyphctl: bad.yaml:7: group \"g\", rule \"TooHot\": "), "{}", run.stderr);
    let none = place.check("[alerts]\nrules = [\"nowhere.yaml\"]\n", &[]).unable();
    assert!(none.stderr.contains("nowhere.yaml: No such file"), "{}", none.stderr);
    let two = RULES.replace("heat > 5", "heat or label_replace(heat, \"a\", \"1\", \"\", \"\")");
    place.write("rules.yaml", &two.replace("interval", "limit: 1\n    interval"));
    let (code, json) = place.judge(ALERTS);
    assert_eq!((code, &named(&json, "fault 1 of the rules")["state"]), (2, &json!("undecided")), "{json:#}");
}

#[test]
fn an_artifact_is_judged_as_its_recording_is() {
    let place = Place::shop();
    place.pack();
    let artifact = ["check", "run.glyph.tar.zst", "--format", "json"];
    let (_, of_directory) = place.judge(TIGHT);
    let run = place.run(&artifact);
    let mut json: Value = serde_json::from_str(&run.stdout).unwrap();
    let digests = json["checks"].as_array_mut().unwrap().remove(0);
    assert_eq!((&digests["name"], &digests["message"]), (&json!("digests"), &json!("5 files as packed")));
    assert_eq!((run.code, &json), (1, &of_directory));
    let printed = place.run(&["check", "run.glyph.tar.zst"]).stdout;
    assert_eq!(place.follow(&printed), 4, "trace show takes the artifact too");
    assert_eq!(names_in(place.dir.path()), ["glyph.toml", "run", "run.glyph.tar.zst"]);
}

#[test]
fn a_changed_artifact_fails() {
    let place = Place::shop();
    place.pack();
    place.write("glyph.toml", GENEROUS);
    let file = place.path("run.glyph.tar.zst");
    let whole = fs::read(&file).unwrap();
    let check = || {
        let run = place.run(&["check", "run.glyph.tar.zst", "--format", "json"]);
        (run.code, serde_json::from_str::<Value>(&run.stdout).unwrap_or_default())
    };
    assert_eq!(check().0, 0);
    for at in [whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(&file, flipped).unwrap();
        let (code, json) = check();
        assert_eq!((code, &named(&json, "digests")["state"]), (1, &json!("fail")), "byte {at}");
    }
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(check().0, 1, "cut short");

    let content = zstd::decode_all(whole.as_slice()).unwrap();
    let changed = |from: &[u8], to: &[u8]| {
        let mut bytes = content.clone();
        let at = bytes.windows(from.len()).rposition(|w| w == from).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        fs::write(&file, zstd::encode_all(bytes.as_slice(), 3).unwrap()).unwrap();
        check()
    };
    let (code, json) = changed(b"\"method\":\"GET\"", b"\"method\":\"PUT\"");
    let message = named(&json, "digests")["message"].as_str().unwrap();
    assert!(code == 1 && message.contains("files/flows.jsonl: was changed: sha256 "), "{message}");
    assert_eq!(changed(b"\"tools\"", b"\"tolls\"").0, 1, "a manifest that can't be read");
}

#[test]
fn what_is_no_recording_is_exit_code_2() {
    let place = Place::shop();
    place.write("glyph.toml", GENEROUS);
    place.write("notes.glyph.tar.zst", "hello");
    fs::create_dir(place.path("empty")).unwrap();
    for (what, says) in [
        ("nowhere", "No such file"),
        ("notes.glyph.tar.zst", "is no artifact"),
        ("empty", "is no recording: it has no recording.json\nhint: "),
        ("run/flows.jsonl", "run/flows.jsonl: is no recording and no artifact\nhint: "),
    ] {
        let run = place.run(&["check", what]).unable();
        assert!(run.stderr.contains(says), "{what}: {}", run.stderr);
    }
}

#[test]
fn a_recording_that_was_cut_short_fails() {
    let place = Place::shop();
    let info = fs::read_to_string(place.path("run/recording.json")).unwrap();
    let lines = info.lines().filter(|line| !line.contains("end_time_unix_nano"));
    let info: String = lines.collect::<Vec<_>>().join("\n");
    let segments = r#""segments": {"flows.jsonl": ["flows.000001.jsonl.zst", "flows.000002.jsonl"]}"#;
    place.write("run/recording.json", &info.replace(r#""segments": {}"#, segments));
    place.write("run/flows.000002.jsonl.zst", "");
    for name in ["traces.jsonl", "audit.jsonl"] {
        let text = fs::read_to_string(place.path("run").join(name)).unwrap();
        place.write(&format!("run/{name}"), &text[..text.len() - 30]);
    }
    let findings = fs::read_to_string(place.path("run/findings.jsonl")).unwrap();
    place.write("run/findings.jsonl", &format!("not json\n{findings}"));
    place.write("run/metrics.om", "# TYPE up gauge\nup 1 1000.0\nup 1 10");
    let run = place.check(GENEROUS, &[]);
    assert_eq!(run.code, 1, "{run:#?}");
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn files_of_something_else_fail_and_the_rest_is_judged() {
    let place = Place::shop();
    place.write("run/traces.jsonl", "hello\nworld\n");
    place.write("run/metrics.om", "hello{ 1 1\n");
    let (code, json) = place.judge(GENEROUS);
    assert_eq!(code, 1);
    let message = |name| named(&json, name)["message"].as_str().unwrap();
    assert!(message("traces.jsonl").contains("traces.jsonl: is no trace file: line 1"), "{json:#}");
    assert!(message("metrics.om").contains("metrics.om:1: the labels are not well formed"), "{json:#}");
    assert_eq!(named(&json, "proxy.capture_flow p95")["state"], "undecided");
}

#[test]
fn what_was_dropped_fails() {
    let place = Place::shop();
    let samples = "glyph_flow_log_dropped_total{reason=\"queue_full\"} 2 1.0
glyph_flow_log_dropped_total{reason=\"stopped\"} 1 1.0
glyph_trace_spans_total{exporter=\"file\",outcome=\"exported\"} 7 1.0
glyph_audit_failures_total 1 1.0
glyph_flow_log_dropped_total{reason=\"queue_full\"} 4 2.0
glyph_flow_log_dropped_total{reason=\"stopped\"} 1 2.0
glyph_trace_spans_total{exporter=\"file\",outcome=\"exported\"} 9 2.0
glyph_audit_failures_total 1 2.0
# EOF
";
    place.write("run/metrics.om", samples);
    let (code, json) = place.judge(GENEROUS);
    assert_eq!(code, 1);
    let found = |name| (&named(&json, name)["state"], &named(&json, name)["value"]);
    assert_eq!(found("glyph_flow_log_dropped_total"), (&json!("fail"), &json!(5)));
    assert_eq!(found("glyph_audit_failures_total"), (&json!("fail"), &json!(1)));
    assert_eq!(found("glyph_trace_spans_total{outcome=\"dropped\"}"), (&json!("pass"), &json!(0)));
    let said = named(&json, "glyph_flow_log_dropped_total")["message"].as_str().unwrap();
    assert_eq!(said, "5 lost flows, over the limit of 0");
}

#[test]
fn faults_of_the_config_have_a_place() {
    let place = heated();
    let of = |config: &str| place.check(config, &[]).unable().stderr;
    let unknown = of("[[budget]]\nspan = \"x\"\np94 = \"1s\"\n");
    assert!(
        unknown.starts_with("glyphctl: glyph.toml:3: unknown field `p94`, expected one of "),
        "{unknown}"
    );
    assert!(unknown.contains("\nhint: "), "{unknown}");
    let limit = of("[[budget]]\nspan = \"x\"\np95 = \"fast\"\n");
    assert!(limit.starts_with("glyphctl: glyph.toml:3: p95: \"fast\" is no duration"), "{limit}");
    let set = of(&format!("{ALERTS}set = {{ \"no:such\" = 1 }}\n"));
    assert!(
        set.starts_with("glyphctl: glyph.toml:3: no:such: no recording rule has that name\nhint: "),
        "{set}"
    );
    fs::remove_file(place.path("glyph.toml")).unwrap();
    let none = place.run(&["check", "run"]).unable().stderr;
    assert!(none.starts_with("glyphctl: glyph.toml: No such file"), "{none}");
    assert!(none.contains("\nhint: glyphctl check init RECORDING "), "{none}");
    assert_eq!(place.run(&["check"]).unable().stdout, "");
}

/// A recording whose spans have the names of `testdata/traces/hostile`, and a budget that each of them breaks.
fn hostile() -> (Place, String) {
    let place = Place::empty();
    let text = fs::read_to_string(testdata("hostile")).unwrap();
    place.write("run/traces.jsonl", &text);
    let spans = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    // JSON's escapes are TOML's.
    let budgets: Vec<_> = spans
        .map(|span| {
            format!(
                "[[budget]]\nspan = {}\nmax = \"0ns\"\n",
                span["name"].to_string().replace('\u{202e}', "\\u202E")
            )
        })
        .collect();
    let more = "[[budget]]\nspan = \"no\\u001b[2J ]]><!-- & such\"\np95 = \"1s\"\n";
    (place, budgets.concat() + more)
}

#[test]
fn names_do_no_harm_in_any_format() {
    let (place, config) = hostile();
    for format in ["table", "markdown", "json", "junit"] {
        let run = place.check(&config, &["--format", format]);
        assert_eq!(run.code, 1, "{run:#?}");
        let steers = |c: char| c != '\n' && glyph_analysis::text::is_hidden(c);
        assert!(!run.stdout.contains(steers), "{format}: {}", run.stdout);
        assert!(!run.stdout.lines().any(|l| l.trim_start().starts_with("::")), "{format}: {}", run.stdout);
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
    let (mut suites, mut cases, mut faults) = (Vec::new(), Vec::new(), Vec::new());
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
                "testsuites" => assert_eq!(attribute(&element, "tests"), "6"),
                other => panic!("{other}"),
            },
            _ => {}
        }
    }
    assert_eq!(suites, [("integrity".to_owned(), 2, 0, 0), ("budget".to_owned(), 4, 3, 1)]);
    assert_eq!(cases.len(), 6);
    let markup = r#"line\nend \u{202e}gnp.exe "quoted", <script>alert(1)</script> max"#;
    assert!(cases.contains(&("glyph.budget".to_owned(), markup.to_owned())), "{cases:?}");
    assert_eq!(faults.len(), 4);
    assert_eq!(faults[0], "3.00µs, over the limit of 0ns; 1 span");
}

#[test]
fn a_fresh_config_holds_for_its_recording() {
    let place = Place::shop();
    let made = place.run(&["check", "init", "run"]).fine();
    assert_eq!(
        (made.stdout.as_str(), made.stderr.as_str()),
        ("", "glyphctl: glyph.toml: 7 budgets (now: glyphctl check run)\n")
    );
    let text = fs::read_to_string(place.path("glyph.toml")).unwrap();
    insta::assert_snapshot!(text);
    place.run(&["check", "run"]).fine();

    let again = place.run(&["check", "init", "run"]).unable();
    assert!(again.stderr.starts_with("glyphctl: glyph.toml: exists already\nhint: "), "{}", again.stderr);
    assert_eq!(fs::read_to_string(place.path("glyph.toml")).unwrap(), text);
    place.pack();
    assert_eq!(place.run(&["check", "init", "run.glyph.tar.zst", "-o", "-"]).fine().stdout, text);
    let nowhere = place.run(&["check", "init", "run", "-o", "no/where.toml"]).unable();
    assert!(nowhere.stderr.contains("can't be written: No such file"), "{}", nowhere.stderr);
}

#[test]
fn a_fresh_config_takes_the_rules_beside_it() {
    let place = Place::shop();
    fs::create_dir_all(place.path("ci/alerts")).unwrap();
    place.write("ci/alerts/alerts.yaml", RULES);
    place.run(&["check", "init", "run", "-o", "ci/glyph.toml"]).fine();
    let run = place.run(&["check", "run", "--config", "ci/glyph.toml"]).fine();
    assert!(run.stdout.contains("TooHot"), "{}", run.stdout);
}

#[test]
fn a_fresh_config_is_right_whatever_the_names() {
    let (place, _) = hostile();
    place.run(&["check", "init", "run"]).fine();
    let text = fs::read_to_string(place.path("glyph.toml")).unwrap();
    assert!(!text.contains(|c| c != '\n' && glyph_analysis::text::is_hidden(c)), "{text}");
    let run = place.run(&["check", "run"]).fine();
    assert!(run.stdout.starts_with("pass: 8 checks, none failed\n"), "{}", run.stdout);
}

#[test]
fn the_demos_recording_holds_to_what_was_measured() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("demo");
    run(["demo", "--out", out.to_str().unwrap()]).fine();
    let (recording, config) = (out.join("recording"), dir.path().join("glyph.toml"));
    let (recording, config) = (recording.to_str().unwrap(), config.to_str().unwrap());
    run(["check", "init", recording, "-o", config]).fine();
    let passed = run(["check", recording, "--config", config, "--format", "json"]).fine();
    let json: Value = serde_json::from_str(&passed.stdout).unwrap();
    for name in ["metrics.om", "glyph_audit_failures_total", "glyph_trace_spans_total{outcome=\"dropped\"}"] {
        assert_eq!(named(&json, name)["value"], 0, "{json:#}");
    }
    assert!(!passed.stdout.contains("plugin.supervisor.task"), "{}", passed.stdout);
}

#[test]
fn other_commands_take_artifacts() {
    let place = Place::shop();
    place.pack();
    let of = |what: &str| place.run(&["trace", "summarize", what, "--format", "json"]).fine().stdout;
    assert_eq!(of("run.glyph.tar.zst"), of("run"));
    let shown = |what: &str| place.run(&["trace", "show", what, "686303df"]).fine().stdout;
    assert_eq!(shown("run.glyph.tar.zst"), shown("run"));
    let artifact = fs::read(place.path("run.glyph.tar.zst")).unwrap();
    let over = place.run(&["trace", "summarize", "run.glyph.tar.zst", "-o", "run.glyph.tar.zst"]).unable();
    assert!(over.stderr.contains("is one of the files to read"), "{}", over.stderr);
    assert!(fs::read(place.path("run.glyph.tar.zst")).unwrap() == artifact);

    let place = Place::with("testdata/metrics/outage");
    place.pack();
    let rules = at_root("alerts/alerts.yaml");
    let alerts = |what: &str| {
        place.run(&[
            "alerts",
            "check",
            "--rules",
            rules.to_str().unwrap(),
            "--data",
            what,
            "--format",
            "json",
        ])
    };
    assert_eq!(alerts("run.glyph.tar.zst").stdout, alerts("run").stdout);
    fs::write(place.path("run.glyph.tar.zst"), &artifact[..artifact.len() / 2]).unwrap();
    let broken = alerts("run.glyph.tar.zst").unable();
    assert!(broken.stderr.contains("is damaged") && broken.stderr.contains("\nhint: "), "{}", broken.stderr);
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!("check_help", run(["check", "--help"]).fine().stdout);
    insta::assert_snapshot!("check_init_help", run(["check", "init", "--help"]).fine().stdout);
}
