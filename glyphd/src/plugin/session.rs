//! One plugin's stream: deliveries out, findings back, until one side ends it.

use std::{collections::HashMap, time::Duration};

use glyph_formats::{Attributes, Decision, Finding, UnixNanos};
use glyph_plugin::{
    Capability, PROTOCOL_VERSION, Subscription,
    wire::{self, BusMessage, Goodbye, Hello, PluginMessage, Welcome, bus_message, plugin_message::Message},
};
use tokio::{sync::mpsc, time::timeout};
use tonic::{Code, Status, Streaming};
use ulid::Ulid;

use super::{
    Bus, State,
    access::Grant,
    bus::{COMPONENT, check_version, printable},
    convert,
    known_flows::KnownFlows,
};
use crate::{
    audit::{Entry, Event},
    dispatch::{Delivery, Side},
    telemetry::{Span, TraceContext, name},
};

/// How long a plugin may take for its Hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How many events a plugin may have without having answered FlowDone. The rest waits in its queue.
const WINDOW: usize = 64;
/// The longest that a finding's texts may be, in bytes: type, and each of the others.
const TYPE_LIMIT: usize = 200;
const TEXT_LIMIT: usize = 16 << 10;

/// A session under way.
#[derive(Debug)]
pub(super) struct Session {
    bus: Bus,
    grant: Grant,
    incoming: Streaming<PluginMessage>,
    out: mpsc::Sender<Result<BusMessage, Status>>,
    /// The spans `plugin_bus.dispatch_event` that wait for their FlowDone.
    waiting: HashMap<(String, i32), Span>,
    /// The delivery that waits for room on the stream.
    next: Option<Delivery>,
    known: KnownFlows,
}

impl Session {
    pub(super) fn new(
        bus: Bus,
        grant: Grant,
        incoming: Streaming<PluginMessage>,
        out: mpsc::Sender<Result<BusMessage, Status>>,
    ) -> Self {
        let (waiting, known) = (HashMap::new(), KnownFlows::default());
        Self { bus, grant, incoming, out, waiting, next: None, known }
    }

    /// Serves the plugin. `stream` is the span of the handshake.
    pub(super) async fn run(mut self, mut stream: Span) {
        let context = stream.context();
        let welcomed = match self.handshake(context).await {
            Ok(welcomed) => {
                stream.succeed();
                self.bus.stream_answered(&stream, Code::Ok);
                Ok(welcomed)
            }
            Err(status) => {
                stream.fail("refused", status.message().to_owned());
                self.bus.stream_answered(&stream, status.code());
                Err(status)
            }
        };
        drop(stream);
        let reason = match welcomed {
            Ok((sides, version)) => {
                self.bus.telemetry.plugin_connected(&self.grant.plugin, &version);
                let mut deliveries = self.bus.dispatcher.subscribe(&self.grant.plugin, sides);
                self.bus.roster.set(&self.grant.plugin, State::Connected);
                let reason = self.serve(&mut deliveries, context).await;
                self.drop_rest(deliveries);
                self.bus.telemetry.plugin_disconnected(&self.grant.plugin, &reason);
                reason
            }
            Err(status) => {
                let reason = status.message().to_owned();
                // If the plugin has gone, there is nobody to tell.
                drop(self.out.send(Err(status)).await);
                reason
            }
        };
        for (_, mut span) in self.waiting.drain() {
            span.fail("session_ended", reason.clone());
            self.bus.telemetry.event_abandoned(&self.grant.plugin);
        }
        self.bus.roster.set(&self.grant.plugin, State::Gone);
    }

    /// Hello and Welcome. Returns what the plugin will get, and its version.
    async fn handshake(&mut self, context: TraceContext) -> Result<(Vec<Side>, String), Status> {
        let first = timeout(HELLO_TIMEOUT, self.incoming.message()).await;
        let late = |_| self.refused(context, Status::deadline_exceeded("no Hello came"));
        let first = first.map_err(late)??;
        let Some(Message::Hello(hello)) = first.and_then(|m| m.message) else {
            return Err(self.refused(context, Status::failed_precondition("the first message is no Hello")));
        };
        let served = self.check_hello(&hello).map_err(|status| self.refused(context, status))?;
        let mut metadata = Attributes::default();
        let version = printable(&hello.version);
        metadata.push("version", version.clone());
        let plugin = &self.grant.plugin;
        self.bus.decide(plugin, Event::SessionOpened, None, metadata, context)?;
        let subscriptions = served.iter().map(|(subscription, _)| (*subscription).into()).collect();
        let welcome = Welcome { protocol_version: PROTOCOL_VERSION, subscriptions };
        self.send(bus_message::Message::Welcome(welcome), Some(context)).await?;
        Ok((served.into_iter().map(|(_, side)| side).collect(), version))
    }

