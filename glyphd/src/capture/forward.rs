//! One request to its upstream, and the answer back.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use http::{HeaderValue, Request, Response, StatusCode, Uri, Version, header};
use http_body_util::Either;
use hyper::body::Incoming;
use tokio::time::Instant;

use super::{
    Answer, Proxy,
    connection::{Conn, Place},
    failure::Failure,
    framing::{self, Length},
    headers::{for_client, for_upstream},
    options::Mode,
    recorder::{Becomes, Recorder},
    route::Destination,
    tee::{Side, Tee},
    upgrade::Upgrade,
    upstream::{Answered, Sent},
};
use crate::telemetry::name;

impl Proxy {
    /// Sends the request on and returns the upstream's answer; both bodies pass through a tee.
    pub(super) async fn forward(
        &self,
        mut request: Request<Incoming>,
        to: Destination,
        becomes: Becomes,
        conn: &Arc<Conn>,
        recorder: &Recorder,
    ) -> Result<Answer, Failure> {
        let upgrade = Upgrade::asked(&mut request);
        // What a client speaks with its proxy says nothing of the server; with a reverse proxy it takes that for it.
        let http2 = request.version() == Version::HTTP_2 && matches!(self.options.mode, Mode::Reverse(_));
        let interim = request.version() == Version::HTTP_11;
        let (mut head, body) = request.into_parts();
        let mut span =
            self.telemetry.span(name::UPSTREAM_REQUEST).client().parent(recorder.context()).start();
        span.set_with("http.request.method", || head.method.as_str().to_owned());
        span.set_with("url.full", || self.intake.without_secrets(&to.url()));
        span.set_with("server.address", || to.host().to_owned());
        span.set("server.port", to.port);

        for_upstream(&mut head.headers);
        if upgrade.is_some() {
            Upgrade::ask(&mut head.headers);
        }
        head.headers.append(header::VIA, self.admission.via());
        self.name_host(&mut head.headers, &to.uri, conn);
        head.version = Version::HTTP_11;
        head.uri = without_user_info(to.uri);
        // With no tracing of our own there is no span to point to, and the client's header stays as it is.
        if self.options.propagate && self.telemetry.tracing() && becomes != Becomes::Count {
            span.context().put_into(&mut head.headers);
        }
        recorder.upstream_started(span);

        let limit = if becomes == Becomes::Flow { self.intake.body_bytes() } else { 0 };
        let body = Tee::new(body, Side::Request, limit, recorder.clone());
        let mut request = Request::from_parts(head, Either::Left(body));
        let awaiting = interim.then(|| {
            let to = Arc::clone(&conn.interim);
            hyper::ext::on_informational(&mut request, move |answer| {
                to.push(answer.status(), answer.headers())
            });
            conn.interim.open()
        });
        let Answered { mut response, made, resent, lease } =
            self.send(request, http2, conn, recorder).await?;
        drop(awaiting);
        recorder.connected(made);
        if resent {
            recorder.resent();
        }
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let unasked = || Failure::UpstreamInvalid("it switched protocols unasked".to_owned());
            let switched = upgrade.filter(|_| Upgrade::granted(response.headers())).ok_or_else(unasked)?;
            return Ok(self.switch(switched, &mut response, recorder));
        }
        let (mut head, body) = response.into_parts();
        let length = framing::of_response(&head.headers)?;
        recorder.responded(&head);
        for_client(&mut head.headers);
        let lease = match length {
            Length::Plain => lease,
            Length::Disputed => {
                head.headers.remove(header::CONTENT_LENGTH);
                None
            }
        };
        // The version is each connection's own, too.
        head.version = Version::HTTP_11;
        let body = Tee::new(body, Side::Response, limit, recorder.clone()).ending(lease);
        Ok(Response::from_parts(head, Either::Left(body)))
    }

    /// Until the answer's head is there. The upstream's time begins when it has the whole request.
    async fn send(
        &self,
        request: Sent,
        http2: bool,
        conn: &Conn,
        recorder: &Recorder,
    ) -> Result<Answered, Failure> {
        let limit = self.options.limits.request_timeout;
        let mut timer = conn.timer.take(limit);
        let sent = async {
            match &conn.place {
                Place::Outside => self.upstream.send(request, http2, &conn.last).await,
                Place::Within { origin, .. } => origin.send(request).await,
            }
        };
        let mut sent = pin!(sent);
        let answered = poll_fn(|cx| {
            if let Poll::Ready(answered) = sent.as_mut().poll(cx) {
                return Poll::Ready(answered);
            }
            while timer.as_mut().poll(cx).is_ready() {
                let waited = recorder.since_request().unwrap_or_default();
                if waited >= limit {
                    return Poll::Ready(Err(Failure::UpstreamTimeout(limit.as_secs())));
                }
                timer.as_mut().reset(Instant::now() + (limit - waited));
            }
            Poll::Pending
        });
        let answered = answered.await;
        conn.timer.keep(timer);
        answered
    }

    /// Says which host is meant.
    fn name_host(&self, headers: &mut http::HeaderMap, uri: &Uri, conn: &Conn) {
        // Within a tunnel the client speaks to the host itself, and what it says stays.
        if let Place::Within { .. } = conn.place {
            return;
        }
        // RFC 9112, 3.2.2: the URL in the request line is right, whatever Host says. Behind a reverse proxy it is the
        // server that is named.
        let host = host_and_port(uri).unwrap_or_default();
        if headers.get(header::HOST).is_none_or(|named| named != host)
            && let Ok(host) = HeaderValue::try_from(host)
        {
            headers.insert(header::HOST, host);
        }
        if let (Mode::Forward, Some(proxy)) = (&self.options.mode, self.upstream.dialer().proxy())
            && uri.scheme_str() == Some("http")
            && let Some(credentials) = proxy.credentials.as_ref().and_then(|c| c.header())
        {
            headers.insert(header::PROXY_AUTHORIZATION, credentials);
        }
    }
}

/// The URL as the pool may know it: connections are to a host, whoever asks.
fn without_user_info(uri: Uri) -> Uri {
    let plain = uri.authority().is_none_or(|authority| !authority.as_str().contains('@'));
    if plain {
        return uri;
    }
    let mut parts = uri.clone().into_parts();
    parts.authority = host_and_port(&uri).and_then(|host| host.parse().ok());
    Uri::from_parts(parts).unwrap_or(uri)
}

fn host_and_port(uri: &Uri) -> Option<&str> {
    let authority = uri.authority()?.as_str();
    Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
}
