//! The way in for exchanges, and the task that takes them through: sanitize, flow log, dispatch.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc::{self, error::TrySendError};

use super::{Sanitized, Sanitizer};
use crate::{capture::Exchange, dispatch::Dispatcher, flow_log::FlowLog, telemetry::Telemetry};

/// Exchanges that wait to be sanitised.
const QUEUE: usize = 1_024;
/// How long one more waits for room before it is dropped, counted.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where capture hands its exchanges in. When the last one is dropped, the publisher ends.
#[derive(Debug, Clone)]
pub struct Intake {
    queue: mpsc::Sender<Exchange>,
    sanitizer: Arc<Sanitizer>,
    telemetry: Telemetry,
}

/// The other end.
#[derive(Debug)]
pub(crate) struct Publisher {
    queue: mpsc::Receiver<Exchange>,
    sanitizer: Arc<Sanitizer>,
    log: Option<FlowLog>,
    dispatcher: Dispatcher,
    telemetry: Telemetry,
}

impl Intake {
    pub(crate) fn new(
        sanitizer: Arc<Sanitizer>,
        log: Option<FlowLog>,
        dispatcher: Dispatcher,
        telemetry: Telemetry,
    ) -> (Self, Publisher) {
        let (sender, queue) = mpsc::channel(QUEUE);
        let intake = Self { queue: sender, sanitizer: Arc::clone(&sanitizer), telemetry: telemetry.clone() };
        (intake, Publisher { queue, sanitizer, log, dispatcher, telemetry })
    }

    /// How many bytes of a body are to be kept, from the first on.
    pub(crate) fn body_bytes(&self) -> usize {
        self.sanitizer.body_bytes()
    }

    /// A URL as spans and log lines may have it.
    pub(crate) fn without_secrets(&self, url: &str) -> String {
        self.sanitizer.url(url)
    }

    /// What somebody wrote, as spans and log lines may have it.
    pub(crate) fn text_without_secrets(&self, text: &str) -> String {
        self.sanitizer.text(text)
    }

    /// Takes an exchange that has come to its end. Does not block: if there is no room, a task waits for it.
    pub(crate) fn take(&self, exchange: Exchange) {
        match self.queue.try_send(exchange) {
            Ok(()) => {}
            Err(TrySendError::Closed(exchange)) => self.telemetry.flow_dropped(exchange.context, "stopped"),
            Err(TrySendError::Full(exchange)) => {
                let Self { queue, telemetry, .. } = self.clone();
                tokio::spawn(async move {
                    let context = exchange.context;
                    if queue.send_timeout(exchange, PATIENCE).await.is_err() {
                        telemetry.flow_dropped(context, "queue_full");
                    }
                });
            }
        }
    }
}

impl Publisher {
    /// Takes exchanges through until nobody can hand one in any more.
    pub(crate) async fn run(mut self) {
        while let Some(exchange) = self.queue.recv().await {
            let wants_raw = self.dispatcher.wants_raw();
            let Sanitized { flow, raw, publish } = self.sanitizer.exchange(exchange, wants_raw);
            for redaction in &flow.redactions {
                self.telemetry.redacted(&redaction.kind, redaction.count);
            }
            let status = flow.response.as_ref().map(|r| r.status);
            self.telemetry.flow_recorded(flow.context(), &flow.request.method, &flow.request.url, status);
            if let Some(log) = &self.log
                && log.write(&flow).is_err()
            {
                self.telemetry.flow_dropped(flow.context(), "log_full");
            }
            self.dispatcher.dispatch(&flow, raw.as_ref(), publish.context()).await;
        }
    }
}
