//! What comes from the plugin, one message at a time.

use glyph_formats::{Attributes, Decision};
use glyph_plugin::{
    encoded::BusMessage,
    wire::{PluginMessage, Refused, plugin_message::Message},
};

use super::{COMPONENT, End, Served};
use crate::{
    audit::{Entry, Event},
    telemetry::{Span, TraceContext, name},
};

impl Served {
    /// Deals with a message; tells if it ends the session.
    pub(super) fn receive(&mut self, received: PluginMessage) -> Option<End> {
        let (event, flow_id) = match &received.message {
            Some(Message::Heartbeat(_)) => return None,
            Some(Message::Finding(finding)) => ("finding", finding.flow_id.as_str()),
            Some(Message::FlowDone(done)) => ("flow_done", done.flow_id.as_str()),
            Some(Message::Hello(_)) => ("hello", ""),
            None => ("unknown", ""),
        };
        // A plugin may place its messages in the traces of the flows that it was shown, and nowhere else.
        let flow = self.known.get(flow_id);
        let said = TraceContext::of_traceparent(&received.traceparent);
        let parent = said.filter(|said| flow.as_ref().is_some_and(|f| f.context.trace_id == said.trace_id));
        let parent = parent.or(flow.map(|f| f.context));
        let mut span =
            self.bus.telemetry.span(name::RECEIVE_EVENT).parent(parent).with("glyph.event", event).start();
        span.set_with("glyph.plugin.id", || self.plugin().to_owned());
        self.turn.received(&self.bus.telemetry, self.stream, &self.open.grant.plugin);
        match received.message {
            Some(Message::Finding(finding)) => self.found(finding, span),
            Some(Message::FlowDone(done)) => match self.outgoing.answered(done) {
                Some(mut answered) => {
                    // The event is done when this message has been dealt with.
                    drop(span);
                    answered.succeed();
                    self.bus.telemetry.event_done(answered.context(), self.plugin(), answered.elapsed());
                    None
                }
                None => self.deny(Event::MessageReceived, "FlowDone for no event that is under way", span),
            },
            Some(Message::Hello(_)) => {
                span.fail("refused", "a second Hello");
                Some(End::Protocol("a second Hello".to_owned()))
            }
            Some(Message::Heartbeat(_)) => None,
            None => self.deny(Event::MessageReceived, "a message of no kind that is known", span),
        }
    }

    /// Refuses what came: it is put on record, and if it was once too often, the session ends.
    pub(super) fn deny(&mut self, event: Event, reason: &str, mut span: Span) -> Option<End> {
        span.fail("refused", reason.to_owned());
        self.put_on_record(event, reason, span.context());
        self.denials.count(std::time::Instant::now()).then_some(End::Denials)
    }

    /// Puts a denial on record. It is refused whether or not that can be written; the failure is counted and logged.
    pub(super) fn put_on_record(&mut self, event: Event, reason: &str, context: TraceContext) {
        self.refused += 1;
        drop(self.bus.audit.record(Entry {
            component: COMPONENT,
            plugin: &self.open.grant.plugin,
            event,
            decision: Decision::Deny,
            reason: Some(reason.to_owned()),
            metadata: Attributes::default(),
            context: Some(context),
        }));
    }

    /// Tells the plugin, if it listens.
    pub(super) fn tell_refused(&self, flow_id: String, kind: String, reason: &str, context: TraceContext) {
        let refused = Some(Refused { flow_id, r#type: kind, reason: reason.to_owned() });
        let traceparent = context.to_string();
        self.outgoing.try_send(BusMessage { refused, traceparent, ..BusMessage::default() });
    }
}
