//! A request's way to its answer: looked up, served in time, passed on, or refused.

use std::{net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use glyphd::sanitize::Sanitizer;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header, request::Parts, uri::Scheme};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body as _, Incoming};
use tokio::time::{Instant, sleep_until};

use super::{
    answer::Answer,
    book::{Book, Found},
    forward::{Forward, Sent},
    likeness::{Asked, Likeness},
    response::{self, Body, Refusal},
    tally::Tally,
};

/// A request's body that counts is held, and may have so many bytes.
const BODY: usize = 16 << 20;

/// All that is needed to answer.
pub(super) struct Service {
    pub(super) book: Book,
    pub(super) likeness: Likeness,
    pub(super) sanitizer: Sanitizer,
    pub(super) forward: Option<Forward>,
    /// How many times as fast as recorded; none: at once.
    pub(super) speed: Option<f64>,
    pub(super) tally: Tally,
    pub(super) address: SocketAddr,
}

/// Where requests of a connection are for.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) scheme: Scheme,
    /// The host and port of a CONNECT that it came through.
    pub(super) within: Option<String>,
}

impl Service {
    /// The answer to anything but CONNECT.
    pub(super) async fn answer(&self, request: Request<Incoming>, place: &Place) -> Response<Body> {
        let begun = Instant::now();
        let (head, mut incoming) = request.into_parts();
        let scheme = head.uri.scheme().unwrap_or(&place.scheme).clone();
        let authority = self.authority(&head, place, &scheme);
        let body = match incoming.is_end_stream() {
            true => Bytes::new(),
            false if self.likeness.needs_body() => match collected(&mut incoming).await {
                Ok(body) => body,
                Err(status) => {
                    self.tally.unserved();
                    return response::empty(status);
                }
            },
            false => Bytes::new(),
        };
        let found = match self.look_up(&head, &body, authority.as_ref()) {
            Ok(found) => found,
            Err(error) => {
                self.tally.unserved();
                let refusal = self.refusal(&head, "recording", format!("{error:#}"));
                return Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, ..refusal }
                    .response(&head.headers);
            }
        };
        let recorded = match found {
            Found::Recorded(recorded) => recorded,
            Found::Nothing | Found::UsedUp(_) => {
                let sent: Sent = match body.is_empty() {
                    true => Either::Left(incoming),
                    false => Either::Right(Full::new(body)),
                };
                return self.unmatched(head, sent, place, &scheme, &found).await;
            }
        };
        // A connection that is to be used again has no rest of a request on it.
        drain(&mut incoming).await;
        match &recorded.answer {
            Ok(answer) => {
                self.tally.answered();
                let pace = self.wait(answer, begun).await;
                response::recorded(answer, &head.method, pace)
            }
            Err(unserved) => {
                self.tally.unserved();
                let url = head.uri.to_string();
                Refusal::unserved(unserved, head.method.as_str(), &url).response(&head.headers)
            }
        }
    }

    fn look_up(
        &self,
        head: &Parts,
        body: &Bytes,
        authority: Option<&(String, u16)>,
    ) -> anyhow::Result<Found> {
        let sanitizer = self.book.has_tokens().then_some(&self.sanitizer);
        let asked = Asked { head, body };
        let methods = match head.method {
            // What GET gave says what HEAD would have.
            Method::HEAD => &["HEAD", "GET"][..],
            ref method => &[method.as_str()][..],
        };
        for method in methods {
            for key in self.likeness.asked(method, &asked, sanitizer) {
                match self.book.take(key, authority)? {
                    Found::Nothing => {}
                    // Another's number may be the same.
                    Found::Recorded(recorded) if !recorded.method.eq_ignore_ascii_case(method) => {}
                    found => return Ok(found),
                }
            }
        }
        Ok(Found::Nothing)
    }

    /// Waits for the head's time, and tells how the body is to come.
    async fn wait(&self, answer: &Answer, begun: Instant) -> Option<(Instant, Duration)> {
        let speed = self.speed?;
        let head = begun + answer.first_byte.div_f64(speed);
        sleep_until(head).await;
        Some((head, answer.rest.div_f64(speed)))
    }

    async fn unmatched(
        &self,
        head: Parts,
        mut body: Sent,
        place: &Place,
        scheme: &Scheme,
        found: &Found,
    ) -> Response<Body> {
        let named = named_host(&head, place);
        if let Some(forward) = &self.forward
            && !forward.is_own(&head.headers)
        {
            self.tally.forwarded();
            let (method, uri, headers) = (head.method.clone(), head.uri.clone(), head.headers.clone());
            let sent = forward.send(Request::from_parts(head, body), scheme.clone(), named.as_deref()).await;
            return sent.map_or_else(
                |error| {
                    let message = format!("it was passed on, in vain: {error:#}");
                    let url = uri.to_string();
                    let status = StatusCode::BAD_GATEWAY;
                    let refusal = Refusal {
                        status,
                        error: "forward",
                        message,
                        method: method.as_str(),
                        url: &url,
                        nearest: vec![],
                    };
                    refusal.response(&headers)
                },
                response::forwarded,
            );
        }
        if let Either::Left(incoming) = &mut body {
            drain(incoming).await;
        }
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        self.tally.unmatched(format!("{} {}", head.method, self.sanitizer.url(target)));
        let mut refusal = match found {
            Found::UsedUp(times) => self.refusal(
                &head,
                "used_up",
                format!("it was recorded {times} times, and has been answered as often"),
            ),
            _ => self.refusal(&head, "unmatched", "no recorded exchange fits this request".to_owned()),
        };
        refusal.nearest = self.book.nearest(head.method.as_str(), target);
        refusal.response(&head.headers)
    }

    fn refusal<'a>(&self, head: &'a Parts, error: &'static str, message: String) -> Refusal<'a> {
        let url = head.uri.path_and_query().map_or("/", |target| target.as_str());
        Refusal {
            status: StatusCode::NOT_FOUND,
            error,
            message,
            method: head.method.as_str(),
            url,
            nearest: Vec::new(),
        }
    }

    /// The host that is asked, if there are several that could be.
    fn authority(&self, head: &Parts, place: &Place, scheme: &Scheme) -> Option<(String, u16)> {
        if !self.book.has_hosts() {
            return None;
        }
        let named = named_host(head, place)?;
        let uri: Uri = named.parse().ok()?;
        let authority = uri.authority()?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let port = authority.port_u16().unwrap_or(if *scheme == Scheme::HTTPS { 443 } else { 80 });
        Some((host, port))
    }
}

/// The host that a request names: in its URL, in the CONNECT around it, or in its header.
fn named_host(head: &Parts, place: &Place) -> Option<String> {
    if let Some(authority) = head.uri.authority() {
        return Some(authority.as_str().to_owned());
    }
    place.within.clone().or_else(|| Some(host_header(&head.headers)?.to_owned()))
}

fn host_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// A body, or how it is refused: if it broke off, or is longer than may be.
async fn collected(body: &mut Incoming) -> Result<Bytes, StatusCode> {
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() {
            all.extend_from_slice(&data);
        }
        if all.len() > BODY {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
    }
    Ok(all.freeze())
}

async fn drain(body: &mut Incoming) {
    while !body.is_end_stream()
        && let Some(Ok(_)) = body.frame().await
    {}
}
