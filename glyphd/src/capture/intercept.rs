//! TLS in the middle: we speak it with the client as the host that it wants, and with the host as the client.
//!
//! The upstream comes first: what it chooses of what the client offers (ALPN) is what the client is offered. If there is no
//! TLS to be had with it, the client's requests are answered with the reason. A client that does not take our certificate
//! is a flow that says so. Nothing follows from that for the next: one such client could otherwise blind a host.

use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
};

use rustls::server::Acceptor;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    Proxy,
    cancel::until_cancelled,
    connect::{Client, Opened},
    connection::{Conn, Place},
    failure::Failure,
    tls::Alpn,
    upstream::{Offer, Target, TlsTarget},
};

/// The longest first message of a client: what is longer is no handshake.
const HELLO: usize = 64 << 10;

/// What a client says in its first message.
struct Hello {
    /// Whom it wants (SNI).
    name: Option<String>,
    offer: Offer,
}

impl Proxy {
    pub(super) async fn intercept(self: Arc<Self>, mut opened: Opened) {
        let limit = self.options.limits.header_timeout;
        let hello = match timeout(limit, hello(&mut opened.client)).await {
            Ok(Ok(hello)) => hello,
            // It only begins as TLS does: whoever it is for may make more of it.
            Ok(Err(_)) | Err(_) => return self.pass(opened).await,
        };
        let name = hello.name.unwrap_or_else(|| opened.end.host.clone());
        if self.passes(&name) {
            return self.pass(opened).await;
        }
        let Opened { end, client, upstream, conn, recorder } = opened;
        let tls = TlsTarget { name: name.clone(), offer: hello.offer };
        let target = Target { host: end.host.clone(), port: end.port, tls: Some(tls), plain: Alpn::Http1 };
        let origin = self.upstream.origin(target);
        let chosen = match (upstream, origin.known()) {
            (None, Some(known)) => known,
            (upstream, _) => match origin.connect(upstream).await {
                Ok((chosen, made)) => {
                    recorder.connected(made);
                    self.upstream.seen(&end.host, end.port);
                    chosen
                }
                // Its requests will find the same, and tell.
                Err(_) => hello.offer.first(),
            },
        };
        let handshake = self.handshake(client, &name, chosen);
        let secured = match timeout(limit, handshake).await {
            Ok(secured) => secured.map_err(|e| refusal(&e, &name)),
            Err(_) => Err("the TLS handshake took too long".to_owned()),
        };
        let secured = match secured {
            Ok(secured) => secured,
            Err(cause) => return recorder.failed(&Failure::ClientTls(cause)),
        };
        recorder.looked_into();
        drop(recorder);
        let place = Place::Within { scheme: "https", host: name, port: end.port, origin };
        self.serve_within(secured, chosen.unwrap_or(Alpn::Http1), conn.within(place)).await;
    }

    async fn handshake(
        &self,
        client: Client,
        name: &str,
        chosen: Option<Alpn>,
    ) -> io::Result<tokio_rustls::server::TlsStream<Client>> {
        let leaves = self.leaves.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        let config = leaves.server_config(name, chosen).map_err(io::Error::other)?;
        TlsAcceptor::from(config).accept(client).await
    }

    /// Serves what has come out of a tunnel, until it ends or everything is cut. Boxed, since a request in it is handled as
    /// the one was that it is in.
    pub(super) fn serve_within<S>(
        self: Arc<Self>,
        stream: S,
        protocol: Alpn,
        conn: Conn,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Box::pin(async move {
            let cut = self.cut.child_token();
            let served = pin!(Arc::clone(&self).serve(stream, protocol, Arc::new(conn)));
            until_cancelled(&cut, served).await;
        })
    }
}

/// The client's first message, which stays where it is.
async fn hello(client: &mut Client) -> io::Result<Hello> {
    loop {
        let mut acceptor = Acceptor::default();
        let mut bytes = client.peeked();
        while !bytes.is_empty() {
            acceptor.read_tls(&mut bytes)?;
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                let hello = accepted.client_hello();
                let offer = Offer::of(hello.alpn().into_iter().flatten());
                return Ok(Hello { name: hello.server_name().map(str::to_owned), offer });
            }
            Ok(None) if client.peeked().len() < HELLO => {}
            Ok(None) => return Err(io::ErrorKind::InvalidData.into()),
            Err((e, _)) => return Err(io::Error::new(io::ErrorKind::InvalidData, e)),
        }
        if !client.peek_more().await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Why a client did not go on.
fn refusal(error: &io::Error, host: &str) -> String {
    let hint = format!(
        "it may not trust the CA (glyphctl ca trust-help), or know the certificate beforehand: then \
         --tls-passthrough {host} leaves its TLS alone"
    );
    let rustls = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    match rustls {
        Some(rustls::Error::AlertReceived(alert)) => {
            format!("the client refused the certificate for {host} ({alert:?}); {hint}")
        }
        Some(other) => format!("the TLS handshake with the client failed: {other}"),
        None => format!("the client went away during the TLS handshake for {host} ({error}); {hint}"),
    }
}
