//! The gate as a CI job meets it: exit codes, what is said, and that what it says to type works.

mod before;
mod findings;
mod formats;
mod init;
mod integrity;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::harness::{Run, ended, glyphctl, names_in, piped, testdata};

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
        ended(piped(glyphctl().current_dir(self.dir.path()).args(args)))
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

    /// Runs every command that was printed; each must show the trace or flow that it names, or what differs.
    fn follow(&self, printed: &str) -> usize {
        let commands: Vec<_> =
            printed.lines().filter_map(|line| line.trim().strip_prefix("glyphctl ")).collect();
        for command in &commands {
            let args: Vec<_> = command.split_whitespace().collect();
            let shown = self.run(&args);
            let is_comparison = args[1] == "diff";
            assert_eq!(shown.code, i32::from(is_comparison), "{command}: {shown:#?}");
            assert!(
                is_comparison || shown.stdout.contains(args.last().unwrap()),
                "{command}: {}",
                shown.stdout
            );
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
    let skipped = ["alerts", "findings", "traces", "replay"]
        .map(|section| format!("glyphctl: {section}: skipped, glyph.toml has no [{section}]\n"));
    assert_eq!(run.stderr, skipped.concat());
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
    assert!(none.stderr.contains("nowhere.yaml: can't be read: No such file"), "{}", none.stderr);
    let two = RULES.replace("heat > 5", "heat or label_replace(heat, \"a\", \"1\", \"\", \"\")");
    place.write("rules.yaml", &two.replace("interval", "limit: 1\n    interval"));
    let (code, json) = place.judge(ALERTS);
    assert_eq!((code, &named(&json, "fault 1 of the rules")["state"]), (2, &json!("undecided")), "{json:#}");
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
