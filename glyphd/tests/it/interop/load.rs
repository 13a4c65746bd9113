//! Many requests at once over one connection in HTTP/2.

use glyphd::capture::{Base, Mode};
use http::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinSet;

use super::{BOTH, HOST, Stage, client, ended, fine, said, site};
use crate::harness::{
    TestDaemon,
    client::{Body, empty, whole},
    secure::{Authority, SecureOrigin, secured},
    within,
};

const AT_ONCE: usize = 50;
const EACH: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn many_streams_at_once_share_one_connection_on_both_sides() {
    let stage = Stage::new().await;
    let origin = stage.secure(BOTH).await;
    let place = format!("{HOST}:{}", origin.port());
    let tls = secured(stage.daemon.proxy(), &place, HOST, &stage.ca, &["h2"]).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
    tokio::spawn(connection);
    let get = |mut sender: http2::SendRequest<Body>, path: String| {
        let request: Request<Body> = Request::get(format!("https://{place}{path}")).body(empty()).unwrap();
        async move {
            within("the connection", sender.ready()).await.unwrap();
            let response = within("an answer", sender.send_request(request)).await.unwrap();
            assert_eq!(whole(response).await.unwrap().text(), format!("HTTP/2.0 GET {path}"));
        }
    };
    // The pool may make further connections until it has its first one in use.
    get(sender.clone(), "/first".to_owned()).await;
    let mut all = JoinSet::new();
    for one in 0..AT_ONCE {
        let each: Vec<_> = (0..EACH).map(|n| get(sender.clone(), format!("/{one}/{n}"))).collect();
        all.spawn(async move {
            for one in each {
                one.await;
            }
        });
    }
    drop(sender);
    within("all answers", all.join_all()).await;
    assert_eq!(origin.connections(), 1);
    let recorded = stage.drain().await;
    assert_eq!(recorded.flows.len(), 1 + AT_ONCE * EACH);
    let mut urls: Vec<_> = recorded.flows.iter().map(|flow| said(flow).1.to_owned()).collect();
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(urls.len(), 1 + AT_ONCE * EACH, "each one once");
    assert!(recorded.flows.iter().all(|flow| said(flow).2 == "HTTP/2" && said(flow).3 == 200));
}

/// Another program's idea of HTTP/2, without TLS at the client's side.
#[tokio::test(flavor = "multi_thread")]
async fn h2load_finds_every_request_answered() {
    let authority = Authority::new();
    let origin = SecureOrigin::answering(authority.certify(&[HOST]), BOTH, site).await;
    let daemon = TestDaemon::with(|config| {
        config.capture.mode = Mode::Reverse(Base::of(&format!("https://{HOST}:{}", origin.port())).unwrap());
        config.capture.upstream.ca = Some(authority.path());
    })
    .await;
    let mut command = client("h2load");
    command.args(["-n", "400", "-c", "2", "-m", "50", &format!("http://{}/load", daemon.proxy())]);
    let Some(ended) = ended("h2load", command).await else { return };
    let printed = fine(ended);
    assert!(printed.contains("400 succeeded, 0 failed, 0 errored, 0 timeout"), "{printed}");
    assert!(printed.contains("Application protocol: h2c"), "{printed}");
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flows.len(), 400);
    assert!(recorded.flows.iter().all(|flow| said(flow).3 == 200));
}
