//! Secrets of a WebSocket that comes about: in the upgrade's URL and headers, of which a record is kept, and in its
//! messages, of which none is.

use std::sync::{Arc, Mutex};

use glyph_formats::{Flow, recording::FLOWS};
use tokio::io::AsyncWriteExt;

use super::{
    plants::kinds,
    search::{Leaks, Search},
    seed,
    stage::collect,
    template::{Random, fill},
};
use crate::harness::{DaemonProcess, RawClient, RawOrigin, client, records};

/// What each side says in clear, a message a frame. A mask of zeros leaves the client's bytes as they are.
fn frame(masked: bool, text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).unwrap();
    let mask: &[u8] = if masked { &[0; 4] } else { &[] };
    [&[0x81, length | if masked { 0x80 } else { 0 }], mask, text.as_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_websocket_is_in_anything_that_is_written() {
    let (kinds, mut random) = (kinds(), Random::new(seed()));
    let mut planted = Vec::new();
    let mut secret = |place: &'static str, kind: &str| {
        let secret = fill(kinds[kind].template.trim_start(), &mut random);
        planted
            .extend(secret.parts.iter().chain([&secret.text]).map(|part| (part.clone(), place.to_owned())));
        secret.text
    };
    let ask = format!(
        "/chat?access_token={}&room=7 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Authorization: Bearer {}\r\nCookie: session={}\r\nSec-WebSocket-Protocol: chat, {}\r\n\
         Sec-WebSocket-Protocol: access_token, {}\r\n\
         Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.{}\r\n",
        secret("query", "opaque"),
        secret("authorization", "opaque"),
        secret("cookie", "session"),
        secret("protocol", "jwt"),
        secret("protocol after its name", "opaque"),
        secret("protocol of Kubernetes", "opaque"),
    );
    let switch = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSet-Cookie: ws={}; Path=/chat\r\n\r\n",
        secret("answer's cookie", "session"),
    );
    let said = frame(true, &format!("{{\"password\": \"{}\"}}", secret("message sent", "password")));
    let answered = frame(false, &format!("{{\"token\": \"{}\"}}", secret("message received", "opaque")));

    let asked = Arc::<Mutex<String>>::default();
    let (head, whole, length) = (Arc::clone(&asked), [switch.as_bytes(), &answered].concat(), said.len());
    let origin = RawOrigin::serving(move |stream| {
        let (head, whole) = (Arc::clone(&head), whole.clone());
        async move {
            let mut stream = RawClient { stream };
            *head.lock().unwrap() = client::head(&mut stream.stream).await;
            stream.write(whole).await;
            let said = stream.exactly(length).await;
            // Back as a server says it, and a close.
            stream.write([&[0x81, said[1] & 0x7f], &said[6..], b"\x88\x02\x03\xe8"].concat()).await;
            stream.exactly(8).await;
        }
    })
    .await;

    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("recording");
    let mut daemon = DaemonProcess::start(["--log", "trace", "--record", recording.to_str().unwrap()]).await;
    let proxy = daemon.proxy;
    let play = async {
        let mut client = RawClient::connect(proxy).await;
        client.write(format!("GET http://{}{ask}Host: {}\r\n\r\n", origin.address(), origin.address())).await;
        assert!(client.head().await.starts_with("HTTP/1.1 101 "));
        assert_eq!(client.exactly(answered.len()).await, answered);
        client.write(&said).await;
        let echoed = [&[0x81, said[1] & 0x7f], &said[6..]].concat();
        assert_eq!(client.exactly(echoed.len()).await, echoed);
        client.write(b"\x88\x82\0\0\0\0\x03\xe8").await;
        client.stream.shutdown().await.unwrap();
        client.rest().await;
    };
    daemon.meanwhile(play).await;
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    let flows = records::lines::<Flow>(&recording.join(FLOWS));
    let [flow] = &flows[..] else { panic!("{flows:#?}") };
    let counted = flow.websocket.as_ref().unwrap();
    assert_eq!((counted.sent.messages, counted.received.messages), (1, 2), "{flow:#?}");
    let upstream = asked.lock().unwrap().to_ascii_lowercase();
    for line in ask.lines().skip(1) {
        assert!(upstream.contains(&line.to_ascii_lowercase()), "{line}: {upstream}");
    }

    let search = Search::words(planted);
    let mut leaks = Leaks::new();
    search.find("log", ended.stderr.as_bytes(), &mut leaks);
    let mut files = Vec::new();
    collect(&recording, &mut files);
    for (name, bytes) in &files {
        search.find(name, bytes, &mut leaks);
    }
    assert_eq!(leaks, Leaks::new());
    // The search would have seen them.
    let mut sent = Leaks::new();
    for text in [ask.as_bytes(), switch.as_bytes(), &said, &answered] {
        search.find("sent", text, &mut sent);
    }
    assert_eq!(sent.keys().map(|(place, _)| place).collect::<std::collections::BTreeSet<_>>().len(), 9);
}
