//! The report in a headless Chromium. Needs node, Chromium and the package playwright-core, as `viewer.rs` does.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use super::report;
use crate::harness::{in_path, node_modules, peer, testdata};

fn peers() -> Result<(PathBuf, PathBuf), String> {
    let modules = node_modules();
    if !modules.join("playwright-core").is_dir() {
        return Err(format!("playwright-core in {}", modules.display()));
    }
    in_path("node")?;
    Ok((modules, in_path("chromium")?))
}

/// What a browser shows of a report of that file, step by step; none without one.
fn browsed(file: &Path) -> Option<Value> {
    let (modules, chromium) = peer(peers())?;
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("report.html");
    fs::write(&page, report(file, &[]).0).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/viewer/report.mjs");
    let output = Command::new("node").arg(script).arg(modules).arg(chromium).arg(&page).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn everything_answers_to_the_mouse_and_to_keys() {
    let Some(seen) = browsed(&testdata("checkout")) else { return };
    assert_eq!(
        (&seen["told"], &seen["asked"]),
        (&json!([]), &json!([])),
        "nothing is wrong, nothing is asked for"
    );
    assert_eq!(seen["sections"], json!(["Overview", "Summary", "Flame graph", "Traces", "Services"]));

    // 12 ms, more than any other has of what the two traces waited for.
    assert_eq!(seen["first"][0], "price.lookup");
    assert_eq!(seen["counts"], json!([[2, 2, 1, 1, 1, 1, 1], [["Count", "descending"]]]));
    assert_eq!(seen["countsAgain"], json!([[1, 1, 1, 1, 1, 2, 2], [["Count", "ascending"]]]));
    let names =
        ["auth", "checkout", "mail.send", "price.lookup", "prices.request", "render", "stock.request"];
    assert_eq!(seen["byName"], json!(names));
    assert_eq!(seen["filtered"][0], json!(["auth"]));
    assert!(seen["filtered"][1].as_str().unwrap().starts_with("1 row, "), "{}", seen["filtered"]);
    assert_eq!(seen["lit"], json!(["auth"]));
    assert_eq!(seen["unfiltered"], 7);
    // The two checkouts: 3 and 24 ms.
    assert_eq!(seen["opened"], json!(["checkout", 2]));
    assert_eq!(seen["marks"], json!(["p50 3.00ms", "p95 24.0ms", "p99 24.0ms"]));
    assert!(seen["bar"].as_str().unwrap().ends_with(": 1 span, 50 %"), "{}", seen["bar"]);
    assert_eq!(seen["closed"], 0);

    assert_eq!(seen["widths"]["checkout"], "100%");
    let zoomed = &seen["zoomed"];
    assert_eq!(zoomed[0], json!(["Everything", "checkout", "prices.request"]));
    assert_eq!((&zoomed[1]["prices.request"], &zoomed[1]["auth"]), (&json!("100%"), &Value::Null));
    // 12 of 14 ms are in the lookup.
    let lookup: f64 = zoomed[1]["price.lookup"].as_str().unwrap().trim_end_matches('%').parse().unwrap();
    assert!((lookup - 1_200.0 / 14.0).abs() < 0.01, "{lookup}");
    let about = seen["about"].as_str().unwrap();
    assert!(about.starts_with("prices.request shop") && about.contains("own 2.00ms"), "{about}");
    assert_eq!(seen["left"], json!(["Everything"]));
    // The widest below is mail.send: 19 ms. The next is prices.request with 14.
    assert_eq!(seen["moved"], json!(["mail.send", "prices.request"]));
    assert_eq!(seen["above"], "checkout");
    assert_eq!(seen["zoomedByKey"], json!(["Everything", "checkout", "mail.send"]));
    // Nobody waits for stock.request, which ends before prices.request does.
    assert!(seen["widths"]["stock.request"].is_string() && seen["critical"]["stock.request"].is_null());

    let span = seen["span"].as_str().unwrap();
    assert!(span.contains("error.type") && span.contains("timeout"), "{span}");
    assert_eq!(seen["spans"], json!(["stock.request", "render"]));
    // checkout waits three times for itself, prices.request twice, auth, price.lookup and mail.send once.
    assert_eq!(seen["waited"], 8);
    assert_eq!(seen["command"][0], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(seen["command"][1].as_str().unwrap().starts_with("glyphctl trace show "));

    let [auto, light, dark] = seen["backgrounds"].as_array().unwrap().as_slice() else { panic!("{seen}") };
    assert_eq!((auto, light != dark), (light, true));
    assert_eq!(seen["keys"], json!(["Keys"]));
    assert_eq!(seen["print"], json!({"background": light, "bar": false, "rows": 7}), "paper is light");
    assert_eq!(seen["narrow"], 390);
    assert_eq!(seen["still"], json!({"rows": 7, "frames": 7, "traces": 2, "tools": 0}));
}
