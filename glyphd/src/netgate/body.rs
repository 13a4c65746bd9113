//! The body of a plugin's request: what is short is held, so that it can be sent again; what is long passes once.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use tokio_stream::StreamExt;

use super::{
    answer::{Failure, Fault, Parts},
    budget::Budgets,
};

/// The longest body that is held, in bytes.
const HELD: usize = 64 << 10;

/// A body as it came from the plugin.
pub(super) enum Content {
    Whole(Bytes),
    /// What has come, and what will. None when it has been sent.
    Passing(Option<(Bytes, Parts)>),
}

/// Who pays for what is sent.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) budgets: Arc<Budgets>,
    pub(super) plugin: Arc<str>,
}

impl Account {
    pub(super) fn bytes(&self, bytes: usize) -> Result<(), Fault> {
        let spent = self.budgets.bytes(&self.plugin, bytes as u64);
        spent.map_err(|exhausted| Fault::Denied(exhausted.into()))
    }
}

impl Content {
    pub(super) const EMPTY: Self = Self::Whole(Bytes::new());

    /// Takes what comes, to its end or until it is too much to be held.
    pub(super) async fn of(mut parts: Parts) -> Result<Self, Fault> {
        let Some(first) = parts.next().await.transpose().map_err(broken)? else { return Ok(Self::EMPTY) };
        let mut held = BytesMut::from(first);
        while held.len() <= HELD {
            match parts.next().await.transpose().map_err(broken)? {
                Some(part) => held.extend_from_slice(&part),
                None => return Ok(Self::Whole(held.freeze())),
            }
        }
        Ok(Self::Passing(Some((held.freeze(), parts))))
    }

    /// Whether it can be sent once more.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Passing(None))
    }

    /// Whether it can be sent any number of times.
    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Whole(_))
    }

    /// It, to be sent.
    pub(super) fn send(&mut self, account: &Account) -> Sent {
        let (first, rest) = match self {
            Self::Whole(bytes) => (bytes.clone(), None),
            Self::Passing(passing) => {
                passing.take().map_or((Bytes::new(), None), |(first, rest)| (first, Some(rest)))
            }
        };
        Sent { first, rest, account: account.clone() }
    }
}

fn broken(why: String) -> Fault {
    Fault::failed(Failure::Request, format!("the request's body broke off: {why}"))
}

/// A body on its way.
pub(super) struct Sent {
    first: Bytes,
    rest: Option<Parts>,
    account: Account,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        let next = if !self.first.is_empty() {
            Some(Ok(std::mem::take(&mut self.first)))
        } else if let Some(rest) = &mut self.rest {
            ready!(rest.as_mut().poll_next(cx))
        } else {
            None
        };
        let frame = next.map(|part| {
            let part = part.map_err(broken)?;
            self.account.bytes(part.len())?;
            Ok(Frame::data(part))
        });
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.len() as u64;
        if self.rest.is_none() { SizeHint::with_exact(first) } else { SizeHint::default() }
    }
}
