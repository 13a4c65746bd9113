//! Files that must be what they were when somebody looked at them. A file is read once, into a copy that nobody else can
//! change, and the digest is that of the copy: what is checked is what runs, whatever becomes of the original.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Plan, message::Failure};

/// A pinned file, open.
#[derive(Debug)]
pub(super) struct Pin {
    pub(super) path: PathBuf,
    digest: String,
    file: File,
    is_executable: bool,
}

/// Opens what is pinned, by absolute path.
pub(super) fn open(plan: &Plan) -> Result<BTreeMap<PathBuf, Pin>, Failure> {
    let open = |(path, digest): (&PathBuf, &String)| {
        let path = plan.dir.join(path.strip_prefix(".").unwrap_or(path));
        let fault = |e: io::Error| Failure::digest(format!("{}: {e}", path.display()));
        let file = File::open(&path).map_err(fault)?;
        let metadata = file.metadata().map_err(fault)?;
        if !metadata.is_file() {
            return Err(fault(io::Error::other("is no file")));
        }
        let is_executable = metadata.permissions().mode() & 0o111 != 0;
        Ok((path.clone(), Pin { path, digest: digest.to_ascii_lowercase(), file, is_executable }))
    };
    plan.pinned.iter().map(open).collect()
}

impl Pin {
    /// Reads it into a copy, and compares.
    fn copy(&mut self, mut copy: impl Write) -> Result<(), Failure> {
        let fault = |path: &Path, e: io::Error| Failure::digest(format!("{}: {e}", path.display()));
        let (mut digest, mut chunk) = (Sha256::new(), vec![0; 256 << 10]);
        loop {
            let n = self.file.read(&mut chunk).map_err(|e| fault(&self.path, e))?;
            if n == 0 {
                break;
            }
            digest.update(&chunk[..n]);
            copy.write_all(&chunk[..n]).map_err(|e| fault(&self.path, e))?;
        }
        let digest = hex::encode(digest.finalize());
        if digest != self.digest {
            let (path, pinned) = (self.path.display(), &self.digest);
            return Err(Failure::digest(format!("{path}: its sha256 is {digest}, and {pinned} is pinned")));
        }
        Ok(())
    }

    /// A copy in a directory that will be read-only.
    pub(super) fn copy_to(&mut self, place: &Path) -> Result<(), Failure> {
        self.copy(File::create_new(place)?)?;
        let mode = if self.is_executable { 0o555 } else { 0o444 };
        Ok(fs::set_permissions(place, fs::Permissions::from_mode(mode))?)
    }

    /// A copy in memory that is sealed.
    fn sealed(&mut self) -> Result<OwnedFd, Failure> {
        // Not every kernel knows that a file in memory may be asked to be executable.
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let copy =
            memfd_create("pinned", flags | MemfdFlags::EXEC).or_else(|_| memfd_create("pinned", flags))?;
        let mut copy = File::from(copy);
        self.copy(&mut copy)?;
        let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        fcntl_add_seals(&copy, seals)?;
        Ok(copy.into())
    }

    /// Compares alone: for what can't be protected from then on.
    fn check(&mut self) -> Result<(), Failure> {
        self.copy(io::sink())
    }
}

/// What is executed where the program sees the machine's own files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Program {
    /// What stands in the plan.
    #[default]
    AsPlanned,
    /// A sealed copy, that comes as a descriptor, in the place of this part of the command.
    Sealed(usize),
}

/// Checks everything, and seals what the command begins with: its program or, of an interpreter, its script. The others
/// are checked, and may change afterwards.
pub(super) fn seal(plan: &Plan) -> Result<(Program, Option<OwnedFd>), Failure> {
    let mut pins = open(plan)?;
    let is_pinned =
        |part: &String| pins.contains_key(&plan.dir.join(part.strip_prefix("./").unwrap_or(part)));
    let at = plan.command.iter().position(is_pinned);
    let mut sealed = None;
    if let Some(at) = at {
        let part = &plan.command[at];
        if let Some(pin) = pins.get_mut(&plan.dir.join(part.strip_prefix("./").unwrap_or(part))) {
            sealed = Some(pin.sealed()?);
        }
        pins.remove(&plan.dir.join(part.strip_prefix("./").unwrap_or(part)));
    }
    for pin in pins.values_mut() {
        pin.check()?;
    }
    Ok((at.map_or(Program::AsPlanned, Program::Sealed), sealed))
}
