//! The plugin in Python, against a real daemon and by its own tests. Without its packages (in `GLYPH_PYTHON_PACKAGES`,
//! in `target/peers/python`, or where Python finds them itself) these are skipped.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use glyph_formats::Severity;
use glyphd::policy::Policy;

use crate::harness::{FakeOrigin, PluginsDir, TestDaemon, peers, text, within};

/// In the form of a token of GitHub's, in parts so that it is none here.
const LEAKED: [&str; 2] = ["ghp_", "x7Kq2Rv9Wt41SyD3m0NlyDem0NotAKey8Zb1"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/secret-scan")
}

/// As in the other crates' tests.
pub(crate) fn packages() -> OsString {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/python").into_os_string();
    std::env::var_os("GLYPH_PYTHON_PACKAGES").unwrap_or_else(built)
}

/// Runs Python with the packages; none if `module` is missing, and the test is to be skipped.
pub(crate) fn python(module: &str, args: &[&str], dir: &Path) -> Option<Output> {
    let run = |args: &[&str]| {
        let mut python = Command::new("python3");
        python.args(args).current_dir(dir).env("PYTHONPATH", packages()).env("GRPC_ENABLE_FORK_SUPPORT", "0");
        peers::found("python3", python.output())
    };
    let there = run(&["-c", &format!("import {module}")])?;
    let missing = std::io::Error::other(String::from_utf8_lossy(&there.stderr).trim().to_owned());
    peers::found(module, if there.status.success() { Ok(()) } else { Err(missing) })?;
    run(args)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_a_response_is_found_and_told_without_it() {
    if python("grpc", &["--version"], &folder()).is_none() {
        return;
    }
    let plugins = PluginsDir::new();
    let dir = plugins.path().join("secret-scan");
    fs::create_dir(&dir).unwrap();
    for entry in fs::read_dir(folder()).unwrap().map(Result::unwrap).filter(|e| e.path().is_file()) {
        fs::copy(entry.path(), dir.join(entry.file_name())).unwrap();
    }
    let mut manifest = fs::read_to_string(dir.join("plugin.toml")).unwrap();
    manifest.push_str(&format!("env = {{ PYTHONPATH = {:?} }}\n", packages().to_str().unwrap()));
    fs::write(dir.join("plugin.toml"), manifest).unwrap();
    let policy = plugins.path().join("policy.toml");
    let grant = "grant = [\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\", \"CAP_FLOW_INSPECT_RAW\"]";
    fs::write(&policy, format!("[plugins.secret-scan]\n{grant}\n")).unwrap();

    let origin = FakeOrigin::answering(|_| text(format!("key = {}\n", LEAKED.concat()))).await;
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.policy = Policy::load(&policy).unwrap();
    })
    .await;
    daemon.plugins_settled().await;
    daemon.client().await.get(&origin.url("/config?password=hunter22")).await;
    let recorded = within("the end", daemon.drain()).await;
    assert_eq!(recorded.findings.len(), 1, "{:?} {:#?}", recorded.findings, recorded.audit);
    let finding = &recorded.findings[0];
    assert_eq!((finding.kind.as_str(), finding.plugin.as_str()), ("secret-scan.github-token", "secret-scan"));
    assert!(finding.severity >= Severity::High);
    let said =
        serde_json::to_string(&recorded.findings).unwrap() + &serde_json::to_string(&recorded.audit).unwrap();
    assert!(!said.contains(&LEAKED.concat()) && !said.contains("hunter22"), "{said}");
    assert_eq!(finding.target, recorded.flow().request.url);
}

#[test]
fn its_own_tests_pass() {
    let Some(ran) = python("grpc", &["-m", "unittest", "-q"], &folder()) else { return };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn its_stubs_are_what_the_protocol_gives() {
    let out = tempfile::tempdir().unwrap();
    let proto = fs::canonicalize(folder().join("../../plugin-api/proto")).unwrap();
    let (proto, out) = (proto.to_str().unwrap(), out.path());
    let (python_out, grpc_out) =
        (format!("--python_out={}", out.display()), format!("--grpc_python_out={}", out.display()));
    let args = ["-m", "grpc_tools.protoc", "-I", proto, &python_out, &grpc_out, "glyph_plugin_v1.proto"];
    let Some(ran) = python("grpc_tools", &args, &folder()) else { return };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    for name in ["glyph_plugin_v1_pb2.py", "glyph_plugin_v1_pb2_grpc.py"] {
        let fresh = fs::read_to_string(out.join(name)).unwrap();
        let committed = fs::read_to_string(folder().join(name)).unwrap();
        assert!(committed == fresh, "{name} is out of date: see plugins/secret-scan/README.md");
    }
}
