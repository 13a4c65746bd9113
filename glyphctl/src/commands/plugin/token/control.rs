//! The daemon's control socket, asked. In: the socket and a plugin's name. Out: the variables that let the plugin in, or
//! why there are none.

use std::{collections::BTreeMap, io, path::Path, time::Duration};

use anyhow::{Context, anyhow};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::{net::UnixStream, time::timeout};

use crate::output::failure::HintExt;

/// How long the daemon may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer is longer, in bytes.
const LIMIT: usize = 64 << 10;

/// What the daemon answers.
#[derive(Deserialize)]
pub(super) struct Issued {
    /// For the plugin's process; the token is among them.
    pub(super) variables: BTreeMap<String, String>,
    /// Until when the token is good.
    pub(super) expires_unix_nano: u64,
}

/// What it answers if it does not give a token.
#[derive(Default, Deserialize)]
struct Refusal {
    error: String,
}

/// Asks for a token.
pub(super) async fn ask(socket: &Path, plugin: &str) -> anyhow::Result<Issued> {
    let shown = socket.display();
    let stream = UnixStream::connect(socket).await.map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                "no daemon listens there; is it running? It logs its control socket at its start"
            }
            _ => "only the daemon's own user may ask",
        };
        anyhow!(error).context(format!("{shown}: can't be reached")).hint(hint)
    })?;
    let answered = timeout(PATIENCE, exchange(stream, plugin)).await;
    let answered = answered.with_context(|| format!("{shown}: no answer within {PATIENCE:?}"))?;
    let (status, body) = answered.with_context(|| shown.to_string())?;
    if status.is_success() {
        return serde_json::from_slice(&body).with_context(|| format!("{shown}: this is no daemon's answer"));
    }
    let refusal: Refusal = serde_json::from_slice(&body).unwrap_or_default();
    let hint = match status {
        StatusCode::NOT_FOUND => {
            Some("the daemon knows plugins from --plugins-dir and from [plugins.NAME] in its --config")
        }
        StatusCode::FORBIDDEN => {
            Some("only the daemon's own user and root may ask, from a process that the daemon did not start")
        }
        _ => None,
    };
    Err(anyhow!("no token for {plugin}: {} ({})", refusal.error, status.as_u16()).maybe_hint(hint))
}

/// One request, on a connection of its own.
async fn exchange(stream: UnixStream, plugin: &str) -> anyhow::Result<(StatusCode, Bytes)> {
    let request = Request::post(format!("/v1/plugins/{plugin}/token"))
        .header(header::HOST, "localhost")
        .body(Empty::<Bytes>::new())
        .with_context(|| format!("{plugin:?} is no plugin's name"))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), LIMIT).collect().await;
    let body = body.map_err(|error| anyhow!("the answer can't be read: {error}"))?.to_bytes();
    connection.abort();
    Ok((status, body))
}
