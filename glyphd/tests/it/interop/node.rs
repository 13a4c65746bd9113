//! Node's undici. Node 20 itself knows no proxy; its users give undici a `ProxyAgent`.

use std::path::{Path, PathBuf};

use super::{BOTH, HOST, Stage, client, ended, fine, said, websocket::Echo};
use crate::harness::peers;

/// As in glyphctl's tests of viewers.
fn modules() -> PathBuf {
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/node_modules");
    std::env::var_os("GLYPH_NODE_MODULES").map_or_else(built, PathBuf::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn undici_speaks_through_the_proxy() {
    let modules = modules();
    if peers::found("undici", std::fs::metadata(modules.join("undici/package.json"))).is_none() {
        return;
    }
    let stage = Stage::new().await;
    let origin = stage.secure(BOTH).await;
    let Some(echo) = Echo::secure(&stage.authority).await else { return };
    let base = format!("https://{HOST}:{}", origin.port());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/undici_client.mjs");
    let mut command = client("node");
    command.env("NODE_EXTRA_CA_CERTS", &stage.ca).arg(script).arg(modules);
    command.args([stage.proxy(), base.clone(), echo.url("/echo")]);
    let Some(ended) = ended("node", command).await else { return };
    let sum = u64::from(b'x') * 100_000;
    let lines = [
        "200 HTTP/1.1 GET /a".to_owned(),
        "200 compressed, and read again".to_owned(),
        format!("200 100000 bytes, sum {sum}"),
        "true 1000 permessage-deflate".to_owned(),
    ];
    assert_eq!(fine(ended).lines().collect::<Vec<_>>(), lines);
    let recorded = stage.drain().await;
    let flows: Vec<_> = recorded.flows.iter().map(said).collect();
    let url = |path: &str| format!("{base}{path}");
    let (a, gzip, upload, socket) = (url("/a"), url("/gzip"), url("/upload"), echo.recorded_url("/echo"));
    assert_eq!(
        flows,
        [
            ("GET", &*a, "HTTP/1.1", 200),
            ("GET", &*gzip, "HTTP/1.1", 200),
            ("POST", &*upload, "HTTP/1.1", 200),
            ("GET", &*socket, "HTTP/1.1", 101)
        ]
    );
    let counted = recorded.flows[3].websocket.as_ref().unwrap();
    assert_eq!((counted.sent.messages, counted.received.messages), (2, 2));
    assert_eq!((counted.sent.close_code, counted.received.close_code), (Some(1_000), Some(1_000)));
    assert_eq!((&counted.sent.fault, &counted.received.fault), (&None, &None));
}
