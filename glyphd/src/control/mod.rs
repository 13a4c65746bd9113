//! How the daemon is doing, over HTTP: `/metrics`, `/healthz`, `/readyz`; and on a Unix socket, for the operator alone,
//! tokens for plugins ([`Operator`]).

mod operator;

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_stream::{Stream, StreamExt, wrappers::TcpListenerStream};
use tokio_util::sync::CancellationToken;

pub(crate) use operator::Operator;

use crate::{
    exposition::classic,
    plugin::{Roster, State},
    telemetry::Telemetry,
};

/// After a refusal by the system, mostly for want of file descriptors, accepting rests for so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The content types of the two formats.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is told of the daemon. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    pub(crate) roster: Roster,
    /// The walls that plugins do not have here, each with why.
    pub(crate) lacks: Arc<[String]>,
    pub(crate) telemetry: Telemetry,
}

/// Serves until `stop`.
pub(crate) async fn serve(listener: TcpListener, health: Health, stop: CancellationToken) {
    let responder = |_: &TcpStream| {
        let health = health.clone();
        move |request: &Request<Incoming>| respond(request, &health)
    };
    serve_each("metrics address", TcpListenerStream::new(listener), responder, stop).await;
}

/// HTTP/1 for everybody who connects to that place, until `stop`. `responder` says who answers a connection's requests.
async fn serve_each<S, R>(
    place: &'static str,
    mut connecting: impl Stream<Item = io::Result<S>> + Unpin,
    responder: impl Fn(&S) -> R,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    R: Fn(&Request<Incoming>) -> Response<Full<Bytes>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            Some(_) = connections.join_next() => continue,
            accepted = connecting.next() => match accepted {
                Some(Ok(stream)) => stream,
                Some(Err(error)) => {
                    tracing::warn!(%error, "a connection to the {place} could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
                None => return,
            },
        };
        let respond = responder(&stream);
        let service = service_fn(move |request: Request<Incoming>| {
            let response = respond(&request);
            async move { Ok::<_, Infallible>(response) }
        });
        let connection =
            http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the {place} failed");
            }
        });
    }
}

fn respond(request: &Request<Incoming>, health: &Health) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n".to_owned());
    }
    match request.uri().path() {
        "/metrics" => metrics(request.headers(), &health.telemetry),
        "/healthz" => text(StatusCode::OK, "ok\n".to_owned()),
        "/readyz" => ready(health),
        _ => text(StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz\n".to_owned()),
    }
}

/// OpenMetrics for scrapers that ask for it, the classic text format for the others.
fn metrics(headers: &HeaderMap, telemetry: &Telemetry) -> Response<Full<Bytes>> {
    let openmetrics = telemetry.openmetrics();
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let asked = accepts.flat_map(|value| value.split(',')).any(|kind| {
        let mut parts = kind.split(';').map(str::trim);
        let wanted =
            parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"));
        wanted && !parts.any(|p| matches!(p, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    });
    let (body, kind) = if asked { (openmetrics, OPENMETRICS) } else { (classic(&openmetrics), CLASSIC) };
    let mut response = text(StatusCode::OK, body);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

/// Ready, if every plugin that was started is connected and every file can be written. What walls there are not for
/// plugins is told, and no more: the operator who needs them requires them. So is what is wrong with the collector of spans:
/// nothing waits for it.
fn ready(health: &Health) -> Response<Full<Bytes>> {
    let mut status = StatusCode::OK;
    let mut lines = String::new();
    for (plugin, state) in health.roster.states() {
        if state != State::Connected {
            status = StatusCode::SERVICE_UNAVAILABLE;
        }
        lines.push_str(&format!("plugin {plugin}: {}\n", state.as_str()));
    }
    for (file, cause) in health.telemetry.files().faults() {
        status = StatusCode::SERVICE_UNAVAILABLE;
        lines.push_str(&format!("file {}: {cause}\n", file.display()));
    }
    for remark in health.telemetry.remarks() {
        lines.push_str(&format!("traces: {remark}\n"));
    }
    for lack in &*health.lacks {
        lines.push_str(&format!("sandbox: no {lack}\n"));
    }
    let head = if status == StatusCode::OK { "ready\n" } else { "not ready\n" };
    text(status, format!("{head}{lines}"))
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let plain = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}
