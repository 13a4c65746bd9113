//! A command recorded as a user records it: what it is told, how it ends, and what is left of it.

mod tls;
mod spans;

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
};

use glyph_formats::{Flow, Recording, Span, Value, jsonl, span::SpanStatus};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use crate::{
    harness::{Run, ended, glyphctl, have, names_in, piped, run, within},
    server::Server,
};

/// A folder to record in.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `glyphctl record FLAGS -- COMMAND` in it.
    pub(crate) fn recording(&self, flags: &[&str], command: &[&str]) -> Command {
        let mut glyphctl = glyphctl();
        glyphctl.current_dir(self.0.path()).arg("record").args(flags).arg("--").args(command);
        glyphctl
    }

    pub(crate) fn record(&self, flags: &[&str], command: &[&str]) -> Run {
        ended(piped(&mut self.recording(flags, command)))
    }

    /// The recording that `--out run` made, which has its end.
    #[track_caller]
    pub(crate) fn run(&self) -> Made {
        let recording = Recording::open(&self.path("run")).unwrap();
        assert!(recording.info.end_time_unix_nano.is_some(), "the recording is whole");
        Made(recording)
    }
}

/// A recording that was made.
pub(crate) struct Made(pub(crate) Recording);

impl Made {
    fn all<T: DeserializeOwned>(&self, name: &str) -> Vec<T> {
        jsonl::records(&self.0.file(name)).unwrap().map(Result::unwrap).collect()
    }

    pub(crate) fn flows(&self) -> Vec<Flow> {
        self.all("flows.jsonl")
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        self.all("traces.jsonl")
    }

    fn metrics(&self) -> String {
        fs::read_to_string(self.0.file("metrics.om")).unwrap()
    }

    /// The command's own span. No span names a parent that is not there.
    #[track_caller]
    fn span(&self) -> Span {
        let spans = self.spans();
        let ids: BTreeSet<_> = spans.iter().map(|span| span.span_id).collect();
        let orphans: Vec<_> =
            spans.iter().filter(|s| s.parent_span_id.is_some_and(|id| !ids.contains(&id))).collect();
        assert!(orphans.is_empty(), "{orphans:#?}");
        let [span] = spans.iter().filter(|s| s.name == "glyphctl.record").collect::<Vec<_>>()[..] else {
            panic!("{spans:#?}");
        };
        assert_eq!(span.parent_span_id, None);
        span.clone()
    }
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed()).unwrap()
}

pub(crate) const OUT: [&str; 2] = ["--out", "run"];

#[test]
fn the_exit_code_is_the_commands() {
    for (script, code) in
        [("exit 0", 0), ("exit 1", 1), ("exit 2", 2), ("exit 7", 7), ("kill -KILL $$", 137), ("kill $$", 143)]
    {
        let folder = Folder::new();
        let run = folder.record(&OUT, &["sh", "-c", script]);
        assert_eq!((run.code, &*run.stdout), (code, ""), "{script}: {run:#?}");
        let span = folder.run().span();
        assert_eq!(span.attributes.get("process.exit.code"), Some(&Value::Int(code.into())), "{script}");
        assert_eq!(span.attributes.get("process.executable.name"), Some(&Value::String("sh".into())));
        let kind = span.attributes.get("error.type").map(ToString::to_string);
        let expected = match code {
            0 => (SpanStatus::Ok, None),
            1..128 => (SpanStatus::Error, Some("exit_code".to_owned())),
            _ => (SpanStatus::Error, Some("signal".to_owned())),
        };
        assert_eq!((span.status, kind), expected, "{script}");
    }
}

