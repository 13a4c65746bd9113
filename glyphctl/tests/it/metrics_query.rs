//! `glyphctl metrics query`: one expression in every format, and what is said when there is no result.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Run, run, run_with_stdin};

/// Two counters over ten minutes, a sample every 15 s.
fn recorded() -> String {
    let mut text = String::from("# TYPE jobs counter\n");
    for i in 0..=40 {
        let time = 1_760_000_000 + i * 15;
        text += &format!(
            "jobs_total{{job=\"a\"}} {} {time}\njobs_total{{job=\"b\"}} {} {time}\n",
            i * 15,
            i * 30
        );
    }
    text + "# EOF\n"
}

struct Data {
    _dir: TempDir,
    file: PathBuf,
}

impl Data {
    fn new(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("run.om");
        fs::write(&file, text).unwrap();
        Self { _dir: dir, file }
    }

    fn query(&self, args: &[&str]) -> Run {
        let file = self.file.to_str().unwrap();
        let run = run([["metrics", "query", "--data", file].as_slice(), args].concat());
        Run { stderr: run.stderr.replace(file, "run.om"), ..run }
    }

    fn json(&self, args: &[&str]) -> Value {
        let run = self.query(&[args, &["--format", "json"]].concat()).fine();
        serde_json::from_str(&run.stdout).unwrap()
    }
}

#[test]
fn an_expression_has_its_value_at_the_last_sample() {
    let data = Data::new(&recorded());
    let run = data.query(&["rate(jobs_total[5m])"]).fine();
    assert_eq!(run.stderr, "");
    insta::assert_snapshot!(run.stdout, @r#"
    2 series at 2025-10-09T09:03:20Z

    series     value
    {job="a"}      1
    {job="b"}      2
    "#);
}

#[test]
fn json_is_what_the_api_answers() {
    let data = Data::new(&recorded());
    assert_eq!(
        data.json(&["jobs_total", "--time", "1760000031.5"]),
        json!({"status": "success", "data": {"resultType": "vector", "result": [
            {"metric": {"__name__": "jobs_total", "job": "a"}, "value": [1_760_000_031.5, "30"]},
            {"metric": {"__name__": "jobs_total", "job": "b"}, "value": [1_760_000_031.5, "60"]},
        ]}})
    );
    assert_eq!(
        data.json(&[
            "sum(jobs_total)",
            "--start",
            "2025-10-09T08:53:20Z",
            "--end",
            "1760000030",
            "--step",
            "15"
        ]),
        json!({"status": "success", "data": {"resultType": "matrix", "result": [
            {"metric": {}, "values": [[1_760_000_000, "0"], [1_760_000_015, "45"], [1_760_000_030, "90"]]},
        ]}})
    );
    assert_eq!(
        data.json(&["1 + 1", "--time", "5"]),
        json!({"status": "success", "data": {"resultType": "scalar", "result": [5, "2"]}})
    );
    assert_eq!(
        data.json(&["\"a\"", "--time", "5"]),
        json!({"status": "success", "data": {"resultType": "string", "result": [5, "a"]}})
    );
    let noted = data.json(&["quantile(2, jobs_total)"]);
    assert_eq!(noted["warnings"].as_array().unwrap().len(), 1, "{noted}");
    assert_eq!(noted["data"]["result"][0]["value"][1], "+Inf");
}

#[test]
fn a_range_is_a_line_a_series() {
    let data = Data::new(&recorded());
    let run = data.query(&["jobs_total", "--step", "1m"]).fine();
    insta::assert_snapshot!(run.stdout);
    let run = data.query(&["jobs_total", "--step", "1m", "--format", "markdown"]).fine();
    insta::assert_snapshot!(run.stdout);
    // Without any time, a plot is of all the recording.
    let run = data.query(&["jobs_total", "--format", "plot"]).fine();
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn csv_has_a_line_for_each_sample() {
    let data = Data::new(&recorded());
    let run =
        data.query(&["jobs_total{job=\"a\"}", "--end", "1760000015", "--step", "7.5", "--format", "csv"]);
    assert_eq!(
        run.fine().stdout,
        "__name__,job,time,value\n\
         \"jobs_total\",\"a\",1760000000,0\n\
         \"jobs_total\",\"a\",1760000007.5,0\n\
         \"jobs_total\",\"a\",1760000015,15\n"
    );
}

#[test]
fn notes_are_told_beside_the_result() {
    let data = Data::new(&recorded().replace("jobs_total", "jobs").replace("# TYPE jobs counter", ""));
    let run = data.query(&["rate(jobs[5m])"]).fine();
    assert_eq!(
        run.stderr,
        "glyphctl: info: PromQL info: metric might not be a counter, name does not end in \
         _total/_sum/_count/_bucket: \"jobs\" (1:6)\n"
    );
    assert_eq!(data.query(&["rate(jobs[5m])", "--format", "json"]).fine().stderr, "");
}

#[test]
fn the_lookback_can_be_shorter_or_longer() {
    let data = Data::new(&recorded());
    let count = |args: &[&str]| {
        let all = [&["count(jobs_total)", "--time", "1760001200"], args].concat();
        data.json(&all)["data"]["result"].as_array().unwrap().len()
    };
    assert_eq!([count(&[]), count(&["--lookback", "11m"])], [0, 1]);
}

#[test]
fn names_go_where_or_when_it_is_asked() {
    let data = Data::new(&recorded());
    let names = |args: &[&str]| {
        let expr = r#"count by (was) (label_replace(jobs_total + 0, "was", "$1", "__name__", "(.+)"))"#;
        data.json(&[&[expr], args].concat())["data"]["result"][0]["metric"].clone()
    };
    assert_eq!(names(&[]), json!({}));
    assert_eq!(names(&["--delayed-name-removal"]), json!({"was": "jobs_total"}));
}

#[test]
fn what_a_script_loads_can_be_asked() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("some.test");
    let ask = |script: &str| {
        fs::write(&file, script).unwrap();
        let args = ["metrics", "query", "rate(x_total[2m])", "--time", "240", "--format", "json", "--data"];
        run([&args[..], &[file.to_str().unwrap()]].concat())
    };
    let run = ask(
        "load 1m\n  x_total 0+9x9\n\nclear\n\nload 1m\n  x_total{a=\"b\"} 0+60x4\n\neval instant at 0 x\n",
    );
    let json: Value = serde_json::from_str(&run.fine().stdout).unwrap();
    assert_eq!(json["data"]["result"], json!([{"metric": {"a": "b"}, "value": [240, "1"]}]));
    let run = ask("load 1m\n  x_total {{count:1}}\n");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("some.test:1: native histograms are not supported"), "{}", run.stderr);
}

