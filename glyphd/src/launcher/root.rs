//! A root directory of the program's own, in memory: the places that it may see at their usual paths, read-only, and
//! nothing else. Pinned files are copies in it; a directory with pinned files in it is put together anew, so that
//! nothing that is renamed or replaced outside gets in.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{DirBuilderExt, symlink},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::CWD,
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
        UnmountFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen, mount_change, move_mount,
        open_tree, unmount,
    },
    process::{chdir, pivot_root},
    thread::UnshareFlags,
};

use super::{
    Plan,
    message::Failure,
    pinned::{self, Pin},
    sys::{self, MountKind},
    system::{self, Access, Place},
};

/// The program's directory for temporary files.
pub(super) const TMP: &str = "/run/tmp";
/// How much is in it at most, in memory; so is everything else that is copied.
const TMP_BYTES: &str = "64m";
const COPIES_BYTES: &str = "1g";
/// Copies of what is pinned outside the program's own directory.
const COPIES: &str = "/run/pinned";
/// The most entries of directories that are put together anew.
const ENTRIES: usize = 4096;

/// Something that is put into the root.
#[derive(Debug)]
enum Piece {
    Mount(OwnedFd),
    /// Something beside a pinned file, which may be gone by now.
    Beside(OwnedFd),
    Link(PathBuf),
    Dir,
    Copy(Pin),
}

impl Piece {
    /// What becomes of something that is not pinned itself.
    fn beside_pinned(path: &Path, holds_pinned: bool) -> io::Result<Option<Self>> {
        let kind = fs::symlink_metadata(path)?.file_type();
        Ok(match (kind.is_symlink(), holds_pinned) {
            (true, true) => return Err(io::Error::other("is a link, and something is pinned behind it")),
            (true, false) => Some(Self::Link(fs::read_link(path)?)),
            (false, true) => Some(Self::Dir),
            (false, false) if kind.is_dir() || kind.is_file() => Some(Self::Beside(tree(path, Access::Run)?)),
            (false, false) => None,
        })
    }
}

/// What is needed to build a root, gathered while the machine's is still there.
#[derive(Debug)]
pub(super) struct Materials {
    pieces: Vec<(PathBuf, Piece)>,
    /// Pinned files that lie where the machine's own are.
    elsewhere: Vec<Pin>,
    root: OwnedFd,
    /// The program's own directory, if it is put together anew.
    home: Option<OwnedFd>,
    tmp: OwnedFd,
    shm: OwnedFd,
    proc: Option<OwnedFd>,
}

/// From now on mounts of this process, and of those that it starts, are their own.
pub(super) fn leave_mounts() -> io::Result<()> {
    sys::unshare(UnshareFlags::NEWNS)?;
    Ok(mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?)
}

/// Gathers. A failure is the machine's, or the plan's.
pub(super) fn gather(plan: &Plan, owner: Option<u32>) -> io::Result<Result<Materials, Failure>> {
    let owner = owner.map_or_else(String::new, |id| id.to_string());
    let private = |size, mode| {
        let (uid, gid) = (("uid", owner.as_str()), ("gid", owner.as_str()));
        let owned = if owner.is_empty() { &[][..] } else { &[uid, gid][..] };
        filesystem("tmpfs", &[&[("size", size), ("mode", mode)], owned].concat())
    };
    let root = filesystem("tmpfs", &[("size", COPIES_BYTES), ("mode", "0755")])?;
    let (tmp, shm) = (private(TMP_BYTES, "0700")?, private(TMP_BYTES, "0700")?);
    // Only with a PID namespace, and not inside every container.
    let proc = if rustix::process::getpid().is_init() {
        filesystem("proc", &[("hidepid", "invisible"), ("subset", "pid")]).ok()
    } else {
        None
    };
    let mut materials =
        Materials { pieces: Vec::new(), elsewhere: Vec::new(), root, home: None, tmp, shm, proc };
    Ok(materials.fill(plan).map(|()| materials))
}

fn filesystem(kind: &str, options: &[(&str, &str)]) -> io::Result<OwnedFd> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (key, value) in options {
        fsconfig_set_string(&context, *key, *value)?;
    }
    fsconfig_create(&context)?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
}

/// A mount of what is at a path now.
fn tree(path: &Path, access: Access) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let tree = open_tree(CWD, path, flags | OpenTreeFlags::AT_RECURSIVE)?;
    let kind = match access {
        Access::Run | Access::Read => MountKind::ReadOnly,
        Access::Write | Access::Connect => MountKind::Writable,
        Access::Device => MountKind::Device,
    };
    sys::set_mount(&tree, kind, true)?;
    Ok(tree)
}

