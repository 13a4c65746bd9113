//! The way in for exchanges, and the task that takes them through: sanitize, flow log, dispatch.
//!
//! What waits here is bounded by its bytes. Where it has become much, capture begins no further exchange for a moment
//! ([`Intake::ready`]); what ends meanwhile waits for room, and is dropped, counted, if that is in vain.

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::{Sanitized, Sanitizer};
use crate::{
    capture::{Exchange, exchange::RawBody},
    dispatch::Dispatcher,
    flow_log::FlowLog,
    room::{Held, Room},
    telemetry::{DropReason, Telemetry, is_chosen},
};

/// What exchanges that wait to be sanitised may hold, in bytes; and as much again those that wait for that.
const ROOM: usize = 64 << 20;
/// How long one waits for room before it is dropped, counted; and how long capture waits with the next.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many are taken at a time from those that wait.
const TAKEN: usize = 32;
/// How often what was dropped is told.
const TELL: Duration = Duration::from_secs(1);

/// Where capture hands its exchanges in. When the last one is dropped, the publisher ends.
#[derive(Debug, Clone)]
pub struct Intake {
    // Who sends holds room.
    queue: mpsc::UnboundedSender<(Box<Exchange>, Held)>,
    room: Room,
    /// For those that wait.
    antechamber: Room,
    sanitizer: Arc<Sanitizer>,
    /// Whether flows are written.
    logs: bool,
    dispatcher: Dispatcher,
    telemetry: Telemetry,
}

/// The other end.
#[derive(Debug)]
pub(crate) struct Publisher {
    queue: mpsc::UnboundedReceiver<(Box<Exchange>, Held)>,
    sanitizer: Arc<Sanitizer>,
    log: Option<FlowLog>,
    /// Which share of the flows is written.
    ratio: f64,
    dispatcher: Dispatcher,
    telemetry: Telemetry,
}

impl Intake {
    pub(crate) fn new(
        sanitizer: Arc<Sanitizer>,
        log: Option<FlowLog>,
        dispatcher: Dispatcher,
        telemetry: Telemetry,
        ratio: f64,
    ) -> (Self, Publisher) {
        let (sender, queue) = mpsc::unbounded_channel();
        let intake = Self {
            queue: sender,
            room: Room::new(ROOM, PATIENCE),
            antechamber: Room::new(ROOM, PATIENCE),
            sanitizer: Arc::clone(&sanitizer),
            logs: log.is_some(),
            dispatcher: dispatcher.clone(),
            telemetry: telemetry.clone(),
        };
        (intake, Publisher { queue, sanitizer, log, ratio, dispatcher, telemetry })
    }

    /// How many bytes of a body are to be kept, from the first on.
    pub(crate) fn body_bytes(&self) -> usize {
        self.sanitizer.body_bytes()
    }

    /// Whether somebody is to see what is handed in: a flow log, or a plugin.
    pub(crate) fn is_wanted(&self) -> bool {
        self.logs || self.dispatcher.has_subscribers()
    }

    /// A URL as spans and log lines may have it.
    pub(crate) fn without_secrets(&self, url: &str) -> String {
        self.sanitizer.url(url)
    }

    /// What somebody wrote, as spans and log lines may have it.
    pub(crate) fn text_without_secrets(&self, text: &str) -> String {
        self.sanitizer.text(text)
    }

    /// Waits, within a limit, until there is room for another exchange when it ends.
    pub(crate) async fn ready(&self) {
        self.room.quarter().await;
    }

    /// Takes an exchange that has come to its end. Does not block: if there is no room, a task waits for it.
    pub(crate) fn take(&self, exchange: Box<Exchange>) {
        let size = size(&exchange);
        if let Some(held) = self.room.try_take(size) {
            return self.hand_over(exchange, held);
        }
        let Some(waits) = self.antechamber.try_take(size) else {
            return self.telemetry.flow_dropped(exchange.context, DropReason::QueueFull);
        };
        let intake = self.clone();
        tokio::spawn(async move {
            let held = intake.room.take(size).await;
            drop(waits);
            match held {
                Some(held) => intake.hand_over(exchange, held),
                None => intake.telemetry.flow_dropped(exchange.context, DropReason::QueueFull),
            }
        });
    }

    fn hand_over(&self, exchange: Box<Exchange>, held: Held) {
        if let Err(mpsc::error::SendError((exchange, _))) = self.queue.send((exchange, held)) {
            self.telemetry.flow_dropped(exchange.context, DropReason::Stopped);
        }
    }
}

/// About how many bytes an exchange holds, beside what each does.
fn size(exchange: &Exchange) -> usize {
    let part = |body: &RawBody, headers: &HeaderMap| -> usize {
        body.kept.len() + headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>()
    };
    let (request, response) = (&exchange.request, exchange.response.as_ref());
    part(&request.body, &request.headers)
        + response.map_or(0, |response| part(&response.body, &response.headers))
}

impl Publisher {
    /// Takes exchanges through until nobody can hand one in any more.
    pub(crate) async fn run(mut self) {
        let mut tell = interval(TELL);
        tell.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut taken = Vec::with_capacity(TAKEN);
        loop {
            tokio::select! {
                count = self.queue.recv_many(&mut taken, TAKEN) => {
                    if count == 0 {
                        break;
                    }
                    for (exchange, held) in taken.drain(..) {
                        self.publish(exchange, held).await;
                    }
                }
                _ = tell.tick() => self.telemetry.tell_drops(),
            }
        }
        self.telemetry.tell_drops();
    }

    async fn publish(&self, exchange: Box<Exchange>, held: Held) {
        let wants_raw = self.dispatcher.wants_raw();
        let Sanitized { flow, raw, publish } = self.sanitizer.exchange(exchange, wants_raw);
        for redaction in &flow.redactions {
            self.telemetry.redacted(&redaction.kind, redaction.count);
        }
        let status = flow.response.as_ref().map(|r| r.status);
        self.telemetry.flow_recorded(flow.context(), &flow.request.method, &flow.request.url, status);
        if let Some(log) = &self.log {
            if is_chosen(flow.trace_id, self.ratio) {
                log.write(&flow).await;
            } else {
                self.telemetry.flow_not_sampled();
            }
        }
        self.dispatcher.dispatch(&flow, raw.as_ref(), publish.context()).await;
        drop(held);
    }
}
