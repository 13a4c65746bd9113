//! CONNECT: bytes are copied both ways and counted, not looked at.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use glyph_formats::flow::Tunnel;
use http::{Request, Response};
use http_body_util::{Either, Full};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::{
    io::{InspectReader, InspectWriter},
    sync::CancellationToken,
};

use super::{Answer, Proxy, failure::Failure, recorder::Recorder, upstream};
use crate::telemetry::name;

impl Proxy {
    /// Connects first, so that a client is not told 200 for an upstream that is not there.
    pub(super) async fn tunnel(
        &self,
        mut request: Request<Incoming>,
        recorder: &Recorder,
    ) -> Result<Answer, Failure> {
        let (host, port) =
            (request.uri().host().unwrap_or_default(), request.uri().port_u16().unwrap_or(443));
        let mut span =
            self.telemetry.span(name::UPSTREAM_REQUEST).client().parent(recorder.context()).start();
        span.set("http.request.method", "CONNECT");
        span.set_with("server.address", || host.to_owned());
        span.set("server.port", port);
        recorder.upstream_started(span);
        let (stream, made) = upstream::connect(host, port).await.map_err(|e| Failure::from(&e))?;
        recorder.connected(made);
        self.telemetry.tunnel_opened(recorder.context(), host, port);

        let upgrade = hyper::upgrade::on(&mut request);
        self.tunnels.spawn(copy(upgrade, stream, recorder.clone(), self.cut.clone()));
        recorder.answered(http::StatusCode::OK);
        Ok(Response::new(Either::Right(Full::new(Bytes::new()))))
    }
}

async fn copy(upgrade: OnUpgrade, upstream: TcpStream, recorder: Recorder, cut: CancellationToken) {
    let client = match upgrade.await {
        Ok(client) => client,
        Err(e) => return recorder.failed(&Failure::RequestBroken(e.to_string())),
    };
    let (sent, received) = (AtomicU64::new(0), AtomicU64::new(0));
    let count = |counter: &AtomicU64, bytes: &[u8]| {
        counter.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    };
    let upstream = InspectWriter::new(upstream, |bytes| count(&sent, bytes));
    let mut upstream = InspectReader::new(upstream, |bytes| count(&received, bytes));
    let mut client = TokioIo::new(client);
    let copied = tokio::select! {
        copied = tokio::io::copy_bidirectional(&mut client, &mut upstream) => copied.map_err(|e| e.to_string()),
        () = cut.cancelled() => Err("it was cut".to_owned()),
    };
    recorder.tunnelled(Tunnel {
        bytes_sent: sent.load(Ordering::Relaxed),
        bytes_received: received.load(Ordering::Relaxed),
    });
    if let Err(cause) = copied {
        recorder.failed(&Failure::TunnelBroken(cause));
    }
}
