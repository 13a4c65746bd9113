//! Who gets a flow: a bounded queue for each subscriber, so that none waits for another.
//!
//! In: a [`Flow`] from sanitize. Out: a [`Delivery`] into the queue of each plugin that subscribed to that side of
//! the exchange. What finds a queue full is dropped and counted. Not here: how a delivery reaches its plugin,
//! which is for the bus; subscribers come to dispatch, dispatch knows none of them.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use tokio::sync::mpsc;

use crate::{
    sanitize::Flow,
    telemetry::{Telemetry, TraceContext, name},
};

/// How many deliveries wait for a plugin.
pub(crate) const QUEUE_CAPACITY: usize = 100;

/// Which side of an exchange a delivery is about, and so which subscription it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    /// The request.
    Request,
    /// The response, or why there is none.
    Response,
}

impl Side {
    const ALL: [Self; 2] = [Self::Request, Self::Response];

    /// The subscription's name in spans and metrics.
    pub(crate) fn subscription(self) -> &'static str {
        match self {
            Self::Request => "FLOW_REQUEST",
            Self::Response => "FLOW_RESPONSE",
        }
    }
}

/// One side of a flow for one plugin.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) flow: Flow,
    pub(crate) side: Side,
    /// The span `plugin_bus.dispatch_flow`.
    pub(crate) context: TraceContext,
}

/// Hands flows out. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Dispatcher {
    /// None when it has been closed.
    subscribers: Arc<RwLock<Option<Vec<Subscriber>>>>,
    telemetry: Telemetry,
}

#[derive(Clone)]
struct Subscriber {
    plugin: Arc<str>,
    sides: Vec<Side>,
    queue: mpsc::Sender<Delivery>,
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber").field("plugin", &self.plugin).field("sides", &self.sides).finish()
    }
}

impl Dispatcher {
    pub(crate) fn new(telemetry: Telemetry) -> Self {
        Self { subscribers: Arc::new(RwLock::new(Some(Vec::new()))), telemetry }
    }

    /// A queue for a plugin. The subscription ends when the receiver is dropped, or all of them with
    /// [`Dispatcher::close`]; one that comes later has ended already.
    pub(crate) fn subscribe(&self, plugin: &str, sides: Vec<Side>) -> mpsc::Receiver<Delivery> {
        let (queue, deliveries) = mpsc::channel(QUEUE_CAPACITY);
        let subscriber = Subscriber { plugin: plugin.into(), sides, queue };
        self.telemetry.queue_changed(plugin, 0, QUEUE_CAPACITY);
        let mut subscribers = self.subscribers.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(subscribers) = &mut *subscribers {
            subscribers.retain(|s| !s.queue.is_closed());
            subscribers.push(subscriber);
        }
        deliveries
    }

    /// Ends all subscriptions: each plugin gets what is in its queue, and no more.
    pub(crate) fn close(&self) {
        *self.subscribers.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Puts both sides of a flow into the queues of those who want them. Never waits.
    pub(crate) fn dispatch(&self, flow: &Flow, parent: TraceContext) {
        let started = Instant::now();
        let mut span = self.telemetry.span(name::DISPATCH_FLOW).parent(parent).start();
        span.set_with("glyph.flow.id", || flow.id.clone());
        let subscribers = self.subscribers.read().unwrap_or_else(PoisonError::into_inner);
        let subscribers = subscribers.as_deref().unwrap_or_default();
        for side in Side::ALL {
            if !subscribers.iter().any(|s| s.sides.contains(&side)) {
                continue;
            }
            let broadcast = self.telemetry.span(name::BROADCAST).parent(span.context());
            let mut broadcast = broadcast.with("glyph.subscription", side.subscription()).start();
            let (mut delivered, mut dropped) = (0_u32, 0_u32);
            for subscriber in subscribers.iter().filter(|s| s.sides.contains(&side)) {
                let delivery = Delivery { flow: flow.clone(), side, context: span.context() };
                match subscriber.queue.try_send(delivery) {
                    Ok(()) => {
                        delivered += 1;
                        self.telemetry.event_queued(side.subscription());
                    }
                    Err(mpsc::error::TrySendError::Full(_)) => {
                        dropped += 1;
                        let (plugin, subscription) = (&subscriber.plugin, side.subscription());
                        self.telemetry.event_dropped(flow.context(), plugin, subscription, "queue_full");
                    }
                    // The plugin has gone; its session tells why.
                    Err(mpsc::error::TrySendError::Closed(_)) => continue,
                }
                let waiting = QUEUE_CAPACITY - subscriber.queue.capacity();
                self.telemetry.queue_changed(&subscriber.plugin, waiting, QUEUE_CAPACITY);
                if subscriber.queue.is_closed() {
                    // Its session ended meanwhile, and what it took away has just been set again.
                    self.telemetry.queue_gone(&subscriber.plugin);
                }
            }
            broadcast.set("glyph.delivered", delivered);
            broadcast.set("glyph.dropped", dropped);
        }
        self.telemetry.flow_dispatched(span.context(), started.elapsed());
    }
}
