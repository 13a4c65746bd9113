//! An artifact read and compared with its manifest; the files are put in their place when all of it was right.

use std::{
    collections::HashMap,
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    ArtifactError, CHUNK, Contents, FILES, Limits, MANIFEST, Manifest, Member, Step, Watch,
    archive::{self, BLOCK, Head},
    stream::{Broken, Stream},
};
use crate::{FORMAT_VERSION, atomic::AtomicDir, jsonl::input::Progress};

/// Zeroes that may stand behind the end: archivers fill up their last record, which is seldom longer than 10 KiB.
const MOST_FILLING: u64 = 1 << 20;

/// An artifact that is being read: its manifest is known, the files come next.
pub struct Artifact {
    path: PathBuf,
    stream: Stream,
    contents: Contents,
}

impl Artifact {
    /// Opens an artifact (`-` is standard input) and reads its manifest. That the manifest is the right one is known
    /// by its digest only; that the files are those it lists, after [`Artifact::verify`] or [`Artifact::extract`].
    ///
    /// # Errors
    /// If the file can't be read, is no artifact, or promises more than `limits` allow.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, ArtifactError> {
        let not = |why: String| ArtifactError::NotAnArtifact { path: path.to_owned(), why };
        let io = |source| ArtifactError::Io { path: path.to_owned(), source };
        let stream = Stream::open(path, limits).map_err(io)?;
        let stream =
            stream.ok_or_else(|| not("it is compressed neither with Zstandard nor with gzip".into()))?;
        let contents = Contents {
            digest: String::new(),
            manifest: Manifest { format: 0, tools: Vec::new(), files: Vec::new() },
        };
        let mut artifact = Self { path: path.to_owned(), stream, contents };

