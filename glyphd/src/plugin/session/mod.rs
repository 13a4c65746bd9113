//! One plugin's stream: deliveries out, findings back, until one side ends it.
//!
//! `handshake` is Hello and Welcome, `serve` the loop, `outgoing` what goes to the plugin, `received` what comes from
//! it; `findings` checks and keeps what it found. `heartbeat` and `denials` are given times and say what is due.

mod convert;
mod denials;
mod end;
mod findings;
mod handshake;
mod heartbeat;
mod known_flows;
mod outgoing;
mod received;
mod serve;
mod turn;

use glyph_formats::{Attributes, Decision};
use glyph_plugin::{WINDOW, encoded::BusMessage, wire::PluginMessage};
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};

pub use self::heartbeat::HeartbeatOptions;
pub(super) use self::known_flows::KnownFlows;
use self::{
    denials::Denials, end::End, handshake::Welcomed, heartbeat::Heartbeat, outgoing::Outgoing, turn::Turn,
};
use super::{
    State,
    bus::{Bus, COMPONENT, Open},
    rate::Rate,
};
use crate::{
    audit::{Entry, Event},
    dispatch::Deliveries,
    telemetry::{Span, TraceContext},
};

/// Messages on their way to one plugin.
pub(super) const OUTGOING: usize = WINDOW;

/// A session whose secret was good.
#[derive(Debug)]
pub(super) struct Session {
    bus: Bus,
    open: Open,
    incoming: Streaming<PluginMessage>,
    out: mpsc::Sender<Result<BusMessage, Status>>,
}

/// A session that was welcomed.
#[derive(Debug)]
struct Served {
    bus: Bus,
    open: Open,
    incoming: Streaming<PluginMessage>,
    outgoing: Outgoing,
    known: KnownFlows,
    heartbeat: Heartbeat,
    denials: Denials,
    findings: Rate,
    turn: Turn,
    /// The span of the handshake.
    stream: TraceContext,
    stored: u64,
    refused: u64,
}

impl Session {
    pub(super) fn new(
        bus: Bus,
        open: Open,
        incoming: Streaming<PluginMessage>,
        out: mpsc::Sender<Result<BusMessage, Status>>,
    ) -> Self {
        Self { bus, open, incoming, out }
    }

    /// Serves the plugin. `stream` is the span of the handshake.
    pub(super) async fn run(mut self, mut stream: Span) {
        let context = stream.context();
        let welcomed = self.handshake(context).await;
        let code = welcomed.as_ref().map_or_else(Status::code, |_| Code::Ok);
        match &welcomed {
            Ok(_) => stream.succeed(),
            Err(status) => stream.fail("refused", status.message().to_owned()),
        }
        self.bus.stream_answered(&stream, code);
        drop(stream);
        match welcomed {
            Ok((welcomed, welcome)) => self.serve(welcomed, welcome, context).await,
            Err(status) => {
                let roster = self.bus.roster.clone();
                let plugin = self.open.grant.plugin.clone();
                // If the plugin has gone, there is nobody to tell.
                drop(self.out.send(Err(status)).await);
                roster.session(&plugin, State::Gone);
                drop(self.open);
            }
        }
    }

    async fn serve(self, welcomed: Welcomed, welcome: BusMessage, stream: TraceContext) {
        let Self { bus, open, incoming, out } = self;
        let plugin = open.grant.plugin.clone();
        bus.telemetry.plugin_connected(&plugin, &welcomed.version);
        let allowance = bus.allowances.get(&plugin);
        let queue = allowance.map(|a| a.queue).unwrap_or_default();
        let findings = allowance.map_or(super::allowance::FINDINGS_PER_SECOND, |a| a.findings_per_second);
        let mut deliveries = bus.dispatcher.subscribe(&plugin, &welcomed.subscriptions, queue);
        bus.roster.session(&plugin, State::Connected);
        // Now that it is subscribed: from its Welcome on a plugin misses nothing. If it has gone, the loop finds out.
        drop(out.try_send(Ok(welcome)));
        let now = std::time::Instant::now();
        let mut served = Served {
            outgoing: Outgoing::new(out, plugin.clone(), stream, welcomed.max_message_bytes),
            known: open.live.known.clone(),
            heartbeat: Heartbeat::new(bus.heartbeat, now),
            denials: Denials::default(),
            findings: Rate::new(findings, now),
            turn: Turn::new(bus.heartbeat.every),
            stored: 0,
            refused: 0,
            bus,
            open,
            incoming,
            stream,
        };
        let end = served.run(&mut deliveries).await;
        served.close(deliveries, &end);
    }
}

impl Served {
    fn plugin(&self) -> &str {
        &self.open.grant.plugin
    }

    /// What the plugin will not get any more is dropped, what it has not answered is told as such, and why it ended
    /// is put on record.
    fn close(mut self, mut deliveries: Deliveries, end: &End) {
        let reason = end.to_string();
        self.turn.end();
        self.outgoing.abandon(&mut deliveries, &self.bus.telemetry, &reason);
        self.bus.telemetry.plugin_disconnected(self.plugin(), &reason);
        if let Some(fault) = end.fault() {
            self.bus.telemetry.plugin_at_fault(self.plugin(), fault);
        }
        let mut metadata = Attributes::default();
        for (name, count) in
            [("delivered", self.outgoing.delivered()), ("findings", self.stored), ("refused", self.refused)]
        {
            metadata.push(name, i64::try_from(count).unwrap_or(i64::MAX));
        }
        let decision = if end.fault().is_some() { Decision::Deny } else { Decision::Info };
        // A session is ended whether or not this can be written: what takes something away is never refused.
        drop(self.bus.audit.record(Entry {
            component: COMPONENT,
            plugin: self.plugin(),
            event: Event::SessionClosed,
            decision,
            reason: Some(reason),
            metadata,
            context: Some(self.stream),
        }));
        self.outgoing.farewell(end);
        let Self { bus, open, .. } = self;
        let plugin = open.grant.plugin.clone();
        let state = if end.fault().is_some() { State::Barred } else { State::Gone };
        // While the secret is good nobody else opens a session of this plugin, whose state would be lost by this.
        bus.roster.session(&plugin, state);
        drop(open);
    }
}
