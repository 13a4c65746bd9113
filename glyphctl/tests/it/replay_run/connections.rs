//! How the target is reached: TLS, HTTP/2, connections that the server closes, and through a proxy of ours that records.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::mpsc,
    thread,
};

use super::{
    harness,
    origin::{Asked, Origin, answer},
    recording::{Ask, Recording, flows},
    replay, replayed,
};

fn echo(asked: &Asked) -> super::origin::Answer {
    answer(200, "text/plain", asked.path.clone())
}

fn pages() -> impl Iterator<Item = Ask> {
    (0..6).map(|n| Ask::get(&format!("/{n}")).over(n % 3))
}

#[test]
fn tls_is_spoken_to_whom_the_user_believes() {
    let origin = Origin::secured(echo);
    let recording = Recording::of(&origin, pages());
    let run = replayed(&recording.path(), &origin.url(), &[]).unable();
    assert!(run.stderr.contains("--target: TLS with 127.0.0.1"), "{}", run.stderr);
    assert!(run.stderr.contains("hint: --upstream-ca"), "{}", run.stderr);
    for flags in [&["--upstream-ca", &origin.certificate()][..], &["--insecure-skip-verify"]] {
        let (code, report, stderr) = replay(&recording.path(), &origin.url(), flags);
        assert_eq!((code, &report["compared"]), (0, &6.into()), "{report:#}\n{stderr}");
        assert_eq!(origin.take().len(), 6);
    }
}

#[test]
fn http2_is_spoken_where_it_was_and_is_offered_or_where_the_user_wants_it() {
    let origin = Origin::secured(echo);
    let plain = Origin::plain(echo);
    let recording = Recording::of(&origin, pages());
    let ca = origin.certificate();
    let versions = |origin: &Origin, flags: &[&str]| {
        let (code, report, _) = replay(&recording.path(), &origin.url(), flags);
        let asked = origin.take();
        assert_eq!((code, asked.len()), (0, 6), "{report:#}");
        asked.iter().map(|asked| asked.http2).collect::<BTreeSet<_>>()
    };
    assert_eq!(versions(&origin, &["--upstream-ca", &ca, "--http1"]), [false].into());
    assert_eq!(versions(&origin, &["--upstream-ca", &ca, "--http2"]), [true].into());
    assert_eq!(versions(&plain, &["--http2"]), [true].into());
    recording.edit(|flows| flows.replace("HTTP/1.1", "HTTP/2"));
    assert_eq!(versions(&origin, &["--upstream-ca", &ca]), [true].into());
    assert_eq!(versions(&plain, &[]), [false].into());
}

#[test]
fn a_connection_that_the_server_has_closed_meanwhile_is_nobodys_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Two answers a connection, and not a word of its end.
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                for _ in 0..2 {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let mut byte = [0];
                        if stream.read(&mut byte).unwrap_or(0) == 0 {
                            return;
                        }
                        head.push(byte[0]);
                    }
                    let path =
                        String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
                    let length = path.len();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n"
                    );
                    stream.write_all(format!("{head}\r\n{path}").as_bytes()).unwrap();
                }
            });
        }
    });
    let recording = Recording::of(&Origin::plain(echo), pages());
    let (code, report, stderr) = replay(&recording.path(), &url, &["--loop", "20", "--concurrency", "3"]);
    assert_eq!((code, &report["compared"]), (0, &120.into()), "{report:#}\n{stderr}");
}

/// The head of the next frame of HTTP/2: its kind, and its stream. None at the end.
fn frame(stream: &mut TcpStream) -> Option<(u8, [u8; 4])> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok()?;
    let [_, _, _, kind, _, id @ ..] = head;
    stream.read_exact(&mut vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize]).ok()?;
    Some((kind, id))
}

fn framed(kind: u8, flags: u8, id: [u8; 4], payload: &[u8]) -> Vec<u8> {
    [&[0, 0, u8::try_from(payload.len()).unwrap(), kind, flags], &id[..], payload].concat()
}

