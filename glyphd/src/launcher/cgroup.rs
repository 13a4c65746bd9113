//! A cgroup for a program's memory and processes: version 2 where the controllers are there, else version 1. Only a
//! cgroup knows why the kernel killed somebody.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use super::{Limits, Wall};

/// What the names of ours begin with; the id of the launcher that made it follows.
const PREFIX: &str = "glyph-plugin-";

/// Cgroups of a program. Dropped, they are removed; nobody may be in them any more.
#[derive(Debug, Default)]
pub(super) struct Cgroups(Vec<Cgroup>);

#[derive(Debug)]
struct Cgroup {
    dir: PathBuf,
    version: Version,
    /// What it is for.
    wall: Wall,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// Where children of this process's cgroup may be made, for a controller.
#[derive(Debug, PartialEq, Eq)]
struct Parent {
    dir: PathBuf,
    version: Version,
}

impl Cgroups {
    /// A cgroup in which memory (`Wall::Memory`) or processes (`Wall::Tasks`) are limited.
    pub(super) fn add(&mut self, wall: Wall, limits: &Limits) -> io::Result<()> {
        let controller = if wall == Wall::Memory { "memory" } else { "pids" };
        let parents = parents(controller)?;
        let mut fault = io::Error::new(io::ErrorKind::NotFound, format!("no cgroup has {controller}"));
        for parent in parents {
            match self.add_below(&parent, wall, limits) {
                Ok(()) => return Ok(()),
                Err(e) => fault = e,
            }
        }
        Err(fault)
    }

    fn add_below(&mut self, parent: &Parent, wall: Wall, limits: &Limits) -> io::Result<()> {
        let dir = parent.dir.join(format!("{PREFIX}{}", std::process::id()));
        if !self.0.iter().any(|cgroup| cgroup.dir == dir) {
            sweep(&parent.dir);
            // One of that name belongs to nobody: this process has the id.
            drop(fs::remove_dir(&dir));
            fs::create_dir(&dir).map_err(|e| at(&dir, e))?;
        }
        let set = |file: &str, value: &str| {
            let path = dir.join(file);
            fs::write(&path, value).map_err(|e| at(&path, e))
        };
        self.0.push(Cgroup { dir: dir.clone(), version: parent.version, wall });
        match (wall, parent.version) {
            (Wall::Memory, version) => {
                // Its kill counter must be there whether or not there is a limit.
                let events =
                    dir.join(if version == Version::Two { "memory.events" } else { "memory.oom_control" });
                fs::read(&events).map_err(|e| at(&events, e))?;
                let Some(bytes) = limits.memory_bytes.map(|n| n.to_string()) else { return Ok(()) };
                if version == Version::Two {
                    set("memory.max", &bytes)?;
                    // Not every kernel counts swap, or has any.
                    drop(set("memory.swap.max", "0"));
                    drop(set("memory.oom.group", "1"));
                } else {
                    set("memory.limit_in_bytes", &bytes)?;
                    drop(set("memory.memsw.limit_in_bytes", &bytes));
                }
                Ok(())
            }
            _ => set("pids.max", &limits.processes.map_or_else(|| "max".to_owned(), |n| n.to_string())),
        }
    }

    /// Files through which a process enters, by writing `0`.
    pub(super) fn entrances(&self) -> io::Result<Vec<File>> {
        let mut dirs: Vec<_> = self.0.iter().map(|cgroup| &cgroup.dir).collect();
        dirs.dedup();
        let open = |dir: &PathBuf| OpenOptions::new().write(true).open(dir.join("cgroup.procs"));
        dirs.into_iter().map(open).collect()
    }

    /// Whether the kernel has killed a process because the limit was reached. If the machine itself has no memory left, it
    /// kills without that.
    pub(super) fn has_killed(&self) -> bool {
        let read =
            |cgroup: &Cgroup, file: &str| fs::read_to_string(cgroup.dir.join(file)).unwrap_or_default();
        let of = |cgroup: &Cgroup| match cgroup.version {
            Version::Two => {
                let events = read(cgroup, "memory.events");
                count(&events, "oom_kill") > 0 && count(&events, "oom") > 0
            }
            Version::One => {
                // Its count of failures stays 0 on new kernels. What is nearly the limit was too little for what was wanted.
                let number = |file| read(cgroup, file).trim().parse().unwrap_or(0_u64);
                let (most, limit) = (number("memory.max_usage_in_bytes"), number("memory.limit_in_bytes"));
                count(&read(cgroup, "memory.oom_control"), "oom_kill") > 0 && most >= limit - limit / 16
            }
        };
        self.0.iter().filter(|cgroup| cgroup.wall == Wall::Memory).any(of)
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        for cgroup in &self.0 {
            // Two walls may be one cgroup, which goes once.
            drop(fs::remove_dir(&cgroup.dir));
        }
    }
}

fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// One of the counts of a file that has one a line.
fn count(events: &str, name: &str) -> u64 {
    let of = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
    events.lines().find_map(of).unwrap_or(0)
}

/// Removes what launchers that were killed have left.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let launcher = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if launcher.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            // Somebody may still be in it.
            drop(fs::remove_dir(entry.path()));
        }
    }
}

