//! Why an artifact could not be written or is not to be trusted.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{FORMAT_VERSION, recording::RecordingError};

/// Why an artifact could not be written or was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The directory is no recording that this program can read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something stands where the files are to be put.
    #[error("{path}: exists already", path = .0.display())]
    Exists(PathBuf),
    /// Another process unpacks to the same place.
    #[error("{path}: another process is unpacking there", path = .0.display())]
    Busy(PathBuf),
    /// It was asked to end before its end.
    #[error("{path}: interrupted", path = .0.display())]
    Interrupted(PathBuf),
    /// Something in the recording can't be a member of an artifact.
    #[error("{path}: {why}; it can't be packed", path = path.display())]
    Unpackable {
        /// Where it lies.
        path: PathBuf,
        /// What it is.
        why: &'static str,
    },
    /// A file was written to while it was being packed.
    #[error("{path}: changed while it was being packed", path = .0.display())]
    Moving(PathBuf),
    /// There is more than an artifact may hold.
    #[error("{path}: {what} than the {limit} that an artifact may have", path = path.display())]
    TooLarge {
        /// The artifact, or the recording.
        path: PathBuf,
        /// What is too much, for example `more files`.
        what: &'static str,
        /// How much there may be.
        limit: u64,
    },
    /// The file is something else.
    #[error("{path}: is no artifact: {why}", path = path.display())]
    NotAnArtifact {
        /// The file.
        path: PathBuf,
        /// What is missing or wrong.
        why: String,
    },
    /// The artifact is of a version that this program does not know.
    #[error("{path}: format version {found}; this program reads up to {FORMAT_VERSION}", path = path.display())]
    TooNew {
        /// The artifact.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The artifact is cut short, or what it is made of is broken.
    #[error("{path}: is damaged{place}: {why}", path = path.display(), place = place(at))]
    Damaged {
        /// The artifact.
        path: PathBuf,
        /// The member in which that was found.
        at: Option<String>,
        /// What is wrong.
        why: String,
    },
    /// A member is nothing that an artifact may have, and could do harm.
    #[error("{path}: refused: {member}: {why}", path = path.display())]
    Refused {
        /// The artifact.
        path: PathBuf,
        /// The member, as it calls itself.
        member: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A member's content is not what the manifest says.
    #[error("{path}: {member}: was changed: sha256 {found}, the manifest has {expected}", path = path.display())]
    Digest {
        /// The artifact.
        path: PathBuf,
        /// The member.
        member: String,
        /// The digest in the manifest.
        expected: String,
        /// The content's digest.
        found: String,
    },
    /// A member's length is not what the manifest says.
    #[error("{path}: {member}: was changed: {found} bytes, the manifest has {expected}", path = path.display())]
    Size {
        /// The artifact.
        path: PathBuf,
        /// The member.
        member: String,
        /// The length in the manifest.
        expected: u64,
        /// The member's length.
        found: u64,
    },
    /// The manifest does not list a member.
    #[error("{path}: {member}: is not in the manifest", path = path.display())]
    Unlisted {
        /// The artifact.
        path: PathBuf,
        /// The member.
        member: String,
    },
    /// A member that the manifest lists is not there.
    #[error("{path}: {member}: is in the manifest and not in the artifact", path = path.display())]
    Missing {
        /// The artifact.
        path: PathBuf,
        /// The member.
        member: String,
    },
    /// The manifest is not the one that was promised.
    #[error("{path}: is another artifact: its digest is {found}, not {expected}", path = path.display())]
    Other {
        /// The artifact.
        path: PathBuf,
        /// The digest that was promised.
        expected: String,
        /// The digest that it has.
        found: String,
    },
}

/// The kinds of errors, for those who decide by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The disk refuses.
    Io,
    /// The recording can't be packed as it is.
    Recording,
    /// Something stands where the output belongs.
    Exists,
    /// Somebody wanted it to end.
    Interrupted,
    /// There is more than an artifact may hold.
    TooLarge,
    /// The file is no artifact, or of a later version.
    NotAnArtifact,
    /// The artifact is cut short or broken.
    Damaged,
    /// The artifact has members that could do harm.
    Refused,
    /// The artifact holds something else than was promised, by its manifest or by whoever named its digest.
    Differs,
}

impl Kind {
    /// The kind's name, of a closed set.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Recording => "recording",
            Self::Exists => "exists",
            Self::Interrupted => "interrupted",
            Self::TooLarge => "too_large",
            Self::NotAnArtifact => "not_an_artifact",
            Self::Damaged => "damaged",
            Self::Refused => "refused",
            Self::Differs => "differs",
        }
    }
}

impl ArtifactError {
    /// Why there can be no new directory there.
    pub fn placing(target: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(target.to_owned()),
            io::ErrorKind::WouldBlock => Self::Busy(target.to_owned()),
            _ => Self::Io { path: target.to_owned(), source },
        }
    }

    /// Which kind of error it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Io { .. } => Kind::Io,
            Self::Recording(_) | Self::Unpackable { .. } | Self::Moving(_) => Kind::Recording,
            Self::Exists(_) | Self::Busy(_) => Kind::Exists,
            Self::Interrupted(_) => Kind::Interrupted,
            Self::TooLarge { .. } => Kind::TooLarge,
            Self::NotAnArtifact { .. } | Self::TooNew { .. } => Kind::NotAnArtifact,
            Self::Damaged { .. } => Kind::Damaged,
            Self::Refused { .. } => Kind::Refused,
            Self::Digest { .. }
            | Self::Size { .. }
            | Self::Unlisted { .. }
            | Self::Missing { .. }
            | Self::Other { .. } => Kind::Differs,
        }
    }
}

fn place(member: &Option<String>) -> String {
    member.as_ref().map(|member| format!(" in {member}")).unwrap_or_default()
}
