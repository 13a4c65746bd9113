//! Landlock: which files a program may read, write and execute, and that it reaches no TCP port, no process and no
//! abstract socket outside.

use std::{fs, io, path::Path};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope, make_bitflags,
};

use super::{
    Bus, Plan, Wall,
    message::Walls,
    system::{self, Access, Place},
};

/// What the newest kernels know; older ones do what they can of it.
const NEWEST: ABI = ABI::V10;

/// From now on, for this process and all that it starts.
pub(super) fn restrict(plan: &Plan, tmp: &Path, walls: &Walls) -> io::Result<()> {
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|r| r.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|r| r.scope(Scope::from_all(NEWEST)))
        .and_then(landlock::Ruleset::create);
    let mut ruleset = ruleset.map_err(io::Error::other)?;
    let mut places = system::places(plan);
    let place = |path: &Path, access| Place { path: path.to_owned(), access, is_needed: false };
    places.push(place(tmp, Access::Write));
    if walls.has(Wall::Root) {
        places.push(place(Path::new("/dev/shm"), Access::Write));
        // It has only this program's processes.
        places.push(place(Path::new("/proc"), Access::Read));
    } else {
        places.push(place(Path::new("/proc/self"), Access::Read));
    }
    for Place { path, access, is_needed } in places {
        let Ok(metadata) = fs::metadata(&path) else {
            if is_needed {
                return Err(io::Error::new(io::ErrorKind::NotFound, path.display().to_string()));
            }
            continue;
        };
        let mut rights = rights(access);
        if !metadata.is_dir() {
            rights &= AccessFs::from_file(NEWEST);
        }
        let opened = PathFd::new(&path).map_err(io::Error::other)?;
        ruleset = ruleset.add_rule(PathBeneath::new(opened, rights)).map_err(io::Error::other)?;
    }
    if let Some(Bus::Port(port)) = plan.bus {
        ruleset = ruleset.add_rule(NetPort::new(port, AccessNet::ConnectTcp)).map_err(io::Error::other)?;
    }
    match ruleset.restrict_self().map_err(io::Error::other)?.ruleset {
        RulesetStatus::NotEnforced => {
            Err(io::Error::new(io::ErrorKind::Unsupported, "the kernel has no Landlock"))
        }
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

fn rights(access: Access) -> BitFlags<AccessFs> {
    let devices = make_bitflags!(AccessFs::{MakeChar | MakeBlock | IoctlDev | Execute});
    match access {
        Access::Run => make_bitflags!(AccessFs::{ReadFile | ReadDir | Execute}),
        Access::Read => make_bitflags!(AccessFs::{ReadFile | ReadDir}),
        Access::Write => AccessFs::from_all(NEWEST) & !devices,
        Access::Device => make_bitflags!(AccessFs::{ReadFile | WriteFile}),
        Access::Connect => make_bitflags!(AccessFs::{ResolveUnix}),
    }
}
