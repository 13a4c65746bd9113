use std::fs;

use glyph_formats::{Flow, secrets::Secrets};
use regex::Regex;

use super::{document, import, lines};
use crate::harness::{run, run_with_stdin};

/// What they have in them that nobody else is to see.
const SECRETS: [&str; 5] =
    ["7c1f0e5b9a2d4486", "correct-horse-9", "c2lnbmVk", "k3y-of-nobody", "eyJhbGciOiJIUzI1NiJ9"];

#[test]
fn documents_of_others_become_flows() {
    let dir = tempfile::tempdir().unwrap();
    // Each import has a key of its own, and so has the digest of a text with a token in it.
    let token = Regex::new("glyph-redacted-[0-9a-f]{12}").unwrap();
    let digest =
        Regex::new("(\"utf8\":\"[^\\n]{0,200}glyph-redacted-…[^\\n]{0,40}\"sha256\":\")[0-9a-f]{64}")
            .unwrap();
    for name in ["chromium", "firefox", "safari", "charles", "fiddler", "mitmproxy", "insomnia", "postman"] {
        let out = dir.path().join(format!("{name}.jsonl"));
        let imported = import(&document(&format!("{name}.har")), &out, &["--binary-bodies", "full"]).fine();
        assert_eq!(imported.stdout, "");
        let text = fs::read_to_string(&out).unwrap();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{name}: {secret}");
        }
        let told = imported.stderr.lines().map(|line| line.rsplit('/').next().unwrap_or(line));
        let told: String = told.map(|line| format!("{line}\n")).collect();
        insta::assert_snapshot!(
            format!("har_{name}"),
            told + &digest.replace_all(&token.replace_all(&text, "glyph-redacted-\u{2026}"), "$1…")
        );
    }
}

#[test]
fn what_was_replaced_can_be_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let [out, raw, secrets] = ["a.jsonl", "b.jsonl", "secrets"].map(|name| dir.path().join(name));
    let har = document("chromium.har");
    let flags = ["--binary-bodies", "full", "--secrets", secrets.to_str().unwrap()];
    import(&har, &out, &flags).fine();
    import(&har, &raw, &["--unredacted"]).fine();
    let secrets = Secrets::load(&secrets).unwrap();
    let flows = |path| lines(path).into_iter().map(|line| serde_json::from_value::<Flow>(line).unwrap());
    for (mut flow, raw) in flows(&out).zip(flows(&raw)) {
        secrets.put_back(&mut flow);
        assert_eq!(
            (&flow.request.headers, &flow.request.body.utf8),
            (&raw.request.headers, &raw.request.body.utf8)
        );
        assert_eq!((&flow.request.url, flow.id), (&raw.request.url, raw.id));
        assert!(raw.unredacted && !flow.unredacted);
    }
}

#[test]
fn commands_that_take_flows_take_har() {
    let har = document("charles.har");
    let path = har.to_str().unwrap();
    let listed = run(["flows", "ls", path, "--format", "json"]).fine().stdout;
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(
        listed.contains("\"utf8\":\"{\\\"items\\\":[7,8,9],\\\"n\\\":3}\"")
            && !listed.contains(super::others::SECRETS[0])
    );
    let bytes = fs::read(&har).unwrap();
    let ids = |text: &str| text.split("\"id\":\"").nth(1).unwrap()[..26].to_owned();
    let piped = run_with_stdin(["flows", "ls", "-", "--format", "json"], &bytes).fine().stdout;
    assert_eq!(ids(&piped), ids(&listed), "the same document gives the same flows");
    let dir = tempfile::tempdir().unwrap();
    let packed = dir.path().join("x.har.zst");
    fs::write(&packed, zstd::encode_all(bytes.as_slice(), 3).unwrap()).unwrap();
    assert_eq!(
        ids(&run(["flows", "ls", packed.to_str().unwrap(), "--format", "json"]).fine().stdout),
        ids(&listed)
    );
    let stats = run(["flows", "stats", path]).fine().stdout;
    assert!(stats.contains("shop.test"), "{stats}");
    let shown = run(["flows", "show", path, "1"]).fine().stdout;
    assert!(shown.contains("glyph-redacted-"), "{shown}");
}
