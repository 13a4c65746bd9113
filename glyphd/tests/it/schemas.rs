//! What is written is what `docs/schemas/` says.

use std::{fs, path::Path};

use glyph_formats::recording::{AUDIT, FINDINGS, FLOWS, INFO, TRACES};
use serde_json::Value;

use crate::harness::{FakeOrigin, PluginsDir, RawClient, TestDaemon, origin, schema};

fn schema(kind: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas");
    serde_json::from_str(&fs::read_to_string(folder.join(format!("{kind}.json"))).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_of_a_recording_keeps_to_its_schema() {
    let plugins = PluginsDir::new();
    plugins.passive_headers();
    plugins.script("short-lived", "exit 3\n");
    let origin = FakeOrigin::ok().await;
    let nobody = origin::nobody().await;
    let daemon = TestDaemon::with(|config| config.plugins_dir = Some(plugins.path())).await;
    daemon.plugins_settled().await;
    // An exchange of each kind.
    let mut client = daemon.client().await;
    client.get_with(&origin.url("/?token=x"), &[("cookie", "a=b")]).await;
    client.get(&format!("http://{nobody}/")).await;
    client.get("/no-url").await;
    for authority in [origin.address(), nobody] {
        let mut raw = RawClient::connect(daemon.proxy()).await;
        raw.write(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n")).await;
        raw.head().await;
    }
    let recorded = daemon.drain().await;
    for (file, kind, least) in
        [(FLOWS, "flow", 5), (TRACES, "span", 20), (FINDINGS, "finding", 1), (AUDIT, "audit", 5)]
    {
        let schema = schema(kind);
        let text = fs::read_to_string(recorded.dir.join(file)).unwrap();
        assert!(text.ends_with('\n'), "{file}: the last line is whole");
        assert!(text.lines().count() >= least, "{file}: {text}");
        for line in text.lines() {
            let faults = schema::faults(&schema, &serde_json::from_str(line).unwrap());
            assert!(faults.is_empty(), "{file}: {faults:?} in {line}");
        }
    }
    let info = serde_json::from_slice(&fs::read(recorded.dir.join(INFO)).unwrap()).unwrap();
    assert_eq!(schema::faults(&schema("recording"), &info), [""; 0]);
    assert!(info["end_time_unix_nano"].as_u64() > info["start_time_unix_nano"].as_u64());
    for name in ["proxy-addr", "metrics-addr", "plugin-addr"] {
        assert!(info["addresses"][name].is_string(), "{info}");
    }
}
