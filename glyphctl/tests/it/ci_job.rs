//! The CI job of `testdata/ci`, as its README has it: two lines, which pass, and fail for each planted fault.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
};

use crate::harness::{Run, ended, glyphctl, have, piped};

/// The job with a fault planted by that variable. None if Python is missing.
fn job(fault: Option<(&str, &str)>) -> Option<Run> {
    if !have("python3") {
        return None;
    }
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/ci");
    let dir = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let scrape = format!("shop=http://127.0.0.1:{port}/metrics");
    let recording: PathBuf = dir.path().join("run");

    let mut record = glyphctl();
    record.envs(fault).args(["record", "--scrape", &scrape, "--out"]).arg(&recording).arg("--");
    record.arg(sample.join("job.sh")).arg(&port);
    ended(piped(&mut record)).fine();

    let mut check = glyphctl();
    check.arg("check").arg(&recording).arg("--config").arg(sample.join("glyph.toml"));
    Some(ended(piped(&mut check)))
}

/// The run, which must have failed for that reason.
#[track_caller]
fn fails_for(run: &Run, reasons: &[&str]) {
    assert_eq!(run.code, 1, "{run:#?}");
    for reason in reasons {
        assert!(run.stdout.contains(reason), "{reason}: {run:#?}");
    }
}

#[test]
fn the_job_passes() {
    let Some(run) = job(None) else { return };
    run.fine();
}

#[test]
fn a_planted_delay_fails_it() {
    let Some(run) = job(Some(("SHOP_DELAY_MS", "300"))) else { return };
    fails_for(&run, &["proxy.capture_flow", "p95", "250ms", "trace show"]);
    assert!(!run.stdout.contains("ShopOrdersPileUp  FIRING"), "{run:#?}");
}

#[test]
fn a_planted_500_fails_it() {
    let Some(run) = job(Some(("SHOP_FAILS", "1"))) else { return };
    fails_for(&run, &["proxy.capture_flow", "errors", "50%", "trace show"]);
}

#[test]
fn a_planted_breach_of_the_rule_fails_it() {
    let Some(run) = job(Some(("SHOP_STUCK", "1"))) else { return };
    fails_for(&run, &["ShopOrdersPileUp", "trace show"]);
}