impl Materials {
    fn fill(&mut self, plan: &Plan) -> Result<(), Failure> {
        let mut pins = pinned::open(plan)?;
        let mut places = system::places(plan);
        // What lies in another place is put there after it.
        places.sort_by(|a, b| a.path.cmp(&b.path));
        places.dedup_by(|later, first| later.path == first.path && later.access == first.access);
        for Place { path, access, is_needed } in places {
            let fault = |e: io::Error| Failure::exec(format!("{}: {e}", path.display()));
            let metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata,
                Err(e) if e.kind() == io::ErrorKind::NotFound && !is_needed => continue,
                Err(e) => return Err(fault(e)),
            };
            if metadata.is_symlink() && !is_needed && access == Access::Run {
                self.pieces.push((path.clone(), Piece::Link(fs::read_link(&path).map_err(fault)?)));
            } else if path == plan.dir && pins.keys().any(|pinned| pinned.starts_with(&plan.dir)) {
                let home = filesystem("tmpfs", &[("size", COPIES_BYTES), ("mode", "0755")]).map_err(fault)?;
                self.pieces.push((path.clone(), Piece::Mount(home.try_clone()?)));
                self.home = Some(home);
                self.put_together(&path, &mut pins)?;
            } else {
                match tree(&path, access) {
                    Ok(tree) => self.pieces.push((path.clone(), Piece::Mount(tree))),
                    // A link to nowhere.
                    Err(e) if e.kind() == io::ErrorKind::NotFound && !is_needed => {}
                    Err(e) => return Err(fault(e)),
                }
            }
        }
        self.elsewhere = pins.into_values().collect();
        Ok(())
    }

    /// A directory with pinned files in it: these as copies, the rest as it is now.
    fn put_together(&mut self, dir: &Path, pins: &mut BTreeMap<PathBuf, Pin>) -> Result<(), Failure> {
        let fault = |path: &Path, e: io::Error| Failure::exec(format!("{}: {e}", path.display()));
        self.pieces.push((dir.to_owned(), Piece::Dir));
        for entry in fs::read_dir(dir).map_err(|e| fault(dir, e))? {
            let path = entry.map_err(|e| fault(dir, e))?.path();
            if self.pieces.len() > ENTRIES {
                return Err(Failure::exec(format!(
                    "{}: more than {ENTRIES} files beside pinned ones",
                    dir.display()
                )));
            }
            if let Some(pin) = pins.remove(&path) {
                self.pieces.push((path, Piece::Copy(pin)));
                continue;
            }
            let holds_pinned = pins.keys().any(|pinned| pinned.starts_with(&path));
            match Piece::beside_pinned(&path, holds_pinned) {
                Ok(Some(Piece::Dir)) => self.put_together(&path, pins)?,
                Ok(Some(piece)) => self.pieces.push((path, piece)),
                // Sockets and the like; and what was there when the directory was read.
                Ok(None) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound && !holds_pinned => {}
                Err(e) => return Err(fault(&path, e)),
            }
        }
        Ok(())
    }

    /// Makes it this process's root, and that of the others in its mount namespace.
    pub(super) fn build(self) -> Result<(), Failure> {
        let wall = |e: io::Error| Failure::wall(super::Wall::Root, e);
        enter(&self.root).map_err(wall)?;
        for dir in ["/dev", "/proc", "/run", TMP, "/dev/shm"] {
            make_dir(Path::new(dir)).map_err(wall)?;
        }
        for (name, target) in
            [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")]
        {
            symlink(target, Path::new("/dev").join(name)).map_err(wall)?;
        }
        for (path, piece) in self.pieces {
            let fault = |e: io::Error| Failure::exec(format!("{}: {e}", path.display()));
            if let Some(parent) = path.parent() {
                make_dir(parent).map_err(fault)?;
            }
            match piece {
                Piece::Mount(tree) => put(&tree, &path).map_err(fault)?,
                Piece::Beside(tree) => match put(&tree, &path) {
                    // What holds its place goes as well.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {
                        fs::remove_file(&path).or_else(|_| fs::remove_dir(&path)).map_err(fault)?;
                    }
                    done => done.map_err(fault)?,
                },
                Piece::Link(target) => symlink(target, &path).map_err(fault)?,
                Piece::Dir => make_dir(&path).map_err(fault)?,
                Piece::Copy(mut pin) => pin.copy_to(&path)?,
            }
        }
        put(&self.tmp, Path::new(TMP)).map_err(wall)?;
        put(&self.shm, Path::new("/dev/shm")).map_err(wall)?;
        if let Some(proc) = &self.proc {
            put(proc, Path::new("/proc")).map_err(wall)?;
        }
        for (n, mut pin) in self.elsewhere.into_iter().enumerate() {
            make_dir(Path::new(COPIES))?;
            let copy = Path::new(COPIES).join(n.to_string());
            pin.copy_to(&copy)?;
            let tree = tree(&copy, Access::Run).map_err(wall)?;
            put(&tree, &pin.path).map_err(wall)?;
        }
        for copies in self.home.iter().chain([&self.root]) {
            sys::set_mount(copies, MountKind::ReadOnly, false).map_err(wall)?;
        }
        Ok(())
    }
}

/// The machine's root goes, and a mount takes its place.
fn enter(root: &OwnedFd) -> io::Result<()> {
    // Any directory does: it is covered for a moment, and nobody else looks.
    move_mount(root, "", CWD, "/proc", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
    chdir("/proc")?;
    pivot_root(".", ".")?;
    // The new root lies under the old one, which is where "." still is.
    unmount(".", UnmountFlags::DETACH)?;
    Ok(chdir("/")?)
}

/// With what is above it. All may look, as paths are no secret to who is given what lies there.
fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// Puts a mount where there may be nothing yet.
fn put(mount: &OwnedFd, path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_err() {
        let is_dir = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(mount)?.st_mode).is_dir();
        if is_dir { make_dir(path)? } else { drop(File::create_new(path)?) }
    }
    Ok(move_mount(mount, "", CWD, path, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?)
}
