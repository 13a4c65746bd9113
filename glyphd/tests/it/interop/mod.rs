//! What people use, through the proxy: each of these clients gets what it asked for, and the recording says so.

mod curl;
pub(crate) mod python;
mod node;
mod chromium;
mod websocket;
mod load;
mod grpc;
mod nginx;

use std::{path::PathBuf, process::Stdio};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use glyph_formats::{Flow, flow::FlowKind};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use tokio::process::Command;

use crate::harness::{
    Ended, FakeOrigin, Recorded, TestDaemon,
    client::{self, Body},
    peers,
    secure::{Authority, SecureOrigin},
    text, within,
};

const BOTH: &[&str] = &["h2", "http/1.1"];
const HTTP1: &[&str] = &["http/1.1"];
/// Under this name the origins are known.
const HOST: &str = "localhost";

/// A daemon that looks into TLS and trusts the origins' authority, and what its clients have to trust.
struct Stage {
    daemon: TestDaemon,
    authority: Authority,
    ca: PathBuf,
}

impl Stage {
    async fn new() -> Self {
        let authority = Authority::new();
        let ca_dir = authority.path().with_file_name("glyph-ca");
        let daemon = TestDaemon::with(|config| {
            config.capture.ca = Some(glyphd::capture::Ca::InDir(ca_dir.clone()));
            config.capture.upstream.ca = Some(authority.path());
        })
        .await;
        Self { daemon, authority, ca: ca_dir.join("ca.pem") }
    }

    /// The [`site`] over TLS.
    async fn secure(&self, protocols: &[&str]) -> SecureOrigin {
        SecureOrigin::answering(self.authority.certify(&[HOST]), protocols, site).await
    }

    /// How a client is told of the proxy.
    fn proxy(&self) -> String {
        format!("http://{}", self.daemon.proxy())
    }

    async fn drain(self) -> Recorded {
        self.daemon.drain().await
    }
}

/// The same over plain TCP.
async fn plain() -> FakeOrigin {
    FakeOrigin::serving(site).await
}

/// A server with an answer of each sort.
async fn site(request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let length = |response: &mut Response<Body>| {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("1234"));
    };
    match head.uri.path() {
        "/upload" => {
            let bytes = body.collect().await.unwrap().to_bytes();
            let sum: u64 = bytes.iter().map(|b| u64::from(*b)).sum();
            text(format!("{} bytes, sum {sum}", bytes.len()))
        }
        "/sized" if head.method == Method::HEAD => {
            let mut response = text("");
            length(&mut response);
            response
        }
        "/none" => status(StatusCode::NO_CONTENT),
        "/same" => status(StatusCode::NOT_MODIFIED),
        "/trailers" => {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", HeaderValue::from_static("42"));
            let frames = [Ok(Frame::data(Bytes::from_static(b"body"))), Ok(Frame::trailers(trailers))];
            let mut response = Response::new(StreamBody::new(tokio_stream::iter(frames)).boxed());
            response.headers_mut().insert(header::TRAILER, HeaderValue::from_static("x-sum"));
            response
        }
        "/gzip" => {
            let mut response = text(gzip("compressed, and read again"));
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        path => text(format!("{:?} {} {path}", head.version, head.method)),
    }
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(client::empty());
    *response.status_mut() = status;
    response
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// A program that has no proxy and no CA but those of the test.
fn client(program: &str) -> Command {
    let mut command = Command::new(program);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy", "wss_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    for name in
        ["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"]
    {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a client to its end; none if it is missing.
async fn ended(program: &str, mut command: Command) -> Option<Ended> {
    let child = peers::found(program, command.spawn())?;
    let output = within(program, child.wait_with_output()).await.unwrap();
    Some(Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// What a client that has to be content has printed.
#[track_caller]
fn fine(ended: Ended) -> String {
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    ended.stdout
}

/// What is recorded of an exchange: method, URL, version, status.
fn said(flow: &Flow) -> (&str, &str, &str, u16) {
    assert_eq!((flow.kind, flow.error.as_ref()), (FlowKind::Http, None), "{flow:#?}");
    let response = flow.response.as_ref().unwrap();
    assert_eq!(flow.request.version, response.version);
    (&flow.request.method, &flow.request.url, &flow.request.version, response.status)
}

/// The text of an answer, as it is recorded.
#[track_caller]
fn body(flow: &Flow) -> &str {
    flow.response.as_ref().unwrap().body.utf8.as_deref().unwrap()
}
