//! A small HTTP server, for a recorded command to ask and for scrapes.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A server on a free port. Its thread ends with the tests.
pub(crate) struct Server {
    address: SocketAddr,
    answered: Arc<AtomicUsize>,
}

/// An answer: its content type and its body.
pub(crate) type Answer = (&'static str, String);

impl Server {
    /// Answers the first request with `answer(0)`, and so on; with none it breaks off in the midst of its answer, and
    /// is gone.
    pub(crate) fn answering(answer: impl Fn(usize) -> Option<Answer> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answered = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&answered);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let answer = answer(count.load(Ordering::SeqCst));
                let last = answer.is_none();
                // Whoever asked may have gone.
                drop(serve(stream.unwrap(), answer));
                count.fetch_add(1, Ordering::SeqCst);
                if last {
                    return;
                }
            }
        });
        Self { address, answered }
    }

    /// Answers everything with a text.
    pub(crate) fn text(body: &'static str) -> Self {
        Self::answering(move |_| Some(("text/plain", body.to_owned())))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many requests have been answered.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, answer: Option<Answer>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    read_body(&mut stream, &String::from_utf8_lossy(&head).to_ascii_lowercase())?;
    let Some((kind, body)) = answer else {
        return stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\njobs_total 9");
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )?;
    stream.write_all(body.as_bytes())
}

/// What follows a head. Left unread, it would have the connection reset as it is closed, and the answer lost.
fn read_body(stream: &mut TcpStream, head: &str) -> std::io::Result<()> {
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if value("transfer-encoding:") == Some("chunked") {
        let mut body = Vec::new();
        while !body.ends_with(b"0\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            body.push(byte[0]);
        }
        return Ok(());
    }
    let length = value("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
    stream.read_exact(&mut vec![0; length])
}
