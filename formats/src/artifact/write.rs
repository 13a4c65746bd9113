//! A recording into an artifact. Every file is read once: hashed by the thread that reads it, compressed by others, and
//! written to a file without a name beside the artifact's place. The manifest, which stands first, is known in the end.

use std::{
    fs::File,
    io::{self, Seek},
    path::{Path, PathBuf},
    thread,
};

use sha2::{Digest, Sha256};

use super::{
    ArtifactError, CHUNK, Contents, Limits, MANIFEST, Manifest, Member, Step, Tool, Watch, archive,
    frames::{self, Frames},
    manifest,
    sources::{self, Source},
};
use crate::{
    FORMAT_VERSION, Recording,
    atomic::{self, AtomicFile},
    jsonl::input::Progress,
    recording::CASES,
};

/// How a recording's own tool is called in the manifest.
const RECORDER: &str = "glyphd";

/// A recording that is to be packed.
#[derive(Debug)]
pub struct Packer {
    recording: Recording,
    seed: String,
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
    /// The artifact's length; none if nothing was written.
    pub packed_bytes: Option<u64>,
}

impl AsRef<Contents> for Written {
    fn as_ref(&self) -> &Contents {
        &self.contents
    }
}

impl Packer {
    /// Looks at what is in a recording. What loading an artifact puts beside a recording's files is left out.
    ///
    /// # Errors
    /// If it is no recording, or if there is something in it that is neither a file nor a folder.
    pub fn open(dir: &Path, limits: Limits) -> Result<Self, ArtifactError> {
        let recording = Recording::open(dir)?;
        let sources = sources::find(dir, &limits)?;
        Ok(Self { recording, seed: String::new(), sources, limits })
    }

    /// Packs these cases, whether or not the recording has some: the text of `cases.json`, and the seed of their ids.
    pub fn put_cases(&mut self, seed: &str, text: Vec<u8>) {
        seed.clone_into(&mut self.seed);
        let cases = Source::of_text(CASES, &self.recording.dir, text);
        match self.sources.binary_search_by(|source| source.path.as_str().cmp(CASES)) {
            Ok(at) => self.sources[at] = cases,
            Err(at) => self.sources.insert(at, cases),
        }
    }

    /// A measure for [`Packer::write`] and [`Packer::plan`].
    pub fn progress(&self) -> Progress {
        Progress::of(Some(self.sources.iter().map(Source::size).sum::<u64>()))
    }

    /// What [`Packer::write`] would pack: everything is read and hashed, and nothing written.
    ///
    /// # Errors
    /// If something can't be read, is too large, or changes meanwhile.
    pub fn plan(&self, tool: Tool, progress: &Progress, watch: Watch<'_>) -> Result<Written, ArtifactError> {
        let mut buffer = vec![0; CHUNK];
        let mut hash = |source: &Source| {
            watch(Step::Read(&source.path));
            let mut reading = Reading::of(source, progress)?;
            while reading.fill(&mut buffer)? > 0 {}
            reading.finish()
        };
        let members = self.sources.iter().map(&mut hash).collect::<Result<_, _>>()?;
        watch(Step::Done);
        let (contents, _) = self.contents(members, tool)?;
        Ok(Written { contents, mended: self.mended(), packed_bytes: None })
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
        let io = |source| ArtifactError::Io { path: target.to_owned(), source };
        // What can't be written there is better known before everything is read.
        atomic::check(target).map_err(io)?;
        // Nobody sees it, and it is gone with this process, however that ends.
        let mut body = tempfile::tempfile_in(folder(target)).map_err(io)?;

        let threads = thread::available_parallelism().map_or(1, usize::from);
        let ((members, unpacked_bytes), body_bytes) =
            frames::compressed(threads, &mut body, &io, |frames| self.pack(frames, progress, watch))?;
        let (contents, text) = self.contents(members, tool)?;
        let head = manifest_frame(&text).map_err(io)?;
        let packed_bytes = head.len() as u64 + body_bytes;
        if self.limits.is_bomb(text.len() as u64 + unpacked_bytes, packed_bytes) {
            let what = "more bytes for each of the compressed ones";
            return Err(self.too_large(what, self.limits.ratio));
        }
        body.rewind().map_err(io)?;
        place(&head, &mut body, target, progress)?;
        Ok(Written { contents, mended: self.mended(), packed_bytes: Some(packed_bytes) })
    }

    /// Everything behind the manifest; what the manifest is to say of it, and how much it is.
    fn pack(
        &self,
        frames: &mut Frames<'_>,
        progress: &Progress,
        watch: Watch<'_>,
    ) -> Result<(Vec<Member>, u64), ArtifactError> {
        let mut members = Vec::with_capacity(self.sources.len());
        for source in &self.sources {
            watch(Step::Write(&source.path));
            members.push(pack(source, frames, progress)?);
        }
        watch(Step::Done);
        frames.write(&archive::END)?;
        Ok((members, frames.taken))
    }

