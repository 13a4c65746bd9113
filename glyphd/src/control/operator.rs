//! The operator's socket: `POST /v1/plugins/NAME/token` gives a token for a plugin that glyphd does not start, a
//! debugger's or one on another machine.
//!
//! Only processes of the daemon's own user and of root are heard, and none that the daemon started itself: a plugin
//! does not get a token for another.

use std::{fs, sync::Arc, time::UNIX_EPOCH};

use bytes::Bytes;
use glyph_formats::{Attributes, Decision};
use glyph_plugin::env;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::json;
use tokio::net::{UnixListener, UnixStream, unix::UCred};
use tokio_stream::wrappers::UnixListenerStream;
use tokio_util::sync::CancellationToken;

use crate::{
    audit::{Audit, Entry, Event},
    plugin::{IssueError, Issuer},
};

const COMPONENT: &str = "control";

/// Answers the operator. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Operator {
    pub(crate) issuer: Issuer,
    pub(crate) audit: Arc<Audit>,
    /// Where plugins find the bus.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Operator {
    /// Serves until `stop`.
    pub(crate) async fn serve(self, listener: UnixListener, stop: CancellationToken) {
        let responder = |stream: &UnixStream| {
            let (operator, peer) = (self.clone(), stream.peer_cred().ok());
            move |request: &Request<Incoming>| operator.answer(request, peer)
        };
        super::serve_each("control socket", UnixListenerStream::new(listener), responder, stop).await;
    }

    fn answer(&self, request: &Request<Incoming>, peer: Option<UCred>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        let plugin = path.strip_prefix("/v1/plugins/").and_then(|rest| rest.strip_suffix("/token"));
        let Some(plugin) = plugin else {
            return fault(StatusCode::NOT_FOUND, "there is /v1/plugins/NAME/token");
        };
        if request.method() != Method::POST {
            return fault(StatusCode::METHOD_NOT_ALLOWED, "a token is asked for with POST");
        }
        if let Err(reason) = admit(peer) {
            return match self.deny(plugin, reason) {
                Ok(()) => fault(StatusCode::FORBIDDEN, reason),
                Err(error) => fault(StatusCode::SERVICE_UNAVAILABLE, &error),
            };
        }
        match self.issuer.issue(COMPONENT, plugin, "operator", None) {
            Ok(token) => {
                let expires = token.expires.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
                let mut variables = serde_json::Map::new();
                for (name, value) in &self.variables {
                    variables.insert((*name).to_owned(), value.as_str().into());
                }
                variables.insert(env::NAME.to_owned(), plugin.into());
                variables.insert(env::TOKEN.to_owned(), token.token.into());
                let expires = u64::try_from(expires).unwrap_or(u64::MAX);
                answer(StatusCode::OK, &json!({ "variables": variables, "expires_unix_nano": expires }))
            }
            Err(error @ IssueError::Unknown(_)) => fault(StatusCode::NOT_FOUND, &error.to_string()),
            Err(error @ IssueError::Audit(_)) => fault(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
        }
    }

    fn deny(&self, plugin: &str, reason: &str) -> Result<(), String> {
        let entry = Entry {
            component: COMPONENT,
            plugin,
            event: Event::TokenIssued,
            decision: Decision::Deny,
            reason: Some(reason.to_owned()),
            metadata: Attributes::default(),
            context: None,
        };
        self.audit.record(entry).map_err(|e| e.to_string())
    }
}

/// Whether that process is the operator's.
fn admit(peer: Option<UCred>) -> Result<(), &'static str> {
    let peer = peer.ok_or("the system does not say who asks")?;
    if peer.uid() != rustix::process::geteuid().as_raw() && peer.uid() != 0 {
        return Err("another user asks");
    }
    match peer.pid() {
        Some(pid) if is_ours(pid) => Err("a process that glyphd started asks"),
        Some(_) => Ok(()),
        None => Err("the system does not say which process asks"),
    }
}

/// Whether the daemon is an ancestor of that process.
fn is_ours(pid: i32) -> bool {
    let own = i32::try_from(std::process::id()).unwrap_or(-1);
    let mut at = parent(pid);
    while let Some(pid) = at.filter(|pid| *pid > 1) {
        if pid == own {
            return true;
        }
        at = parent(pid);
    }
    false
}

fn parent(pid: i32) -> Option<i32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok())
}

fn fault(status: StatusCode, error: &str) -> Response<Full<Bytes>> {
    answer(status, &json!({ "error": error }))
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string() + "\n")));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