    fn check_hello(&self, hello: &Hello) -> Result<Vec<(Subscription, Side)>, Status> {
        check_version(hello.protocol_version)?;
        if hello.plugin != self.grant.plugin {
            return Err(Status::permission_denied("the session is another plugin's"));
        }
        let mut served = Vec::new();
        for subscription in &hello.subscriptions {
            let side = match Subscription::try_from(*subscription) {
                Ok(Subscription::FlowRequest) => Some(Side::Request),
                Ok(Subscription::FlowResponse) => Some(Side::Response),
                Ok(Subscription::FlowRequestRaw | Subscription::FlowResponseRaw) => None,
                Ok(Subscription::Unspecified) | Err(_) => {
                    return Err(Status::invalid_argument(format!("{subscription} is no subscription")));
                }
            };
            // What it lacks the capability for is not in the Welcome.
            if let Some(side) = side
                && self.allows(Capability::CapFlowInspect)
                && let Ok(subscription) = Subscription::try_from(*subscription)
                && !served.contains(&(subscription, side))
            {
                served.push((subscription, side));
            }
        }
        Ok(served)
    }

    /// The loop. Returns why it ended.
    async fn serve(&mut self, deliveries: &mut mpsc::Receiver<Delivery>, stream: TraceContext) -> String {
        let (cut, out) = (self.bus.cut.clone(), self.out.clone());
        let mut open = true;
        loop {
            if !open && self.next.is_none() && self.waiting.is_empty() {
                let goodbye = Goodbye { reason: "glyphd stops".to_owned() };
                // A plugin that does not read has no room for it.
                drop(cut.run_until_cancelled(self.send(bus_message::Message::Goodbye(goodbye), None)).await);
                return "glyphd stops".to_owned();
            }
            let room = self.waiting.len() < WINDOW;
            tokio::select! {
                () = cut.cancelled() => return "glyphd stops, and the plugin took too long".to_owned(),
                received = self.incoming.message() => match received {
                    Ok(Some(message)) => self.receive(message),
                    Ok(None) => return "the plugin ended the stream".to_owned(),
                    Err(status) => return format!("the stream broke: {}", status.message()),
                },
                delivery = deliveries.recv(), if open && self.next.is_none() && room => {
                    open = delivery.is_some();
                    self.next = delivery;
                    let (plugin, waiting) = (&self.grant.plugin, deliveries.len());
                    self.bus.telemetry.queue_changed(plugin, waiting, deliveries.max_capacity());
                }
                permit = out.reserve(), if self.next.is_some() => {
                    let Ok(permit) = permit else { return "the plugin is gone".to_owned() };
                    if let Some(delivery) = self.next.take() {
                        let (key, span) = dispatch_event(&self.bus, &self.grant.plugin, &delivery, stream);
                        let event = convert::event(&delivery.flow, delivery.side);
                        permit.send(Ok(message(bus_message::Message::FlowEvent(event), Some(span.context()))));
                        self.known.remember(&delivery.flow);
                        self.waiting.insert(key, span);
                    }
                }
            }
        }
    }

    /// What the plugin will not get any more is dropped, and counted as such.
    fn drop_rest(&mut self, mut deliveries: mpsc::Receiver<Delivery>) {
        deliveries.close();
        let queued = std::iter::from_fn(|| deliveries.try_recv().ok());
        for delivery in self.next.take().into_iter().chain(queued) {
            let (trace, subscription) = (delivery.flow.context(), delivery.side.subscription());
            self.bus.telemetry.event_dropped(trace, &self.grant.plugin, subscription, "session_ended");
        }
    }

    /// One message of the plugin.
    fn receive(&mut self, received: PluginMessage) {
        let parent = TraceContext::of_traceparent(&received.traceparent);
        let (event, flow_id) = match &received.message {
            Some(Message::Finding(finding)) => ("finding", finding.flow_id.as_str()),
            Some(Message::FlowDone(done)) => ("flow_done", done.flow_id.as_str()),
            Some(Message::Heartbeat(_)) | None => return,
            Some(Message::Hello(_)) => ("hello", ""),
        };
        // A plugin may place its messages in the traces of the flows that it was shown, and nowhere else.
        let flow = self.known.get(flow_id).cloned();
        let parent = parent.filter(|p| flow.as_ref().is_some_and(|f| f.context.trace_id == p.trace_id));
        let parent = parent.or(flow.as_ref().map(|f| f.context));
        let mut span = self.bus.telemetry.span(name::RECEIVE_EVENT).parent(parent).start();
        span.set_with("glyph.plugin.id", || self.grant.plugin.clone());
        span.set("glyph.event", event);
        let mut done = None;
        match received.message {
            Some(Message::Finding(finding)) => {
                let kept = match self.check(finding, &span) {
                    Ok(finding) => self.keep(finding, &span),
                    Err(reason) => {
                        self.deny(&reason, span.context());
                        Err(reason)
                    }
                };
                if let Err(reason) = kept {
                    span.fail("refused", reason.clone());
                    self.bus.telemetry.finding_refused(&self.grant.plugin, &reason);
                }
            }
            Some(Message::FlowDone(flow)) => done = self.waiting.remove(&(flow.flow_id, flow.phase)),
            Some(Message::Hello(_)) => span.fail("refused", "a second Hello"),
            Some(Message::Heartbeat(_)) | None => {}
        }
        // The event is done when this message has been dealt with.
        drop(span);
        if let Some(mut done) = done {
            done.succeed();
            self.bus.telemetry.event_done(done.context(), &self.grant.plugin, done.elapsed());
        }
    }

