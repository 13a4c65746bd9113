//! The loop of a session: whatever comes first, then everything else that is ready, then waiting again.

use std::time::Instant;

use glyph_plugin::encoded::BusMessage;

use super::{End, Served, heartbeat::Beat};
use crate::dispatch::Deliveries;

impl Served {
    /// Until one side ends it.
    pub(super) async fn run(&mut self, deliveries: &mut Deliveries) -> End {
        let cut = self.bus.sessions.cut.clone();
        loop {
            self.pump(deliveries);
            if deliveries.is_over() && self.outgoing.is_idle() {
                return End::Stopped;
            }
            let wake = self.turn.ends().map_or(self.heartbeat.due(), |ends| ends.min(self.heartbeat.due()));
            let (room, blocked) = (self.outgoing.has_room(), self.outgoing.is_blocked());
            tokio::select! {
                () = cut.cancelled() => return End::CutOff,
                received = self.incoming.message() => match received {
                    Ok(Some(message)) => {
                        self.heartbeat.heard(Instant::now());
                        if let Some(end) = self.receive(message) {
                            return end;
                        }
                    }
                    Ok(None) => return End::Left,
                    Err(status) => return End::of_status(&status),
                },
                delivery = deliveries.next(), if room && !deliveries.is_over() => {
                    if let Some(delivery) = delivery {
                        self.outgoing.take(delivery);
                    }
                }
                there = self.outgoing.writable(), if blocked => {
                    if !there {
                        return End::Left;
                    }
                }
                () = tokio::time::sleep_until(wake.into()) => {
                    if let Some(end) = self.tick() {
                        return end;
                    }
                }
            }
        }
    }

    /// Sends what can be sent without waiting.
    fn pump(&mut self, deliveries: &mut Deliveries) {
        while self.outgoing.send_next(deliveries, &self.known, &self.bus.telemetry) {
            self.turn.sent(&self.bus.telemetry, self.stream, &self.open.grant.plugin);
        }
    }

    fn tick(&mut self) -> Option<End> {
        let now = Instant::now();
        if self.turn.ends().is_some_and(|ends| ends <= now) {
            self.turn.end();
        }
        match self.heartbeat.tick(now) {
            Beat::Wait => None,
            Beat::Ask => {
                let heartbeat = Some(Default::default());
                // A plugin that does not read is asked all the same, and does not answer.
                self.outgoing.try_send(BusMessage { heartbeat, ..BusMessage::default() });
                None
            }
            Beat::Dead => Some(End::Dead(self.bus.heartbeat.timeout)),
        }
    }
}
