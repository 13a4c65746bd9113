//! An artifact read and compared with its manifest; the files are put in their place when all of it was right.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    ArtifactError, Contents, FILES, Limits, MANIFEST, Manifest, Member, Step, Watch,
    archive::{self, BLOCK, Head},
    decoded::{Broken, Decoded},
    placed::Placed,
    stream::{Stream, ends_early},
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
        let manifest = Manifest {
            format: 0,
            tools: Vec::new(),
            seed: String::new(),
            orders: BTreeMap::new(),
            plugins: Vec::new(),
            files: Vec::new(),
        };
        let contents = Contents { digest: String::new(), manifest };
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
            let mut decoded = Decoded::open(path, Limits::default()).ok()??;
            let mut block = [0; BLOCK];
            decoded.fill(&mut block).ok().filter(|n| *n == BLOCK)?;
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

    /// The same, and puts some of the files into a directory that is there, and nobody else's. They are right when it returns.
    ///
    /// # Errors
    /// As [`Artifact::verify`], or if the disk refuses.
    pub fn pick(
        mut self,
        dir: &Path,
        wanted: &dyn Fn(&str) -> bool,
        watch: Watch<'_>,
    ) -> Result<Contents, ArtifactError> {
        self.members(Some((dir, wanted)), watch)?;
        Ok(self.contents)
    }

    /// Puts the files into a new directory, which is there only when everything was read and is as the manifest says.
    ///
    /// # Errors
    /// As [`Artifact::verify`], or if something stands at `target`, or the disk refuses.
    pub fn extract(self, target: &Path, watch: Watch<'_>) -> Result<Contents, ArtifactError> {
        self.unpack(target, watch)?.commit()
    }

    /// The same, but for the last step: everything was read and is right, and the directory not yet in its place. What an
    /// attempt that was interrupted has left is gone on with.
    ///
    /// # Errors
    /// As [`Artifact::extract`].
    pub fn unpack(mut self, target: &Path, watch: Watch<'_>) -> Result<Unpacked, ArtifactError> {
        let mut dir = AtomicDir::resume(target).map_err(|source| ArtifactError::placing(target, source))?;
        let listed: HashSet<&str> =
            self.contents.manifest.files.iter().map(|file| file.path.as_str()).collect();
        dir.prune(&|path| listed.contains(path)).map_err(|source| ArtifactError::placing(target, source))?;
        match self.members(Some((dir.path(), &|_| true)), watch) {
            Ok(()) => Ok(Unpacked { dir, target: target.to_owned(), contents: self.contents }),
            Err(error) => {
                if matches!(error, ArtifactError::Interrupted(_)) {
                    dir.leave();
                }
                Err(error)
            }
        }
    }

    fn manifest_text(&mut self, size: usize) -> Result<Vec<u8>, ArtifactError> {
        let mut text = vec![0; size];
        self.stream.fill_whole(&mut text).map_err(|b| self.broken(b, Some(MANIFEST)))?;
        self.padding(size as u64, MANIFEST)?;
        Ok(text)
    }

    /// Every member behind the manifest, and the end.
    fn members(&mut self, to: Option<Destination<'_>>, watch: Watch<'_>) -> Result<(), ArtifactError> {
        // Taken out for the time, so that the files can be read while they are looked up.
        let files = std::mem::take(&mut self.contents.manifest.files);
        let mut awaited: HashMap<&str, &Member> = files.iter().map(|f| (f.path.as_str(), f)).collect();
        while let Some(head) = self.next_head()? {
            let path = head.path.strip_prefix(FILES);
            let Some(member) = path.and_then(|path| awaited.remove(path)) else {
                let listed = path.is_some_and(|path| files.iter().any(|f| f.path == path));
                return Err(self.stray(head.path, listed));
            };
            let dir = to.filter(|(_, wanted)| wanted(&member.path)).map(|(dir, _)| dir);
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
        let mut file = dir.map(|dir| Placed::open(dir, &member.path)).transpose()?;
        let (mut hasher, mut left) = (Sha256::new(), member.size);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            let piece = match self.stream.next(most) {
                Ok([]) => return Err(self.broken(ends_early(), Some(name))),
                Ok(piece) => piece,
                Err(broken) => return Err(self.broken(broken, Some(name))),
            };
            hasher.update(piece);
            if let Some(file) = &mut file {
                file.write(piece)?;
            }
            left -= piece.len() as u64;
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
        let mut block = [0; BLOCK];
        self.stream.fill_whole(&mut block).map_err(|b| self.broken(b, None))?;
        let (mut is_clean, mut filling) = (block == [0; BLOCK], 0);
        while is_clean {
            match self.stream.next(usize::MAX) {
                Ok([]) => return Ok(()),
                Ok(bytes) => {
                    filling += bytes.len() as u64;
                    is_clean = filling <= MOST_FILLING && bytes.iter().all(|b| *b == 0);
                }
                Err(broken) => return Err(self.broken(broken, None)),
            }
        }
        Err(self.broken(Broken::Damaged("something stands behind its end".to_owned()), None))
    }

    fn broken(&self, broken: Broken, member: Option<&str>) -> ArtifactError {
        let path = self.path.clone();
        match broken {
            Broken::Io(source) => ArtifactError::Io { path, source },
            Broken::Stopped => ArtifactError::Interrupted(path),
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

/// Where files go, and which.
type Destination<'a> = (&'a Path, &'a dyn Fn(&str) -> bool);

/// An artifact's files, in a directory that is not yet in its place. Dropped before [`Unpacked::commit`], it leaves nothing
/// behind.
#[derive(Debug)]
pub struct Unpacked {
    dir: AtomicDir,
    target: PathBuf,
    contents: Contents,
}

impl AsRef<Contents> for Unpacked {
    fn as_ref(&self) -> &Contents {
        &self.contents
    }
}

impl Unpacked {
    /// Where the files are until then. More may be put beside them.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// What the manifest says, and its digest.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Puts the directory in its place.
    ///
    /// # Errors
    /// If something has come to stand there, or the directory can't be renamed.
    pub fn commit(self) -> Result<Contents, ArtifactError> {
        let Self { dir, target, contents } = self;
        dir.commit().map_err(|source| ArtifactError::placing(&target, source))?;
        Ok(contents)
    }
}
