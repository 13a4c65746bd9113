//! Whom a span says it calls, or is called by.
//!
//! In: a span's kind, and its attributes as JSON text. Out: a kind of node and its name, if the attributes give one: what
//! isn't there isn't guessed. Not here: whether the one that is called has spans of its own.
//!
//! The attributes are OpenTelemetry's, the older of two names after the newer one. A `client` span is looked at for, in
//! this order:
//!
//! | attribute | the node |
//! | --- | --- |
//! | `service.peer.name`, `peer.service` | the service of that name if the files have one, else something external |
//! | `db.system.name`, `db.system` | a database |
//! | `messaging.system` | a messaging system |
//! | `server.address`, `net.peer.name` | something external |
//!
//! A `producer` span speaks of messages: `messaging.system` comes first. Of a `consumer` span nothing else counts, since
//! whatever else it names is where it got the message, not from whom. All other spans call nobody.

use std::borrow::Cow;

use glyph_formats::span::SpanKind;

use super::attribute;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Service,
    Database,
    Messaging,
    Address,
}

const SERVICE: [(&str, Peer); 2] = [("service.peer.name", Peer::Service), ("peer.service", Peer::Service)];
const DATABASE: [(&str, Peer); 2] = [("db.system.name", Peer::Database), ("db.system", Peer::Database)];
const MESSAGING: [(&str, Peer); 1] = [("messaging.system", Peer::Messaging)];
const ADDRESS: [(&str, Peer); 2] = [("server.address", Peer::Address), ("net.peer.name", Peer::Address)];

/// What is looked for in a `client` span.
const CALLED: [&[(&str, Peer)]; 4] = [&SERVICE, &DATABASE, &MESSAGING, &ADDRESS];
/// What is looked for in a `producer` span.
const SENT_TO: [&[(&str, Peer)]; 4] = [&MESSAGING, &SERVICE, &DATABASE, &ADDRESS];
/// What is looked for in a `consumer` span.
const RECEIVED_FROM: [&[(&str, Peer)]; 1] = [&MESSAGING];

impl Peer {
    const ALL: [Self; 4] = [Self::Service, Self::Database, Self::Messaging, Self::Address];

    fn mark(self) -> char {
        match self {
            Self::Service => 's',
            Self::Database => 'd',
            Self::Messaging => 'm',
            Self::Address => 'a',
        }
    }

    /// The kind and the name in one text, so that they can be numbered together.
    fn coded(self, name: &str) -> String {
        format!("{}{name}", self.mark())
    }

    /// The kind and the name of such a text.
    pub(super) fn decoded(text: &str) -> Option<(Self, &str)> {
        let kind = Self::ALL.into_iter().find(|peer| text.starts_with(peer.mark()))?;
        Some((kind, &text[1..]))
    }
}

/// Whom the span names, as [`Peer::decoded`] takes it apart.
pub(super) fn of(kind: SpanKind, attributes: &str) -> Option<String> {
    let wanted: &[&[(&str, Peer)]] = match kind {
        SpanKind::Client => &CALLED,
        SpanKind::Producer => &SENT_TO,
        SpanKind::Consumer => &RECEIVED_FROM,
        SpanKind::Internal | SpanKind::Server => return None,
    };
    let keys = || wanted.iter().copied().flatten();
    let rank = |key: &str| keys().position(|(wanted, _)| *wanted == key);
    let named = |json| attribute::plain(json).filter(|name| !name.is_empty());
    let (rank, name): (usize, Cow<'_, str>) = attribute::first(attributes, rank, named)?;
    keys().nth(rank).map(|(_, peer)| peer.coded(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(kind: SpanKind, attributes: &str) -> Option<String> {
        of(kind, attributes).map(|text| {
            let (kind, name) = Peer::decoded(&text).unwrap();
            format!("{kind:?} {name}")
        })
    }

    #[test]
    fn the_first_attribute_that_names_somebody_counts() {
        let all = r#"{"net.peer.name":"old","server.address":"db.local","messaging.system":"kafka","db.system":"mysql",
            "db.system.name":"postgresql","peer.service":"ledger","service.peer.name":"books","http.route":"/x"}"#;
        let without = |keys: &[&str]| {
            let mut left: serde_json::Map<String, serde_json::Value> = serde_json::from_str(all).unwrap();
            keys.iter().for_each(|key| drop(left.remove(*key)));
            serde_json::to_string(&left).unwrap()
        };
        let order = [
            ("service.peer.name", "Service books"),
            ("peer.service", "Service ledger"),
            ("db.system.name", "Database postgresql"),
            ("db.system", "Database mysql"),
            ("messaging.system", "Messaging kafka"),
            ("server.address", "Address db.local"),
            ("net.peer.name", "Address old"),
        ];
        for (i, (_, named)) in order.iter().enumerate() {
            let gone: Vec<&str> = order[..i].iter().map(|(key, _)| *key).collect();
            assert_eq!(peer(SpanKind::Client, &without(&gone)).as_deref(), Some(*named));
        }
        assert_eq!(peer(SpanKind::Client, r#"{"http.route":"/x"}"#), None);
        assert_eq!(peer(SpanKind::Producer, all).as_deref(), Some("Messaging kafka"));
        assert_eq!(peer(SpanKind::Consumer, all).as_deref(), Some("Messaging kafka"));
        assert_eq!(peer(SpanKind::Consumer, &without(&["messaging.system"])), None);
        assert_eq!([peer(SpanKind::Server, all), peer(SpanKind::Internal, all)], [None, None]);
    }

    #[test]
    fn a_name_is_text_and_an_empty_one_is_none() {
        let of = |json| peer(SpanKind::Client, json);
        assert_eq!(of(r#"{"peer.service":"","server.address":"h\"x"}"#).as_deref(), Some("Address h\"x"));
        assert_eq!(of(r#"{"peer.service":null,"server.address":7}"#).as_deref(), Some("Address 7"));
        assert_eq!([of(""), of("[1]"), of("{}")], [None, None, None]);
    }
}
