//! `glyph_bus.fetch`, which `glyphctl plugin new --lang python` hands out, in a plugin's process. Without Python's packages
//! it is skipped.

use std::{fs, path::Path};

use glyphd::policy::Policy;

use crate::{
    harness::{FakeOrigin, PluginsDir, TestDaemon, text, told::until},
    secret_scan::{packages, python},
};

/// Fetches `robots.txt` of the flow's origin, something of another's, and something with a body; reports what came of it.
const PLUGIN: &str = r#"
import sys
import glyph_bus
import glyph_plugin_v1_pb2 as pb

def tried(event, *args, **kwargs):
    try:
        fetched = glyph_bus.fetch(event, *args, **kwargs)
        return f"{fetched.status} {fetched.body.decode()} {len(fetched.headers) > 0}"
    except glyph_bus.NotFetched as error:
        return error.why

def on_flow(event):
    request = event.request
    origin = f"http://{request.host}:{request.port}"
    came = [
        tried(event, f"{origin}/robots.txt"),
        tried(event, "http://10.0.0.1/"),
        tried(event, f"{origin}/echo", method="POST", headers=[("x-a", b"b")], body=b"x" * 600_000),
    ]
    yield pb.Finding(type="fetcher.came", severity=pb.INFO, message="came", evidence=", ".join(came))

sys.exit(glyph_bus.run(on_flow, "1", [pb.FLOW_RESPONSE], [pb.CAP_EMIT_FINDINGS, pb.CAP_FLOW_INSPECT, pb.CAP_HTTP_ACTIVE]))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_in_python_fetches() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let stubs = root.join("plugins/secret-scan");
    if python("grpc", &["--version"], &stubs).is_none() {
        return;
    }
    let plugins = PluginsDir::new();
    let capabilities = ["CAP_EMIT_FINDINGS", "CAP_FLOW_INSPECT", "CAP_HTTP_ACTIVE"];
    let dir = plugins.plugin_with("fetcher", &["python3", "plugin.py"], &capabilities);
    let manifest = fs::read_to_string(dir.join("plugin.toml")).unwrap();
    let env = format!("env = {{ PYTHONPATH = {:?} }}\n", packages().to_str().unwrap());
    fs::write(dir.join("plugin.toml"), manifest + &env).unwrap();
    fs::write(dir.join("plugin.py"), PLUGIN).unwrap();
    for stub in ["glyph_plugin_v1_pb2.py", "glyph_plugin_v1_pb2_grpc.py"] {
        fs::copy(stubs.join(stub), dir.join(stub)).unwrap();
    }
    let bus = root.join("glyphctl/src/commands/plugin/new/python/glyph_bus.py");
    fs::copy(bus, dir.join("glyph_bus.py")).unwrap();

    let origin = FakeOrigin::answering(|request| match request.target.path() {
        "/robots.txt" => text("User-agent: *"),
        "/echo" => text(format!("{} {} {}", request.method, request.header("x-a"), request.body.len())),
        _ => text("a page"),
    })
    .await;
    let daemon = TestDaemon::with(|config| {
        let policy = "[netgate]\nallow = [\"127.0.0.1\"]\n[plugins.fetcher]\ngrant = [\"CAP_EMIT_FINDINGS\", \
                      \"CAP_FLOW_INSPECT\", \"CAP_HTTP_ACTIVE\"]\n";
        config.policy = toml::from_str::<Policy>(policy).unwrap();
        config.plugins_dir = Some(plugins.path());
    })
    .await;
    daemon.plugins_settled().await;
    daemon.client().await.get(&origin.url("/page")).await;
    let metrics = daemon.metrics();
    let done = "glyph_plugin_event_duration_seconds_count{plugin=\"fetcher\",event=\"flow\"} 1";
    until("the page", async || crate::harness::told::get(metrics, "/metrics").await.contains(done)).await;
    let recorded = daemon.drain().await;
    let came = recorded.findings[0].evidence.as_deref().unwrap();
    assert_eq!(came, "200 User-agent: * True, DENIED_ADDRESS, 200 POST b 600000 True");
    let trace = recorded.flow().trace_id;
    assert_eq!(recorded.spans_of(trace, "netgate.http_request").len(), 3);
}
