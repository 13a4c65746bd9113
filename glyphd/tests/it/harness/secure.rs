//! Both ends of TLS: servers with certificates of an authority that only the test knows, and clients that come through the
//! proxy.

use std::{
    convert::Infallible,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
    server::conn,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

use super::{
    Listening, RawClient,
    client::{self, Answer, Body, whole},
    within,
};

/// An authority whose certificate is a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

/// A certificate with its key.
pub(crate) struct Identity {
    cert: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        // Who has the same name is taken for the same.
        let key = KeyPair::generate().unwrap();
        let name = format!("authority {:02x?}", &key.public_key_raw()[1..9]);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ca.pem"), pem("CERTIFICATE", issuer.der())).unwrap();
        Self { issuer, dir }
    }

    /// Its certificate, PEM.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// A certificate for these names and addresses.
    pub(crate) fn certify(&self, names: &[&str]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let cert = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        Identity { cert: cert.der().clone(), key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() }
    }

    /// A certificate for these names whose time is over.
    pub(crate) fn certify_for_the_past(&self, names: &[&str]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        Identity { cert: cert.der().clone(), key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() }
    }

    /// A certificate that nobody but itself has signed, and that says it is a CA's: what `openssl req -x509` makes.
    pub(crate) fn self_signed(names: &[&str]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let cert = params.self_signed(&key).unwrap();
        Identity { cert: cert.der().clone(), key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() }
    }

    /// One for that name, in files: certificate and key, PEM.
    pub(crate) fn certify_in_files(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let cert =
            CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let file = |suffix: &str, text: String| {
            let path = self.dir.path().join(format!("{name}{suffix}.pem"));
            fs::write(&path, text).unwrap();
            path
        };
        let key = pem("PRIVATE KEY", &key.serialize_der());
        (file("", pem("CERTIFICATE", cert.der())), file("-key", key))
    }

    fn roots(&self) -> RootCertStore {
        roots(&self.path())
    }
}

/// As files have it (RFC 7468).
pub(crate) fn pem(kind: &str, der: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

fn roots(path: &Path) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(path).unwrap()).unwrap();
    roots
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// An HTTPS server on a free port. It ends with the test.
pub(crate) struct SecureOrigin {
    listening: Listening,
}

impl SecureOrigin {
    /// With that certificate, speaking these protocols. It answers with the version, the host and the path that it was
    /// asked for.
    pub(crate) async fn speaking(identity: Identity, protocols: &[&str]) -> Self {
        Self::answering(identity, protocols, |request| std::future::ready(asked_for(&request))).await
    }

    /// The same, with answers of its own.
    pub(crate) async fn answering<A, F>(identity: Identity, protocols: &[&str], answer: A) -> Self
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        Self::with(identity, protocols, None, answer).await
    }

    /// One that knows its clients by certificates of that authority.
    pub(crate) async fn knowing(identity: Identity, clients: &Authority) -> Self {
        let answer = |request: Request<Incoming>| std::future::ready(asked_for(&request));
        Self::with(identity, &["http/1.1"], Some(clients), answer).await
    }

    pub(crate) async fn with<A, F>(
        identity: Identity,
        protocols: &[&str],
        clients: Option<&Authority>,
        answer: A,
    ) -> Self
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let config = match clients {
            Some(authority) => {
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(authority.roots().into(), provider());
                config.unwrap().with_client_cert_verifier(verifier.build().unwrap())
            }
            None => config.unwrap().with_no_client_auth(),
        };
        let mut config = config.with_single_cert(vec![identity.cert], identity.key).unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let each = move |stream| serve(acceptor.clone(), stream, answer.clone());
        Self { listening: Listening::serving(each).await }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address().port()
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.listening.connections()
    }
}

fn asked_for(request: &Request<Incoming>) -> Response<Body> {
    // Named twice, it is refused by some (RFC 9113, 8.3.1).
    let header = request.headers().get("host").map(|host| host.to_str().unwrap());
    let named: Vec<_> = header.into_iter().chain(request.uri().authority().map(|a| a.as_str())).collect();
    let text = format!("{:?} {} {}", request.version(), named.join(" and "), request.uri().path());
    Response::new(client::full(text))
}

async fn serve<A, F>(acceptor: TlsAcceptor, stream: TcpStream, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(move |request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let io = TokioIo::new(stream);
    if http2 {
        conn::http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await.ok();
    } else {
        conn::http1::Builder::new().serve_connection(io, service).with_upgrades().await.ok();
    }
}

/// A client that has come through the proxy and speaks TLS.
pub(crate) struct SecureClient {
    sender: Sender,
}

enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

impl SecureClient {
    /// Asks that proxy for a tunnel, and speaks TLS in it with `host`, trusting what is in that file.
    pub(crate) async fn connect(
        proxy: SocketAddr,
        authority: &str,
        host: &str,
        trusts: &Path,
        protocols: &[&str],
    ) -> std::io::Result<Self> {
        let stream = secured(proxy, authority, host, trusts, protocols).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let io = TokioIo::new(stream);
        let sender = if http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
            tokio::spawn(connection);
            Sender::Http2(sender)
        } else {
            let (sender, connection) = http1::handshake(io).await.unwrap();
            tokio::spawn(connection);
            Sender::Http1(sender)
        };
        Ok(Self { sender })
    }

    /// Whether HTTP/2 was agreed on.
    pub(crate) fn is_http2(&self) -> bool {
        matches!(self.sender, Sender::Http2(_))
    }

    /// `authority` is named as the protocol does it.
    pub(crate) async fn get(&mut self, authority: &str, path: &str) -> Answer {
        let sent = match &mut self.sender {
            Sender::Http1(sender) => {
                within("the connection", sender.ready()).await.unwrap();
                let request = Request::get(path).header("host", authority).body(client::empty()).unwrap();
                within("an answer's head", sender.send_request(request)).await
            }
            Sender::Http2(sender) => {
                within("the connection", sender.ready()).await.unwrap();
                let url = format!("https://{authority}{path}");
                let request = Request::get(url).body(client::empty()).unwrap();
                within("an answer's head", sender.send_request(request)).await
            }
        };
        whole(sent.unwrap()).await.unwrap()
    }
}

/// TLS with `host` in a tunnel.
pub(crate) async fn secured(
    proxy: SocketAddr,
    authority: &str,
    host: &str,
    trusts: &Path,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots(trusts))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let tunnel = tunnel(proxy, authority).await;
    let name = ServerName::try_from(host.to_owned()).unwrap();
    within("a handshake", TlsConnector::from(Arc::new(config)).connect(name, tunnel.stream)).await
}

/// A tunnel that the proxy has opened.
pub(crate) async fn tunnel(proxy: SocketAddr, authority: &str) -> RawClient {
    let mut client = RawClient::connect(proxy).await;
    client.write(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n")).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    client
}
