//! What differs is told, and nothing else.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::{
    origin::{Answer, Asked, Origin, answer},
    places,
    recording::{Ask, Recording},
    replay,
};

fn shop(asked: &Asked) -> Answer {
    match asked.path.as_str() {
        "/" => answer(200, "text/html; charset=utf-8", "<h1>Shop</h1>"),
        "/cart" => answer(200, "application/json", r#"{"items":[{"sku":7,"price":10}],"total":10}"#),
        _ => answer(404, "text/plain", "nothing there"),
    }
}

fn visit() -> Vec<Ask> {
    vec![
        Ask::get("/"),
        Ask::get("/cart"),
        Ask::new("POST", "/order", r#"{"sku":7}"#).with("content-type", "application/json"),
        Ask::get("/cart").over(1),
    ]
}

#[test]
fn the_same_server_answers_the_same() {
    let origin = Origin::plain(shop);
    let recording = Recording::of(&origin, visit());
    let (code, report, stderr) = replay(&recording.path(), &origin.url(), &[]);
    assert_eq!((code, &report["verdict"], &report["compared"]), (0, &"same".into(), &4.into()), "{stderr}");
    assert_eq!(report["sending"]["answered"], 4);
    let asked = origin.asked();
    let mut lines: Vec<_> = asked.iter().map(|a| format!("{} {} {}", a.method, a.path, a.body)).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["GET / ", "GET /cart ", "GET /cart ", r#"POST /order {"sku":7}"#]);
    assert!(asked.iter().all(|a| a.host == origin.address.to_string()), "{asked:#?}");
    assert!(stderr.contains("4 requests to http://127.0.0.1"), "{stderr}");
}

#[test]
fn each_change_is_told_and_nothing_else() {
    let origin = Origin::plain(shop);
    let recording = Recording::of(&origin, visit());
    let changed = Origin::plain(|asked| {
        let mut given = shop(asked);
        match asked.path.as_str() {
            "/" => drop(given.headers_mut().insert("content-type", "text/plain".parse().unwrap())),
            "/cart" => {
                let text = r#"{"items":[{"sku":7,"price":11}],"total":10}"#;
                given = answer(200, "application/json", text);
            }
            _ => *given.status_mut() = http::StatusCode::IM_A_TEAPOT,
        }
        given
    });
    let (code, report, _) = replay(&recording.path(), &changed.url(), &[]);
    assert_eq!((code, &report["verdict"]), (1, &"different".into()));
    let mut told = places(&report);
    told.sort_unstable();
    assert_eq!(told, ["body $.items[*].price", "headers.content-type", "status"]);
    assert_eq!((&report["compared"], &report["different"]), (&4.into(), &4.into()));
    let flags = ["--ignore", "$.items[*].price", "--ignore-header", "content-type", "--ignore", "status"];
    let (code, report, _) = replay(&recording.path(), &changed.url(), &flags);
    assert_eq!((code, &report["verdict"]), (0, &"same".into()), "{report:#}");
}

#[test]
fn what_is_compressed_is_compared_by_its_content() {
    let compressed = |text: &'static str| {
        Origin::plain(move |_| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(text.as_bytes()).unwrap();
            let mut given = answer(200, "text/plain", encoder.finish().unwrap());
            given.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
            given
        })
    };
    let origin = compressed("a text");
    let recording = Recording::of(&origin, [Ask::get("/").with("accept-encoding", "gzip")]);
    assert_eq!(replay(&recording.path(), &origin.url(), &[]).0, 0);
    let plain = Origin::plain(|_| answer(200, "text/plain", "a text"));
    assert_eq!(replay(&recording.path(), &plain.url(), &[]).0, 0);
    let other = compressed("another text");
    let (code, report, _) = replay(&recording.path(), &other.url(), &[]);
    assert_eq!((code, places(&report)), (1, vec!["body line *".to_owned()]));
}

#[test]
fn a_secret_that_is_drawn_anew_is_no_difference() {
    let session = |token: &'static str| {
        Origin::plain(move |_| {
            let mut given = answer(200, "application/json", format!(r#"{{"access_token":"{token}"}}"#));
            given.headers_mut().insert("set-cookie", format!("session={token}; Path=/").parse().unwrap());
            given
        })
    };
    let recording = Recording::of(&session("Zm9vYmFyLTEyMzQ1Njc4OTA"), [Ask::get("/login")]);
    let other = session("cXV1eC05ODc2NTQzMjEwYWI");
    let (code, report, _) = replay(&recording.path(), &other.url(), &[]);
    assert_eq!(code, 0, "{report:#}");
    assert!(!report.to_string().contains("cXV1eC05"));
}

#[test]
fn an_answer_that_breaks_off_or_does_not_come_is_a_difference() {
    let origin = Origin::plain(shop);
    let recording = Recording::of(&origin, [Ask::get("/"), Ask::get("/cart")]);
    let stuck = Origin::pondering(|asked| async move {
        if asked.path == "/cart" {
            std::future::pending::<()>().await;
        }
        shop(&asked)
    });
    let (code, report, stderr) = replay(&recording.path(), &stuck.url(), &["--request-timeout", "300ms"]);
    assert_eq!((code, places(&report)), (1, vec!["error".to_owned()]), "{report:#}");
    assert_eq!(report["sending"]["failures"][0]["kind"], "upstream_timeout");
    assert!(stderr.contains("no whole answer within 0.3 s"), "{stderr}");
}

#[test]
fn the_servers_own_address_in_an_answer_is_the_recorded_one() {
    let links = |asked: &Asked| {
        let mut given = answer(302, "text/html", format!("<a href='http://{}/x'>there</a>", asked.host));
        let location = format!("http://{}/x", asked.host);
        given.headers_mut().insert("location", location.parse().unwrap());
        given
    };
    let recording = Recording::of(&Origin::plain(links), [Ask::get("/")]);
    let elsewhere = Origin::plain(links);
    let (code, report, _) = replay(&recording.path(), &elsewhere.url(), &[]);
    assert_eq!(code, 0, "{report:#}");
}
