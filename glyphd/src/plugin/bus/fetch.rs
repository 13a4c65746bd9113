//! `Netgate.Fetch`: whose session it is, and how far it may go; the messages of the wire, and the netgate's. What is sent,
//! and whether, is decided there.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use glyph_formats::Attributes;
use glyph_plugin::{
    Capability, SESSION_METADATA,
    server::Netgate as NetgateService,
    wire::{self, FetchHead, FetchRequest, FetchResponse, fetch_end, fetch_request, fetch_response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status, Streaming, metadata::MetadataMap};

use super::{
    Bus,
    access::{Grant, Live, Refusal},
    caller,
    peer::Peer,
};
use crate::{
    audit::Event,
    netgate::{self, Answer, Caller, Denied, End, Failure, Fault, Parts, Reach},
    telemetry::{TraceContext, name},
};

/// Messages on their way to the plugin; more than that, and the server is not read from.
const ANSWERS: usize = 8;
/// How long a plugin may take for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How many headers a request may have.
const HEADERS: usize = 256;

type Answers = Pin<Box<dyn Stream<Item = Result<FetchResponse, Status>> + Send>>;

#[tonic::async_trait]
impl NetgateService for Bus {
    type FetchStream = Answers;

    async fn fetch(&self, request: Request<Streaming<FetchRequest>>) -> Result<Response<Answers>, Status> {
        let (grant, live) = self.whose(request.metadata(), Peer::of(&request))?;
        let said = caller(request.metadata());
        let mut incoming = request.into_inner();
        let first = timeout(HEAD_TIMEOUT, incoming.message()).await;
        let first = first.map_err(|_| Status::deadline_exceeded("no head came"))??;
        let Some(FetchRequest { message: Some(fetch_request::Message::Head(head)) }) = first else {
            return Err(Status::invalid_argument("the first message is no head"));
        };
        let (caller, flow_id) = who(grant, &live, &head.flow_id, said);
        let asked = asked(FetchHead { flow_id, ..head })?;
        let (out, mut answers) = mpsc::channel(ANSWERS);
        let (netgate, stop) = (self.netgate.clone(), live.ended);
        let mut work = UnderWay::begin(self.sessions.tasks.clone(), async move {
            netgate.fetch(caller, asked, parts(incoming), out, stop).await;
        });
        // What is over soon needs no task of its own, and its answer goes out in one piece.
        let first = tokio::select! {
            biased;
            () = &mut work => None,
            first = answers.recv() => first,
        };
        drop(work);
        let answers = tokio_stream::iter(first).chain(ReceiverStream::new(answers));
        Ok(Response::new(Box::pin(answers.map(|answer| Ok(message(answer))))))
    }
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A fetch, which comes to its end whatever becomes of who waits for it: what is left of it when this is dropped goes on
/// by itself.
struct UnderWay {
    work: Option<Work>,
    tasks: TaskTracker,
}

impl UnderWay {
    fn begin(tasks: TaskTracker, work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { work: Some(Box::pin(tasks.track_future(work))), tasks }
    }
}

impl Future for UnderWay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(work) = &mut self.work {
            ready!(work.as_mut().poll(cx));
            self.work = None;
        }
        Poll::Ready(())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.tasks.spawn(work);
        }
    }
}

impl Bus {
    /// Whose session it is. A stranger is on record before it is told.
    fn whose(&self, metadata: &MetadataMap, peer: Peer) -> Result<(Grant, Live), Status> {
        let secret = metadata.get(SESSION_METADATA).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let refusal = match self.access.session(secret, peer) {
            Ok(session) => return Ok(session),
            Err(refusal) => refusal,
        };
        let mut span = self.telemetry.span(name::AUTHENTICATE).server().start();
        span.fail("refused", refusal.to_string());
        let metadata = Attributes(vec![("peer".into(), peer.to_string().into())]);
        self.decide("", Event::HttpRequested, Some(refusal.to_string()), metadata, span.context())?;
        Err(match refusal {
            Refusal::NoStream => Status::failed_precondition(refusal.to_string()),
            _ => Status::unauthenticated(refusal.to_string()),
        })
    }
}

/// Who asks: as far as it may go, and in a trace only if that is the flow's; and the flow, if it is known.
fn who(grant: Grant, live: &Live, flow_id: &str, said: Option<TraceContext>) -> (Caller, String) {
    let flow = live.known.get(flow_id);
    let flow_id = if flow.is_some() { flow_id.to_owned() } else { String::new() };
    let has = |capability| grant.capabilities.contains(&capability);
    let reach = if has(Capability::CapHttpActive) {
        Some(Reach::Active)
    } else {
        let origin = || flow.as_ref().and_then(|flow| flow.origin());
        has(Capability::CapHttpPassive).then(|| Reach::Passive(origin()))
    };
    let own = flow.as_ref().map(|flow| flow.context);
    let within = said.filter(|said| own.is_some_and(|own| own.trace_id == said.trace_id));
    let secrets = flow.map(|flow| flow.secrets.clone()).unwrap_or_default();
    (Caller { plugin: grant.plugin, reach, parent: within.or(own), secrets }, flow_id)
}

