//! Hello and Welcome: what a plugin wants to get, and what it will.

use std::time::Duration;

use glyph_formats::Attributes;
use glyph_plugin::{
    DEFAULT_MESSAGE_BYTES, LEAST_MESSAGE_BYTES, PROTOCOL_VERSION,
    encoded::BusMessage,
    wire::{self, Hello, Welcome, plugin_message::Message},
};
use tokio::time::timeout;
use tonic::Status;

use super::{Session, convert};
use crate::{
    audit::Event,
    dispatch::Subscription,
    plugin::bus::{check_version, list, printable},
    telemetry::TraceContext,
};

/// How long a plugin may take for its Hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);

/// What a plugin is welcomed with.
#[derive(Debug)]
pub(super) struct Welcomed {
    pub(super) subscriptions: Vec<Subscription>,
    /// Its own version.
    pub(super) version: String,
    /// The largest message that it takes.
    pub(super) max_message_bytes: usize,
}

impl Session {
    /// What the plugin gets, and the Welcome that is to tell it so.
    pub(super) async fn handshake(
        &mut self,
        context: TraceContext,
    ) -> Result<(Welcomed, BusMessage), Status> {
        let cut = self.bus.sessions.cut.clone();
        let first = timeout(HELLO_TIMEOUT, self.incoming.message());
        let first = match cut.run_until_cancelled(first).await {
            Some(Ok(Ok(first))) => first.and_then(|m| m.message),
            Some(Ok(Err(status))) => return Err(self.refused(context, status)),
            Some(Err(_)) => return Err(self.refused(context, Status::deadline_exceeded("no Hello came"))),
            None => return Err(self.refused(context, Status::unavailable("glyphd stops"))),
        };
        let Some(Message::Hello(hello)) = first else {
            return Err(self.refused(context, Status::failed_precondition("the first message is no Hello")));
        };
        let (welcomed, denied) = self.check(&hello).map_err(|status| self.refused(context, status))?;

        let named = |all: &[Subscription]| list(all.iter().map(|s| s.name().to_owned()).collect());
        let mut metadata = Attributes::default();
        metadata.push("version", welcomed.version.clone());
        metadata.push("subscriptions", named(&welcomed.subscriptions));
        metadata.push("denied", named(&denied));
        self.bus.decide(&self.open.grant.plugin, Event::SessionOpened, None, metadata, context)?;
        let timeout = self.bus.heartbeat.timeout.as_millis();
        let welcome = Welcome {
            protocol_version: PROTOCOL_VERSION,
            subscriptions: welcomed.subscriptions.iter().map(|s| convert::subscription(*s).into()).collect(),
            heartbeat_timeout_ms: u32::try_from(timeout).unwrap_or(u32::MAX),
        };
        let traceparent = context.to_string();
        Ok((welcomed, BusMessage { welcome: Some(welcome), traceparent, ..BusMessage::default() }))
    }

    /// What the plugin gets, and what it wants and does not get for want of a capability.
    fn check(&self, hello: &Hello) -> Result<(Welcomed, Vec<Subscription>), Status> {
        check_version(hello.protocol_version)?;
        if hello.plugin != self.open.grant.plugin {
            return Err(Status::permission_denied("the session is another plugin's"));
        }
        let max_message_bytes = match hello.max_message_bytes {
            0 => DEFAULT_MESSAGE_BYTES,
            few if few < LEAST_MESSAGE_BYTES => {
                let what =
                    format!("max_message_bytes is {few}, and at least {LEAST_MESSAGE_BYTES} are needed");
                return Err(Status::invalid_argument(what));
            }
            bytes => bytes,
        };
        let (mut subscriptions, mut denied) = (Vec::new(), Vec::new());
        for wanted in &hello.subscriptions {
            let known = wire::Subscription::try_from(*wanted).ok().and_then(convert::subscribed);
            let Some(wanted) = known else {
                return Err(Status::invalid_argument(format!("{wanted} is no subscription")));
            };
            let list = if self.may_get(wanted) { &mut subscriptions } else { &mut denied };
            if !list.contains(&wanted) {
                list.push(wanted);
            }
        }
        let version = printable(&hello.version);
        let max_message_bytes = max_message_bytes.try_into().unwrap_or(usize::MAX);
        Ok((Welcomed { subscriptions, version, max_message_bytes }, denied))
    }

    fn may_get(&self, subscription: Subscription) -> bool {
        let needed = convert::subscription(subscription).needs();
        needed.iter().all(|capability| self.open.grant.capabilities.contains(capability))
    }

    /// Puts on record that the session was refused.
    fn refused(&self, context: TraceContext, status: Status) -> Status {
        let denied = Some(status.message().to_owned());
        let plugin = &self.open.grant.plugin;
        match self.bus.decide(plugin, Event::SessionOpened, denied, Attributes::default(), context) {
            Ok(()) => status,
            Err(unavailable) => unavailable,
        }
    }
}
