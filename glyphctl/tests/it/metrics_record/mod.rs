//! `glyphctl metrics record` as a user runs it, and what other commands, and promtool, make of its files.

mod peers;
pub(crate) mod target;

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use self::target::{Reply, Target};
use crate::harness::{Run, ended, glyphctl, names_in, piped, run, within};

/// A folder to record in.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = glyphctl();
        for name in ["TOKEN", "PASSWORD", "HEADERS"] {
            command.env_remove(format!("GLYPH_SCRAPE_{name}"));
        }
        command.current_dir(self.0.path()).args(args);
        command
    }

    /// `glyphctl metrics record ARGS` in it, until it is stopped.
    fn recording(&self, args: &[&str]) -> Child {
        piped(&mut self.command(&[&["metrics", "record"], args].concat()))
    }

    /// The same, until it ends by itself.
    pub(crate) fn record(&self, args: &[&str]) -> Run {
        ended(self.recording(args))
    }

    /// `glyphctl ARGS` in it.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        ended(piped(&mut self.command(args)))
    }

    /// Series by their labels, with times in milliseconds and values, of all that a selector finds in a file.
    pub(crate) fn samples(&self, file: &str, selector: &str) -> Vec<(String, Vec<(i64, f64)>)> {
        let query = format!("{selector}[1h]");
        let run = self.run(&["metrics", "query", "--data", file, &query, "--format", "json"]).fine();
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        let mut series: Vec<_> =
            answer["data"]["result"].as_array().unwrap().iter().map(read_series).collect();
        series.sort_by(|a, b| a.0.cmp(&b.0));
        series
    }

    /// The values of one series of a file, in their order.
    fn values(&self, file: &str, selector: &str) -> Vec<f64> {
        let series = self.samples(file, selector);
        assert_eq!(series.len(), 1, "{selector}: {series:?}");
        series[0].1.iter().map(|(_, value)| *value).collect()
    }
}

fn read_series(series: &Value) -> (String, Vec<(i64, f64)>) {
    let labels: std::collections::BTreeMap<_, _> = series["metric"].as_object().unwrap().iter().collect();
    let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let sample = |sample: &Value| {
        let time = (sample[0].as_f64().unwrap() * 1e3).round() as i64;
        (time, sample[1].as_str().unwrap().parse().unwrap())
    };
    (labels.join(", "), series["values"].as_array().unwrap().iter().map(sample).collect())
}

fn stop(child: Child, signal: Signal) -> Run {
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), signal).unwrap();
    ended(child)
}

fn jobs(n: usize) -> Reply {
    Reply::OpenMetrics(format!("# TYPE jobs counter\njobs_total {n}\n# EOF\n"))
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!("help", run(["metrics", "record", "--help"]).fine().stdout);
}

