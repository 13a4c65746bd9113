//! How a client gets to a page: through a proxy or not, with TLS or not, over HTTP/1.1 or HTTP/2.

use std::{path::Path, sync::Arc};

use anyhow::{Context, bail, ensure};
use http::{HeaderValue, Method, Request, Response, Uri, header, uri::Scheme};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
    rt::{Read, Write},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::{certificates, pages::Text};

/// The way to a page.
pub(crate) struct Road {
    address: String,
    authority: String,
    host: HeaderValue,
    server: ServerName<'static>,
    /// As it stands in the request.
    uri: Uri,
    tunnel: bool,
    tls: Option<TlsConnector>,
}

/// An open connection.
pub(crate) enum Sender {
    One(http1::SendRequest<Text>),
    Two(http2::SendRequest<Text>),
}

impl Road {
    pub(crate) fn new(
        address: &str,
        url: &Uri,
        direct: bool,
        http2: bool,
        authorities: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let secured = url.scheme() == Some(&Scheme::HTTPS);
        let authority = url.authority().context("the URL has no host")?;
        let tls = if secured {
            let mut config = certificates::client(authorities.context("https wants --ca")?)?;
            config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
            Some(TlsConnector::from(Arc::new(config)))
        } else {
            None
        };
        let path = url.path_and_query().context("the URL has no path")?;
        // Proxies want the whole URL where they see it, and so does HTTP/2.
        let whole = http2 || !(secured || direct);
        Ok(Self {
            address: address.to_owned(),
            authority: authority.to_string(),
            host: HeaderValue::from_str(authority.as_str())?,
            server: ServerName::try_from(authority.host().to_owned())?,
            uri: if whole { url.clone() } else { Uri::from(path.clone()) },
            tunnel: secured && !direct,
            tls,
        })
    }

    /// A request for the page.
    pub(crate) fn request(&self, method: Method, body: Text) -> anyhow::Result<Request<Text>> {
        let mut request = super::request(method, self.uri.clone(), body)?;
        if self.uri.scheme() != Some(&Scheme::HTTPS) {
            request.headers_mut().insert(header::HOST, self.host.clone());
        }
        Ok(request)
    }

    pub(crate) async fn connect(&self) -> anyhow::Result<Sender> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        if self.tunnel {
            self.ask_for_tunnel(&mut stream).await?;
        }
        let Some(tls) = &self.tls else { return one(TokioIo::new(stream)).await };
        let stream = tls.connect(self.server.clone(), stream).await?;
        if self.uri.scheme().is_none() {
            return one(TokioIo::new(stream)).await;
        }
        ensure!(stream.get_ref().1.alpn_protocol() == Some(b"h2"), "the other side has no HTTP/2");
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Sender::Two(sender))
    }

    async fn ask_for_tunnel(&self, stream: &mut TcpStream) -> anyhow::Result<()> {
        let authority = &self.authority;
        let head = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            // Nothing comes behind the head before we have begun.
            if stream.read_buf(&mut answer).await? == 0 {
                bail!("the proxy closed the connection");
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        ensure!(answer.split(' ').nth(1) == Some("200"), "the proxy said {answer}");
        Ok(())
    }
}

async fn one(io: impl Read + Write + Unpin + Send + 'static) -> anyhow::Result<Sender> {
    let (sender, connection) = http1::handshake(io).await?;
    tokio::spawn(connection);
    Ok(Sender::One(sender))
}

impl Sender {
    /// The same connection for somebody else, where that can be.
    pub(crate) fn another(&self) -> Option<Self> {
        match self {
            Self::One(_) => None,
            Self::Two(sender) => Some(Self::Two(sender.clone())),
        }
    }

    pub(crate) async fn send(&mut self, request: Request<Text>) -> anyhow::Result<Response<Incoming>> {
        Ok(match self {
            Self::One(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Self::Two(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        })
    }
}
