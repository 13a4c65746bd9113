//! The recorded pytest of `testdata/pytest`, as its README has it: one trace holds what client, proxy and service say, the
//! check passes, and each planted fault fails it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use glyph_formats::{Span, span::SpanKind};

use crate::{
    harness::{Run, ended, glyphctl, peer, piped, python_packages, run},
    record::{Folder, Made},
};

/// What the project and the plugin import.
const MODULES: [&str; 6] = [
    "grpc",
    "opentelemetry.exporter.otlp.proto.http",
    "opentelemetry.instrumentation.requests",
    "opentelemetry.instrumentation.wsgi",
    "opentelemetry.sdk",
    "pytest",
];

/// A run of the job, and what the check says of it.
struct Job {
    made: Made,
    said: String,
    check: Run,
    _folder: Folder,
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The job with a fault planted by that variable. None if Python or a package is missing.
fn job(fault: Option<(&str, &str)>) -> Option<Job> {
    let packages = peer(python_packages(&MODULES))?;
    let folder = Folder::new();
    for (from, to) in [("testdata/pytest", "project"), ("plugins/secret-scan", "plugins/secret-scan")] {
        fs::create_dir_all(folder.path(to)).unwrap();
        let files = fs::read_dir(root(from)).unwrap().map(Result::unwrap);
        for file in files.filter(|file| file.path().is_file()) {
            fs::copy(file.path(), folder.path(to).join(file.file_name())).unwrap();
        }
    }
    // Where a user would have installed them.
    let manifest = folder.path("plugins/secret-scan/plugin.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(manifest, format!("{text}env = {{ PYTHONPATH = {:?} }}\n", packages.to_str().unwrap()))
        .unwrap();

    let flags = ["--out", "../run", "--plugins-dir", "../plugins", "--config", "policy.toml"];
    let mut record = folder.recording(&flags, &["python3", "-m", "pytest", "-q", "-p", "no:cacheprovider"]);
    record.current_dir(folder.path("project")).envs(fault);
    record.env("PYTHONPATH", &packages).env("PYTHONDONTWRITEBYTECODE", "1");
    let ran = ended(piped(&mut record)).fine();
    assert!(ran.stdout.contains("12 passed"), "{ran:#?}");

    let mut check = glyphctl();
    check.current_dir(folder.path("project")).args(["check", "../run"]);
    let check = ended(piped(&mut check));
    Some(Job { made: folder.run(), said: ran.stderr, check, _folder: folder })
}

impl Job {
    /// The check must have failed, for that reason alone.
    #[track_caller]
    fn fails_for(&self, reasons: &[&str]) {
        assert_eq!(self.check.code, 1, "{:#?}", self.check);
        for reason in reasons {
            assert!(self.check.stdout.contains(reason), "{reason}: {:#?}", self.check);
        }
    }
}

#[test]
fn one_trace_holds_what_client_proxy_and_service_say_and_the_check_passes() {
    let Some(job) = job(None) else { return };
    assert_eq!(job.check.code, 0, "{:#?}", job.check);
    assert!(job.said.contains(" of the command's own)"), "{}", job.said);
    assert!(!job.said.contains("warning"), "{}", job.said);

    let spans = job.made.spans();
    let parent = |span: &Span| {
        let parent = spans.iter().find(|other| Some(other.span_id) == span.parent_span_id);
        parent.unwrap_or_else(|| panic!("{} has no parent", span.name))
    };
    let served: Vec<_> = spans.iter().filter(|span| span.name == "GET /prices/{item}").collect();
    assert_eq!(served.len(), 21, "ten times two things, and one that there is not");
    for served in served {
        assert_eq!((served.kind, &*served.service_name), (SpanKind::Server, "prices"));
        let upstream = parent(served);
        let capture = parent(upstream);
        let asked = parent(capture);
        let test = parent(asked);
        let command = parent(test);
        let names = [upstream, capture, test, command].map(|span| (&*span.name, &*span.service_name));
        assert_eq!(names[..2], [("proxy.upstream_request", "glyphd"), ("proxy.capture_flow", "glyphd")]);
        assert_eq!((asked.kind, &*asked.service_name), (SpanKind::Client, "basket-tests"));
        assert!(names[2].0.starts_with("test_") && names[2].1 == "basket-tests", "{names:?}");
        assert_eq!((names[3].0, command.parent_span_id), ("glyphctl.record", None));
        for span in [upstream, capture, asked, test, command] {
            assert_eq!(span.trace_id, served.trace_id);
        }
    }
    // It is the one that is shown.
    let show = run(["trace", "show", job.made.0.dir.to_str().unwrap()]).fine().stdout;
    assert!(show.starts_with("trace ") && show.contains("glyphctl.record"), "{show}");
    assert!(show.contains("GET /prices/{item} prices"), "{show}");
    // The spans themselves are no traffic of the program's.
    assert_eq!(job.made.flows().len(), 21);
}

#[test]
fn a_planted_delay_fails_it() {
    let Some(job) = job(Some(("PRICES_DELAY_MS", "100"))) else { return };
    job.fails_for(&["GET /prices/{item}", "p50", "over the limit of 60.0ms", "trace show"]);
}

#[test]
fn a_planted_500_fails_it_though_the_tests_pass() {
    let Some(job) = job(Some(("PRICES_FAIL", "1"))) else { return };
    job.fails_for(&["GET /prices/{item} errors", "over the limit", "trace show"]);
}

#[test]
fn a_planted_leak_fails_it_though_the_tests_pass() {
    let Some(job) = job(Some(("PRICES_LEAK", "1"))) else { return };
    job.fails_for(&["secret-scan.github-token"]);
    assert!(!job.check.stdout.contains("ghp_"), "{:#?}", job.check);
}
