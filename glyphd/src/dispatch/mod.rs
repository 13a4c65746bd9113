//! Who gets a flow: a bounded queue for each subscriber, so that none waits for another.
//!
//! In: a [`Flow`] from sanitize, and what passed as it passed if somebody may see that. Out: a [`Delivery`] into the
//! queue of each plugin that subscribed to that side of the exchange; all of them share one [`Event`]. What finds a
//! queue full is dropped by the queue's policy, and counted. Not here: how a delivery reaches its plugin, which is for
//! the bus; subscribers come to dispatch, dispatch knows none of them.

mod event;
mod queue;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use self::queue::{Put, Queue};
pub use self::{
    event::{Delivery, Event, Payload, Side, Subscription},
    queue::{Deliveries, Overflow, QueueOptions},
};
use crate::{
    sanitize::{Flow, Raw},
    telemetry::{Telemetry, TraceContext, name},
};

/// Hands flows out. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Dispatcher {
    /// None when it has been closed.
    subscribers: Arc<RwLock<Option<Arc<[Subscriber]>>>>,
    telemetry: Telemetry,
}

/// Who wants what.
#[derive(Debug, Clone)]
struct Subscriber {
    subscriptions: Arc<[Subscription]>,
    queue: Queue,
}

/// What became of one flow's deliveries.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    delivered: u32,
    dropped: u32,
}

impl Dispatcher {
    /// One without subscribers.
    pub fn new(telemetry: Telemetry) -> Self {
        Self { subscribers: Arc::new(RwLock::new(Some(Arc::default()))), telemetry }
    }

    /// A queue for a plugin. The subscription ends when the receiver is dropped, or all of them with
    /// [`Dispatcher::close`]; one that comes later has ended already.
    pub fn subscribe(
        &self,
        plugin: &str,
        subscriptions: &[Subscription],
        options: QueueOptions,
    ) -> Deliveries {
        let (queue, deliveries) = Queue::new(plugin, options, &self.telemetry);
        let mut subscribers = self.subscribers.write().unwrap_or_else(PoisonError::into_inner);
        match &mut *subscribers {
            Some(subscribers) => {
                let there = subscribers.iter().filter(|s| !s.queue.is_closed()).cloned();
                let new = Subscriber { subscriptions: subscriptions.into(), queue };
                *subscribers = there.chain([new]).collect();
            }
            None => queue.close(),
        }
        deliveries
    }

    /// Ends all subscriptions: each plugin gets what is in its queue, and no more.
    pub fn close(&self) {
        let subscribers = self.subscribers.write().unwrap_or_else(PoisonError::into_inner).take();
        for subscriber in subscribers.iter().flat_map(|s| s.iter()) {
            subscriber.queue.close();
        }
    }

    /// Whether there is anybody to hand a flow to.
    pub(crate) fn has_subscribers(&self) -> bool {
        self.subscribers().iter().any(|subscriber| !subscriber.queue.is_closed())
    }

    /// Whether a subscriber wants exchanges as they passed.
    pub(crate) fn wants_raw(&self) -> bool {
        let is_raw = |s: &Subscriber| !s.queue.is_closed() && s.subscriptions.iter().any(|s| s.is_raw());
        self.subscribers().iter().any(is_raw)
    }

    /// Puts both sides of a flow into the queues of those who want them. Waits only for a subscriber with
    /// [`Overflow::Block`], after all others were served.
    pub async fn dispatch(&self, flow: &Flow, raw: Option<&Raw>, parent: TraceContext) {
        let mut span = self.telemetry.span(name::DISPATCH_FLOW).parent(parent).start();
        span.set_with("glyph.flow.id", || flow.id.clone());
        let subscribers = self.subscribers();
        let mut total = Counts::default();
        for subscription in Subscription::ALL {
            if subscribers.iter().any(|s| s.subscriptions.contains(&subscription)) {
                let event = Event::new(flow, raw, subscription);
                let counts = self.broadcast(&subscribers, Arc::new(event), span.context()).await;
                total.delivered += counts.delivered;
                total.dropped += counts.dropped;
            }
        }
        span.set("glyph.delivered", total.delivered);
        span.set("glyph.dropped", total.dropped);
        let now = Instant::now();
        self.telemetry.flow_dispatched(span.context(), now - span.started());
        span.end_at(now);
    }

    /// One event to everybody who wants it.
    async fn broadcast(
        &self,
        subscribers: &[Subscriber],
        event: Arc<Event>,
        dispatch: TraceContext,
    ) -> Counts {
        let subscription = event.subscription;
        let broadcast = self.telemetry.span(name::BROADCAST).parent(dispatch);
        let mut broadcast = broadcast.with("glyph.subscription", subscription.name()).start();
        let mut counts = Counts::default();
        let mut full = Vec::new();
        for subscriber in subscribers.iter().filter(|s| s.subscriptions.contains(&subscription)) {
            let queue = &subscriber.queue;
            match queue.put(Delivery { event: Arc::clone(&event), context: dispatch }) {
                Put::Taken => counts.delivered += 1,
                Put::TakenForOldest(oldest) => {
                    counts.delivered += 1;
                    counts.dropped += 1;
                    self.dropped(queue, &oldest, "dropped_oldest");
                }
                Put::Dropped(delivery) => {
                    counts.dropped += 1;
                    self.dropped(queue, &delivery, "queue_full");
                }
                Put::Full(delivery, patience) => full.push((queue, delivery, patience)),
                // The plugin has gone; its session tells why.
                Put::Closed => {}
            }
        }
        for (queue, delivery, patience) in full {
            match queue.put_within(delivery, patience).await {
                Put::Dropped(delivery) => {
                    counts.dropped += 1;
                    self.dropped(queue, &delivery, "blocked_too_long");
                }
                Put::Closed => {}
                _ => counts.delivered += 1,
            }
        }
        self.telemetry.events_queued(subscription.name(), subscription.variant(), counts.delivered.into());
        broadcast.set("glyph.delivered", counts.delivered);
        broadcast.set("glyph.dropped", counts.dropped);
        counts
    }

    fn dropped(&self, queue: &Queue, delivery: &Delivery, reason: &'static str) {
        let event = &delivery.event;
        self.telemetry.event_dropped(event.flow.context(), queue.plugin(), event.subscription.name(), reason);
    }

    fn subscribers(&self) -> Arc<[Subscriber]> {
        self.subscribers.read().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