        let mut block = [0; BLOCK];
        artifact.stream.fill_whole(&mut block).map_err(|b| artifact.broken(b, None))?;
        let head = archive::read_header(&block)
            .map_err(|why| not(format!("it does not begin with {MANIFEST}: {why}")))?;
        if head.path != MANIFEST || head.fault.is_some() {
            return Err(not(format!("it begins with {:?} in place of {MANIFEST}", head.path)));
        }
        if head.size > limits.manifest_bytes {
            return Err(artifact.too_large("a longer manifest", limits.manifest_bytes));
        }
        let text = artifact.manifest_text(head.size as usize)?;
        artifact.contents.digest = hex::encode(Sha256::digest(&text));
        let unreadable = |e: serde_json::Error| not(format!("{MANIFEST}: {e}"));
        // The version first: the rest may have another shape in a later one.
        let Version { format } = serde_json::from_slice(&text).map_err(unreadable)?;
        if format > FORMAT_VERSION {
            return Err(ArtifactError::TooNew { path: path.to_owned(), found: format });
        }
        artifact.contents.manifest = serde_json::from_slice(&text).map_err(unreadable)?;
        let manifest = &artifact.contents.manifest;
        if let Some((what, limit)) = manifest.excess(&limits) {
            return Err(artifact.too_large(what, limit));
        }
        match manifest.fault() {
            Some(why) => Err(not(why)),
            None => Ok(artifact),
        }
    }

    /// Whether the file there begins as an artifact does. What can't be read, and what is no plain file, does not.
    pub fn begins_at(path: &Path) -> bool {
        let begins = || {
            let mut stream = Stream::open(path, Limits::default()).ok()??;
            let mut block = [0; BLOCK];
            stream.fill_whole(&mut block).ok()?;
            Some(archive::read_header(&block).ok()?.path == MANIFEST)
        };
        path.is_file() && begins().unwrap_or(false)
    }

    /// What the manifest says, and its digest.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        self.stream.progress.clone()
    }

    /// Compares the digest with one that was promised.
    ///
    /// # Errors
    /// If it is another.
    pub fn expect(&self, digest: &str) -> Result<(), ArtifactError> {
        if self.contents.digest.eq_ignore_ascii_case(digest) {
            return Ok(());
        }
        let found = self.contents.digest.clone();
        Err(ArtifactError::Other { path: self.path.clone(), expected: digest.to_ascii_lowercase(), found })
    }

    /// Reads everything and compares it with the manifest.
    ///
    /// # Errors
    /// If anything is not as the manifest says, or there is anything else.
    pub fn verify(mut self, watch: Watch<'_>) -> Result<Contents, ArtifactError> {
        self.members(None, watch)?;
        Ok(self.contents)
    }

    /// Puts the files into a new directory, which is there only when everything was read and is as the manifest says.
    ///
    /// # Errors
    /// As [`Artifact::verify`], or if something stands at `target`, or the disk refuses.
    pub fn extract(mut self, target: &Path, watch: Watch<'_>) -> Result<Contents, ArtifactError> {
        let io = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => ArtifactError::Exists(target.to_owned()),
            _ => ArtifactError::Io { path: target.to_owned(), source },
        };
        let dir = AtomicDir::create(target).map_err(io)?;
        self.members(Some(dir.path()), watch)?;
        dir.commit().map_err(io)?;
        Ok(self.contents)
    }

    fn manifest_text(&mut self, size: usize) -> Result<Vec<u8>, ArtifactError> {
        let mut text = vec![0; size];
        self.stream.fill_whole(&mut text).map_err(|b| self.broken(b, Some(MANIFEST)))?;
        self.padding(size as u64, MANIFEST)?;
        Ok(text)
    }

    /// Every member behind the manifest, and the end.
    fn members(&mut self, dir: Option<&Path>, watch: Watch<'_>) -> Result<(), ArtifactError> {
        // Taken out for the time, so that the files can be read while they are looked up.
        let files = std::mem::take(&mut self.contents.manifest.files);
        let mut awaited: HashMap<&str, &Member> = files.iter().map(|f| (f.path.as_str(), f)).collect();
        while let Some(head) = self.next_head()? {
            let path = head.path.strip_prefix(FILES);
            let Some(member) = path.and_then(|path| awaited.remove(path)) else {
                let listed = path.is_some_and(|path| files.iter().any(|f| f.path == path));
                return Err(self.stray(head.path, listed));
            };
            watch(if dir.is_some() { Step::Write(&member.path) } else { Step::Read(&member.path) });
            self.member(member, &head, dir)?;
        }
        watch(Step::Done);
        if let Some(missing) = files.iter().find(|f| awaited.contains_key(f.path.as_str())) {
            return Err(ArtifactError::Missing { path: self.path.clone(), member: missing.archive_path() });
        }
        self.end()?;
        self.contents.manifest.files = files;
        Ok(())
    }

    /// A member that nobody waits for.
    fn stray(&self, member: String, listed: bool) -> ArtifactError {
        let path = self.path.clone();
        if listed || member == MANIFEST {
            return ArtifactError::Refused { path, member, why: "is there twice" };
        }
        ArtifactError::Unlisted { path, member }
    }

    /// The next member's header, none at the archive's end.
    fn next_head(&mut self) -> Result<Option<Head>, ArtifactError> {
        let mut block = [0; BLOCK];
        self.stream.fill_whole(&mut block).map_err(|b| self.broken(b, None))?;
        if block == [0; BLOCK] {
            return Ok(None);
        }
        let head =
            archive::read_header(&block).map_err(|why| self.broken(Broken::Damaged(why.to_owned()), None))?;
        match head.fault {
            Some(why) => Err(ArtifactError::Refused { path: self.path.clone(), member: head.path, why }),
            None => Ok(Some(head)),
        }
    }

    fn member(&mut self, member: &Member, head: &Head, dir: Option<&Path>) -> Result<(), ArtifactError> {
        let (path, name) = (self.path.clone(), &head.path);
        if head.size != member.size {
            let (expected, found) = (member.size, head.size);
            return Err(ArtifactError::Size { path, member: name.clone(), expected, found });
        }
        let mut file = dir.map(|dir| Placed::create(dir, &member.path)).transpose()?;
        let (mut buffer, mut hasher, mut left) = (vec![0; CHUNK], Sha256::new(), member.size);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK);
            let piece = &mut buffer[..most];
            self.stream.fill_whole(piece).map_err(|b| self.broken(b, Some(name)))?;
            hasher.update(&*piece);
            if let Some(file) = &mut file {
                file.write(piece)?;
            }
            left -= most as u64;
        }
        let found = hex::encode(hasher.finalize());
        if found != member.sha256 {
            let expected = member.sha256.clone();
            return Err(ArtifactError::Digest { path, member: name.clone(), expected, found });
        }
        self.padding(member.size, name)?;
        file.map_or(Ok(()), Placed::finish)
    }

    /// The zeroes behind a member's content.
    fn padding(&mut self, size: u64, member: &str) -> Result<(), ArtifactError> {
        let mut block = [0; BLOCK];
        let padding = &mut block[..archive::padding(size)];
        self.stream.fill_whole(padding).map_err(|b| self.broken(b, Some(member)))?;
        if padding.iter().all(|b| *b == 0) {
            return Ok(());
        }
        Err(self.broken(Broken::Damaged("something stands behind its content".to_owned()), Some(member)))
    }

    /// What stands behind the last member: another block of zeroes, filling, and nothing else.
    fn end(&mut self) -> Result<(), ArtifactError> {
        let mut buffer = vec![0; BLOCK];
        self.stream.fill_whole(&mut buffer).map_err(|b| self.broken(b, None))?;
        let mut filling = 0;
        loop {
            if buffer.iter().any(|b| *b != 0) || filling > MOST_FILLING {
                break;
            }
            buffer.resize(CHUNK, 0);
            let n = self.stream.fill(&mut buffer).map_err(|b| self.broken(b, None))?;
            if n == 0 {
                if self.stream.at_end().map_err(|b| self.broken(b, None))? {
                    return Ok(());
                }
                break;
            }
            buffer.truncate(n);
            filling += n as u64;
        }
        Err(self.broken(Broken::Damaged("something stands behind its end".to_owned()), None))
    }

    fn broken(&self, broken: Broken, member: Option<&str>) -> ArtifactError {
        let path = self.path.clone();
        match broken {
            Broken::Io(source) => ArtifactError::Io { path, source },
            Broken::Damaged(why) => ArtifactError::Damaged { path, at: member.map(str::to_owned), why },
            Broken::Bomb => {
                self.too_large("more bytes for each of the compressed ones", self.stream.limits.ratio)
            }
        }
    }

    fn too_large(&self, what: &'static str, limit: u64) -> ArtifactError {
        ArtifactError::TooLarge { path: self.path.clone(), what, limit }
    }
}

/// What every version's manifest has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// A file of the new directory.
struct Placed {
    path: PathBuf,
    file: File,
}

impl Placed {
    fn create(dir: &Path, member: &str) -> Result<Self, ArtifactError> {
        let path = dir.join(member);
        let io = |source| ArtifactError::Io { path: path.clone(), source };
        if let Some(parent) = path.parent() {
            let mut builder = DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(parent).map_err(io)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(io)?;
        Ok(Self { path, file })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ArtifactError> {
        self.file.write_all(bytes).map_err(|source| ArtifactError::Io { path: self.path.clone(), source })
    }

    /// Waits for the disk: when the directory is in its place, its files are whole.
    fn finish(self) -> Result<(), ArtifactError> {
        self.file.sync_data().map_err(|source| ArtifactError::Io { path: self.path, source })
    }
}
