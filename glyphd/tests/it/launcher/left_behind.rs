//! What a program must not leave behind.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The cgroups that were made for a process.
pub(super) fn cgroups(pid: u32) -> Vec<PathBuf> {
    // It may have ended.
    let own = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    let dirs = own.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controller, path) = (fields.next()?, fields.next()?);
        let root = [controller, "unified", ""].map(|name| Path::new("/sys/fs/cgroup").join(name));
        let dirs = root.map(|root| root.join(path.trim_start_matches('/')));
        path.contains("glyph-plugin-").then(|| dirs.into_iter().find(|dir| dir.is_dir()))?
    });
    dirs.collect()
}

/// The arguments of a process; none if it has ended. Within `execve` it has memory, and for a moment no arguments.
fn command(pid: u32) -> Vec<u8> {
    loop {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        if !command.is_empty() || !status.contains("\nVmSize:") {
            return command;
        }
    }
}

/// The processes that have a name in their arguments.
pub(crate) fn processes(name: &str) -> Vec<u32> {
    let own = std::process::id();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_named = |pid: &u32| String::from_utf8_lossy(&command(*pid)).contains(name);
    pids.filter(|pid| *pid != own).filter(is_named).collect()
}

pub(super) fn assert_nothing(name: &str, cgroups: &[PathBuf]) {
    assert_eq!(processes(name), [0; 0], "processes of {name}");
    for dir in cgroups {
        assert!(!dir.exists(), "{}", dir.display());
    }
    let files = fs::read_dir(std::env::temp_dir()).unwrap().flatten().map(|entry| entry.file_name());
    let begins = format!("glyph-{name}-");
    let files: Vec<_> = files.filter(|file| file.to_string_lossy().starts_with(&begins)).collect();
    assert!(files.is_empty(), "{files:?}");
}