fn parents(controller: &str) -> io::Result<Vec<Parent>> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let own = fs::read_to_string("/proc/self/cgroup")?;
    Ok(find(controller, &mounts, &own).into_iter().filter(|parent| offers(parent, controller)).collect())
}

/// Version 2 has a controller in a cgroup only if its parent hands it down, which it may not be asked to while somebody
/// is in it: so the one above ours comes first, as a service manager that delegates makes it.
fn find(controller: &str, mounts: &str, own: &str) -> Vec<Parent> {
    let mut parents = Vec::new();
    for mount in mounts.lines() {
        let Some((before, after)) = mount.split_once(" - ") else { continue };
        let fields: Vec<_> = before.split(' ').collect();
        let [_, _, _, root, point, ..] = fields[..] else { continue };
        let mut after = after.split(' ');
        let (kind, options) = (after.next(), after.next_back().unwrap_or_default());
        let version = match kind {
            Some("cgroup2") => Version::Two,
            Some("cgroup") if options.split(',').any(|o| o == controller) => Version::One,
            _ => continue,
        };
        let is_own = |line: &&str| match version {
            Version::Two => line.starts_with("0::"),
            Version::One => line.split(':').nth(1).is_some_and(|c| c.split(',').any(|c| c == controller)),
        };
        let Some(path) = own.lines().find(is_own).and_then(|line| line.splitn(3, ':').nth(2)) else {
            continue;
        };
        let Ok(below) = Path::new(path).strip_prefix(root) else { continue };
        // Without a slash at its end, if it is the root.
        let dir: PathBuf = Path::new(point).join(below).components().collect();
        if version == Version::Two && dir != Path::new(point) {
            parents.extend(dir.parent().map(|above| Parent { dir: above.to_owned(), version }));
        }
        parents.push(Parent { dir, version });
    }
    // What hands a controller down is not known from here; version 1 needs no asking.
    parents.sort_by_key(|parent| parent.version == Version::One);
    parents
}

/// Whether a child there would have the controller, after asking for it.
fn offers(parent: &Parent, controller: &str) -> bool {
    let has = |file: &str| {
        let list = fs::read_to_string(parent.dir.join(file)).unwrap_or_default();
        list.split_whitespace().any(|name| name == controller)
    };
    parent.version == Version::One
        || has("cgroup.subtree_control")
        || (has("cgroup.controllers")
            && fs::write(parent.dir.join("cgroup.subtree_control"), format!("+{controller}")).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirs(controller: &str, mounts: &str, own: &str) -> Vec<String> {
        let shown = |p: Parent| format!("{:?} {}", p.version, p.dir.display());
        find(controller, mounts, own).into_iter().map(shown).collect()
    }

    #[test]
    fn a_service_manager_delegates_the_cgroup_above() {
        let mounts = "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
        let own = "0::/system.slice/glyphd.service/daemon\n";
        let service = "Two /sys/fs/cgroup/system.slice/glyphd.service";
        assert_eq!(dirs("memory", mounts, own), [service.to_owned(), format!("{service}/daemon")]);
        assert_eq!(dirs("memory", mounts, "0::/\n"), ["Two /sys/fs/cgroup"]);
    }

    #[test]
    fn version_1_has_a_tree_for_each_controller_and_a_container_a_part_of_it() {
        let mounts = "30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      31 24 0:27 /box /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
                      32 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
        let own = "4:memory:/a/b\n3:pids:/box/c\n2:cpu,cpuacct:/\n";
        assert_eq!(dirs("memory", mounts, own), ["One /sys/fs/cgroup/memory/a/b"]);
        assert_eq!(dirs("pids", mounts, own), ["One /sys/fs/cgroup/pids/c"]);
        assert_eq!(dirs("io", mounts, own), [""; 0]);
    }

    #[test]
    fn the_kernel_counts_its_kills() {
        let events = "low 0\nmax 31\noom 2\noom_kill 1\noom_group_kill 0\n";
        assert_eq!((count(events, "oom_kill"), count(events, "oom")), (1, 2));
        assert_eq!(count("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "oom_kill"), 3);
        assert_eq!(count("", "oom_kill"), 0);
    }
}
