//! Why a session ended.

use std::{fmt, time::Duration};

use tonic::{Code, Status};

/// The reasons.
#[derive(Debug)]
pub(super) enum End {
    /// The daemon stops, and the plugin has answered everything.
    Stopped,
    /// The daemon stops, and the plugin has not.
    CutOff,
    /// The plugin ended the stream.
    Left,
    /// The connection broke.
    Broken(String),
    /// The plugin said nothing for so long, though it was asked to.
    Dead(Duration),
    /// It sent what the protocol does not have there.
    Protocol(String),
    /// It was refused too often.
    Denials,
}

impl End {
    /// Of a stream that gave no message but that.
    pub(super) fn of_status(status: &Status) -> Self {
        let message = status.message().to_owned();
        match status.code() {
            // Too large, or not to be decoded.
            Code::OutOfRange | Code::Internal | Code::InvalidArgument | Code::ResourceExhausted => {
                Self::Protocol(message)
            }
            _ => Self::Broken(message),
        }
    }

    /// What the plugin did wrong, as the label `reason` has it. Such a plugin gets no token for another session.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Dead(_) => Some("heartbeat"),
            Self::Protocol(_) => Some("protocol"),
            Self::Denials => Some("denials"),
            _ => None,
        }
    }

    /// What the plugin is told, if it is there to hear it.
    pub(super) fn status(&self) -> Option<Status> {
        let text = self.to_string();
        match self {
            Self::Dead(_) => Some(Status::deadline_exceeded(text)),
            Self::Protocol(_) => Some(Status::failed_precondition(text)),
            Self::Denials => Some(Status::resource_exhausted(text)),
            _ => None,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("glyphd stops"),
            Self::CutOff => f.write_str("glyphd stops, and the plugin took too long"),
            Self::Left => f.write_str("the plugin ended the stream"),
            Self::Broken(why) => write!(f, "the stream broke: {why}"),
            Self::Dead(silence) => write!(f, "the plugin did not answer a heartbeat within {silence:?}"),
            Self::Protocol(what) => write!(f, "the plugin did not keep to the protocol: {what}"),
            Self::Denials => f.write_str("the plugin was refused more than 10 times within a second"),
        }
    }
}