#[test]
fn what_a_server_over_http2_has_not_looked_at_is_nobodys_fault() {
    const HEADERS: u8 = 1;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    // Eight answers a connection; of what comes with them or behind them it says that it was not looked at.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let tell = tell.clone();
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                stream.read_exact(&mut [0; 24]).unwrap();
                stream.write_all(&framed(4, 0, [0; 4], &[])).unwrap();
                let (mut count, mut last) = (0, [0; 4]);
                while let Some((kind, id)) = frame(&mut stream) {
                    if kind != HEADERS {
                        continue;
                    }
                    count += 1;
                    let said = if count <= 8 {
                        last = id;
                        let head = b"\x88\x00\x0ccontent-type\x0atext/plain\x00\x0econtent-length\x012";
                        [framed(HEADERS, 4, id, head), framed(0, 1, id, b"/0")].concat()
                    } else {
                        tell.send(()).ok();
                        framed(7, 0, [0; 4], &[&last[..], &[0; 4]].concat())
                    };
                    // It may have gone as another was told.
                    stream.write_all(&said).ok();
                }
            });
        }
    });
    for method in ["GET", "POST"] {
        let recording = Recording::of(&Origin::plain(echo), [Ask::get("/0"), Ask::get("/0").over(1)]);
        recording.edit(|flows| flows.replace("\"GET\"", &format!("{method:?}")));
        let flags = ["--http2", "--loop", "100", "--concurrency", "6"];
        let (code, report, stderr) = replay(&recording.path(), &url, &flags);
        assert_eq!((code, &report["compared"]), (0, &200.into()), "{report:#}\n{stderr}");
        assert!(told.try_iter().count() > 0, "some were not looked at");
    }
}

#[test]
fn nobody_there_is_told_once_and_before_anything_is_sent() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let recording = Recording::of(&Origin::plain(echo), pages());
    let run = replayed(&recording.path(), &format!("http://{gone}"), &[]).unable();
    let expected = format!("glyphctl: --target: {gone} refuses connections\nhint: is the server started?");
    assert!(run.stderr.starts_with(&expected), "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 2);
}

#[test]
fn a_replay_can_be_a_recording_itself() {
    for origin in [Origin::plain(echo), Origin::secured(echo)] {
        let recording = Recording::of(&origin, pages());
        let again = recording.beside("again");
        let ca = origin.certificate();
        let trust = if Path::new(&ca).exists() { vec!["--upstream-ca", &ca] } else { vec![] };
        let flags: Vec<_> = trust.into_iter().chain(["--record", &again]).collect();
        let (code, report, stderr) = replay(&recording.path(), &origin.url(), &flags);
        assert_eq!((code, &report["compared"]), (0, &6.into()), "{report:#}\n{stderr}");
        assert!(stderr.contains("6 flows, "), "{stderr}");

        // Each says which one it was.
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let was: BTreeSet<_> =
            recording.flows().iter().map(|flow| format!("glyph={}", text(&flow["id"]))).collect();
        let told = flows(Path::new(&again)).into_iter().map(|flow| {
            let headers = flow["request"]["headers"].as_array().unwrap().clone();
            text(&headers.iter().find(|pair| pair[0] == "tracestate").unwrap()[1])
        });
        assert_eq!(told.collect::<BTreeSet<_>>(), was);
        let summary = harness::run(["trace", "summarize", &again, "--format", "csv"]).fine();
        assert!(summary.stdout.contains("\"proxy.upstream_request\",6,"), "{}", summary.stdout);
        assert!(Path::new(&again).join("metrics.om").exists());

        // It is never written over.
        let run = replayed(&recording.path(), &origin.url(), &flags).unable();
        assert!(run.stderr.contains("exists already\nhint: "), "{}", run.stderr);
    }
}

#[test]
fn what_fails_behind_the_recording_proxy_is_no_answer() {
    let origin = Origin::plain(echo);
    let recording = Recording::of(&origin, [Ask::get("/0")]);
    // It takes a connection, and closes it when it is asked something.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream.unwrap().read(&mut [0; 64]));
        }
    });
    let again = recording.beside("again");
    for flags in [&[][..], &["--record", &again]] {
        let (code, report, stderr) = replay(&recording.path(), &url, flags);
        assert!(stderr.contains("no request was answered"), "{stderr}");
        assert_eq!((code, super::places(&report)), (2, vec!["error".to_owned()]), "{report:#}");
        assert_eq!(report["sending"]["failures"][0]["kind"], "upstream_closed", "{report:#}");
    }
}
