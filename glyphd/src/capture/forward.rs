//! One request to its upstream, and the answer back.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use http::{HeaderValue, Request, Response, StatusCode, Uri, Version, header, request, uri::Authority};
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
    tls::Alpn,
    upgrade::Upgrade,
    upstream::{Answered, Outgoing, Sent},
};
use crate::telemetry::name;

impl Proxy {
    /// Sends the request on and returns the upstream's answer; both bodies pass through a tee. What need not wait is done before
    /// there is a future, which would otherwise have room for it, and be moved about with that.
    pub(super) fn forward<'a>(
        &'a self,
        mut request: Request<Incoming>,
        to: Destination,
        becomes: Becomes,
        conn: &'a Arc<Conn>,
        recorder: &'a Recorder,
    ) -> impl Future<Output = Result<Answer, Failure>> + Send + 'a {
        let upgrade = Upgrade::asked(&mut request);
        // What a client speaks with its proxy says nothing of the server; with a reverse proxy it takes that for it.
        let wanted = match (&self.options.mode, request.version()) {
            // Only that can be switched to something else.
            _ if upgrade.is_some() => Some(Alpn::Http1),
            (Mode::Reverse(_), Version::HTTP_2) => Some(Alpn::Http2),
            _ => None,
        };
        let interim = request.version() == Version::HTTP_11;
        let limit = if becomes == Becomes::Flow { self.intake.body_bytes() } else { 0 };
        let (mut head, body) = request.into_parts();
        let mut span =
            self.telemetry.span(name::UPSTREAM_REQUEST).client().parent(recorder.context()).start();
        span.set_with("http.request.method", || head.method.as_str().to_owned());
        span.set_with("url.full", || self.intake.without_secrets(&to.url()));
        span.set_with("server.address", || to.host().to_owned());
        span.set("server.port", to.port);
        // With no tracing of our own there is no span to point to, and the client's header stays as it is.
        let is_parent = self.options.propagate && self.telemetry.tracing() && becomes != Becomes::Count;
        self.for_upstream(&mut head, to, upgrade.is_some(), conn);
        if is_parent {
            span.context().put_into(&mut head.headers);
        }
        recorder.upstream_started(span);

        let body = Tee::new(body, Side::Request, limit, recorder.clone());
        let mut request = Box::new(Request::from_parts(head, Outgoing::of(body)));
        let awaiting = interim.then(|| {
            let to = Arc::clone(&conn.interim);
            hyper::ext::on_informational(&mut request, move |answer| {
                to.push(answer.status(), answer.headers())
            });
            conn.interim.open()
        });
        async move {
            let answered = self.send(request, wanted, conn, recorder).await?;
            drop(awaiting);
            self.answered(answered, upgrade, limit, recorder)
        }
    }

    /// Makes a request's head that of our own.
    fn for_upstream(&self, head: &mut request::Parts, to: Destination, upgrades: bool, conn: &Conn) {
        for_upstream(&mut head.headers);
        if upgrades {
            Upgrade::ask(&mut head.headers);
        }
        head.headers.append(header::VIA, self.admission.via());
        head.version = Version::HTTP_11;
        head.uri = without_user_info(to.uri);
        self.name_host(head, conn);
    }

    /// The upstream has answered: what the client gets of that.
    fn answered(
        &self,
        answered: Answered,
        upgrade: Option<Upgrade>,
        limit: usize,
        recorder: &Recorder,
    ) -> Result<Answer, Failure> {
        let Answered { mut response, made, resent, lease } = answered;
        recorder.connected(made);
        if resent > 0 {
            recorder.resent(resent);
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
        let lease = lease.filter(|_| length == Length::Plain);
        // The version is each connection's own, too.
        head.version = Version::HTTP_11;
        let body = Tee::new(body, Side::Response, limit, recorder.clone()).ending(lease);
        Ok(Response::from_parts(head, Either::Left(body)))
    }

    /// Until the answer's head is there. The upstream's time begins when it has the whole request.
    async fn send(
        &self,
        request: Box<Sent>,
        wanted: Option<Alpn>,
        conn: &Conn,
        recorder: &Recorder,
    ) -> Result<Answered, Failure> {
        let limit = self.options.limits.request_timeout;
        let mut timer = conn.timer.take(limit);
        let sent = async {
            match &conn.place {
                Place::Outside => self.upstream.send(request, wanted, &conn.last).await,
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
    fn name_host(&self, head: &mut request::Parts, conn: &Conn) {
        // Within a tunnel the client speaks to the host itself, and what it says stays.
        if let Place::Within { .. } = conn.place {
            return;
        }
        // RFC 9112, 3.2.2: the URL in the request line is right, whatever Host says. Behind a reverse proxy it is the
        // server that is named.
        let host = head.uri.authority().map_or("", Authority::as_str);
        if head.headers.get(header::HOST).is_none_or(|named| named != host)
            && let Ok(host) = HeaderValue::try_from(host)
        {
            head.headers.insert(header::HOST, host);
        }
        if let (Mode::Forward, Some(proxy)) = (&self.options.mode, self.upstream.dialer().proxy())
            && head.uri.scheme_str() == Some("http")
            && let Some(credentials) = proxy.credentials.as_ref().and_then(|c| c.header())
        {
            head.headers.insert(header::PROXY_AUTHORIZATION, credentials);
        }
    }
}

/// The URL as the upstream may know it: connections are to a host, whoever asks.
fn without_user_info(uri: Uri) -> Uri {
    let Some((_, host)) = uri.authority().and_then(|authority| authority.as_str().rsplit_once('@')) else {
        return uri;
    };
    let host = host.parse().ok();
    let mut parts = uri.into_parts();
    parts.authority = host;
    Uri::from_parts(parts).unwrap_or_default()
}