fn asked(head: FetchHead) -> Result<netgate::Request, Status> {
    if head.headers.len() > HEADERS {
        return Err(Status::invalid_argument(format!("there are more than {HEADERS} headers")));
    }
    let mut headers = HeaderMap::with_capacity(head.headers.len());
    for header in head.headers {
        let name = HeaderName::try_from(&header.name);
        let name = name.map_err(|_| Status::invalid_argument("a header's name is none"))?;
        let value = HeaderValue::from_maybe_shared(header.value);
        let value = value.map_err(|_| Status::invalid_argument(format!("{name}: the value is none")))?;
        headers.append(name, value);
    }
    Ok(netgate::Request {
        method: head.method,
        url: head.url,
        headers,
        flow_id: head.flow_id,
        timeout: (head.timeout_ms > 0).then(|| Duration::from_millis(head.timeout_ms.into())),
        max_response_bytes: Some(head.max_response_bytes).filter(|most| *most > 0),
        keep_redirects: head.keep_redirects,
    })
}

/// The request's body, part by part.
fn parts(incoming: Streaming<FetchRequest>) -> Parts {
    Box::pin(incoming.map(|received| match received {
        Ok(FetchRequest { message: Some(fetch_request::Message::Body(part)) }) => Ok(part),
        Ok(_) => Err("a second head, or a message of no kind that is known".to_owned()),
        Err(status) => Err(status.message().to_owned()),
    }))
}

fn message(answer: Answer) -> FetchResponse {
    use fetch_response::Message;
    let message = match answer {
        Answer::Head { status, version, headers, url } => Message::Head(wire::FetchResponseHead {
            status: status.into(),
            version: spoken(version).to_owned(),
            headers: headers_of(&headers),
            url,
        }),
        Answer::Body(part) => Message::Body(part),
        Answer::End(end) => Message::End(ending(*end)),
    };
    FetchResponse { message: Some(message) }
}

fn ending(end: End) -> wire::FetchEnd {
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let (outcome, trailers) = match end.outcome {
        Ok(trailers) => (None, headers_of(&trailers)),
        Err(fault) => (Some(outcome(fault)), Vec::new()),
    };
    wire::FetchEnd {
        outcome,
        trailers,
        attempts: end.tally.attempts,
        redirects: end.tally.redirects,
        rate_limit_wait_us: micros(end.tally.limited),
        backoff_us: micros(end.tally.backoff),
    }
}

fn outcome(fault: Fault) -> fetch_end::Outcome {
    match fault {
        Fault::Denied(denied) => fetch_end::Outcome::Denied(wire::FetchDenied {
            reason: reason(&denied).into(),
            message: denied.to_string(),
        }),
        Fault::Failed(failure, message) => {
            fetch_end::Outcome::Failed(wire::FetchFailed { kind: kind(failure).into(), message })
        }
    }
}

fn reason(denied: &Denied) -> wire::DenialReason {
    use wire::DenialReason as Reason;
    match denied {
        Denied::Capability => Reason::DeniedCapability,
        Denied::Method(_) => Reason::DeniedMethod,
        Denied::Origin(_) => Reason::DeniedOrigin,
        Denied::Url(_) => Reason::DeniedUrl,
        Denied::Scheme(_) => Reason::DeniedScheme,
        Denied::Address { .. } => Reason::DeniedAddress,
        Denied::Own(_) => Reason::DeniedOwn,
        Denied::Budget(_) => Reason::DeniedBudget,
        Denied::Concurrency(_) => Reason::DeniedConcurrency,
        Denied::Audit(_) => Reason::DeniedAudit,
        Denied::Offline => Reason::DeniedOffline,
    }
}

fn kind(failure: Failure) -> wire::FailureKind {
    use wire::FailureKind as Kind;
    match failure {
        Failure::Resolve => Kind::FailedResolve,
        Failure::Connect => Kind::FailedConnect,
        Failure::Tls => Kind::FailedTls,
        Failure::Timeout => Kind::FailedTimeout,
        Failure::Closed => Kind::FailedClosed,
        Failure::Invalid => Kind::FailedInvalid,
        Failure::TooLarge => Kind::FailedTooLarge,
        Failure::Redirect => Kind::FailedRedirect,
        Failure::RateLimited => Kind::FailedRateLimited,
        Failure::Request => Kind::FailedRequest,
        Failure::Stopped => Kind::FailedStopped,
    }
}

fn headers_of(headers: &HeaderMap) -> Vec<wire::Header> {
    let header = |(name, value): (&HeaderName, &HeaderValue)| wire::Header {
        name: name.as_str().to_owned(),
        value: Bytes::copy_from_slice(value.as_bytes()),
        redacted: false,
    };
    headers.iter().map(header).collect()
}

fn spoken(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}
