//! One request's way: judged, waited for, sent, sent again or elsewhere, and answered. Each decision is on the audit record
//! before anything comes of it.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use http::{
    HeaderMap, HeaderName, Method, Uri,
    header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, LOCATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    Netgate, Open,
    answer::{Answer, Caller, End, Failure, Fault, Parts, Request, Tally},
    body::{Account, Content},
    client::{self, Response},
    connect::Peer,
    policy::{Denied, Reach, Target},
    record::Last,
    redirect,
    retry::{self, Setback},
};
use crate::telemetry::{Span, name};

/// What is the daemon's to say: about connections, and how a body is framed.
const OURS: [HeaderName; 11] = [
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("http2-settings"),
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A fetch under way.
struct Fetch<'a> {
    netgate: &'a Netgate,
    caller: &'a Caller,
    flow_id: &'a str,
    span: &'a mut Span,
    tally: &'a mut Tally,
    /// What it has come to: the request that was sent last.
    last: &'a mut Last,
    answers: &'a mpsc::Sender<Answer>,
    deadline: Instant,
}

pub(super) async fn run(
    netgate: &Netgate,
    caller: Caller,
    request: Request,
    parts: Parts,
    answers: mpsc::Sender<Answer>,
    stop: CancellationToken,
) {
    // There is room for the end, whatever else waits.
    let Ok(end) = answers.clone().reserve_owned().await else { return };
    let telemetry = &netgate.around.telemetry;
    let capability = caller.reach.as_ref().map_or("", Reach::capability);
    let mut span = telemetry.span(name::HTTP_REQUEST).client().parent(caller.parent).start();
    span.set_with("glyph.plugin.id", || caller.plugin.clone());
    span.set("glyph.capability", capability);
    if !request.flow_id.is_empty() {
        span.set_with("glyph.flow.id", || request.flow_id.clone());
    }
    let mut tally = Tally::default();
    let mut last = Last::of(request.method.clone(), request.url.clone());
    let limit = netgate.open.as_ref().map_or(Duration::ZERO, |open| open.options.timeout(request.timeout));
    let deadline = Instant::now() + limit;
    let outcome = {
        let flow_id = &request.flow_id.clone();
        let mut fetch = Fetch {
            netgate,
            caller: &caller,
            flow_id,
            span: &mut span,
            tally: &mut tally,
            last: &mut last,
            answers: &answers,
            deadline,
        };
        let work = fetch.go(request, parts);
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(Fault::failed(Failure::Stopped, "the plugin's session has ended")),
            () = answers.closed() => Err(Fault::failed(Failure::Stopped, "nobody waits for the answer")),
            done = timeout_at(deadline.into(), work) => done.unwrap_or_else(|_| {
                Err(Fault::failed(Failure::Timeout, format!("there was no whole response after {limit:?}")))
            }),
        }
    };
    let outcome = match outcome {
        Err(Fault::Denied(denied)) => Err(netgate.denied(denied, &caller, &last, &span)),
        other => other,
    };
    let clean = netgate.clean(&caller);
    last.tell(&mut span, &clean);
    span.set("glyph.fetch.attempts", tally.attempts);
    span.set("glyph.fetch.redirects", tally.redirects);
    span.set("glyph.fetch.wait_ms", millis(tally.limited + tally.backoff));
    match &outcome {
        Ok(_) => span.succeed(),
        Err(fault) => span.fail(fault.kind(), clean.text(&fault.to_string())),
    }
    if tally.attempts > 0 {
        let status = last.status.unwrap_or(0);
        let (context, took) = (span.context(), span.elapsed());
        telemetry.fetched(context, &caller.plugin, capability, &last.method, status, took);
    }
    // The span is there before anybody can know of its end.
    drop(span);
    end.send(Answer::End(Box::new(End { outcome, tally })));
}

