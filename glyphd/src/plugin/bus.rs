//! The gRPC service: who calls, and whether they may. What happens on a stream is for [`super::session`].

use std::{path::Path, pin::Pin, sync::Arc, time::Instant};

use glyph_formats::{Attributes, Decision, Value};
use glyph_plugin::{
    Capability, PROTOCOL_VERSION, SESSION_METADATA,
    wire::{
        BusMessage, GrantCapabilitiesRequest, GrantCapabilitiesResponse, PluginMessage,
        plugin_bus_server::{PluginBus, PluginBusServer},
    },
};
use tokio::{net::UnixListener, sync::mpsc};
use tokio_stream::{
    Stream,
    wrappers::{ReceiverStream, UnixListenerStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Code, Request, Response, Status, Streaming, metadata::MetadataMap, transport::Server};

use super::{Access, Roster, access::Grant, names, session::Session};
use crate::{
    audit::{Audit, Entry, Event},
    dispatch::Dispatcher,
    findings::Findings,
    telemetry::{Span, Telemetry, TraceContext, name},
};

/// The part of the daemon that the audit names.
pub(super) const COMPONENT: &str = "plugin_bus";
/// Messages on their way to one plugin.
const OUTGOING: usize = 4;
/// The largest message that a plugin may send, in bytes.
const MESSAGE_LIMIT: usize = 1 << 20;

/// What the service and every session on it share. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Bus {
    pub(crate) access: Access,
    pub(crate) roster: Roster,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) findings: Findings,
    pub(crate) audit: Arc<Audit>,
    pub(crate) telemetry: Telemetry,
    /// The sessions under way.
    pub(crate) sessions: TaskTracker,
    /// Ends them at once.
    pub(crate) cut: CancellationToken,
}

impl Bus {
    /// Serves on that socket until `stop`; streams that are open then go on.
    pub(crate) async fn serve(self, listener: UnixListener, stop: CancellationToken) {
        let service = PluginBusServer::new(self).max_decoding_message_size(MESSAGE_LIMIT);
        let incoming = UnixListenerStream::new(listener);
        let served =
            Server::builder().add_service(service).serve_with_incoming_shutdown(incoming, stop.cancelled());
        if let Err(error) = served.await {
            tracing::error!(%error, "the plugin bus has failed");
        }
    }

    /// The address that a plugin is told.
    pub(crate) fn address(socket: &Path) -> String {
        format!("unix:{}", socket.display())
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
        let entry =
            Entry { component: COMPONENT, plugin, event, decision, reason: denied, metadata, context };
        self.audit.record(entry).map_err(|e| Status::unavailable(e.to_string()))
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
        let request = request.into_inner();
        let mut span = self.telemetry.span(name::AUTHENTICATE).server().start();
        let granted = self.grant(request, &mut span);
        let code = granted.as_ref().map_or_else(Status::code, |_| Code::Ok);
        self.telemetry.rpc_answered(span.context(), "GrantCapabilities", code_label(code), span.elapsed());
        granted.map(Response::new)
    }

    async fn event_stream(
        &self,
        request: Request<Streaming<PluginMessage>>,
    ) -> Result<Response<Outgoing>, Status> {
        let mut stream = self.telemetry.span(name::EVENT_STREAM).server().start();
        let grant = self.claim(request.metadata(), &mut stream);
        let grant = grant.inspect_err(|status| self.stream_answered(&stream, status.code()))?;
        let (out, outgoing) = mpsc::channel(OUTGOING);
        let session = Session::new(self.clone(), grant, request.into_inner(), out);
        self.sessions.spawn(session.run(stream));
        Ok(Response::new(Box::pin(ReceiverStream::new(outgoing))))
    }
}

impl Bus {
    /// The handshake of a stream is over.
    pub(super) fn stream_answered(&self, stream: &Span, code: Code) {
        self.telemetry.rpc_answered(stream.context(), "EventStream", code_label(code), stream.elapsed());
    }

    /// Trades a token for a session.
    fn grant(
        &self,
        request: GrantCapabilitiesRequest,
        span: &mut Span,
    ) -> Result<GrantCapabilitiesResponse, Status> {
        let plugin = printable(&request.plugin);
        span.set_with("glyph.plugin.id", || plugin.clone());
        let requested: Vec<Capability> = request.requested().collect();
        // The token is used up by this, whatever the answer.
        let redeemed = self.access.redeem(&request.plugin, &request.token, &requested, Instant::now());
        let redeemed = redeemed.map_err(|refusal| Status::unauthenticated(refusal.to_string()));
        let redeemed = check_version(request.protocol_version).and(redeemed);
        let mut metadata = Attributes::default();
        metadata.push("requested", capability_list(&requested));
        match redeemed {
            Ok((session_secret, grant)) => {
                metadata.push("granted", capability_list(&grant.capabilities));
                self.decide(&plugin, Event::CapabilitiesGranted, None, metadata, span.context())?;
                span.set_with("glyph.capabilities", || names(&grant.capabilities));
                span.succeed();
                let granted = grant.capabilities.iter().map(|c| (*c).into()).collect();
                Ok(GrantCapabilitiesResponse { session_secret, granted })
            }
            Err(status) => {
                let reason = status.message().to_owned();
                span.fail("refused", reason.clone());
                self.decide(&plugin, Event::CapabilitiesGranted, Some(reason), metadata, span.context())?;
                Err(status)
            }
        }
    }

    /// Whose session a secret opens.
    fn claim(&self, metadata: &MetadataMap, stream: &mut Span) -> Result<Grant, Status> {
        let mut span = self.telemetry.span(name::AUTHENTICATE).parent(stream.context()).start();
        let secret = metadata.get(SESSION_METADATA).and_then(|v| v.to_str().ok()).unwrap_or_default();
        match self.access.claim(secret) {
            Ok(grant) => {
                span.set_with("glyph.plugin.id", || grant.plugin.clone());
                stream.set_with("glyph.plugin.id", || grant.plugin.clone());
                span.succeed();
                Ok(grant)
            }
            Err(refusal) => {
                span.fail("refused", refusal.to_string());
                stream.fail("refused", refusal.to_string());
                let denied = Some(refusal.to_string());
                self.decide("", Event::SessionOpened, denied, Attributes::default(), span.context())?;
                Err(Status::unauthenticated(refusal.to_string()))
            }
        }
    }
}

/// The name of a gRPC status code, as the label `code` has it.
fn code_label(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Unavailable => "UNAVAILABLE",
        Code::Unauthenticated => "UNAUTHENTICATED",
        _ => "UNKNOWN",
    }
}

/// Whether that version of the protocol is spoken here.
pub(super) fn check_version(version: u32) -> Result<(), Status> {
    if version == PROTOCOL_VERSION {
        return Ok(());
    }
    let what = format!("protocol version {version} is not spoken here, only {PROTOCOL_VERSION}");
    Err(Status::failed_precondition(what))
}

fn capability_list(capabilities: &[Capability]) -> Value {
    Value::Array(names(capabilities).into_iter().map(Value::from).collect())
}

/// A name or version that somebody sent, fit for a log line.
pub(super) fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}