    /// The finding as a record, if the plugin may report it and it is well-formed.
    fn check(&self, finding: wire::Finding, span: &Span) -> Result<Finding, String> {
        if !self.allows(Capability::CapEmitFindings) {
            return Err("the plugin lacks CAP_EMIT_FINDINGS".to_owned());
        }
        let flow =
            self.known.get(&finding.flow_id).ok_or("the finding is about a flow the plugin was not shown")?;
        let severity = convert::severity(finding.severity()).ok_or("the finding has no severity")?;
        if finding.r#type.is_empty() || finding.r#type.len() > TYPE_LIMIT {
            return Err(format!("the finding's type has not 1 to {TYPE_LIMIT} bytes"));
        }
        let texts = [&finding.message, &finding.target, &finding.evidence];
        let metadata = finding.metadata.iter().flat_map(|(key, value)| [key, value]);
        if texts.into_iter().chain(metadata).any(|text| text.len() > TEXT_LIMIT) {
            return Err(format!("a text of the finding has more than {TEXT_LIMIT} bytes"));
        }
        let mut metadata: Vec<_> = finding.metadata.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        metadata.sort_by(|a: &(std::borrow::Cow<'_, str>, _), b| a.0.cmp(&b.0));
        Ok(Finding {
            id: Ulid::new().to_string(),
            time_unix_nano: UnixNanos::now(),
            plugin: self.grant.plugin.clone(),
            kind: finding.r#type,
            severity,
            message: finding.message,
            target: if finding.target.is_empty() { flow.url.clone() } else { finding.target },
            evidence: Some(finding.evidence).filter(|e| !e.is_empty()),
            metadata: Attributes(metadata),
            flow_id: finding.flow_id,
            trace_id: flow.context.trace_id,
            span_id: Some(span.context().span_id),
        })
    }

    /// Puts the finding on record, then into the store.
    fn keep(&self, finding: Finding, received: &Span) -> Result<(), String> {
        let context = received.context();
        let mut metadata = Attributes::default();
        metadata.push("finding_id", finding.id.clone());
        metadata.push("type", finding.kind.clone());
        metadata.push("severity", finding.severity.as_str());
        metadata.push("flow_id", finding.flow_id.clone());
        let entry = Entry {
            component: COMPONENT,
            plugin: &finding.plugin,
            event: Event::FindingReported,
            decision: Decision::Allow,
            reason: Some("CAP_EMIT_FINDINGS is granted".to_owned()),
            metadata,
            context,
        };
        self.bus.audit.record(entry).map_err(|e| e.to_string())?;
        let kind = finding.kind.clone();
        self.bus.findings.store(finding).map_err(|e| e.to_string())?;
        self.bus.telemetry.finding_stored(context, &self.grant.plugin, &kind, received.elapsed());
        Ok(())
    }

    /// Puts on record that a finding was refused.
    fn deny(&self, reason: &str, context: TraceContext) {
        let entry = Entry {
            component: COMPONENT,
            plugin: &self.grant.plugin,
            event: Event::FindingReported,
            decision: Decision::Deny,
            reason: Some(reason.to_owned()),
            metadata: Attributes::default(),
            context,
        };
        // Refused it is, whether or not this can be written; the failure is counted and logged.
        drop(self.bus.audit.record(entry));
    }

    fn allows(&self, capability: Capability) -> bool {
        self.grant.capabilities.contains(&capability)
    }

    fn refused(&self, context: TraceContext, status: Status) -> Status {
        let denied = Some(status.message().to_owned());
        let plugin = &self.grant.plugin;
        match self.bus.decide(plugin, Event::SessionOpened, denied, Attributes::default(), context) {
            Ok(()) => status,
            Err(unavailable) => unavailable,
        }
    }

    async fn send(&self, payload: bus_message::Message, context: Option<TraceContext>) -> Result<(), Status> {
        let gone = |_| Status::cancelled("the plugin is gone");
        self.out.send(Ok(message(payload, context))).await.map_err(gone)
    }
}

fn message(message: bus_message::Message, context: Option<TraceContext>) -> BusMessage {
    let traceparent = context.map(|c| c.to_string()).unwrap_or_default();
    BusMessage { message: Some(message), traceparent }
}

/// The span of a delivery, and the key under which its FlowDone will come.
fn dispatch_event(
    bus: &Bus,
    plugin: &str,
    delivery: &Delivery,
    stream: TraceContext,
) -> ((String, i32), Span) {
    let mut span = bus.telemetry.span(name::DISPATCH_EVENT).parent(delivery.context).link(stream).start();
    span.set_with("glyph.plugin.id", || plugin.to_owned());
    span.set_with("glyph.flow.id", || delivery.flow.id.clone());
    span.set("glyph.subscription", delivery.side.subscription());
    ((delivery.flow.id.clone(), convert::phase(delivery.side).into()), span)
}
