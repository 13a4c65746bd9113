//! What a program may see of the machine: what a compiled program, and an interpreter with its libraries, needs to run.
//! Nothing of `/etc` that names users, hosts or secrets; nothing of `/home`, `/root`, `/var`, `/run`, `/tmp`, `/sys`.

use std::path::{Path, PathBuf};

use super::{Bus, Plan};

/// Read and execute.
pub(super) const PROGRAMS: [&str; 7] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// Whether that lies where everybody may read and execute.
pub(crate) fn is_of_the_system(program: &Path) -> bool {
    PROGRAMS.iter().any(|folder| program.starts_with(folder))
}

/// Read.
const SETTINGS: [&str; 12] = [
    // The loader's.
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/ld-musl-x86_64.path",
    "/etc/ld-musl-aarch64.path",
    // Which of several programs of a name is meant.
    "/etc/alternatives",
    "/etc/localtime",
    // Whom TLS trusts; no private keys are beside these.
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ca-certificates/extracted",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/ca-trust/extracted",
];

/// Read, too, if the bus is on a TCP port: what it takes to find `localhost`.
const NAMES: [&str; 2] = ["/etc/hosts", "/etc/nsswitch.conf"];

/// Read and write.
pub(super) const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// What may be done with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Read, list, execute.
    Run,
    /// Read, list.
    Read,
    /// All but execute, and but devices.
    Write,
    /// Read and write what is there.
    Device,
    /// Connect to it.
    Connect,
}

/// A place that a program may see.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) access: Access,
    /// Without it the program can't be started; the machine's own may be missing.
    pub(super) is_needed: bool,
}

/// All places of a plan, but `/proc` and the directory for temporary files.
pub(super) fn places(plan: &Plan) -> Vec<Place> {
    let machine = |path: &&str, access| Place { path: PathBuf::from(path), access, is_needed: false };
    let named = |path: &Path, access| Place { path: path.to_owned(), access, is_needed: true };
    let mut places: Vec<_> = PROGRAMS.iter().map(|p| machine(p, Access::Run)).collect();
    places.extend(SETTINGS.iter().map(|p| machine(p, Access::Read)));
    places.extend(DEVICES.iter().map(|p| machine(p, Access::Device)));
    places.push(named(&plan.dir, Access::Run));
    places.extend(plan.read.iter().map(|p| named(p, Access::Run)));
    places.extend(plan.write.iter().map(|p| named(p, Access::Write)));
    match &plan.bus {
        Some(Bus::Socket(path)) => places.push(named(path, Access::Connect)),
        Some(Bus::Port(_)) => places.extend(NAMES.iter().map(|p| machine(p, Access::Read))),
        None => {}
    }
    places
}
