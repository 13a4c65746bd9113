//! WebSockets of Python's `websockets`, on both sides: the messages come back, and are counted.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};

use super::{HOST, Stage, ended, fine, python::script, said};
use crate::harness::{peers, secure::Authority, within};

/// A server that sends messages back. It ends with the test.
pub(super) struct Echo {
    port: u16,
    secure: bool,
    _child: Child,
}

impl Echo {
    pub(super) async fn plain() -> Option<Self> {
        Self::start(&[]).await
    }

    /// Over TLS, with a certificate of that authority.
    pub(super) async fn secure(authority: &Authority) -> Option<Self> {
        let (certificate, key) = authority.certify_in_files(HOST);
        Self::start(&[certificate.to_str().unwrap(), key.to_str().unwrap()]).await
    }

    async fn start(args: &[&str]) -> Option<Self> {
        let mut command = script(&["websockets"], "websocket_echo.py").await?;
        let mut child = peers::found("python3", command.args(args).stderr(Stdio::inherit()).spawn())?;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = within("the server's port", lines.next_line()).await.unwrap().unwrap().parse().unwrap();
        Some(Self { port, secure: !args.is_empty(), _child: child })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}://{HOST}:{}{path}", if self.secure { "wss" } else { "ws" }, self.port)
    }

    /// As a flow has it: an exchange in HTTP at first.
    pub(super) fn recorded_url(&self, path: &str) -> String {
        self.url(path).replacen("ws", "http", 1)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_come_back_and_are_counted_whoever_closes() {
    for (secure, how, code) in
        [(false, "client", 1_000), (false, "server", 4_001), (true, "client", 1_000), (true, "server", 4_001)]
    {
        let stage = Stage::new().await;
        let echo = if secure { Echo::secure(&stage.authority).await } else { Echo::plain().await };
        let Some(echo) = echo else { return };
        let mut command = script(&["websockets"], "websocket_client.py").await.unwrap();
        command.args([&echo.url("/chat"), &stage.proxy(), stage.ca.to_str().unwrap(), how]);
        let printed = fine(ended("python3", command).await.unwrap());
        assert_eq!(printed, format!("['permessage-deflate'] {code}\n"), "{secure} {how}");
        let recorded = stage.drain().await;
        let flow = recorded.flow();
        assert_eq!(said(flow), ("GET", &*echo.recorded_url("/chat"), "HTTP/1.1", 101));
        let counted = flow.websocket.as_ref().unwrap();
        let (sent, received) = (&counted.sent, &counted.received);
        // Five messages, the third part of the last one, a ping, and the close; the server's request, if there is one.
        let asked = u64::from(how == "server");
        assert_eq!((sent.messages, received.messages), (5 + asked, 5), "{counted:?}");
        assert_eq!((sent.close_code, received.close_code), (Some(code), Some(code)), "{counted:?}");
        assert_eq!((&sent.fault, &received.fault), (&None, &None));
        // The text repeats itself, and is compressed; the upstream's frames are not masked, and shorter for it.
        assert!(sent.bytes < 100_000 && received.bytes < sent.bytes, "{counted:?}");
        // The last message in three or four frames, as the library likes, a ping, and a close.
        assert!((4 + 3 + 1 + 1 + asked..=4 + 4 + 1 + 1 + asked).contains(&sent.frames), "{counted:?}");
        assert_eq!(received.frames, 5 + 1 + 1, "{counted:?}");
    }
}