#[test]
fn what_a_target_does_is_in_the_file() {
    // It fails in every way, and begins anew in between: its counter falls.
    let odd = Target::answering(|n| match n {
        0 => jobs(50),
        1 => Reply::Status(500),
        2 => Reply::Classic("<html>\n".to_owned()),
        3 => Reply::Nothing,
        4 => Reply::OpenMetrics("jobs_total 98765\n".to_owned()),
        n => jobs(n),
    });
    let folder = Folder::new();
    let target = format!("odd={},env=ci", odd.address());
    let child =
        folder.recording(&[&target, "--interval", "400ms", "--scrape-label", "zone=a", "-o", "run.om"]);
    within("scrapes", || odd.asked().len() > 7);
    let run = stop(child, Signal::TERM).fine();
    let text = fs::read_to_string(folder.path("run.om")).unwrap();
    assert!(text.ends_with("# EOF\n") && !text.contains("html") && !text.contains("98765"), "{text}");

    let up = folder.values("run.om", "up");
    assert_eq!(up[..7], [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0], "{text}");
    assert_eq!(folder.values("run.om", "jobs_total")[..3], [50.0, 5.0, 6.0]);
    let (labels, samples) = folder.samples("run.om", "jobs_total").remove(0);
    let instance = odd.address();
    let expected =
        format!("__name__=\"jobs_total\", env=\"ci\", instance=\"{instance}\", job=\"odd\", zone=\"a\"");
    assert_eq!(labels, expected);
    // It is stale as soon as a scrape has failed, and a counter that falls was begun anew.
    let at = |expr: &str, ms: i64| {
        let time = format!("{}.{:03}", ms / 1_000, ms % 1_000);
        let run =
            folder.run(&["metrics", "query", "--data", "run.om", expr, "--time", &time, "--format", "json"]);
        serde_json::from_str::<Value>(&run.fine().stdout).unwrap()["data"]["result"].clone()
    };
    let failed = folder.samples("run.om", "up")[0].1[1].0;
    assert_eq!(at("jobs_total", failed - 1)[0]["value"][1], "50");
    assert_eq!(at("jobs_total", failed), Value::Array(Vec::new()));
    assert_eq!(at("resets(jobs_total[1h])", samples.last().unwrap().0)[0]["value"][1], "1");

    let told: Vec<_> =
        run.stderr.lines().map(|line| line.replace(&instance.to_string(), "[target]")).collect();
    assert_eq!(
        told[..4],
        [
            "glyphctl: recording 1 target into run.om every 400ms, until interrupted",
            "glyphctl: warning: odd=http://[target]/metrics can't be scraped: the answer is 500 Internal Server Error; going on",
            "glyphctl: odd=http://[target]/metrics can be scraped again",
            told[3].as_str(),
        ]
    );
    let scrapes = up.len();
    assert!(
        told[3].starts_with(&format!("glyphctl: run.om: 1 target, {scrapes} scrapes (4 failed), ")),
        "{told:#?}"
    );
    assert!(told[4].starts_with("glyphctl: next: glyphctl metrics series --data run.om, "), "{told:#?}");

    // Asked as Prometheus asks.
    let head = odd.asked().remove(0);
    for line in [
        "GET /metrics HTTP/1.1\r\n",
        "accept: application/openmetrics-text;version=1.0.0,",
        "accept-encoding: gzip\r\n",
        "x-prometheus-scrape-timeout-seconds: 0.4\r\n",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
}

#[test]
fn a_target_that_is_started_again_goes_on_in_the_file() {
    let steady = Target::answering(jobs);
    let restarted = Target::answering(|n| jobs(100 + n));
    let address = restarted.address();
    let folder = Folder::new();
    let targets = [format!("steady={}", steady.address()), format!("restarted={address}")];
    let args = [&*targets[0], &*targets[1], "--interval", "300ms", "-o", "run.om.zst"];
    let child = folder.recording(&args);
    within("the first scrapes", || restarted.asked().len() > 1);
    restarted.leave();
    let before = steady.asked().len();
    within("scrapes without it", || steady.asked().len() > before + 3);
    let restarted = Target::at(address, jobs);
    within("scrapes of it anew", || restarted.asked().len() > 2);
    let run = stop(child, Signal::TERM).fine();
    assert_eq!(run.stderr.matches("can't be scraped: ").count(), 1, "{}", run.stderr);

    assert!(folder.values("run.om.zst", "up{job=\"steady\"}").iter().all(|up| *up == 1.0));
    let up = folder.values("run.om.zst", "up{job=\"restarted\"}");
    let turns = up.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!((up[0], turns, up.last()), (1.0, 2, Some(&1.0)), "{up:?}");

    // What a team does with it: its own rules, the command's listing.
    let rules = "groups: [{name: g, interval: 100ms, rules: [{alert: TargetDown, expr: up == 0}]}]\n";
    fs::write(folder.path("rules.yaml"), rules).unwrap();
    let check =
        folder.run(&["alerts", "check", "--rules", "rules.yaml", "--data", "run.om.zst", "--format", "json"]);
    let verdict: Value = serde_json::from_str(&check.stdout).unwrap();
    assert_eq!(check.code, 1, "{check:#?}");
    assert_eq!(verdict["alerts"].as_array().unwrap().len(), 1, "{verdict}");
    assert_eq!(verdict["alerts"][0]["labels"]["job"], "restarted");
    let listed = folder.run(&["metrics", "series", "--data", "run.om.zst", "jobs_total"]).fine();
    assert!(listed.stdout.starts_with("2 series, "), "{}", listed.stdout);
}

#[test]
fn it_ends_by_itself_when_it_was_long_enough() {
    let target = Target::answering(jobs);
    let folder = Folder::new();
    let url = target.address().to_string();
    let run = folder.record(&[&url, "--interval", "1m", "--for", "150ms", "-o", "run.om"]).fine();
    assert!(run.stderr.contains("into run.om every 1m, for 150ms\n"), "{}", run.stderr);
    // At the beginning, and at the end.
    assert_eq!(folder.values("run.om", "jobs_total"), [0.0, 1.0]);
}

#[test]
fn what_a_kill_leaves_can_be_read() {
    for file in ["run.om", "run.om.zst"] {
        let target = Target::answering(jobs);
        let folder = Folder::new();
        let mut child = folder.recording(&[&target.address().to_string(), "--interval", "300ms", "-o", file]);
        within("scrapes", || target.asked().len() > 3);
        child.kill().unwrap();
        child.wait().unwrap();
        // The last answer may not have got there.
        let values = folder.values(file, "jobs_total");
        assert!(values.starts_with(&[0.0, 1.0, 2.0]), "{file}: {values:?}");
    }
}

#[test]
fn a_disk_that_is_full_ends_it_with_what_was_written() {
    for (file, pages) in [("run.om", "64"), ("run.om.zst", "8")] {
        // Text that does not shrink much.
        let target = Target::answering(|n| {
            let noise = |i: usize| (n * 1_000 + i).wrapping_mul(0x9e37_79b9_7f4a_7c15) as u64;
            Reply::Classic((0..100).map(|i| format!("noise{{i=\"{i}\"}} {}\n", noise(i))).collect())
        });
        let folder = Folder::new();
        // In units of 512 or 1024 bytes.
        let script = format!("ulimit -f {pages} && exec \"$@\"");
        let glyphctl = env!("CARGO_BIN_EXE_glyphctl");
        let mut command = Command::new("sh");
        command.current_dir(folder.0.path()).args(["-c", &script, "sh", glyphctl, "metrics", "record"]);
        command.args([&*target.address().to_string(), "--interval", "100ms", "-o", file]);
        let run = ended(piped(&mut command)).unable();
        assert!(run.stderr.contains(&format!("glyphctl: {file}: File too large")), "{}", run.stderr);
        assert!(run.stderr.contains("\nhint: what was written can be read"), "{}", run.stderr);
        let series = folder.samples(file, "noise");
        assert_eq!(series.len(), 100, "{file}");
        let scrapes = folder.values(file, "up").len();
        assert!(series.iter().all(|(_, samples)| samples.len() == scrapes), "{file}: each scrape is whole");
    }
}

#[test]
fn without_any_answer_it_fails_with_the_reason() {
    let target = Target::answering(|_| Reply::Status(404));
    let folder = Folder::new();
    let url = target.address().to_string();
    let run = folder.record(&[&url, "--for", "100ms", "-o", "run.om"]).unable();
    let told = run.stderr.replace(&url, "[target]");
    insta::assert_snapshot!(told, @r"
    glyphctl: recording 1 target into run.om every 5s, for 100ms
    glyphctl: warning: app=http://[target]/metrics can't be scraped: the answer is 404 Not Found; going on
    hint: the path may be another one: without one, /metrics is asked for
    glyphctl: no target could be scraped even once: app=http://[target]/metrics: the answer is 404 Not Found
    hint: the path may be another one: without one, /metrics is asked for
    ");
    assert!(folder.values("run.om", "up").iter().all(|up| *up == 0.0));
}

#[test]
fn what_stands_there_is_not_written_over() {
    let target = Target::answering(jobs);
    let url = target.address().to_string();
    let folder = Folder::new();
    fs::write(folder.path("mine.om"), "mine").unwrap();
    let told = |out: &str, hint: &str| {
        let run = folder.record(&[&url, "--for", "100ms", "-o", out]).unable();
        assert!(run.stderr.contains(&format!("-o {out}: ")) && run.stderr.contains(hint), "{}", run.stderr);
    };
    told("mine.om", "exists already\nhint: --overwrite writes over it");
    told(".", "hint: name a file, for example run.om");
    told("none/run.om", "hint: make the folder first");
    told("run.om.gz", "hint: name it .zst, or without");
    assert_eq!((names_in(folder.0.path()), target.asked().len()), (vec!["mine.om".to_owned()], 0));
    assert_eq!(fs::read(folder.path("mine.om")).unwrap(), b"mine");
    folder.record(&[&url, "--for", "100ms", "-o", "mine.om", "--overwrite"]).fine();
    assert!(folder.values("mine.om", "up").len() > 1);
}

#[test]
fn what_can_be_refused_is_refused_at_once() {
    let folder = Folder::new();
    let told = |args: &[&str], what: &str| {
        let run = folder.record(&[&["-o", "run.om", "--for", "100ms"], args].concat());
        assert!(run.code == 2 && run.stderr.contains(what), "{args:?}: {}", run.stderr);
        assert_eq!(names_in(folder.0.path()), [""; 0]);
    };
    told(&["ftp://a"], "\"ftp://a\": not an http:// or https:// URL\nhint: for example localhost:8000");
    told(&["a:1,__x=y"], "labels that begin with __");
    told(&["a:1", "a:1/other"], "another target has the same job and instance\nhint: give one of them a job");
    told(&["a:1", "--interval", "10ms"], "expected 100ms to 1h");
    told(&["a:1", "--interval", "1s", "--scrape-timeout", "2s"], "2s is longer than the interval, 1s");
    told(&["https://a:1", "--scrape-ca", "none.pem"], "none.pem");
    // Secrets are not repeated.
    for args in [&["http://joe:s3cret@a"][..], &["a:1", "--scrape-token", "s3cret"]] {
        let run = folder.record(&[&["-o", "run.om"], args].concat());
        assert!(run.code == 2 && !run.stderr.contains("s3cret"), "{}", run.stderr);
        assert!(run.stderr.contains("can see") || run.stderr.contains("can be seen"), "{}", run.stderr);
    }
}
