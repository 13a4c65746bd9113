//! seccomp: the system calls that a program may make. What is not in `allowed` gives `EPERM`, another architecture's calls
//! kill, and there are no sockets but Unix sockets.

use std::{collections::BTreeMap, io};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use super::{Bus, Plan, Wall, allowed, message::Walls};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Every flag of `clone` that makes a namespace.
const NAMESPACES: i32 = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;
/// The kind of a socket, without its flags.
const SOCKET_KIND: u64 = 0xf;

/// From now on, for this process and all that it starts.
pub(super) fn restrict(plan: &Plan, walls: &Walls) -> io::Result<()> {
    let has_port = matches!(plan.bus, Some(Bus::Port(_)));
    for filter in filters(has_port, walls.has(Wall::Root)).map_err(io::Error::other)? {
        seccompiler::apply_filter(&filter).map_err(io::Error::other)?;
    }
    Ok(())
}

/// The first says what is allowed; the second lets libc know that it must do without some.
fn filters(has_port: bool, has_root: bool) -> Result<[BpfProgram; 2], seccompiler::BackendError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let allowed = SeccompFilter::new(rules(has_port, has_root)?, denied, SeccompAction::Allow, arch)?;
    // The flags of clone3 are in memory, where a filter can't look; with ENOSYS libc takes clone.
    let absent = [libc::SYS_clone3, libc::SYS_io_uring_setup].map(|call| (call, Vec::new()));
    let missing = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let absent = SeccompFilter::new(absent.into(), SeccompAction::Allow, missing, arch)?;
    Ok([allowed.try_into()?, absent.try_into()?])
}

fn rules(has_port: bool, has_root: bool) -> Result<Rules, seccompiler::BackendError> {
    let mut calls = [allowed::ALWAYS, allowed::OLD.0].concat();
    if has_root {
        // Landlock does not look at these; behind a root of its own they reach nothing of others.
        calls.extend([allowed::IN_OWN_ROOT, allowed::OLD.1].concat());
    }
    let mut rules: Rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let when = |argument, op, value: u64| SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value);
    let number = |value: i32| u64::from(value.unsigned_abs());
    rules.insert(
        libc::SYS_clone,
        vec![SeccompRule::new(vec![when(0, SeccompCmpOp::MaskedEq(number(NAMESPACES)), 0)?])?],
    );
    // Nothing is typed into the terminal that the daemon may have.
    let typing = [libc::TIOCSTI, libc::TIOCLINUX, libc::TIOCSETD];
    // 64 bits with glibc, 32 with musl; the kernel takes 32.
    let no_typing = typing.map(|request| when(1, SeccompCmpOp::Ne, u64::from(request as u32)));
    rules.insert(libc::SYS_ioctl, vec![SeccompRule::new(no_typing.into_iter().collect::<Result<_, _>>()?)?]);
    // Its own limits, and nobody else's.
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![when(0, SeccompCmpOp::Eq, 0)?])?]);
    let unix = || SeccompRule::new(vec![when(0, SeccompCmpOp::Eq, number(libc::AF_UNIX))?]);
    rules.insert(libc::SYS_socketpair, vec![unix()?]);
    let mut sockets = vec![unix()?];
    if has_port {
        for family in [libc::AF_INET, libc::AF_INET6] {
            let stream = when(1, SeccompCmpOp::MaskedEq(SOCKET_KIND), number(libc::SOCK_STREAM))?;
            sockets.push(SeccompRule::new(vec![when(0, SeccompCmpOp::Eq, number(family))?, stream])?);
        }
    }
    rules.insert(libc::SYS_socket, sockets);
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_small_enough_for_the_kernel() {
        for filter in filters(true, true).unwrap() {
            assert!(filter.len() < 4096, "{}", filter.len());
        }
    }

    #[test]
    fn what_leads_out_is_not_allowed() {
        let rules = rules(true, true).unwrap();
        for call in [
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_mount,
            libc::SYS_open_tree,
            libc::SYS_pivot_root,
            libc::SYS_chroot,
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_io_uring_setup,
            libc::SYS_keyctl,
            libc::SYS_userfaultfd,
            libc::SYS_kexec_load,
            libc::SYS_init_module,
            libc::SYS_finit_module,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_clone3,
            libc::SYS_personality,
            libc::SYS_open_by_handle_at,
            libc::SYS_pidfd_getfd,
            libc::SYS_setxattr,
        ] {
            assert!(!rules.contains_key(&call), "{call}");
        }
    }
}
