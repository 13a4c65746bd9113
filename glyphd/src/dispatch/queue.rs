//! The queue of one subscriber, and what becomes of a delivery that finds it full.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_channel::{Receiver, Sender, TrySendError};

use super::Delivery;
use crate::telemetry::{QueueMeter, Telemetry};

/// What becomes of a delivery that finds the queue full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// It is dropped.
    #[default]
    DropNewest,
    /// The oldest in the queue is dropped for it.
    DropOldest,
    /// It waits for so long, and everything behind it with it, and is dropped then. Once one has waited in vain, those
    /// after it do not wait until there is room again.
    Block(Duration),
}

/// How a queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueOptions {
    /// How many deliveries wait for a plugin, at least 1.
    pub capacity: usize,
    /// What becomes of one more.
    pub overflow: Overflow,
}

impl Default for QueueOptions {
    /// 100; the newest is dropped.
    fn default() -> Self {
        Self { capacity: 100, overflow: Overflow::DropNewest }
    }
}

/// Where deliveries are put.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    sender: Sender<Delivery>,
    overflow: Overflow,
    /// Whether a delivery has waited in vain, and none has found room since.
    stuck: Arc<AtomicBool>,
    meter: QueueMeter,
}

/// Where they come out.
#[derive(Debug)]
pub struct Deliveries {
    receiver: Receiver<Delivery>,
    meter: QueueMeter,
}

/// What became of a delivery.
#[derive(Debug)]
pub(super) enum Put {
    Taken,
    TakenForOldest(Delivery),
    Dropped(Delivery),
    /// It may wait for so long.
    Full(Delivery, Duration),
    Closed,
}

impl Queue {
    pub(super) fn new(plugin: &str, options: QueueOptions, telemetry: &Telemetry) -> (Self, Deliveries) {
        let capacity = options.capacity.max(1);
        let (sender, receiver) = async_channel::bounded(capacity);
        let meter = telemetry.queue(plugin, capacity);
        let queue = Self { sender, overflow: options.overflow, stuck: Arc::default(), meter: meter.clone() };
        (queue, Deliveries { receiver, meter })
    }

    pub(super) fn plugin(&self) -> &str {
        self.meter.plugin()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    pub(super) fn close(&self) {
        self.sender.close();
    }

    /// Does not wait.
    pub(super) fn put(&self, delivery: Delivery) -> Put {
        let put = match self.overflow {
            Overflow::DropOldest => match self.sender.force_send(delivery) {
                Ok(None) => Put::Taken,
                Ok(Some(oldest)) => Put::TakenForOldest(oldest),
                Err(_) => Put::Closed,
            },
            Overflow::DropNewest => self.try_put(delivery, Put::Dropped),
            Overflow::Block(_) if self.stuck.load(Ordering::Relaxed) => {
                let put = self.try_put(delivery, Put::Dropped);
                self.stuck.store(matches!(put, Put::Dropped(_)), Ordering::Relaxed);
                put
            }
            Overflow::Block(patience) => self.try_put(delivery, |delivery| Put::Full(delivery, patience)),
        };
        self.meter.length(self.sender.len());
        put
    }

    /// Waits for room.
    pub(super) async fn put_within(&self, delivery: Delivery, patience: Duration) -> Put {
        let put = match tokio::time::timeout(patience, self.sender.send(delivery.clone())).await {
            Ok(Ok(())) => Put::Taken,
            Ok(Err(_)) => Put::Closed,
            Err(_) => {
                self.stuck.store(true, Ordering::Relaxed);
                Put::Dropped(delivery)
            }
        };
        self.meter.length(self.sender.len());
        put
    }

    fn try_put(&self, delivery: Delivery, full: impl FnOnce(Delivery) -> Put) -> Put {
        match self.sender.try_send(delivery) {
            Ok(()) => Put::Taken,
            Err(TrySendError::Full(delivery)) => full(delivery),
            Err(TrySendError::Closed(_)) => Put::Closed,
        }
    }
}

impl Deliveries {
    /// The next one; none if there will be none.
    pub async fn next(&mut self) -> Option<Delivery> {
        let delivery = self.receiver.recv().await.ok();
        self.meter.length(self.receiver.len());
        delivery
    }

    /// The next one, if there is one.
    pub fn try_next(&mut self) -> Option<Delivery> {
        let delivery = self.receiver.try_recv().ok()?;
        self.meter.length(self.receiver.len());
        Some(delivery)
    }

    /// Takes no more in. What is there can still be taken out.
    pub fn close(&mut self) {
        self.receiver.close();
    }

    /// Whether there is nothing, and will be nothing.
    pub fn is_over(&self) -> bool {
        self.receiver.is_closed() && self.receiver.is_empty()
    }
}