    /// What the manifest says, and its text.
    fn contents(&self, files: Vec<Member>, tool: Tool) -> Result<(Contents, Vec<u8>), ArtifactError> {
        let info = &self.recording.info;
        let recorder = Tool { name: RECORDER.to_owned(), version: info.glyph_version.clone() };
        let manifest = Manifest {
            format: FORMAT_VERSION,
            tools: vec![recorder, tool],
            seed: self.seed.clone(),
            orders: manifest::orders(&files),
            plugins: info.plugins.clone(),
            files,
        };
        if let Some((what, limit)) = manifest.excess(&self.limits) {
            return Err(self.too_large(what, limit));
        }
        let mut text = serde_json::to_vec_pretty(&manifest)
            .map_err(|e| ArtifactError::Io { path: self.recording.dir.join(MANIFEST), source: e.into() })?;
        text.push(b'\n');
        if text.len() as u64 > self.limits.manifest_bytes {
            return Err(self.too_large("a longer manifest", self.limits.manifest_bytes));
        }
        Ok((Contents { digest: hex::encode(Sha256::digest(&text)), manifest }, text))
    }

    fn mended(&self) -> Vec<PathBuf> {
        self.sources.iter().filter(|s| s.is_mended()).map(|s| s.file.clone()).collect()
    }

    fn too_large(&self, what: &'static str, limit: u64) -> ArtifactError {
        ArtifactError::TooLarge { path: self.recording.dir.clone(), what, limit }
    }

    /// Whether `target` lies somewhere below the recording.
    fn encloses(&self, target: &Path) -> bool {
        match (self.recording.dir.canonicalize(), folder(target).canonicalize()) {
            (Ok(recording), Ok(folder)) => folder.starts_with(recording),
            _ => false,
        }
    }
}

/// The folder in which something is to stand.
fn folder(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// The manifest with its header, compressed by itself, so that it can be read without what follows.
fn manifest_frame(text: &[u8]) -> io::Result<Vec<u8>> {
    let head = archive::header(MANIFEST, text.len() as u64)?;
    let padding = &archive::END[..archive::padding(text.len() as u64)];
    frames::frame(&[head.as_bytes(), text, padding].concat())
}

/// Puts both parts where the artifact is to stand.
fn place(head: &[u8], body: &mut File, target: &Path, progress: &Progress) -> Result<(), ArtifactError> {
    let io = |source| ArtifactError::Io { path: target.to_owned(), source };
    let mut file = AtomicFile::create_private(target).map_err(io)?;
    io::Write::write_all(&mut file, head).map_err(io)?;
    file.append(body).map_err(io)?;
    if progress.is_stopped() {
        return Err(ArtifactError::Interrupted(target.to_owned()));
    }
    file.commit().map_err(io)
}

fn pack(source: &Source, frames: &mut Frames<'_>, progress: &Progress) -> Result<Member, ArtifactError> {
    let unpackable = |_| ArtifactError::Unpackable { path: source.file.clone(), why: "its path is too long" };
    let path = Member::path_in_archive(&source.path);
    let head = archive::header(&path, source.size()).map_err(unpackable)?;
    frames.write(head.as_bytes())?;
    let mut reading = Reading::of(source, progress)?;
    loop {
        let room = frames.room();
        let most = room.len().min(CHUNK);
        let n = reading.fill(&mut room[..most])?;
        if n == 0 {
            break;
        }
        frames.advance(n)?;
    }
    frames.write(&archive::END[..archive::padding(source.size())])?;
    reading.finish()
}

/// A file that is read as it will be in the artifact, piece by piece, and its digest.
struct Reading<'a> {
    source: &'a Source,
    opened: sources::Opened<'a>,
    hasher: Sha256,
    progress: &'a Progress,
}

impl<'a> Reading<'a> {
    fn of(source: &'a Source, progress: &'a Progress) -> Result<Self, ArtifactError> {
        Ok(Self { source, opened: source.open()?, hasher: Sha256::new(), progress })
    }

    /// Fills the buffer as far as there is content; nothing at its end.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ArtifactError> {
        if self.progress.is_stopped() {
            return Err(ArtifactError::Interrupted(self.source.file.clone()));
        }
        let n = self.opened.fill(buffer)?;
        self.hasher.update(&buffer[..n]);
        self.progress.add(n as u64);
        Ok(n)
    }

    fn finish(self) -> Result<Member, ArtifactError> {
        self.opened.still()?;
        let sha256 = hex::encode(self.hasher.finalize());
        Ok(Member { path: self.source.path.clone(), size: self.source.size(), sha256 })
    }
}
