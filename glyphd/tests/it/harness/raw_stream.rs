//! A plugin's stream on which a test writes bytes of its own: what no client of gRPC would send.

use std::{convert::Infallible, future::poll_fn};

use bytes::Bytes;
use glyph_plugin::{SESSION_METADATA, wire::PluginMessage};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{body::Body, transport::Endpoint};
use tower_service::Service;

use super::within;

/// The plugin's end.
pub(crate) struct RawStream {
    out: mpsc::Sender<Bytes>,
    incoming: Body,
}

/// A message with what gRPC puts before it.
pub(crate) fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap();
    [&[0][..], &length.to_be_bytes(), message].concat().into()
}

impl RawStream {
    /// Opens a stream with that message, and waits for the first bytes of the daemon's answer.
    pub(crate) async fn open(address: &str, secret: &str, first: &PluginMessage) -> Self {
        let mut stream = Self::silent(address, secret).await;
        stream.write(framed(&first.encode_to_vec())).await;
        stream.more("the welcome").await;
        stream
    }

    /// Waits for more bytes of the daemon's.
    pub(crate) async fn more(&mut self, what: &str) {
        assert!(within(what, self.incoming.frame()).await.unwrap().unwrap().is_data());
    }

    /// Opens a stream and says nothing.
    pub(crate) async fn silent(address: &str, secret: &str) -> Self {
        let endpoint = Endpoint::from_shared(address.to_owned()).unwrap();
        let mut channel = within("the bus", endpoint.connect()).await.unwrap();
        let (out, outgoing) = mpsc::channel(8);
        let frames = ReceiverStream::new(outgoing).map(|bytes| Ok::<_, Infallible>(Frame::data(bytes)));
        let request = http::Request::post("/glyph.plugin.v1.PluginBus/EventStream")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header(SESSION_METADATA, secret)
            .body(Body::new(StreamBody::new(frames)))
            .unwrap();
        within("the channel", poll_fn(|context| channel.poll_ready(context))).await.unwrap();
        let response = within("the stream", channel.call(request)).await.unwrap();
        assert_eq!(response.status(), 200);
        Self { out, incoming: response.into_body() }
    }

    pub(crate) async fn write(&mut self, bytes: Bytes) {
        within("room for bytes", self.out.send(bytes)).await.unwrap();
    }

    /// Ends this side, wherever it is; returns the status with which the daemon ends its own.
    pub(crate) async fn end(self) -> String {
        let Self { out, incoming } = self;
        drop(out);
        status(incoming).await
    }

    /// The status with which the daemon ends the stream.
    pub(crate) async fn status(self) -> String {
        status(self.incoming).await
    }
}

async fn status(incoming: Body) -> String {
    let rest = within("the stream's end", incoming.collect()).await.unwrap();
    let trailers = rest.trailers().unwrap();
    trailers["grpc-status"].to_str().unwrap().to_owned()
}
