//! The gRPC services: who calls, and whether they may. What happens on a stream is for [`super::session`], what becomes of
//! a plugin's own requests for [`crate::netgate`].

mod access;
mod admission;
mod fetch;
mod listen;
mod peer;

use std::{collections::BTreeMap, pin::Pin, sync::Arc, time::Duration};

use glyph_formats::{Attributes, Decision};
use glyph_plugin::{
    TRACE_METADATA,
    encoded::BusMessage,
    server::{NetgateServer, PluginBus, PluginBusServer},
    wire::{GrantCapabilitiesRequest, GrantCapabilitiesResponse, PluginMessage},
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{
    Code, Request, Response, Status, Streaming,
    metadata::{MetadataMap, MetadataValue},
    transport::Server,
};

use self::peer::Peer;
pub(crate) use self::{access::Access, listen::Listener};
pub(super) use self::{
    access::Open,
    admission::{check_version, list, printable},
};
pub use self::{
    access::{TOKEN_LIFE, Token},
    listen::BusAddress,
};
use super::{
    Allowance, HeartbeatOptions, Roster,
    session::{OUTGOING, Session},
};
use crate::{
    audit::{Audit, Entry, Event},
    dispatch::Dispatcher,
    findings::Findings,
    netgate::Netgate,
    sanitize::Sanitizer,
    telemetry::{Span, Telemetry, TraceContext, name},
};

/// The part of the daemon that the audit names.
pub(super) const COMPONENT: &str = "plugin_bus";
/// The largest message that a plugin may send, in bytes.
const MESSAGE_LIMIT: usize = 1 << 20;
/// How often a connection without traffic is asked whether somebody is there, and how long the answer may take.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// The sessions under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sessions {
    pub(crate) tasks: TaskTracker,
    /// Ends them at once.
    pub(crate) cut: CancellationToken,
}

/// What the service and every session on it share. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Bus {
    pub(crate) access: Access,
    pub(crate) allowances: Arc<BTreeMap<String, Allowance>>,
    pub(crate) roster: Roster,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) findings: Findings,
    pub(crate) sanitizer: Arc<Sanitizer>,
    pub(crate) audit: Arc<Audit>,
    pub(crate) telemetry: Telemetry,
    pub(crate) heartbeat: HeartbeatOptions,
    pub(crate) netgate: Netgate,
    pub(crate) sessions: Sessions,
}

impl Bus {
    /// Serves until `stop`; streams that are open then go on.
    pub(crate) async fn serve(self, listener: Listener, stop: CancellationToken) {
        let netgate = NetgateServer::new(self.clone()).max_decoding_message_size(MESSAGE_LIMIT);
        let service = PluginBusServer::new(self).max_decoding_message_size(MESSAGE_LIMIT);
        let server = Server::builder()
            .http2_keepalive_interval(Some(KEEPALIVE))
            .http2_keepalive_timeout(Some(KEEPALIVE));
        if let Err(error) = listener.serve(server, (service, netgate), stop).await {
            tracing::error!(%error, "the plugin bus has failed");
        }
    }

    /// A decision about access, on record before anyone is told.
    pub(super) fn decide(
        &self,
        plugin: &str,
        event: Event,
        denied: Option<String>,
        metadata: Attributes,
        context: TraceContext,
    ) -> Result<(), Status> {
        let decision = if denied.is_some() { Decision::Deny } else { Decision::Allow };
        if let Some(reason) = &denied {
            self.telemetry.plugin_refused(plugin, reason);
        }
        let context = Some(context);
        let entry =
            Entry { component: COMPONENT, plugin, event, decision, reason: denied, metadata, context };
        self.audit.record(entry).map_err(|e| Status::unavailable(e.to_string()))
    }

    /// The handshake of a stream is over.
    pub(super) fn stream_answered(&self, stream: &Span, code: Code) {
        self.telemetry.rpc_answered(stream.context(), "EventStream", code_label(code), stream.elapsed());
    }
}

type Outgoing = Pin<Box<dyn Stream<Item = Result<BusMessage, Status>> + Send>>;

#[tonic::async_trait]
impl PluginBus for Bus {
    type EventStreamStream = Outgoing;

    async fn grant_capabilities(
        &self,
        request: Request<GrantCapabilitiesRequest>,
    ) -> Result<Response<GrantCapabilitiesResponse>, Status> {
        let peer = Peer::of(&request);
        let mut span = self.telemetry.span(name::AUTHENTICATE).server();
        if let Some(caller) = caller(request.metadata()) {
            span = span.link(caller);
        }
        let mut span = span.start();
        let granted = self.grant(request.into_inner(), peer, &mut span);
        let code = granted.as_ref().map_or_else(Status::code, |_| Code::Ok);
        self.telemetry.rpc_answered(span.context(), "GrantCapabilities", code_label(code), span.elapsed());
        granted.map(|granted| in_trace(granted, span.context()))
    }

    async fn event_stream(
        &self,
        request: Request<Streaming<PluginMessage>>,
    ) -> Result<Response<Outgoing>, Status> {
        let mut stream = self.telemetry.span(name::EVENT_STREAM).server();
        if let Some(caller) = caller(request.metadata()) {
            stream = stream.link(caller);
        }
        let mut stream = stream.start();
        let open = self.claim(request.metadata(), Peer::of(&request), &mut stream);
        let open = open.inspect_err(|status| self.stream_answered(&stream, status.code()))?;
        let context = stream.context();
        let (out, outgoing) = mpsc::channel(OUTGOING);
        let session = Session::new(self.clone(), open, request.into_inner(), out);
        self.sessions.tasks.spawn(session.run(stream));
        Ok(in_trace(Box::pin(ReceiverStream::new(outgoing)), context))
    }
}

/// The span of the one who calls.
fn caller(metadata: &MetadataMap) -> Option<TraceContext> {
    metadata.get(TRACE_METADATA).and_then(|v| v.to_str().ok()).and_then(TraceContext::of_traceparent)
}

/// An answer that says in which trace it was given.
fn in_trace<T>(message: T, context: TraceContext) -> Response<T> {
    let mut response = Response::new(message);
    if let Ok(value) = MetadataValue::try_from(context.to_string()) {
        response.metadata_mut().insert(TRACE_METADATA, value);
    }
    response
}

/// The name of a gRPC status code, as the label `code` has it.
fn code_label(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unavailable => "UNAVAILABLE",
        Code::Unauthenticated => "UNAUTHENTICATED",
        _ => "UNKNOWN",
    }
}
