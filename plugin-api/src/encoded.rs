//! What the daemon sends, with flow events that are encoded already: an event is encoded once and goes to every
//! plugin, in the same bytes.

use prost::bytes::Bytes;

use crate::wire::{Goodbye, Heartbeat, Refused, Welcome};

/// [`crate::wire::BusMessage`] as the daemon sends it. On the wire the two are the same: a message within a message is
/// its bytes.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BusMessage {
    /// The Hello was accepted.
    #[prost(message, optional, tag = "1")]
    pub welcome: Option<Welcome>,
    /// An encoded [`crate::wire::FlowEvent`].
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub flow_event: Option<Bytes>,
    /// The daemon is alive.
    #[prost(message, optional, tag = "3")]
    pub heartbeat: Option<Heartbeat>,
    /// The session ends.
    #[prost(message, optional, tag = "4")]
    pub goodbye: Option<Goodbye>,
    /// Something was refused.
    #[prost(message, optional, tag = "5")]
    pub refused: Option<Refused>,
    /// W3C Trace Context of what made the daemon send this.
    #[prost(string, tag = "15")]
    pub traceparent: String,
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::wire;

    #[test]
    fn a_plugin_reads_what_the_daemon_encoded() {
        let event = wire::FlowEvent { flow_id: "f".to_owned(), sequence: 7, ..Default::default() };
        let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned();
        let sent = [
            BusMessage { flow_event: Some(event.encode_to_vec().into()), ..Default::default() },
            BusMessage {
                welcome: Some(Welcome { protocol_version: 1, ..Default::default() }),
                ..Default::default()
            },
            BusMessage { heartbeat: Some(Heartbeat {}), ..Default::default() },
            BusMessage { goodbye: Some(Goodbye { reason: "r".to_owned() }), ..Default::default() },
            BusMessage {
                refused: Some(Refused { reason: "r".to_owned(), ..Default::default() }),
                ..Default::default()
            },
        ];
        let read = sent.map(|message| {
            let bytes = BusMessage { traceparent: traceparent.clone(), ..message }.encode_to_vec();
            let read = wire::BusMessage::decode(&bytes[..]).unwrap();
            assert_eq!(read.traceparent, traceparent);
            read.message.unwrap()
        });
        use wire::bus_message::Message as M;
        assert_eq!(read[0], M::FlowEvent(event));
        assert!(matches!(&read[1..], [M::Welcome(_), M::Heartbeat(_), M::Goodbye(_), M::Refused(_)]));
    }
}
