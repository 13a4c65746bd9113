//! A page in a real browser, its HAR, and the same page out of that. Needs node, Chromium and the package playwright-core,
//! as `viewer.rs` does; Playwright makes the HAR of the DevTools protocol's events, in which there is no HAR.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use super::{import, lines};
use crate::{
    harness::{in_path, node_modules, peer, run},
    replay_serve::served::{Served, exchange},
};

const PAGE: &str = "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><link rel=stylesheet href=/style.css>\
    <img src=/dot.gif><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='><p id=wait>Grüße\
    <script>fetch('/api?x=1', {method: 'POST', headers: {'content-type': 'application/json', 'x-api-key': 'k3y-0f-nobody-17'}, \
    body: '{\"password\":\"s3cret-of-kim\"}'}).then(r => r.json()).then(v => { wait.innerText += v.name; wait.id = 'done' })\
    </script>";
const GIF: &str = "R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==";

fn peers() -> Result<(PathBuf, PathBuf), String> {
    let modules = node_modules();
    if !modules.join("playwright-core").is_dir() {
        return Err(format!("playwright-core in {}", modules.display()));
    }
    in_path("node")?;
    Ok((modules, in_path("chromium")?))
}

fn site() -> Vec<Value> {
    let with = |mut flow: Value, kind: &str| {
        flow["response"]["headers"] =
            json!([["content-type", kind], ["set-cookie", "session=7c1f0e5b9a2d4486; Path=/"]]);
        flow
    };
    let mut gif = exchange(3, "GET", "http://shop.test/dot.gif", 200, "");
    gif["response"]["body"] = json!({"size": 43, "captured_size": 43, "base64": GIF, "complete": true});
    vec![
        with(exchange(1, "GET", "http://shop.test/", 200, PAGE), "text/html"),
        with(exchange(2, "GET", "http://shop.test/style.css", 200, "p { color: teal }"), "text/css"),
        with(gif, "image/gif"),
        with(exchange(4, "POST", "http://shop.test/api?x=1", 200, "{\"name\":\"Kim\"}"), "application/json"),
    ]
}

/// What the browser makes of the page, and the document that it leaves.
fn browse((modules, chromium): &(PathBuf, PathBuf), served: &Served, har: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/har/chromium.mjs");
    let mut command = Command::new("node");
    command.arg(script).arg(modules).arg(chromium).arg(format!("{}/", served.url)).arg(har);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_page_is_the_same_out_of_its_own_har() {
    let Some(peers) = peer(peers()) else { return };
    let dir = tempfile::tempdir().unwrap();
    let [har, flows, again] = ["page.har", "flows.jsonl", "again.har"].map(|name| dir.path().join(name));
    let served = Served::of(&site(), &["--fail-unmatched"]);
    let seen = browse(&peers, &served, &har);
    assert_eq!(seen, json!({"text": "GrüßeKim", "image": 1}));
    served.end().fine();

    // Playwright leaves out the data: URL itself.
    import(&har, &flows, &["--binary-bodies", "full"]).fine();
    let text = fs::read_to_string(&flows).unwrap();
    for secret in ["s3cret-of-kim", "k3y-0f-nobody-17", "7c1f0e5b9a2d4486"] {
        assert!(fs::read_to_string(&har).unwrap().contains(secret) && !text.contains(secret), "{secret}");
    }
    let lines = lines(&flows);
    let of = |path: &str| {
        lines.iter().find(|flow| flow["request"]["url"].as_str().unwrap().ends_with(path)).unwrap()
    };
    assert_eq!(lines.len(), 4);
    // The script has secrets in it.
    let (before, _) = PAGE.split_once("<script>").unwrap();
    assert!(of("/")["response"]["body"]["utf8"].as_str().unwrap().starts_with(before));
    assert_eq!(of("/dot.gif")["response"]["body"]["base64"], GIF);
    assert_eq!(
        (&of("/api?x=1")["request"]["method"], &of("/api?x=1")["response"]["status"]),
        (&json!("POST"), &json!(200))
    );
    for flow in &lines {
        let [start, end] =
            ["start", "end"].map(|which| flow[format!("{which}_time_unix_nano")].as_u64().unwrap());
        assert!(start > 1_700_000_000_000_000_000 && end > start, "{flow}");
    }

    // The document itself is served as well as the flows that were made of it.
    for source in [&har, &flows] {
        let served = Served::file(source, &["--fail-unmatched", "--match", "url,body"]);
        assert_eq!(browse(&peers, &served, &again), seen);
        served.end().fine();
    }
    let listed =
        run(["flows", "ls", har.to_str().unwrap(), "--method", "POST", "--format", "curl"]).fine().stdout;
    assert!(listed.contains("--data-binary") && !listed.contains("s3cret-of-kim"), "{listed}");
}
