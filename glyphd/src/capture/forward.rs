//! One request to its upstream, and the answer back.

use http::{HeaderValue, Request, Response, StatusCode, Uri, Version, header};
use http_body_util::Either;
use hyper::body::Incoming;

use super::{
    Answer, Proxy,
    failure::Failure,
    headers::{for_upstream, remove_hop_by_hop},
    recorder::Recorder,
    tee::{Side, Tee},
    upstream::ConnectionMade,
};
use crate::telemetry::name;

impl Proxy {
    /// Sends the request on and returns the upstream's answer; both bodies pass through a tee.
    pub(super) async fn forward(
        &self,
        request: Request<Incoming>,
        url: String,
        recorder: &Recorder,
    ) -> Result<Answer, Failure> {
        let (mut head, body) = request.into_parts();
        let mut span =
            self.telemetry.span(name::UPSTREAM_REQUEST).client().parent(recorder.context()).start();
        span.set_with("http.request.method", || head.method.as_str().to_owned());
        span.set_with("url.full", || self.intake.without_secrets(&url));
        span.set_with("server.address", || head.uri.host().unwrap_or_default().to_owned());
        span.set("server.port", head.uri.port_u16().unwrap_or(80));

        for_upstream(&mut head.headers);
        // RFC 9112, 3.2.2: the URL in the request line is right, whatever Host says.
        if let Some(host) = host_header(&head.uri) {
            head.headers.insert(header::HOST, host);
        }
        head.version = Version::HTTP_11;
        head.uri = without_user_info(head.uri);
        // With no tracing of our own there is no span to point to, and the client's header stays as it is.
        if self.options.propagate && self.telemetry.tracing() {
            span.context().put_into(&mut head.headers);
        }
        recorder.upstream_started(span);

        let limit = self.intake.body_bytes();
        let body = Tee::new(body, Side::Request, limit, recorder.clone());
        let response = self.upstream.send(Request::from_parts(head, body)).await;
        let (mut head, body) = response.map_err(|e| Failure::of_client(&e))?.into_parts();
        if let Some(made) = head.extensions.get::<ConnectionMade>() {
            recorder.connected(*made);
        }
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failure::UpstreamInvalid("it switched protocols unasked".to_owned()));
        }
        recorder.responded(&head);
        remove_hop_by_hop(&mut head.headers);
        // The version is each connection's own, too.
        head.version = Version::HTTP_11;
        let body = Tee::new(body, Side::Response, limit, recorder.clone());
        Ok(Response::from_parts(head, Either::Left(body)))
    }
}

/// The URL as the pool may know it: connections are to a host, whoever asks.
fn without_user_info(uri: Uri) -> Uri {
    let mut parts = uri.clone().into_parts();
    parts.authority = host_and_port(&uri).and_then(|host| host.parse().ok());
    Uri::from_parts(parts).unwrap_or(uri)
}

fn host_header(uri: &Uri) -> Option<HeaderValue> {
    HeaderValue::try_from(host_and_port(uri)?).ok()
}

fn host_and_port(uri: &Uri) -> Option<&str> {
    let authority = uri.authority()?.as_str();
    Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
}
