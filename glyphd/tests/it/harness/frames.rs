//! HTTP/2 frame by frame: what no client of it would send, or answer.

use std::net::SocketAddr;

use tokio::{io::AsyncReadExt, net::TcpStream};

use super::{RawClient, within};

/// What a client begins with (RFC 9113, 3.4).
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// A frame (RFC 9113, 4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Headers as they are, without any table (RFC 7541, 6.2.2).
pub(crate) fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    headers.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

/// A client that has begun, and from here on does what the test does.
pub(crate) async fn connect(address: SocketAddr) -> RawClient {
    let mut client = RawClient::connect(address).await;
    client.write([&PREFACE[..], &frame(SETTINGS, 0, 0, &[])].concat()).await;
    client
}

/// Reads a frame: its kind, its flags, and what is in it.
pub(crate) async fn read(stream: &mut TcpStream) -> (u8, u8, Vec<u8>) {
    let mut head = [0; 9];
    within("a frame", stream.read_exact(&mut head)).await.unwrap();
    let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
    within("what is in it", stream.read_exact(&mut payload)).await.unwrap();
    (head[3], head[4], payload)
}

/// Reads up to a frame of that kind, and returns what is in it.
pub(crate) async fn next(stream: &mut TcpStream, kind: u8) -> Vec<u8> {
    loop {
        let (of, _, payload) = read(stream).await;
        if of == kind {
            return payload;
        }
    }
}
