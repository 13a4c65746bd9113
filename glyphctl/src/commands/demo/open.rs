//! Shows a trace in Perfetto, which runs in the browser and fetches it from this machine. Perfetto's page may fetch
//! from one local address only, 127.0.0.1:9001: the one that its own `open_trace_in_ui` serves on.

use std::{
    convert::Infallible,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, process::Command};

use crate::output::note;

const ADDRESS: &str = "127.0.0.1:9001";
const ORIGIN: &str = "https://ui.perfetto.dev";
/// How long the browser may take to fetch the trace.
const PATIENCE: Duration = Duration::from_secs(120);

/// Opens the browser, and serves the trace until it has been fetched once.
pub(super) async fn in_perfetto(trace: &Path) -> anyhow::Result<()> {
    let bytes = Bytes::from(
        tokio::task::spawn_blocking({
            let trace = trace.to_owned();
            move || std::fs::read(trace)
        })
        .await??,
    );
    let listener = TcpListener::bind(ADDRESS).await.with_context(|| format!("--open: {ADDRESS}"))?;
    let url = format!("{ORIGIN}/#!/?url=http://{ADDRESS}/trace.json");
    note(format_args!("opening {url}"));
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut browser = Command::new(opener);
    browser.arg(&url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if browser.spawn().is_err() {
        note(format_args!("there is no {opener} here: open the address above in a browser on this machine"));
    }

    tokio::select! {
        served = serve_once(&listener, &bytes) => Ok(served?),
        () = tokio::time::sleep(PATIENCE) => {
            note("nobody fetched the trace; gave up");
            Ok(())
        }
    }
}

/// Answers until the trace has gone out whole.
async fn serve_once(listener: &TcpListener, trace: &Bytes) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let fetched = AtomicBool::new(false);
        let service = service_fn(|request: Request<Incoming>| {
            let response = answer(&request, trace);
            let whole = response.status() == StatusCode::OK && request.method() == http::Method::GET;
            fetched.store(whole, Ordering::Relaxed);
            async move { Ok::<_, Infallible>(response) }
        });
        let mut connection = http1::Builder::new();
        let ended = connection.keep_alive(false).serve_connection(TokioIo::new(stream), service).await;
        // A browser that breaks off will ask again.
        if ended.is_ok() && fetched.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
}

fn answer(request: &Request<Incoming>, trace: &Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    if request.uri().path() == "/trace.json" {
        *response.body_mut() = Full::new(trace.clone());
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static(ORIGIN));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    } else {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
