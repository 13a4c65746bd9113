//! The operator, at the daemon's control socket.

use std::path::Path;

use glyph_plugin::env;
use http::Method;
use serde_json::Value;

use super::{Client, bus::Credentials};

/// What the socket answers: status and JSON.
pub(crate) async fn ask(socket: &Path, method: Method, path: &str) -> (u16, Value) {
    let answer = Client::connect_unix(socket).await.request(method, path).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
}

/// A token for that plugin.
pub(crate) async fn token(socket: &Path, plugin: &str) -> Credentials {
    let (status, answer) = ask(socket, Method::POST, &format!("/v1/plugins/{plugin}/token")).await;
    assert_eq!(status, 200, "{answer}");
    credentials(&answer)
}

/// What the operator hands on to the plugin.
pub(crate) fn credentials(answer: &Value) -> Credentials {
    let told = |name: &str| answer["variables"][name].as_str().unwrap().to_owned();
    Credentials { name: told(env::NAME), bus: told(env::BUS), token: told(env::TOKEN) }
}
