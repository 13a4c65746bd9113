//! The bundled requests: `testdata/demo/requests.jsonl`, one a line.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde::Deserialize;

use super::origin::Origin;

const BUNDLED: &str = include_str!("../../../../testdata/demo/requests.jsonl");

/// A request as it stands in the file.
#[derive(Debug, Deserialize)]
struct Line {
    /// When it is sent, in milliseconds after the first client has begun.
    at_ms: u64,
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    /// For the server that is not there.
    #[serde(default)]
    gone: bool,
}

/// A request, and when it is to be sent.
pub(super) struct Timed {
    pub(super) at: Duration,
    pub(super) request: Request<Full<Bytes>>,
}

/// All of them, for that server, as a client sends them to a proxy.
pub(super) fn bundled(origin: &Origin) -> anyhow::Result<Vec<Timed>> {
    BUNDLED
        .lines()
        .map(|line| {
            let line: Line = serde_json::from_str(line)?;
            let address = if line.gone { origin.gone } else { origin.address };
            let mut request = Request::builder()
                .method(line.method.as_str())
                .uri(format!("http://{address}{}", line.path))
                .header("host", address.to_string())
                .header("user-agent", concat!("glyph-demo/", env!("CARGO_PKG_VERSION")));
            for (name, value) in line.headers {
                request = request.header(name, value);
            }
            let request = request.body(Full::new(Bytes::from(line.body)))?;
            Ok(Timed { at: Duration::from_millis(line.at_ms), request })
        })
        .collect()
}
