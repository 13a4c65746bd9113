//! A server that answers as a test wants it, and remembers what it was asked.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::{Service, service_fn},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ServerConfig, crypto::ring};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::TlsAcceptor;

/// What came in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) method: String,
    /// With its query.
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    /// As the server is called.
    pub(super) host: String,
    pub(super) body: String,
    pub(super) http2: bool,
    pub(super) client: SocketAddr,
}

pub(super) type Answer = Response<Full<Bytes>>;
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Handler = Arc<dyn Fn(Asked) -> Answering + Send + Sync>;

/// The server. It ends with its test.
pub(super) struct Origin {
    pub(super) address: SocketAddr,
    scheme: &'static str,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Where its certificate is, if it has one.
    folder: TempDir,
    _runtime: Runtime,
}

impl Origin {
    /// Plain, over HTTP/1.1 and HTTP/2.
    pub(super) fn plain(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(false, answering(answer))
    }

    /// Within TLS, over HTTP/1.1 and HTTP/2.
    pub(super) fn secured(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(true, answering(answer))
    }

    /// Plain; takes its time.
    pub(super) fn pondering<F>(answer: impl Fn(Asked) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::start(false, Arc::new(move |asked| Box::pin(answer(asked))))
    }

    fn start(secured: bool, handler: Handler) -> Self {
        let runtime = Runtime::new().unwrap();
        let (folder, asked) = (tempfile::tempdir().unwrap(), Arc::<Mutex<Vec<Asked>>>::default());
        let tls = secured.then(|| acceptor(&folder));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let noted = Arc::clone(&asked);
        runtime.spawn(async move {
            while let Ok((stream, client)) = listener.accept().await {
                let (tls, handler, noted) = (tls.clone(), Arc::clone(&handler), Arc::clone(&noted));
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let (handler, noted) = (Arc::clone(&handler), Arc::clone(&noted));
                        async move {
                            let asked = Asked::of(request, client).await;
                            noted.lock().unwrap().push(asked.clone());
                            Ok::<_, Infallible>(handler(asked).await)
                        }
                    });
                    match tls {
                        Some(tls) => {
                            let Ok(stream) = tls.accept(stream).await else { return };
                            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                            serve(stream, http2, service).await;
                        }
                        None => {
                            let http2 = begins_http2(&stream).await;
                            serve(stream, http2, service).await;
                        }
                    }
                });
            }
        });
        let scheme = if secured { "https" } else { "http" };
        Self { address, scheme, asked, folder, _runtime: runtime }
    }

    pub(super) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The same under another name.
    pub(super) fn url_as(&self, host: &str) -> String {
        format!("{}://{host}:{}", self.scheme, self.address.port())
    }

    /// Its certificate.
    pub(super) fn certificate(&self) -> String {
        self.folder.path().join("cert.pem").to_str().unwrap().to_owned()
    }

    /// What it was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The same, and forgets it.
    pub(super) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Asked {
    async fn of(request: Request<Incoming>, client: SocketAddr) -> Self {
        let (head, body) = request.into_parts();
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let headers: BTreeMap<_, _> = head.headers.iter().map(header).collect();
        let host = head.uri.authority().map(ToString::to_string);
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        Self {
            method: head.method.to_string(),
            path: head.uri.path_and_query().map_or("", |path| path.as_str()).to_owned(),
            host: host.or_else(|| headers.get("host").cloned()).unwrap_or_default(),
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            http2: head.version == Version::HTTP_2,
            client,
        }
    }
}

/// Whether the client begins as HTTP/2 does.
async fn begins_http2(stream: &TcpStream) -> bool {
    let mut head = [0; 4];
    stream.peek(&mut head).await.is_ok_and(|n| n == 4) && head == *b"PRI "
}

async fn serve<S>(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, http2: bool, service: S)
where
    S: Service<Request<Incoming>, Response = Answer, Error = Infallible> + Send,
    S::Future: Send + 'static,
{
    let io = TokioIo::new(io);
    // Clients leave as they like.
    match http2 {
        true => drop(http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await),
        false => drop(http1::Builder::new().serve_connection(io, service).await),
    }
}

fn answering(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Handler {
    Arc::new(move |asked| {
        let answer = answer(&asked);
        Box::pin(async move { answer })
    })
}

/// An answer with a body of that type.
pub(super) fn answer(status: u16, kind: &str, body: impl Into<Bytes>) -> Answer {
    let response = Response::builder().status(status).header("content-type", kind);
    response.body(Full::new(body.into())).unwrap()
}

fn acceptor(folder: &TempDir) -> TlsAcceptor {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let lines: Vec<_> =
        BASE64_STANDARD.encode(certificate.der()).into_bytes().chunks(64).map(<[u8]>::to_vec).collect();
    let text = String::from_utf8(lines.join(&b'\n')).unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    std::fs::write(folder.path().join("cert.pem"), pem).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key.into())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}
