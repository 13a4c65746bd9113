//! Messages between a daemon and its launcher's processes: a length, JSON, and descriptors, over a pair of Unix sockets.
//! What is in them stands in no argument and no environment that others could read.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
};

use rustix::{
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, recvmsg, sendmsg, sockopt,
    },
    process::Pid,
};
use serde::{Serialize, de::DeserializeOwned};

/// The most descriptors that a message has.
const DESCRIPTORS: usize = 8;

/// One end.
#[derive(Debug)]
pub(super) struct Channel(UnixStream);

/// What has come.
#[derive(Debug)]
pub(super) struct Received<T> {
    pub(super) message: T,
    pub(super) descriptors: Vec<OwnedFd>,
    /// Who sent it, as this process sees it, if the channel tells.
    pub(super) sender: Option<Pid>,
}

impl Channel {
    /// Two ends. The first one is told who sends.
    pub(super) fn pair() -> io::Result<(Self, Self)> {
        let (ours, theirs) = UnixStream::pair()?;
        sockopt::set_socket_passcred(&ours, true)?;
        Ok((Self(ours), Self(theirs)))
    }

    /// The end that this process was started with.
    pub(super) fn of_stdin() -> io::Result<Self> {
        let end = io::stdin().as_fd().try_clone_to_owned()?;
        sockopt::socket_type(&end)?;
        Ok(Self(end.into()))
    }

    pub(super) fn into_stream(self) -> UnixStream {
        self.0
    }

    pub(super) fn send(&self, message: &impl Serialize, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let frame = frame(message)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::Error::other("too many descriptors"));
        }
        let sent = sendmsg(&self.0, &[IoSlice::new(&frame)], &mut ancillary, SendFlags::NOSIGNAL)?;
        (&self.0).write_all(&frame[sent..])
    }

    /// The next message. None: the other end is gone.
    pub(super) fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<Received<T>>> {
        let mut space =
            [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS), ScmCredentials(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut length = [0; 4];
        let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::WAITALL;
        let got = match recvmsg(&self.0, &mut [IoSliceMut::new(&mut length)], &mut ancillary, flags) {
            // An end that is gone with something unread.
            Err(rustix::io::Errno::CONNRESET) => return Ok(None),
            got => got?.bytes,
        };
        if got == 0 {
            return Ok(None);
        }
        let (mut descriptors, mut sender) = (Vec::new(), None);
        for message in ancillary.drain() {
            match message {
                RecvAncillaryMessage::ScmRights(came) => descriptors.extend(came),
                RecvAncillaryMessage::ScmCredentials(credentials) => sender = Some(credentials.pid),
                _ => {}
            }
        }
        (&self.0).read_exact(&mut length[got..])?;
        let mut json = vec![0; u32::from_be_bytes(length) as usize];
        (&self.0).read_exact(&mut json)?;
        Ok(Some(Received { message: serde_json::from_slice(&json)?, descriptors, sender }))
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<Channel> for OwnedFd {
    fn from(channel: Channel) -> Self {
        channel.0.into()
    }
}

impl From<OwnedFd> for Channel {
    fn from(end: OwnedFd) -> Self {
        Self(end.into())
    }
}

/// A message as it goes over the socket.
pub(super) fn frame(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)?;
    let length = u32::try_from(frame.len() - 4).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}
