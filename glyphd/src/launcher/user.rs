//! A user id for each program that nobody else has: a process limit counts for a user, and one user's processes can't
//! touch another's. Ids of programs are 1900000001 to 1900065535, their group is 1900000000 for all.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::{MetadataExt, PermissionsExt},
            net::{SocketAddr, UnixDatagram},
        },
    },
    path::Path,
};

/// The group of all programs: it may connect to the bus.
pub(super) const GROUP: u32 = 1_900_000_000;
const IDS: u32 = 65_535;

/// An id, for as long as this lives.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: u32,
    /// Its name is the lock, which goes with its holder whatever happens to that.
    _lock: UnixDatagram,
}

impl User {
    /// One that is free. A program tends to get the same again.
    pub(super) fn reserve(name: &str) -> io::Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Err(io::Error::other("the daemon does not run as root"));
        }
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let wanted = u32::try_from(hasher.finish() % u64::from(IDS)).unwrap_or_default();
        let mut fault = io::Error::other("every user id is taken");
        for n in 0..1024 {
            let id = GROUP + 1 + (wanted + n) % IDS;
            match SocketAddr::from_abstract_name(format!("glyphd/user/{id}"))
                .and_then(|a| UnixDatagram::bind_addr(&a))
            {
                Ok(lock) => return Ok(Self { id, _lock: lock }),
                Err(e) => fault = e,
            }
        }
        Err(fault)
    }
}

/// Lets programs connect to the bus: a socket that only the daemon's user and group may write to is given their group.
pub(super) fn open_bus(socket: &Path) -> io::Result<()> {
    let metadata = std::fs::metadata(socket)?;
    let mode = metadata.mode();
    if mode & 0o002 != 0 || (metadata.gid() == GROUP && mode & 0o020 != 0) {
        return Ok(());
    }
    std::os::unix::fs::chown(socket, None, Some(GROUP))?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode((mode & 0o7777) | 0o060))
}
