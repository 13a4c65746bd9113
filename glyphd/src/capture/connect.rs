//! CONNECT: a tunnel, which is looked into where that is wanted and possible.
//!
//! Nothing is known of what will be spoken in it before somebody has spoken. If the client does, `sniff` tells what it is; if the
//! upstream is first, it is none of what we look into, unless both begin, as over HTTP/2.

use std::{future::pending, io, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Either, Full};
use hyper::{
    body::Incoming,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{
    Answer, Proxy,
    connection::{Conn, Place},
    failure::Failure,
    idle::Idle,
    interim::WithInterim,
    prefixed::Prefixed,
    recorder::Recorder,
    route::End,
    scope::HostScope,
    sniff::{FRAME, Sniffed, begins_http2, sniff},
    tls::Alpn,
    tunnel,
    upstream::{ConnectionMade, Plain, Target},
};
use crate::telemetry::name;

/// The client's side of a tunnel.
pub(super) type Client = Prefixed<Plain>;

/// A tunnel whose client has not said anything yet.
pub(super) struct Opened {
    pub(super) end: End,
    pub(super) client: Client,
    /// None if the upstream has been looked into not long ago: the pool may have a connection already.
    pub(super) upstream: Option<(Plain, ConnectionMade)>,
    pub(super) conn: Arc<Conn>,
    pub(super) recorder: Recorder,
}

impl Proxy {
    /// Connects first, so that a client is not told 200 for an upstream that is not there.
    pub(super) async fn connect(
        self: &Arc<Self>,
        mut request: Request<Incoming>,
        end: End,
        conn: &Arc<Conn>,
        recorder: &Recorder,
    ) -> Result<Answer, Failure> {
        let mut span =
            self.telemetry.span(name::UPSTREAM_REQUEST).client().parent(recorder.context()).start();
        span.set("http.request.method", "CONNECT");
        span.set_with("server.address", || end.host.clone());
        span.set("server.port", end.port);
        recorder.upstream_started(span);
        let looks = self.looks_into(&end.host);
        let upstream = match looks && self.upstream.has_been_seen(&end.host, end.port) {
            true => None,
            false => {
                let (stream, made) = self.upstream.dialer().dial(&end.host, end.port).await?;
                recorder.connected(made);
                Some((stream, made))
            }
        };
        let upgrade = hyper::upgrade::on(&mut request);
        let (proxy, conn, recorder) = (Arc::clone(self), Arc::clone(conn), recorder.clone());
        recorder.answered(http::StatusCode::OK);
        tokio::spawn(async move {
            let client = match accept(upgrade).await {
                Ok(client) => client,
                Err(failure) => return recorder.failed(&failure),
            };
            let opened = Opened { end, client, upstream, conn, recorder };
            if looks { proxy.look_into(opened).await } else { proxy.pass(opened).await }
        });
        Ok(Response::new(Either::Right(Full::new(Bytes::new()))))
    }

    fn looks_into(&self, host: &str) -> bool {
        self.leaves.is_some() && !self.passes(host) && self.options.scope.judge_host(host) == HostScope::In
    }

    /// Whether the operator wants TLS with that host to be left alone.
    pub(super) fn passes(&self, host: &str) -> bool {
        self.options.tls.passes(host)
    }

    async fn look_into(self: Arc<Self>, mut opened: Opened) {
        let sniffed = tokio::select! {
            sniffed = first_bytes(&mut opened) => sniffed,
            () = self.cut.cancelled() => return opened.recorder.failed(&Failure::Stopped),
            // Nobody waits for a tunnel in which nothing has been said.
            () = self.closing.cancelled() => return,
        };
        match sniffed {
            Ok(Sniffed::Tls) => self.intercept(opened).await,
            Ok(Sniffed::Http1) => self.serve_plain(opened, Alpn::Http1).await,
            Ok(Sniffed::Http2) => self.serve_plain(opened, Alpn::Http2).await,
            Ok(Sniffed::Other | Sniffed::More) => self.pass(opened).await,
            Err(e) => opened.recorder.failed(&Failure::of_tunnel(&e)),
        }
    }

    /// HTTP without TLS, in a tunnel all the same.
    async fn serve_plain(self: Arc<Self>, opened: Opened, protocol: Alpn) {
        let Opened { end: End { host, port, .. }, client, upstream, conn, recorder } = opened;
        let target = Target { host: host.clone(), port, tls: None, plain: protocol };
        let origin = self.upstream.origin(target);
        if upstream.is_some() {
            drop(origin.connect(upstream).await);
        }
        recorder.looked_into();
        drop(recorder);
        let place = Place::Within { scheme: "http", host, port, origin };
        self.serve_within(client, protocol, conn.within(place)).await;
    }

    /// Nothing is looked at.
    pub(super) async fn pass(&self, opened: Opened) {
        let Opened { end: End { host, port, .. }, client, upstream, recorder, .. } = opened;
        self.telemetry.tunnel_opened(recorder.context(), &host, port);
        let upstream = match upstream {
            Some((stream, _)) => stream,
            None => match self.upstream.dialer().dial(&host, port).await {
                Ok((stream, made)) => {
                    recorder.connected(made);
                    stream
                }
                Err(failure) => return recorder.failed(&failure),
            },
        };
        tunnel::pass(client, upstream, &recorder, &self.cut.child_token()).await;
    }
}

/// What the client begins with; something else if the upstream is first, and not with HTTP/2, or has closed.
async fn first_bytes(opened: &mut Opened) -> io::Result<Sniffed> {
    let mut upstream = opened.upstream.as_ref().map(|(stream, _)| stream.get_ref());
    loop {
        match sniff(opened.client.peeked()) {
            Sniffed::More => {}
            told => return Ok(told),
        }
        let mut first = [0; FRAME];
        let speaks = async {
            match upstream {
                Some(stream) => stream.peek(&mut first).await,
                None => pending().await,
            }
        };
        tokio::select! {
            more = opened.client.peek_more() => if !more? { return Ok(Sniffed::Other) },
            spoken = speaks => match spoken {
                Ok(length) if begins_http2(&first[..length]) => upstream = None,
                Ok(_) => return Ok(Sniffed::Other),
                Err(e) => return Err(e),
            },
        }
    }
}

/// The connection that the CONNECT came over.
async fn accept(upgrade: OnUpgrade) -> Result<Client, Failure> {
    let broken = |cause: String| Failure::RequestBroken(cause);
    let upgraded: Upgraded = upgrade.await.map_err(|e| broken(e.to_string()))?;
    let parts = upgraded.downcast::<TokioIo<WithInterim<Idle<TcpStream>>>>();
    let parts = parts.map_err(|_| broken("the tunnel is none of TCP".to_owned()))?;
    Ok(Prefixed::new(parts.read_buf, parts.io.into_inner().into_inner()))
}