#[test]
fn the_command_has_the_terminals_streams_to_itself() {
    let folder = Folder::new();
    let mut child = piped(&mut folder.recording(&OUT, &["sh", "-c", "cat; echo err >&2", "--out", "-x"]));
    child.stdin.take().unwrap().write_all(b"in\n").unwrap();
    let run = ended(child).fine();
    assert_eq!(run.stdout, "in\n");
    insta::assert_snapshot!(run.stderr, @r"
    glyphctl: recording into run
    err
    glyphctl: run: 0 flows, 3 spans, 0 findings; 0 dropped
    glyphctl: warning: no request came through the proxy
    hint: a client has to heed http_proxy; some want a flag of their own, and Go's never do for this machine's own addresses
    glyphctl: next: glyphctl check run, or glyphctl trace show run
    ");
}

#[test]
fn the_command_is_told_of_proxy_trace_and_recording() {
    let folder = Folder::new();
    let mut command = folder.recording(&OUT, &["env"]);
    let outer = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    command.env("TRACEPARENT", outer).env("TRACESTATE", "x=y").env("NO_PROXY", "a.test,b.test");
    command.env("HTTPS_PROXY", "http://joe:s3cret@proxy.test").env("ALL_PROXY", "socks5://c.test");
    let run = ended(piped(&mut command)).fine();
    let value = |name: &str| {
        let values: Vec<_> =
            run.stdout.lines().filter_map(|l| l.strip_prefix(name)?.strip_prefix('=')).collect();
        assert!(values.len() < 2, "{values:?}");
        values.first().map(|value| (*value).to_owned())
    };
    let made = folder.run();
    let proxy = format!("http://{}", made.0.info.addresses["proxy-addr"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"] {
        assert_eq!(value(name).as_ref(), Some(&proxy), "{name}");
    }
    assert_eq!(value("ALL_PROXY").as_deref(), Some("socks5://c.test"));
    let otlp = &made.0.info.addresses["otlp-addr"];
    let (receiver, _) = otlp.rsplit_once(':').unwrap();
    for name in ["NO_PROXY", "no_proxy"] {
        assert_eq!(value(name), Some(format!("a.test,b.test,{receiver}")), "{name}");
    }
    assert_ne!(receiver, proxy["http://".len()..].rsplit_once(':').unwrap().0, "others are not exempt");
    assert_eq!(value("OTEL_EXPORTER_OTLP_ENDPOINT"), Some(format!("http://{otlp}")));
    assert_eq!(value("OTEL_EXPORTER_OTLP_PROTOCOL").as_deref(), Some("http/protobuf"));
    assert_eq!(value("TRACESTATE"), None);
    let recording = value("GLYPH_RECORDING").unwrap();
    assert!(Path::new(&recording).is_absolute());
    assert_eq!(fs::canonicalize(recording).unwrap(), fs::canonicalize(folder.path("run")).unwrap());

    let span = made.span();
    assert_eq!(value("TRACEPARENT"), Some(format!("00-{}-{}-01", span.trace_id, span.span_id)));
    assert_eq!(span.links[0].trace_id.to_string(), outer[3..35]);
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    insta::assert_snapshot!(run.stderr, @r"
    glyphctl: recording into run
    glyphctl: NO_PROXY is set: requests to a.test,b.test go past the proxy and are not recorded
    glyphctl: HTTPS_PROXY was set: the proxy that it named is not used, requests go out directly
    glyphctl: run: 0 flows, 3 spans, 0 findings; 0 dropped
    glyphctl: warning: no request came through the proxy
    hint: a client has to heed http_proxy; some want a flag of their own, and Go's never do for this machine's own addresses
    glyphctl: next: glyphctl check run, or glyphctl trace show run
    ");
}

#[test]
fn curl_is_recorded_by_itself_and_in_the_commands_trace_if_it_is_told() {
    if !have("curl") {
        return;
    }
    let server = Server::text("hello\n");
    let script = "curl -s $0/lower && \
                  curl -s -x $HTTP_PROXY -H \"traceparent: $TRACEPARENT\" $0/upper && \
                  curl -s -p -x $https_proxy $0/tunnel && curl -s -p -x $HTTPS_PROXY $0/tunnel";
    // What is not looked into stays a tunnel.
    for (flag, within) in [(None, "GET"), (Some("--no-intercept"), "CONNECT")] {
        let folder = Folder::new();
        let flags: Vec<_> = OUT.into_iter().chain(flag).collect();
        let run = folder.record(&flags, &["sh", "-c", script, &server.url("")]).fine();
        assert_eq!(run.stdout, "hello\n".repeat(4));
        let made = folder.run();
        let span = made.span();
        let mut flows = made.flows();
        flows.sort_by_key(|flow| flow.sequence);
        let seen: Vec<_> =
            flows.iter().map(|f| (f.request.method.as_str(), f.trace_id == span.trace_id)).collect();
        assert_eq!(seen, [("GET", false), ("GET", true), (within, false), (within, false)]);
        assert_eq!(flows[0].request.url, server.url("/lower"));
        let below: Vec<_> =
            made.spans().into_iter().filter(|s| s.parent_span_id == Some(span.span_id)).collect();
        assert_eq!(below.iter().map(|s| s.name.as_ref()).collect::<Vec<_>>(), ["proxy.capture_flow"]);
        assert!(run.stderr.contains("run: 4 flows, "), "{}", run.stderr);
        assert!(!run.stderr.contains("no request came"), "{}", run.stderr);
    }
}

#[test]
fn plugins_are_shown_what_the_command_does() {
    if !have("curl") {
        return;
    }
    let (folder, server) = (Folder::new(), Server::text("hello\n"));
    let plugin = |command: &str| {
        fs::create_dir_all(folder.path("plugins/one")).unwrap();
        let manifest = format!(
            "name = \"passive-headers\"\nversion = \"1\"\ncommand = {command}\nsubscriptions = [\"FLOW_RESPONSE\"]\n\
             capabilities = [\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\"]\n"
        );
        fs::write(folder.path("plugins/one/plugin.toml"), manifest).unwrap();
    };
    let flags = ["--out", "run", "--plugins-dir", "plugins"];
    plugin("[\"true\"]");
    let run = folder.record(&flags, &["echo", "ran"]).unable();
    assert!(
        run.stderr
            .contains("glyphctl: the plugin passive-headers did not connect\nhint: with GLYPH_LOG=info"),
        "{}",
        run.stderr
    );
    assert_eq!(names_in(folder.0.path()), ["plugins"]);

    plugin(&format!("[{:?}, \"plugin-process\", \"passive-headers\"]", env!("CARGO_BIN_EXE_glyphctl")));
    folder.record(&flags, &["curl", "-s", &server.url("/")]).fine();
    let findings: Vec<glyph_formats::Finding> = folder.run().all("findings.jsonl");
    assert!(findings.iter().all(|f| f.trace_id == folder.run().flows()[0].trace_id) && !findings.is_empty());
    // Which plugin that was, the recording says, and the artifact that is made of it.
    let recorded = &glyph_formats::Recording::open(&folder.path("run")).unwrap().info.plugins;
    let [plugin_there] = &recorded[..] else { panic!("{recorded:?}") };
    assert_eq!((plugin_there.name.as_str(), plugin_there.version.as_str()), ("passive-headers", "1"));
    assert_eq!(plugin_there.granted, ["CAP_EMIT_FINDINGS", "CAP_FLOW_INSPECT"]);
    assert_eq!(plugin_there.files.keys().collect::<Vec<_>>(), ["glyphctl"]);
    let run = folder.path("run");
    let packed =
        crate::harness::run(["replay", "write", run.to_str().unwrap(), "-n", "--format", "json"]).fine();
    let packed: serde_json::Value = serde_json::from_str(&packed.stdout).unwrap();
    assert_eq!(packed["manifest"]["plugins"], serde_json::to_value(recorded).unwrap());

    fs::write(folder.path("policy.toml"), "[plugins.passive-headers]\ngrant = []\n").unwrap();
    let flags = ["--out", "other", "--plugins-dir", "plugins", "--config", "policy.toml"];
    let run = folder.record(&flags, &["curl", "-s", &server.url("/")]).fine();
    assert!(
        run.stderr.contains("other: 1 flow, ") && run.stderr.contains(", 0 findings; "),
        "{}",
        run.stderr
    );
}

const RULES: &str = "\
groups:
  - name: app
    interval: 100ms
    rules:
      - alert: JobsPileUp
        expr: jobs_total{job=\"api\"} > 2
      - alert: TargetDown
        expr: up == 0
      - alert: Quiet
        expr: sum by (job) (jobs_total) > 100
";

#[test]
fn the_applications_metrics_are_recorded_and_production_rules_see_them() {
    let openmetrics = |body: &str| Some(("application/openmetrics-text", format!("{body}# EOF\n")));
    let api = Server::answering(move |n| openmetrics(&format!("# TYPE jobs counter\njobs_total {n}\n")));
    let old = Server::answering(|n| {
        (n < 2).then(|| ("text/plain", format!("# TYPE jobs_total counter\njobs_total {n}\n")))
    });
    let folder = Folder::new();
    let (scrape_api, scrape_old) = (format!("api={}", api.url("")), format!("old={}", old.url("/metrics")));
    let never = format!("never={}", Server::answering(|_| None).url("/x"));
    let mut flags = vec!["--out", "run", "--metrics-interval", "0.1"];
    for target in [&scrape_api, &scrape_old, &never] {
        flags.extend(["--scrape", target]);
    }
    // Waits until its standard input is closed.
    let child = piped(&mut folder.recording(&flags, &["cat"]));
    let down = |job: &str| {
        let text = fs::read_to_string(folder.path("run/metrics.om")).unwrap_or_default();
        let label = format!("job=\"{job}\"");
        text.lines().any(|l| l.starts_with("up{") && l.contains(&label) && l.contains("} 0 "))
    };
    within("the scrapes", || api.answered() > 4 && down("old") && down("never"));
    let run = ended(child).fine();
    assert!(run.stderr.contains(" failed); 0 dropped"), "{}", run.stderr);
    assert_eq!(run.stderr.matches("a target can't be scraped").count(), 2, "once each: {}", run.stderr);
    let metrics = folder.run().metrics();
    assert!(metrics.ends_with("# EOF\n"));
    assert!(!metrics.contains("} 9 "), "what a target left undone is not taken: {metrics}");

    fs::write(folder.path("rules.yaml"), RULES).unwrap();
    let check = |more: &[&str]| {
        let mut check = glyphctl();
        check.current_dir(folder.0.path()).args([
            "alerts",
            "check",
            "--rules",
            "rules.yaml",
            "--data",
            "run",
        ]);
        ended(piped(check.args(more)))
    };
    let verdict = check(&["--format", "json"]);
    assert_eq!((verdict.code, &*verdict.stderr), (1, ""), "{verdict:#?}");
    let verdict: serde_json::Value = serde_json::from_str(&verdict.stdout).unwrap();
    let fired: BTreeSet<_> = verdict["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|alert| alert["intervals"].as_array().unwrap().iter().any(|i| i["state"] == "firing"))
        .map(|alert| (alert["alert"].as_str().unwrap(), alert["labels"]["job"].as_str().unwrap()))
        .collect();
    assert_eq!(
        fired,
        BTreeSet::from([("JobsPileUp", "api"), ("TargetDown", "never"), ("TargetDown", "old")])
    );
}

#[test]
fn the_recording_is_packed_if_wanted() {
    let folder = Folder::new();
    let run = folder.record(&["--pack"], &["true"]).fine();
    let names = names_in(folder.0.path());
    let [dir, artifact] = &names[..] else { panic!("{names:?}") };
    assert!(dir.starts_with("glyph-") && dir.len() == "glyph-20251009T085320Z".len(), "{dir}");
    assert_eq!(*artifact, format!("{dir}.glyph.tar.zst"));
    let (_, digest) = run.stderr.split_once("digest ").unwrap();
    let artifact = folder.path(artifact);
    let args =
        ["replay", "load", artifact.to_str().unwrap(), "--verify-only", "--expect-digest", digest.trim_end()];
    crate::harness::run(args).fine();
}

#[test]
fn two_runs_of_one_second_have_a_directory_each() {
    let folder = Folder::new();
    for _ in 0..2 {
        folder.record(&[], &["true"]).fine();
    }
    assert_eq!(names_in(folder.0.path()).len(), 2);
}

#[test]
fn what_cannot_be_done_is_told_and_leaves_nothing() {
    let folder = Folder::new();
    fs::create_dir(folder.path("there")).unwrap();
    fs::write(folder.path("there/plain"), "").unwrap();
    fs::write(folder.path("run.glyph.tar.zst"), "precious").unwrap();
    let twice = ["--scrape", "http://a/1", "--scrape", "http://a/2"];
    let table: [(&[&str], &[&str], &str); 13] = [
        (&[], &["no-such-program"], "glyphctl: record: no-such-program: No such file"),
        (&[], &["there/plain"], "glyphctl: record: there/plain: Permission denied"),
        (&["--out", "there"], &["true"], "glyphctl: --out there: exists already\nhint: "),
        (&["--out", "no/where"], &["true"], "glyphctl: --out no/where: the folder in which"),
        (&["--out", "run", "--pack"], &["true"], "glyphctl: --out run.glyph.tar.zst: exists already"),
        (&["--out", "..", "--pack"], &["true"], "glyphctl: --out ..: has no name"),
        (&["--metrics-interval", "0.05"], &["true"], "expected 100ms to 1h"),
        (&["--metrics-interval", "soon"], &["true"], "expected a duration such as 15s"),
        (
            &["--scrape", "ftp://a"],
            &["true"],
            "glyphctl: --scrape: \"ftp://a\": not an http:// or https:// URL\nhint: for example localhost:8000",
        ),
        (
            &twice,
            &["true"],
            "glyphctl: --scrape app=http://a/2: another target has the same job and instance\nhint: ",
        ),
        (&["--config", "none.toml"], &["true"], "glyphctl: --config: none.toml: No such file"),
        (&["--plugins-dir", "none"], &["true"], "glyphctl: --plugins-dir: none: No such file"),
        (&[], &[], "COMMAND"),
    ];
    for (flags, command, what) in table {
        let run = folder.record(flags, command).unable();
        assert!(run.stderr.contains(what), "{flags:?} {command:?}: {}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        assert_eq!(names_in(folder.0.path()), ["run.glyph.tar.zst", "there"], "{flags:?} {command:?}");
        assert_eq!(names_in(&folder.path("there")), ["plain"]);
    }
}

#[test]
fn a_recording_that_cannot_be_finished_spoils_a_success_and_no_failure() {
    for (then, code) in [("exit 0", 2), ("exit 7", 7)] {
        let folder = Folder::new();
        let run = folder.record(&OUT, &["sh", "-c", &format!("mv \"$GLYPH_RECORDING\" away; {then}")]);
        assert_eq!(run.code, code, "{run:#?}");
        assert!(run.stderr.contains("glyphctl: the recording is not whole: "), "{}", run.stderr);
    }
}

#[test]
fn a_signal_to_glyphctl_alone_is_passed_on() {
    let folder = Folder::new();
    let script = "sleep 100 >/dev/null 2>&1 & p=$!; trap 'kill $p; exit 5' TERM; echo ready; wait";
    let mut child = piped(&mut folder.recording(&OUT, &["sh", "-c", script]));
    assert_eq!(first_line(&mut child), "ready");
    kill_process(pid(&child), Signal::TERM).unwrap();
    assert_eq!(ended(child).code, 5);
    folder.run();
}

#[test]
fn ctrl_c_ends_the_command_and_then_the_recording_is_finished() {
    let folder = Folder::new();
    let mut command = folder.recording(&OUT, &["sh", "-c", "echo ready; read x"]);
    let mut child = piped(command.process_group(0));
    assert_eq!(first_line(&mut child), "ready");
    kill_process_group(pid(&child), Signal::INT).unwrap();
    assert_eq!(ended(child).code, 130);
    folder.run();
}

#[test]
fn glyphctl_does_not_die_of_ctrl_c_as_long_as_the_command_lives() {
    let folder = Folder::new();
    let script = "trap '' INT; echo ready; read x; exit 3";
    let mut command = folder.recording(&OUT, &["sh", "-c", script]);
    let mut child = piped(command.process_group(0));
    assert_eq!(first_line(&mut child), "ready");
    kill_process_group(pid(&child), Signal::INT).unwrap();
    child.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    assert_eq!(ended(child).code, 3);
    folder.run();
}

#[test]
fn whoever_asks_twice_has_the_command_killed() {
    let folder = Folder::new();
    let script = "trap '' INT TERM; echo ready; read x";
    let mut child = piped(&mut folder.recording(&OUT, &["sh", "-c", script]));
    let stdin = child.stdin.take();
    assert_eq!(first_line(&mut child), "ready");
    for signal in [Signal::INT, Signal::TERM] {
        kill_process(pid(&child), signal).unwrap();
    }
    assert_eq!(ended(child).code, 137);
    folder.run();
    drop(stdin);
}

#[test]
fn a_command_does_not_outlive_glyphctl() {
    let folder = Folder::new();
    let mut child = piped(&mut folder.recording(&OUT, &["sh", "-c", "echo $$; read x"]));
    let stdin = child.stdin.take();
    let process = PathBuf::from(format!("/proc/{}/stat", first_line(&mut child)));
    assert!(process.exists());
    kill_process(pid(&child), Signal::KILL).unwrap();
    let status: ExitStatus = child.wait().unwrap();
    assert_eq!(status.code(), None);
    // Whoever takes it over may be slow to bury it.
    within("the command's end", || fs::read_to_string(&process).map_or(true, |stat| stat.contains(") Z ")));
    drop(stdin);
}

#[test]
fn a_signal_that_the_caller_ignores_stays_ignored() {
    let folder = Folder::new();
    let recording = folder.recording(&OUT, &["sh", "-c", "kill -HUP $$; exit 3"]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(recording.get_program())
        .args(recording.get_args());
    shell.current_dir(folder.0.path());
    assert_eq!(ended(piped(&mut shell)).code, 3);
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!("record_help", run(["record", "--help"]).fine().stdout);
}
