//! How a target is asked, without a daemon: packed answers, credentials, TLS, and what is told of each that fails.

use std::{
    future::{pending, ready},
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use glyphd::{
    config::ScrapeTarget,
    scrape::{Access, Given, Pace, Scrape, Scrapers, Sink},
};
use http::{HeaderMap, HeaderValue, Response};

use crate::harness::{
    FakeOrigin,
    client::{Body, full},
    secure::{Authority, SecureOrigin},
    within,
};

/// What came of scrapes: their lines, and what was given or why nothing, with what to do about it.
#[derive(Default)]
struct Taken(Mutex<Vec<(String, Result<Given, String>)>>);

impl Sink for Taken {
    fn take(&self, scrape: &Scrape<'_>) {
        let outcome = scrape.outcome.map_err(|error| match error.hint() {
            Some(hint) => format!("{error}; {hint}"),
            None => error.to_string(),
        });
        self.0.lock().unwrap().push((scrape.lines.to_owned(), outcome));
    }
}

/// The last scrape of a target, before which it may have had another.
async fn scraped(target: ScrapeTarget) -> (String, Result<Given, String>) {
    let taken = Arc::<Taken>::default();
    let scrapers = Scrapers::new(&[target]).unwrap();
    let pace = Pace::every(Duration::from_secs(60));
    within("a scrape", scrapers.run(pace, Arc::clone(&taken) as _, ready(()))).await;
    taken.0.lock().unwrap().pop().unwrap()
}

fn target(url: &str, access: Access) -> ScrapeTarget {
    ScrapeTarget::new("api", url).unwrap().with_access(Arc::new(access))
}

const GIVEN: Result<Given, String> = Ok(Given { samples: 2, series: 1 });
/// One series, twice.
const METRICS: &str = "a 1\na 2\n";

fn metrics() -> Response<Body> {
    Response::builder().header("content-type", "text/plain").body(full(METRICS)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn packed_answers_are_unpacked() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(METRICS.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let answering = |coding: &'static str, body: Vec<u8>| async move {
        FakeOrigin::answering(move |seen| {
            assert_eq!(seen.header("accept-encoding"), "gzip");
            Response::builder().header("content-encoding", coding).body(full(body.clone())).unwrap()
        })
        .await
    };
    for (coding, body, told) in [
        ("gzip", packed.clone(), ""),
        ("identity", METRICS.into(), ""),
        ("gzip", packed[..packed.len() - 9].into(), "gzip: it ends before its end"),
        ("gzip", METRICS.into(), "the answer can't be unpacked: gzip"),
        ("rot13", METRICS.into(), "the answer can't be unpacked: rot13"),
    ] {
        let origin = answering(coding, body).await;
        let (lines, outcome) = scraped(target(&origin.url(""), Access::default())).await;
        match told {
            "" => assert_eq!(outcome, GIVEN, "{coding}"),
            told => assert!(outcome.clone().unwrap_err().contains(told), "{outcome:?}"),
        }
        assert_eq!(lines.contains("a{"), told.is_empty(), "{lines}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_go_along_and_what_is_wrong_is_told_with_what_to_do() {
    let origin = FakeOrigin::answering(|seen| {
        let answer = Response::builder();
        match seen.target.path() {
            "/metrics" if seen.header("authorization") == "Bearer s3cret" => metrics(),
            "/metrics" => answer.status(401).body(full("")).unwrap(),
            "/old" => answer.status(301).header("location", "/metrics").body(full("")).unwrap(),
            _ => Response::new(full("<!doctype html>\n")),
        }
    })
    .await;
    let headers =
        HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer s3cret"))]);
    let access = Access { headers, ..Access::default() };
    assert_eq!(scraped(target(&origin.url(""), access.clone())).await.1, GIVEN);
    for (path, told) in [
        ("/metrics", "the answer is 401 Unauthorized; --scrape-token @FILE, or --scrape-user"),
        ("/old", "the answer is 301 Moved Permanently, to /metrics; redirects are not followed"),
        ("/page", "line 1 of the answer is no exposition: a metric's name is missing; a browser or curl"),
    ] {
        let error = scraped(target(&origin.url(path), Access::default())).await.1.unwrap_err();
        assert!(error.starts_with(told), "{path}: {error}");
    }
}

/// A stop waits 2 s at most. A target that may take longer has not failed then.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_does_not_hurry_in_the_end_is_not_called_down() {
    let asked = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&asked);
    let origin = FakeOrigin::serving(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            match number {
                0 => metrics(),
                _ => pending().await,
            }
        }
    })
    .await;
    let taken = Arc::<Taken>::default();
    let scrapers = Scrapers::new(&[target(&origin.url(""), Access::default())]).unwrap();
    let first = async {
        while taken.0.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let pace = Pace::every(Duration::from_secs(60));
    within("the end", scrapers.run(pace, Arc::clone(&taken) as _, first)).await;
    let taken = taken.0.lock().unwrap();
    assert_eq!((taken.len(), taken[0].1.clone(), asked.load(Ordering::SeqCst)), (1, GIVEN, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_with_tls_is_believed_by_the_file_or_where_that_is_asked_for() {
    let authority = Authority::new();
    let answer = |_| ready(metrics());
    let origin = SecureOrigin::answering(authority.certify(&["localhost"]), &["http/1.1"], answer).await;
    let url = format!("https://localhost:{}", origin.port());
    let trusting = Access { ca: Some(authority.path()), ..Access::default() };
    assert_eq!(scraped(target(&url, trusting.clone())).await.1, GIVEN);
    let anyone = Access { insecure_skip_verify: true, ..Access::default() };
    assert_eq!(scraped(target(&url, anyone)).await.1, GIVEN);
    let error =
        |url: String, access: Access| async move { scraped(target(&url, access)).await.1.unwrap_err() };
    assert_eq!(
        error(url, Access { ca: Some(Authority::new().path()), ..Access::default() }).await,
        "its certificate is signed by nobody we trust (UnknownIssuer); --scrape-ca FILE adds certificates"
    );
    let told = error(format!("https://127.0.0.1:{}", origin.port()), trusting).await;
    assert!(told.contains("is not valid for name \"127.0.0.1\", but for localhost"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_asks_who_we_are_is_shown_the_certificate() {
    let authority = Authority::new();
    let origin = SecureOrigin::knowing(authority.certify(&["localhost"]), &authority).await;
    // What it answers is no exposition; that it answers is the point.
    let url = format!("https://localhost:{}", origin.port());
    let known = Access {
        ca: Some(authority.path()),
        client_cert: Some(authority.certify_in_files("me")),
        ..Access::default()
    };
    let unknown = Access { client_cert: None, ..known.clone() };
    let told = scraped(target(&url, known)).await.1.unwrap_err();
    assert!(told.starts_with("line 1 of the answer is no exposition"), "{told}");
    let told = scraped(target(&url, unknown)).await.1.unwrap_err();
    assert!(told.contains("CertificateRequired"), "{told}");
}
