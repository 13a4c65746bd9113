//! A target of scrapes that answers each as a test says, can go, and can come back where it was.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// What a scrape gets.
pub(crate) enum Reply {
    OpenMetrics(String),
    Classic(String),
    Status(u16),
    /// The connection stays open, and silent.
    Nothing,
}

pub(crate) struct Target {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    leaving: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Target {
    /// Answers the first scrape with `answer(0)`, and so on.
    pub(crate) fn answering(answer: impl Fn(usize) -> Reply + Send + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), answer)
    }

    /// The same at that address.
    pub(crate) fn at(address: SocketAddr, answer: impl Fn(usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, leaving) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let (heads, leaves) = (Arc::clone(&asked), Arc::clone(&leaving));
        let thread = thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                if leaves.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream = stream.unwrap();
                let Ok(head) = head(&mut stream) else { continue };
                let number = heads.lock().unwrap().len();
                // Whoever asked may have gone.
                drop(write(&mut stream, &answer(number)));
                silent.push(stream);
                // Told when it was answered: a test may go on from there.
                heads.lock().unwrap().push(head);
                silent.drain(..silent.len().saturating_sub(1));
            }
        });
        Self { address, asked, leaving, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of the requests that were answered, or were not to be.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Ends it: nobody listens there any more.
    pub(crate) fn leave(mut self) {
        self.leaving.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

fn write(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    let (status, kind, body) = match reply {
        Reply::OpenMetrics(body) => (200, "application/openmetrics-text; version=1.0.0", body.as_str()),
        Reply::Classic(body) => (200, "text/plain; version=0.0.4", body.as_str()),
        Reply::Status(status) => (*status, "text/plain", "no metrics here"),
        Reply::Nothing => return Ok(()),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes())
}
