//! A page in Chromium, which trusts the CA as `glyphctl ca trust-help --client browser` has it.

use std::{fs, path::Path, sync::Arc};

use glyph_formats::{Flow, flow::FlowKind};
use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use tokio::sync::Notify;

use super::{BOTH, HOST, Stage, client, ended, fine, said, site, websocket::Echo};
use crate::harness::{
    client::{Body, full},
    secure::SecureOrigin,
};

const PAGE: &str = include_str!("../../clients/page.html");
const SCRIPT: &str = include_str!("../../clients/page.js");
const IMAGE: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="17" height="5"/>"##;

/// The page and what belongs to it.
async fn page(request: Request<Incoming>, echo: String, done: Arc<Notify>) -> Response<Body> {
    let (kind, text) = match request.uri().path() {
        "/" => ("text/html; charset=utf-8", PAGE.to_owned()),
        "/page.js" => ("text/javascript", SCRIPT.to_owned()),
        "/page.css" => ("text/css", "#told { color: rgb(1, 2, 3) }".to_owned()),
        "/image.svg" => ("image/svg+xml", IMAGE.to_owned()),
        "/settings.json" => ("application/json", format!("{{\"echo\": \"{echo}\"}}")),
        "/gate.svg" => {
            done.notified().await;
            ("image/svg+xml", IMAGE.to_owned())
        }
        "/done" => {
            done.notify_one();
            ("text/plain", "done".to_owned())
        }
        _ => return site(request).await,
    };
    let mut response = Response::new(full(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// A home whose Chromium trusts that CA; none if certutil is missing.
async fn trusting(home: &Path, ca: &Path) -> Option<()> {
    let database = home.join(".pki/nssdb");
    fs::create_dir_all(&database).unwrap();
    let mut certutil = client("certutil");
    certutil.arg("-d").arg(format!("sql:{}", database.display()));
    certutil.args(["-A", "-t", "C,,", "-n", "glyph", "-i"]).arg(ca);
    fine(ended("certutil", certutil).await?);
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_shown_with_all_that_belongs_to_it() {
    let stage = Stage::new().await;
    let home = tempfile::tempdir().unwrap();
    let Some(()) = trusting(home.path(), &stage.ca).await else { return };
    let Some(echo) = Echo::secure(&stage.authority).await else { return };
    let (url, done) = (echo.url("/chat"), Arc::<Notify>::default());
    let origin = SecureOrigin::answering(stage.authority.certify(&[HOST]), BOTH, move |request| {
        page(request, url.clone(), Arc::clone(&done))
    })
    .await;
    let base = format!("https://{HOST}:{}", origin.port());

    let mut chromium = client("chromium");
    chromium.env("HOME", home.path()).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
    chromium.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
    ]);
    chromium.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    chromium.args(["--disable-quic", "--disable-extensions", "--disable-default-apps"]);
    chromium.arg(format!("--user-data-dir={}", home.path().join("profile").display()));
    chromium.arg(format!("--proxy-server={}", stage.proxy())).arg("--proxy-bypass-list=<-loopback>");
    chromium.args(["--dump-dom", &format!("{base}/")]);
    let Some(ended) = ended("chromium", chromium).await else { return };
    let dom = fine(ended);
    let sum = u64::from(b'x') * 10_000;
    let told = format!(
        "image 17; rgb(1, 2, 3); 10000 bytes, sum {sum}; socket hello from a page 1000 permessage-deflate"
    );
    assert!(dom.contains(&told), "{dom}");

    let recorded = stage.drain().await;
    // What a browser does by itself is left aside.
    let ours: Vec<_> = recorded.flows.iter().filter(|flow| flow.request.url.starts_with(&base)).collect();
    let errors: Vec<_> = ours.iter().filter_map(|flow| flow.error.as_ref()).collect();
    assert_eq!(errors, Vec::<&glyph_formats::flow::FlowError>::new());
    let mut paths: Vec<_> = ours.iter().map(|flow| &flow.request.url[base.len()..]).collect();
    paths.sort_unstable();
    let all = ["/", "/done", "/gate.svg", "/image.svg", "/page.css", "/page.js", "/settings.json", "/upload"];
    assert_eq!(paths, all);
    for flow in &ours {
        let (_, _, version, status) = said(flow);
        assert_eq!((version, status), ("HTTP/2", 200), "{}", flow.request.url);
    }
    let chat = echo.recorded_url("/chat");
    let is_chat = |flow: &&Flow| flow.request.url == chat;
    let chat = recorded.flows.iter().find(is_chat).unwrap();
    assert_eq!((chat.kind, said(chat).2, said(chat).3), (FlowKind::Http, "HTTP/1.1", 101));
    let counted = chat.websocket.as_ref().unwrap();
    assert_eq!((counted.sent.messages, counted.received.messages), (1, 1));
    assert_eq!((counted.sent.frames, counted.received.frames), (2, 2));
    assert_eq!((counted.sent.close_code, counted.received.close_code), (Some(1_000), Some(1_000)));
    assert_eq!((&counted.sent.fault, &counted.received.fault), (&None, &None));
}