impl Fetch<'_> {
    async fn go(&mut self, request: Request, parts: Parts) -> Result<HeaderMap, Fault> {
        let caller = self.caller;
        let reach = caller.reach.as_ref().ok_or(Denied::Capability)?;
        let open = self.netgate.open.as_ref().ok_or(Denied::Offline)?;
        let _slot = open.slots.take(&caller.plugin)?;
        let method = Method::from_bytes(request.method.as_bytes());
        let mut method = method.map_err(|_| Denied::Method("the method is none".into()))?;
        let mut target = Target::parse(&request.url)?;
        // What may not be sent is not waited for.
        reach.judge(&method, &target)?;
        let mut headers = sendable(request.headers);
        let mut content = Content::of(parts).await?;
        let largest = request.max_response_bytes.unwrap_or(u64::MAX).min(open.options.max_response_bytes);
        loop {
            *self.last = Last::of(method.as_str(), target.to_string());
            self.last.server = Some((target.origin.host.clone(), target.origin.port));
            reach.judge(&method, &target)?;
            // Before the name is looked up: that is a request to somebody, too.
            open.budgets.request(&caller.plugin).map_err(Denied::Budget)?;
            open.dialer.addresses(&target.origin).await?;
            self.netgate.allowed(caller, self.last, self.flow_id, self.span)?;
            let response = self.ask(open, &method, &target, &headers, &mut content).await?;
            let (status, answered) = (response.status(), response.headers());
            self.last.status = Some(status.as_u16());
            self.last.peer = response.extensions().get::<Peer>().map(|peer| peer.0);
            let redirect = redirect::of_answer(status, answered, &method, &target);
            let Some(redirect) = redirect.filter(|_| !request.keep_redirects) else {
                return self.hand_over(open, response, &method, largest).await;
            };
            let failed = |message: String| Fault::failed(Failure::Redirect, message);
            if self.tally.redirects >= open.options.redirects {
                return Err(failed(format!("more than {} redirects", open.options.redirects)));
            }
            let redirect = redirect.inspect_err(|_| {
                let url = answered.get(LOCATION).map(lossy).unwrap_or_default();
                *self.last = Last::of(method.as_str(), url);
            })?;
            self.tally.redirects += 1;
            redirect.strip(&mut headers, &target);
            if redirect.without_body {
                content = Content::EMPTY;
            } else if !content.is_there() {
                return Err(failed("the redirect wants a body again that was not kept".to_owned()));
            }
            (method, target) = (redirect.method, redirect.target);
        }
    }

    /// Sends, as often as it takes.
    async fn ask(
        &mut self,
        open: &Open,
        method: &Method,
        target: &Target,
        headers: &HeaderMap,
        content: &mut Content,
    ) -> Result<Response, Fault> {
        let account =
            Account { budgets: Arc::clone(&open.budgets), plugin: Arc::from(self.caller.plugin.as_str()) };
        let uri: Uri =
            self.last.url.parse().map_err(|e: http::uri::InvalidUri| Denied::Url(e.to_string()))?;
        let again = retry::is_idempotent(method) && content.is_held();
        let mut attempts = 0;
        loop {
            if attempts > 0 {
                open.budgets.request(&self.caller.plugin).map_err(Denied::Budget)?;
            }
            self.wait_for_room(open, &target.origin.host).await?;
            attempts += 1;
            self.tally.attempts += 1;
            let mut request = http::Request::new(content.send(&account));
            *request.method_mut() = method.clone();
            *request.uri_mut() = uri.clone();
            *request.headers_mut() = headers.clone();
            if open.propagate {
                self.span.context().put_into(request.headers_mut());
            }
            let answered = open.client.request(request).await.map_err(|e| client::fault(&e));
            let setback = match &answered {
                Ok(response) => Setback::of_answer(response.status(), response.headers(), SystemTime::now()),
                Err(fault) => client::is_no_connection(fault).then_some(Setback::NoConnection),
            };
            let left = self.deadline.saturating_duration_since(Instant::now());
            let wait = setback.filter(|_| again).and_then(|setback| {
                let wait = retry::wait(setback, attempts, open.options.attempts, left, rand::random());
                wait.map(|wait| (wait, setback.status()))
            });
            let Some((wait, status)) = wait else { return answered };
            drop(answered);
            self.span.event("backoff", SystemTime::now());
            self.netgate.around.telemetry.fetch_backed_off(&self.caller.plugin, status);
            let since = Instant::now();
            sleep(wait).await;
            self.tally.backoff += since.elapsed();
        }
    }

    /// Waits until the rate limits have room.
    async fn wait_for_room(&mut self, open: &Open, host: &str) -> Result<(), Fault> {
        let full = |_| Fault::failed(Failure::RateLimited, "too many requests wait for the rate limits");
        let Some(waiting) = open.limiter.come(host).map_err(full)? else { return Ok(()) };
        let telemetry = &self.netgate.around.telemetry;
        let scope = waiting.scope().as_str();
        telemetry.fetch_throttled(scope);
        let span = telemetry.span(name::RATE_LIMIT_WAIT).parent(self.span.context());
        let mut span = span.with("glyph.rate.scope", scope).start();
        span.set_with("glyph.plugin.id", || self.caller.plugin.clone());
        let waited = match timeout_at(self.deadline.into(), waiting.admitted()).await {
            Ok(waited) => waited.delay,
            Err(_) => {
                span.fail("rate_limited", "there was no room in time");
                self.tally.limited += span.elapsed();
                return Err(Fault::failed(Failure::RateLimited, "the rate limits had no room in time"));
            }
        };
        span.set("glyph.rate.delay_ms", millis(waited));
        span.succeed();
        self.tally.limited += waited;
        Ok(())
    }

    /// Hands the response over, and returns its trailers.
    async fn hand_over(
        &mut self,
        open: &Open,
        response: Response,
        method: &Method,
        largest: u64,
    ) -> Result<HeaderMap, Fault> {
        let (head, mut body) = response.into_parts();
        let too_large =
            || Fault::failed(Failure::TooLarge, format!("the response has more than {largest} bytes"));
        let told = body.size_hint().lower();
        if *method != Method::HEAD && told > largest {
            return Err(too_large());
        }
        let (status, version, headers) = (head.status.as_u16(), head.version, head.headers);
        self.answer(Answer::Head { status, version, headers, url: self.last.url.clone() }).await?;
        let (mut size, mut trailers) = (0, HeaderMap::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|e| client::fault(&e))?;
            match frame.into_data() {
                Ok(data) => {
                    size += data.len() as u64;
                    if size > largest {
                        return Err(too_large());
                    }
                    let spent = open.budgets.bytes(&self.caller.plugin, data.len() as u64);
                    spent.map_err(Denied::Budget)?;
                    if !data.is_empty() {
                        self.answer(Answer::Body(data)).await?;
                    }
                }
                Err(frame) => trailers = frame.into_trailers().unwrap_or_default(),
            }
        }
        Ok(trailers)
    }

    async fn answer(&self, answer: Answer) -> Result<(), Fault> {
        let gone = |_| Fault::failed(Failure::Stopped, "nobody waits for the answer");
        self.answers.send(answer).await.map_err(gone)
    }
}

/// The headers without what is the daemon's to say, and without what `Connection` says is about the connection.
fn sendable(mut headers: HeaderMap) -> HeaderMap {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in OURS.iter().chain(&named) {
        headers.remove(name);
    }
    headers
}

fn lossy(value: &http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// In milliseconds, to the microsecond.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}
