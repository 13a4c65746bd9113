//! A recording into an artifact, in two passes: the first hashes every file, since the manifest stands first; the
//! second packs them, and compares. Both read piece by piece, so that memory does not grow with the recording.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    ArtifactError, CHUNK, Contents, Limits, MANIFEST, Manifest, Member, Step, Tool, Watch, archive,
    sources::{self, Source},
};
use crate::{FORMAT_VERSION, Recording, atomic::AtomicFile, jsonl::input::Progress};

/// The same content at the same level is the same artifact; another level is another format version.
const ZSTD_LEVEL: i32 = 3;
/// How a recording's own tool is called in the manifest.
const RECORDER: &str = "glyphd";

/// A recording that is to be packed.
#[derive(Debug)]
pub struct Packer {
    recording: Recording,
    sources: Vec<Source>,
    limits: Limits,
}

/// What was packed.
#[derive(Debug)]
pub struct Written {
    /// The digest and the manifest.
    pub contents: Contents,
    /// The files that a crash had left without their end. They have it in the artifact, and not in the recording.
    pub mended: Vec<PathBuf>,
    /// The artifact's length.
    pub packed_bytes: u64,
}

impl AsRef<Contents> for Written {
    fn as_ref(&self) -> &Contents {
        &self.contents
    }
}

impl Packer {
    /// Looks at what is in a recording.
    ///
    /// # Errors
    /// If it is no recording, or if there is something in it that is neither a file nor a folder.
    pub fn open(dir: &Path, limits: Limits) -> Result<Self, ArtifactError> {
        let recording = Recording::open(dir)?;
        let sources = sources::find(dir, &limits)?;
        Ok(Self { recording, sources, limits })
    }

    /// A measure for [`Packer::write`]. Every file is read twice.
    pub fn progress(&self) -> Progress {
        Progress::of(Some(2 * self.sources.iter().map(Source::size).sum::<u64>()))
    }

    /// Writes the artifact, over what stands at `target`; its folder must exist. `tool` is the one that writes it.
    ///
    /// # Errors
    /// If something can't be read or written, is too large, or changes meanwhile. What stood at `target` still does.
    pub fn write(
        &self,
        target: &Path,
        tool: Tool,
        progress: &Progress,
        watch: Watch<'_>,
    ) -> Result<Written, ArtifactError> {
        if self.encloses(target) {
            let why = "would stand in the recording that it is to hold";
            return Err(ArtifactError::Unpackable { path: target.to_owned(), why });
        }
        let manifest = self.manifest(tool, progress, watch)?;
        let text = self.text(&manifest)?;
        let digest = hex::encode(Sha256::digest(&text));

        let io = |source| ArtifactError::Io { path: target.to_owned(), source };
        let file = Measured::new(AtomicFile::create_private(target).map_err(io)?);
        // One thread: with more, the blocks are cut where the threads' work ends.
        let mut out = Measured::new(zstd::Encoder::new(file, ZSTD_LEVEL).map_err(io)?);
        let head = archive::header(MANIFEST, text.len() as u64).map_err(io)?;
        out.write_all(head.as_bytes()).map_err(io)?;
        out.write_all(&text).map_err(io)?;
        out.write_all(&archive::END[..archive::padding(text.len() as u64)]).map_err(io)?;
        for (source, member) in self.sources.iter().zip(&manifest.files) {
            watch(Step::Write(&source.path));
            pack(source, member, &mut out, target, progress)?;
        }
        watch(Step::Done);
        out.write_all(&archive::END).map_err(io)?;
        let unpacked_bytes = out.written;
        let Measured { to: file, written: packed_bytes } = out.to.finish().map_err(io)?;
        if self.limits.is_bomb(unpacked_bytes, packed_bytes) {
            let what = "more bytes for each of the compressed ones";
            return Err(self.too_large(what, self.limits.ratio));
        }
        file.commit().map_err(io)?;
        let mended = self.sources.iter().filter(|s| s.is_mended()).map(|s| s.file.clone()).collect();
        Ok(Written { contents: Contents { digest, manifest }, mended, packed_bytes })
    }

    /// The first pass.
    fn manifest(&self, tool: Tool, progress: &Progress, watch: Watch<'_>) -> Result<Manifest, ArtifactError> {
        let hashed = self.sources.iter().map(|source| {
            watch(Step::Read(&source.path));
            hash(source, progress)
        });
        let files = hashed.collect::<Result<_, _>>()?;
        let recorder = Tool { name: RECORDER.to_owned(), version: self.recording.info.glyph_version.clone() };
        let manifest = Manifest { format: FORMAT_VERSION, tools: vec![recorder, tool], files };
        match manifest.excess(&self.limits) {
            Some((what, limit)) => Err(self.too_large(what, limit)),
            None => Ok(manifest),
        }
    }

    fn text(&self, manifest: &Manifest) -> Result<Vec<u8>, ArtifactError> {
        let mut text = serde_json::to_vec_pretty(manifest)
            .map_err(|e| ArtifactError::Io { path: self.recording.dir.join(MANIFEST), source: e.into() })?;
        text.push(b'\n');
        if text.len() as u64 > self.limits.manifest_bytes {
            return Err(self.too_large("a longer manifest", self.limits.manifest_bytes));
        }
        Ok(text)
    }

    fn too_large(&self, what: &'static str, limit: u64) -> ArtifactError {
        ArtifactError::TooLarge { path: self.recording.dir.clone(), what, limit }
    }

    /// Whether `target` lies somewhere below the recording.
    fn encloses(&self, target: &Path) -> bool {
        let folder = match target.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        match (fs::canonicalize(&self.recording.dir), fs::canonicalize(folder)) {
            (Ok(recording), Ok(folder)) => folder.starts_with(recording),
            _ => false,
        }
    }
}

pub(super) fn hash(source: &Source, progress: &Progress) -> Result<Member, ArtifactError> {
    let sha256 = read(source, progress, |_| Ok(()))?;
    Ok(Member { path: source.path.clone(), size: source.size(), sha256 })
}

pub(super) fn pack(
    source: &Source,
    member: &Member,
    out: &mut impl Write,
    target: &Path,
    progress: &Progress,
) -> Result<(), ArtifactError> {
    let io = |source| ArtifactError::Io { path: target.to_owned(), source };
    let unpackable = |_| ArtifactError::Unpackable { path: source.file.clone(), why: "its path is too long" };
    let head = archive::header(&member.archive_path(), member.size).map_err(unpackable)?;
    out.write_all(head.as_bytes()).map_err(io)?;
    let sha256 = read(source, progress, |piece| out.write_all(piece).map_err(io))?;
    if sha256 != member.sha256 {
        return Err(ArtifactError::Moving(source.file.clone()));
    }
    out.write_all(&archive::END[..archive::padding(member.size)]).map_err(io)
}

/// Reads a file as it will be in the artifact, piece by piece; returns its digest.
fn read(
    source: &Source,
    progress: &Progress,
    mut take: impl FnMut(&[u8]) -> Result<(), ArtifactError>,
) -> Result<String, ArtifactError> {
    let mut opened = source.open()?;
    let (mut buffer, mut hasher) = (vec![0; CHUNK], Sha256::new());
    loop {
        let n = opened.fill(&mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
        take(&buffer[..n])?;
        progress.add(n as u64);
    }
    opened.still()?;
    Ok(hex::encode(hasher.finalize()))
}

/// A writer, and how much has gone through it.
struct Measured<W> {
    to: W,
    written: u64,
}

impl<W> Measured<W> {
    fn new(to: W) -> Self {
        Self { to, written: 0 }
    }
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
