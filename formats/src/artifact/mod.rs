//! The artifact `NAME.glyph.tar.zst`: a recording packed into one file that tells whether it is unchanged.
//!
//! It is a tar archive, compressed with Zstandard (gzip is read too). The first member is `manifest.json`, which
//! has the size and the SHA-256 of each file; after it stand the files, under `files/`. The digest of all is the
//! SHA-256 of the manifest's bytes. The same recording makes the same artifact, byte for byte.
//!
//! The archive is compressed in pieces of 4 MiB, each a frame of its own, the manifest in the first: several threads can make
//! them, and what is made does not depend on how many.
//!
//! In: a recording, or an artifact from anywhere. Out: an artifact, or the files as they were. [`Packer`] writes,
//! [`Artifact`] reads: everything is read and compared before anything is visible where it is to stand. Not here:
//! what the files say.

mod error;
mod manifest;
mod archive;
mod sources;
mod ending;
mod frames;
mod write;
mod decoded;
mod stream;
mod placed;
mod load;

pub use error::{ArtifactError, Kind};
pub use load::{Artifact, Unpacked};
pub use manifest::{Contents, Manifest, Member, Tool};
pub use write::{Packer, Written};

/// What packing or loading does next, for who wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// It reads that file, to know its digest.
    Read(&'a str),
    /// It writes that file, into the artifact or to its place.
    Write(&'a str),
    /// It is done with the files.
    Done,
}

/// Who is told each [`Step`].
pub type Watch<'a> = &'a mut dyn FnMut(Step<'_>);

/// Nobody: a [`Watch`] that does nothing.
pub fn unwatched(_: Step<'_>) {}

/// The manifest's path in the archive.
const MANIFEST: &str = "manifest.json";
/// What stands before the path of every other member.
const FILES: &str = "files/";
/// Reading, hashing and writing go in pieces of this size, which a core keeps close.
const CHUNK: usize = 1 << 18;

/// How much an artifact may hold. An artifact that holds more is neither written nor loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The length of `manifest.json`.
    pub manifest_bytes: u64,
    /// The number of files.
    pub files: usize,
    /// The length of all files together.
    pub total_bytes: u64,
    /// How many bytes there may be for each byte of the compressed artifact, behind the first GiB.
    pub ratio: u64,
}

impl Default for Limits {
    /// 16 MiB, 65,536 files, 1 TiB, 1 : 1,000.
    fn default() -> Self {
        Self { manifest_bytes: 16 << 20, files: 1 << 16, total_bytes: 1 << 40, ratio: 1_000 }
    }
}

impl Limits {
    /// The bytes that a small artifact may hold, whatever the ratio.
    const FREE: u64 = 1 << 30;

    /// Whether so many bytes are more than a compressed artifact of that size may hold.
    const fn is_bomb(&self, unpacked: u64, packed: u64) -> bool {
        unpacked > Self::FREE && unpacked - Self::FREE > packed.saturating_mul(self.ratio)
    }
}

#[cfg(test)]
mod tests;