#[test]
fn too_many_values_are_refused_with_a_way_out() {
    let data = Data::new(&recorded());
    let args = ["jobs_total", "--step", "15s", "--max-samples"];
    // Two series of 41 steps each.
    assert_eq!(data.query(&[&args[..], &["82"]].concat()).code, 0);
    let run = data.query(&[&args[..], &["81"]].concat());
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("too many samples into memory: more than 81"), "{}", run.stderr);
    assert!(run.stderr.contains("hint: a longer --step"), "{}", run.stderr);
}

#[test]
fn faults_are_shown_where_they_are() {
    let data = Data::new(&recorded());
    insta::assert_snapshot!(data.query(&["sum(jobs_total) + )"]).unable().stderr);
    insta::assert_snapshot!(data.query(&["rate(jobs_total)"]).unable().stderr);
    insta::assert_snapshot!(data.query(&["jobs_total / on() jobs_total"]).unable().stderr);
    let answer = |args: &[&str]| {
        let run = data.query(&[args, &["--format", "json"]].concat());
        assert_eq!(run.code, 2, "{run:#?}");
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        (answer["status"].clone(), answer["errorType"].clone(), answer["error"].clone())
    };
    assert_eq!(answer(&["jobs_total{"]).1, "bad_data");
    let (status, kind, text) = answer(&["jobs_total + on() jobs_total"]);
    assert_eq!((status, kind), (json!("error"), json!("execution")));
    assert!(text.as_str().unwrap().contains("many-to-many matching not allowed"), "{text}");
}

#[test]
fn what_a_query_needs_is_said() {
    let data = Data::new(&recorded());
    for (args, expected) in [
        (["x", "--time", "soon"].as_slice(), "expected a time such as"),
        (&["x", "--step", "0"], "expected a duration"),
        (&["x", "--time", "1", "--step", "1m"], "cannot be used with"),
        (&["x", "--start", "20", "--end", "10"], "--end is before --start"),
        (&["x", "--step", "0.0001"], "expected a duration"),
        (&["x", "--start", "0", "--step", "1"], "more than 1000000 steps"),
        (&[], "there is no expression"),
    ] {
        let run = data.query(args).unable();
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
    }
    let run = run(["metrics", "query", "up"]);
    assert!(run.stderr.contains("--data"), "{}", run.stderr);
}

#[test]
fn data_comes_from_standard_input_too() {
    let run = run_with_stdin(["metrics", "query", "--data", "-", "sum(jobs_total)"], recorded().as_bytes());
    assert!(run.fine().stdout.contains("1800"));
}

#[test]
fn what_metrics_carry_steers_no_terminal() {
    let data = Data::new("x{a=\"\\u001b[2J\u{1b}[31m\"} 1 1\n# EOF\n");
    for format in ["table", "json", "csv", "markdown", "plot"] {
        let run = data.query(&["x", "--format", format]).fine();
        assert!(!run.stdout.contains('\u{1b}'), "{format}: {:?}", run.stdout);
    }
}
