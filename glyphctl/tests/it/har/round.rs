use std::{fs, path::Path};

use serde_json::Value;

use super::{import, lines};
use crate::harness::run;

fn shop() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/recordings/shop")
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let [har, out, again] = ["a.har", "a.jsonl.zst", "again"].map(|name| dir.path().join(name));
    run(["replay", "export", shop().to_str().unwrap(), "-o", har.to_str().unwrap()]).fine();
    import(&har, &out, &[]).fine();
    let text = zstd::decode_all(fs::File::open(&out).unwrap()).unwrap();
    let flows: Vec<Value> =
        String::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(flows, lines(&shop().join("flows.jsonl")));
    import(&har, &again, &[]).fine();
    assert_eq!(lines(&again.join("flows.jsonl")), flows);
    let info: Value =
        serde_json::from_str(&fs::read_to_string(again.join("recording.json")).unwrap()).unwrap();
    assert_eq!(info["start_time_unix_nano"], flows[0]["start_time_unix_nano"]);
    assert!(info["options"]["har-creator"].as_str().unwrap().starts_with("glyphctl "));
    let checked = run(["flows", "ls", again.to_str().unwrap()]).fine();
    assert_eq!(checked.stderr, "");
}

#[test]
fn secrets_that_were_put_back_go_again_on_their_way_in() {
    let dir = tempfile::tempdir().unwrap();
    let [flows, secrets, har, out] = ["f.jsonl", "s", "a.har", "b.jsonl"].map(|name| dir.path().join(name));
    let token = "glyph-redacted-0123456789ab";
    let mut flow =
        crate::replay_serve::served::exchange(1, "GET", &format!("http://a.test/?token={token}"), 200, "");
    flow["redactions"] = serde_json::json!([{"kind": "query", "place": "request.query.token"}]);
    fs::write(&flows, format!("{flow}\n")).unwrap();
    let lines_of =
        format!("{{\"format\":1,\"key\":\"00\"}}\n{{\"token\":\"{token}\",\"secret\":\"s3cret-of-kim\"}}\n");
    fs::write(&secrets, lines_of).unwrap();
    let [flows, secrets, path] = [&flows, &secrets, &har].map(|path| path.to_str().unwrap());
    run(["replay", "export", flows, "--secrets", secrets, "-o", path]).fine();
    assert!(fs::read_to_string(&har).unwrap().contains("s3cret-of-kim"));
    import(&har, &out, &[]).fine();
    let text = fs::read_to_string(&out).unwrap();
    assert!(!text.contains("s3cret-of-kim") && text.contains("token=glyph-redacted-"), "{text}");
}

#[test]
fn export_writes_what_is_asked_for_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("again.sh");
    let shop = shop();
    let shop = shop.to_str().unwrap();
    fs::write(&script, "old").unwrap();
    run(["replay", "export", shop, "--window", "no", "-o", script.to_str().unwrap()]).unable();
    run(["replay", "export", "/nowhere.jsonl", "-o", script.to_str().unwrap()]).unable();
    assert_eq!(fs::read_to_string(&script).unwrap(), "old");
    run(["replay", "export", shop, "--status", "none", "-o", script.to_str().unwrap()]).fine();
    let text = fs::read_to_string(&script).unwrap();
    assert_eq!(text.matches("\ncurl ").count(), 1, "{text}");
    let printed = run(["replay", "export", shop, "--format", "curl", "--status", "none"]).fine().stdout;
    assert_eq!(printed, text);
    let listed = run(["flows", "ls", shop, "--format", "har"]).fine().stdout;
    assert_eq!(run(["replay", "export", shop]).fine().stdout, listed);
    assert_eq!(crate::harness::names_in(dir.path()), ["again.sh"]);
}
