//! A user id for each program that nobody else has: a process limit counts for a user, and one user's processes can't
//! touch another's. Ids of programs are 1900000001 to 1900065535, their group is 1900000000 for all.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::{MetadataExt, PermissionsExt, chown},
            net::{SocketAddr, UnixDatagram},
        },
    },
    path::Path,
};

use rustix::thread::{CapabilitySet, capabilities};

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
        let needed = CapabilitySet::SETUID | CapabilitySet::SETGID | CapabilitySet::CHOWN;
        if !capabilities(None)?.effective.contains(needed) {
            return Err(io::Error::other("the daemon does not run as root"));
        }
        let maps = [fs::read_to_string("/proc/self/uid_map")?, fs::read_to_string("/proc/self/gid_map")?];
        if !maps.iter().all(|map| has_ids(map)) {
            return Err(io::Error::other("the container that the daemon runs in has too few ids"));
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

/// Whether a user namespace has the ids of programs: lines of the first one, what it is outside, and how many follow.
fn has_ids(map: &str) -> bool {
    let holds = |line: &str| {
        let mut numbers = line.split_whitespace().map(|n| n.parse::<u64>().unwrap_or(0));
        let (first, count) = (numbers.next()?, numbers.nth(1)?);
        Some(first <= u64::from(GROUP) && u64::from(GROUP) + u64::from(IDS) < first + count)
    };
    map.lines().any(|line| holds(line).unwrap_or(false))
}

/// Lets programs connect to the bus: a socket that only the daemon's user and group may write to is given their group.
pub(super) fn open_bus(socket: &Path) -> io::Result<()> {
    let metadata = fs::metadata(socket)?;
    let mode = metadata.mode();
    if mode & 0o002 != 0 || (metadata.gid() == GROUP && mode & 0o020 != 0) {
        return Ok(());
    }
    chown(socket, None, Some(GROUP))?;
    fs::set_permissions(socket, fs::Permissions::from_mode((mode & 0o7777) | 0o060))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_may_have_few_ids() {
        assert!(has_ids("         0          0 4294967295\n"));
        assert!(!has_ids("         0     100000      65536\n"));
        assert!(!has_ids("0 1000 1\n1 100000 65536\n"));
        assert!(!has_ids(""));
    }
}
