//! What errors say: in words, with what caused them; and that a request was not looked at.

use std::error::Error;

/// How often a request is sent again that a server has not looked at.
pub const REFUSALS: u32 = 5;

/// How a server over HTTP/2 says that it has not looked at a request (RFC 9113, 8.7). Whatever that would do, it has not been
/// done, so that it can be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// It takes no more on this connection: GOAWAY.
    Goes,
    /// It takes no more at the moment: `REFUSED_STREAM`.
    Refuses,
}

impl Unseen {
    /// What a server says of a request that came to no answer; none if it may have looked at it.
    pub fn of(error: &hyper::Error) -> Option<Self> {
        let cause = of_http2(error)?;
        match cause.is_remote() {
            // Those that it may have looked at are told otherwise: their connection ends.
            true if cause.is_go_away() => Some(Self::Goes),
            true if cause.is_reset() && cause.reason() == Some(h2::Reason::REFUSED_STREAM) => {
                Some(Self::Refuses)
            }
            _ => None,
        }
    }
}

/// What HTTP/2 says of it, if it is of that.
pub(crate) fn of_http2(error: &hyper::Error) -> Option<&h2::Error> {
    error.source().and_then(|cause| cause.downcast_ref())
}

/// The error and its causes, from the outermost in; a cause whose words stand there already is not said again.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
