//! What goes to the plugin: at most so many events ahead of its answers, each with a span that waits for its
//! FlowDone.

use std::collections::HashMap;

use glyph_plugin::{
    WINDOW,
    encoded::BusMessage,
    wire::{FlowDone, Goodbye},
};
use tokio::sync::mpsc::{self, error::TrySendError};
use tonic::Status;

use super::{End, KnownFlows, convert};
use crate::{
    dispatch::{Deliveries, Delivery},
    telemetry::{Span, Telemetry, TraceContext, name},
};

/// Which event is answered: flow, phase, raw.
type Key = (String, i32, bool);

/// The plugin's end of the stream, and what it owes.
#[derive(Debug)]
pub(super) struct Outgoing {
    out: mpsc::Sender<Result<BusMessage, Status>>,
    plugin: String,
    /// The span of the handshake.
    stream: TraceContext,
    max_message_bytes: usize,
    /// The spans `plugin_bus.dispatch_event` that wait for their FlowDone.
    waiting: HashMap<Key, Span>,
    /// The delivery that waits for room on the stream.
    next: Option<Delivery>,
    delivered: u64,
}

impl Outgoing {
    pub(super) fn new(
        out: mpsc::Sender<Result<BusMessage, Status>>,
        plugin: String,
        stream: TraceContext,
        max_message_bytes: usize,
    ) -> Self {
        let (waiting, next, delivered) = (HashMap::new(), None, 0);
        Self { out, plugin, stream, max_message_bytes, waiting, next, delivered }
    }

    /// How many events were sent.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Whether the plugin has answered everything.
    pub(super) fn is_idle(&self) -> bool {
        self.next.is_none() && self.waiting.is_empty()
    }

    /// Whether another delivery can be taken.
    pub(super) fn has_room(&self) -> bool {
        self.next.is_none() && self.waiting.len() < WINDOW
    }

    /// Whether a delivery waits for room on the stream.
    pub(super) fn is_blocked(&self) -> bool {
        self.next.is_some() && self.waiting.len() < WINDOW
    }

    pub(super) fn take(&mut self, delivery: Delivery) {
        self.next = Some(delivery);
    }

    /// Waits for room on the stream; false if the plugin is gone.
    pub(super) async fn writable(&self) -> bool {
        self.out.reserve().await.is_ok()
    }

    /// Sends the next delivery if that needs no waiting. Its flow is known before the plugin has it, which may fetch for
    /// it at once.
    pub(super) fn send_next(
        &mut self,
        deliveries: &mut Deliveries,
        known: &KnownFlows,
        telemetry: &Telemetry,
    ) -> bool {
        if self.waiting.len() >= WINDOW {
            return false;
        }
        let Some(delivery) = self.next.take().or_else(|| deliveries.try_next()) else { return false };
        let permit = match self.out.try_reserve() {
            Ok(permit) => permit,
            Err(TrySendError::Full(()) | TrySendError::Closed(())) => {
                self.next = Some(delivery);
                return false;
            }
        };
        let event = &delivery.event;
        let span = telemetry.span(name::DISPATCH_EVENT).parent(delivery.context).link(self.stream);
        let mut span = span.with("glyph.subscription", event.subscription.name()).start();
        span.set_with("glyph.plugin.id", || self.plugin.clone());
        span.set_with("glyph.flow.id", || event.flow.id.clone());
        let traceparent = span.context().to_string();
        let flow_event = Some(convert::encoded(event, self.max_message_bytes));
        known.remember(&event.flow);
        permit.send(Ok(BusMessage { flow_event, traceparent, ..BusMessage::default() }));
        let phase = convert::phase(event.subscription.side()).into();
        self.waiting.insert((event.flow.id.clone(), phase, event.subscription.is_raw()), span);
        self.delivered += 1;
        true
    }

    /// The span of the event that is answered.
    pub(super) fn answered(&mut self, done: FlowDone) -> Option<Span> {
        self.waiting.remove(&(done.flow_id, done.phase, done.raw))
    }

    /// Sends it if there is room.
    pub(super) fn try_send(&self, message: BusMessage) {
        // Whoever does not read misses it.
        drop(self.out.try_send(Ok(message)));
    }

    /// What the plugin will not get any more is dropped, and counted as such; what it has not answered is told.
    pub(super) fn abandon(&mut self, deliveries: &mut Deliveries, telemetry: &Telemetry, reason: &str) {
        deliveries.close();
        let queued = std::iter::from_fn(|| deliveries.try_next());
        for delivery in self.next.take().into_iter().chain(queued) {
            let event = &delivery.event;
            let subscription = event.subscription.name();
            telemetry.event_dropped(event.flow.context(), &self.plugin, subscription, "session_ended");
        }
        for (_, mut span) in self.waiting.drain() {
            span.fail("session_ended", reason.to_owned());
            telemetry.event_abandoned(&self.plugin);
        }
    }

    /// The last words: a goodbye, or as a status what the plugin did wrong. A plugin that does not read misses them.
    pub(super) fn farewell(&self, end: &End) {
        let goodbye =
            || BusMessage { goodbye: Some(Goodbye { reason: end.to_string() }), ..BusMessage::default() };
        drop(self.out.try_send(end.status().map_or_else(|| Ok(goodbye()), Err)));
    }
}
