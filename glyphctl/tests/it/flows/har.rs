use std::{fs, process::Command};

use glyph_formats::har::Har;
use serde_json::json;

use super::{Flows, mixed, shop};
use crate::harness::{in_path, peer, peers_folder, run};

#[test]
fn a_document_has_every_exchange_and_no_tunnel() {
    let run = mixed().run("ls", &["--format", "har"]).fine();
    assert!(run.stderr.contains("1 tunnel left out"), "{}", run.stderr);
    let har: Har = serde_json::from_str(&run.stdout).unwrap();
    let urls: Vec<_> = har.log.entries.iter().map(|entry| entry.request.url.as_str()).collect();
    assert_eq!(urls.len(), 6);
    assert_eq!(har.log.entries[3].response.content.text.as_deref(), Some("{\"name\":\"hidden teapot\"}"));
    assert_eq!(har.log.entries[5].error.as_deref(), Some("connect_refused"));
    insta::assert_snapshot!(serde_json::to_string_pretty(&har.log.entries[2]).unwrap());
}

#[test]
fn of_no_flows_it_is_a_document_too() {
    let run = Flows::of(&[]).run("ls", &["--format", "har"]).fine();
    assert_eq!(serde_json::from_str::<Har>(&run.stdout).unwrap().log.entries.len(), 0);
}

/// What the specification has as obligatory, field by field.
const FIELDS: &str = r"
import json, sys, datetime
log = json.load(open(sys.argv[1]))['log']
assert log['version'] == '1.2' and {'name', 'version'} <= log['creator'].keys()
for e in log['entries']:
    datetime.datetime.fromisoformat(e['startedDateTime'].split('.')[0].rstrip('Z'))
    assert {'startedDateTime', 'time', 'request', 'response', 'cache', 'timings'} <= e.keys()
    req, res, t = e['request'], e['response'], e['timings']
    assert {'method', 'url', 'httpVersion', 'cookies', 'headers', 'queryString', 'headersSize', 'bodySize'} <= req.keys()
    assert {'status', 'statusText', 'httpVersion', 'cookies', 'headers', 'content', 'redirectURL', 'headersSize', 'bodySize'} <= res.keys()
    assert {'size', 'mimeType'} <= res['content'].keys()
    assert all({'name', 'value'} <= p.keys() for p in req['headers'] + req['queryString'] + req['cookies'] + res['headers'] + res['cookies'])
    assert all(t[k] >= 0 for k in ('send', 'wait', 'receive'))
    assert abs(e['time'] - sum(v for v in t.values() if v >= 0)) < 1e-6
    assert isinstance(res['status'], int) and '#' not in req['url']
    if 'postData' in req: assert 'mimeType' in req['postData']
import haralyzer
parser = haralyzer.HarParser({'log': log})
assert len(parser.har_data['entries']) == len(log['entries']) > 0
entry = haralyzer.HarEntry(log['entries'][0])
assert entry.request.method and entry.response.status is not None and entry.time >= 0 and entry.startTime
print(len(log['entries']))
";

#[test]
fn haralyzer_and_the_specification_agree() {
    let folder = peers_folder("GLYPH_PYTHON_PACKAGES", "python");
    let missing = || Err(format!("haralyzer in {}", folder.display()));
    let found = in_path("python3")
        .and_then(|python| if folder.join("haralyzer").is_dir() { Ok(python) } else { missing() });
    let Some(python) = peer(found) else { return };
    let dir = tempfile::tempdir().unwrap();
    let (mixed, path) = (mixed(), dir.path().join("out.har"));
    for (recording, entries) in [(mixed.path(), "6\n"), (&shop(), "3\n")] {
        fs::write(&path, run(["flows", "ls", recording.to_str().unwrap(), "--format", "har"]).fine().stdout)
            .unwrap();
        let ran = Command::new(&python)
            .args(["-c", FIELDS])
            .arg(&path)
            .env("PYTHONPATH", &folder)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&ran.stdout), entries, "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

#[test]
fn bytes_are_base64() {
    let mut flow = super::flow(1, "POST", "http://a.test/", 200, 1, super::bytes(&[0xff, 0]));
    flow["request"]["body"] = json!({"size": 2, "captured_size": 2, "base64": "/wA=", "complete": true});
    let har: Har =
        serde_json::from_str(&Flows::of(&[flow]).run("ls", &["--format", "har"]).fine().stdout).unwrap();
    let entry = &har.log.entries[0];
    assert_eq!(entry.response.content.encoding.as_deref(), Some("base64"));
    let post = entry.request.post_data.as_ref().unwrap();
    assert_eq!((post.text.as_str(), post.encoding.as_deref()), ("/wA=", Some("base64")));
}
