//! The daemon's end of a launcher's channel.

use std::io;

use tokio::{io::AsyncReadExt, net::UnixStream};

use super::{
    channel::{Channel, frame},
    message::{Command, Reply},
};

/// What a launcher says, and can be asked. Dropped, the launcher ends everything.
#[derive(Debug)]
pub(super) struct Replies {
    stream: UnixStream,
    /// What has come, and is no whole reply yet.
    buffer: Vec<u8>,
}

impl Replies {
    pub(super) fn of(channel: Channel) -> io::Result<Self> {
        let stream = channel.into_stream();
        stream.set_nonblocking(true)?;
        Ok(Self { stream: UnixStream::from_std(stream)?, buffer: Vec::new() })
    }

    /// A few bytes, for which there is always room; a launcher that has ended needs them no more.
    pub(super) fn ask(&self, command: Command) {
        if let Ok(frame) = frame(&command) {
            drop(self.stream.try_write(&frame));
        }
    }

    /// The next reply; none if the launcher is gone. Cancel-safe.
    pub(super) async fn next(&mut self) -> io::Result<Option<Reply>> {
        loop {
            if let Some((length, rest)) = self.buffer.split_first_chunk::<4>() {
                let length = u32::from_be_bytes(*length) as usize;
                if let Some(json) = rest.get(..length) {
                    let reply = serde_json::from_slice(json)?;
                    self.buffer.drain(..4 + length);
                    return Ok(Some(reply));
                }
            }
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                // It ended, and had not read everything.
                Err(e) if e.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(e) => return Err(e),
            }
        }
    }
}
