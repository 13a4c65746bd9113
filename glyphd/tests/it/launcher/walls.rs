//! What a program can't reach.

use std::{
    fs,
    io::Read,
    net::TcpListener,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::PermissionsExt,
            net::{SocketAddr, UnixListener},
        },
    },
};

use glyphd::launcher::{Bus, Launcher, Sandbox, SandboxError, Termination, Wall};

use super::{Attacker, Running, answer, executable, has, launcher};
use crate::harness::within;

#[tokio::test]
async fn files_of_the_machine_and_of_other_plugins_are_out_of_reach() {
    if !has(&[Wall::Landlock]) {
        return;
    }
    let attacker = Attacker::new(&[]);
    let secret = attacker.beside("other");
    fs::create_dir(&secret).unwrap();
    fs::write(secret.join("plugin.toml"), "secret").unwrap();
    let others = secret.join("plugin.toml").display().to_string();
    let dir = secret.display().to_string();
    let mut tries = vec![
        "read:/etc/passwd".to_owned(),
        "read:/etc/shadow".to_owned(),
        "list:/home".to_owned(),
        "list:/root".to_owned(),
        "list:/".to_owned(),
        "read:/proc/1/environ".to_owned(),
        format!("read:{others}"),
        format!("list:{dir}"),
        format!("write:{others}"),
        format!("write:{dir}/new"),
        "write:/usr/new".to_owned(),
        "write:/tmp/glyph-attack".to_owned(),
        "write:attack.py".to_owned(),
        "write:new".to_owned(),
        "chmod:attack.py".to_owned(),
        "write:/sys/fs/cgroup/memory/memory.limit_in_bytes".to_owned(),
        format!("read:/proc/{}/environ", std::process::id()),
    ];
    let mut denied = attacker;
    denied.plan.command.extend(tries.clone());
    // What it may do.
    tries.clear();
    denied.plan.command.push("tmp:".to_owned());
    let (said, ending) = denied.run().await;
    for attempt in &denied.plan.command[3..denied.plan.command.len() - 1] {
        assert!(answer(&said, attempt).starts_with("denied E"), "{said:#?}");
    }
    assert_eq!(ending.termination, None);
    assert_eq!(fs::read_to_string(secret.join("plugin.toml")).unwrap(), "secret");
    assert!(!secret.join("new").exists());
    assert!(!denied.home().join("new").exists());
}

#[tokio::test]
async fn its_own_directory_what_the_plan_names_and_its_temporary_files_are_there() {
    if !has(&[Wall::Landlock]) {
        return;
    }
    let mut attacker = Attacker::new(&["list:.", "env:", "tmp:", "fds:", "threads:20", "run:/usr/bin/true"]);
    let (data, out) = (attacker.beside("data"), attacker.beside("out"));
    fs::write(&data, "given").unwrap();
    fs::create_dir(&out).unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(attacker.home().join("own"), "own").unwrap();
    attacker.plan.command.extend([
        "read:own".to_owned(),
        format!("read:{}", data.display()),
        format!("write:{}", data.display()),
        format!("write:{}/new", out.display()),
    ]);
    attacker.plan.env.insert("GLYPH_PLUGIN_TOKEN".to_owned(), "t".to_owned());
    attacker.plan.read.push(data.clone());
    attacker.plan.write.push(out.clone());
    let (said, ending) = attacker.run().await;
    assert_eq!(answer(&said, "list:."), "attack.py own");
    assert_eq!(answer(&said, "read:own"), "own");
    assert_eq!(answer(&said, &format!("read:{}", data.display())), "given");
    assert!(answer(&said, &format!("write:{}", data.display())).starts_with("denied E"));
    assert_eq!(answer(&said, &format!("write:{}/new", out.display())), "done");
    assert_eq!(fs::read_to_string(out.join("new")).unwrap(), "attacked");
    // Python adds LC_CTYPE for itself.
    assert_eq!(answer(&said, "env:").replace("LC_CTYPE ", ""), "GLYPH_PLUGIN_TOKEN PATH TMPDIR");
    // The last one is that of the directory itself.
    assert_eq!(answer(&said, "fds:"), "0 1 2 3");
    assert_eq!(answer(&said, "threads:20"), "done");
    assert_eq!(ending.termination, None);

    // Its temporary files are its own, and go with it.
    let tmp = answer(&said, "tmp:").to_owned();
    let mut second = Attacker::new(&[]);
    second.plan.command.extend([format!("list:{tmp}"), format!("write:{tmp}/a"), format!("read:{tmp}/a")]);
    if has(&[Wall::Root]) {
        let (said, _) = second.run().await;
        assert_eq!(answer(&said, &format!("list:{tmp}")), "");
        assert_eq!(answer(&said, &format!("read:{tmp}/a")), "attacked");
    }
}

#[tokio::test]
async fn there_is_no_network() {
    if !has(&[Wall::Network, Wall::Seccomp]) {
        return;
    }
    // Such as the daemon's own ports.
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let port = canary.local_addr().unwrap().port();
    let abstract_name = format!("glyph-canary-{port}");
    let listening =
        UnixListener::bind_addr(&SocketAddr::from_abstract_name(&abstract_name).unwrap()).unwrap();
    listening.set_nonblocking(true).unwrap();
    let kinds = ["tcp", "tcp6", "udp", "icmp", "packet", "netlink", "vsock"];
    let mut tries: Vec<_> = kinds.iter().map(|kind| format!("socket:{kind}")).collect();
    tries.extend([format!("tcp:{port}"), format!("connect:@{abstract_name}")]);
    let attacker = Attacker::new(&tries.iter().map(String::as_str).collect::<Vec<_>>());
    let (said, _) = attacker.run().await;
    for attempt in &tries {
        assert!(answer(&said, attempt).starts_with("denied E"), "{said:#?}");
    }
    assert!(canary.accept().is_err(), "the canary saw somebody");
    assert!(listening.accept().is_err(), "the canary saw somebody");
}

#[tokio::test]
async fn the_bus_is_the_one_thing_to_connect_to() {
    if !has(&[Wall::Landlock]) {
        return;
    }
    let mut attacker = Attacker::new(&[]);
    // As the daemon makes it: in a directory that only its own user may enter.
    let (bus, control) = (attacker.beside("plugins.sock"), attacker.beside("control.sock"));
    let listening = UnixListener::bind(&bus).unwrap();
    let canary = UnixListener::bind(&control).unwrap();
    canary.set_nonblocking(true).unwrap();
    let (to_bus, to_control) =
        (format!("connect:{}", bus.display()), format!("connect:{}", control.display()));
    attacker.plan.command.extend([to_bus.clone(), to_control.clone()]);
    attacker.plan.bus = Some(Bus::Socket(bus));
    let (said, _) = attacker.run().await;
    assert_eq!(answer(&said, &to_bus), "done");
    let mut hello = String::new();
    listening.accept().unwrap().0.read_to_string(&mut hello).unwrap();
    assert_eq!(hello, "hello");
    if has(&[Wall::Root]) {
        assert!(answer(&said, &to_control).starts_with("denied E"), "{said:#?}");
        assert!(canary.accept().is_err(), "the canary saw somebody");
    }
}

#[tokio::test]
async fn a_bus_on_a_port_is_the_only_port() {
    if !has(&[Wall::Landlock, Wall::Network]) {
        return;
    }
    let (bus, canary) =
        (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    canary.set_nonblocking(true).unwrap();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let (to_bus, to_canary) = (format!("tcp:{}", port(&bus)), format!("tcp:{}", port(&canary)));
    let mut attacker = Attacker::new(&[&to_bus, &to_canary, "socket:udp", "socket:icmp"]);
    attacker.plan.bus = Some(Bus::Port(port(&bus)));
    let (said, _) = attacker.run().await;
    assert_eq!(answer(&said, &to_bus), "done");
    for attempt in [&to_canary, "socket:udp", "socket:icmp"] {
        assert!(answer(&said, attempt).starts_with("denied E"), "{said:#?}");
    }
    assert!(canary.accept().is_err(), "the canary saw somebody");
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn calls_that_lead_out_are_refused() {
    if !has(&[Wall::Seccomp]) {
        return;
    }
    let names = [
        "ptrace",
        "process_vm_readv",
        "mount",
        "open_tree",
        "chroot",
        "pivot_root",
        "bpf",
        "perf_event_open",
        "keyctl",
        "userfaultfd",
        "kexec_load",
        "init_module",
        "unshare",
        "setns",
        "clone_newuser",
        "personality",
        "open_by_handle_at",
        "pidfd_getfd",
        "prlimit_of_init",
        "x32_getpid",
    ];
    let mut tries: Vec<_> = names.iter().map(|name| format!("call:{name}")).collect();
    tries.extend(["call:clone3".to_owned(), "call:io_uring_setup".to_owned()]);
    let attacker = Attacker::new(&tries.iter().map(String::as_str).collect::<Vec<_>>());
    let (said, ending) = attacker.run().await;
    for name in names {
        assert_eq!(answer(&said, &format!("call:{name}")), "denied EPERM");
    }
    // Their callers know what to do without them.
    assert_eq!(answer(&said, "call:clone3"), "denied ENOSYS");
    assert_eq!(answer(&said, "call:io_uring_setup"), "denied ENOSYS");
    assert_eq!(ending.termination, None);
}

#[tokio::test]
async fn it_has_no_privileges_and_a_user_of_its_own() {
    if !has(&[Wall::Privileges, Wall::Seccomp, Wall::User]) {
        return;
    }
    let names = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"];
    let mut tries: Vec<_> = names.iter().map(|name| format!("status:{name}")).collect();
    tries.extend(["ids:".to_owned(), "rest:".to_owned()]);
    let tries: Vec<_> = tries.iter().map(String::as_str).collect();
    let (attacker, other) = (Attacker::new(&tries), Attacker::new(&tries));
    // Both at once, since each has an id while it lives.
    let mut ids = Vec::new();
    let mut running = [attacker.start().await, other.start().await];
    for program in &mut running {
        for name in &names[..5] {
            assert_eq!(program.line().await, format!("status:{name} -> 0000000000000000"));
        }
        assert_eq!(program.line().await, "status:NoNewPrivs -> 1");
        assert_eq!(program.line().await, "status:Seccomp -> 2");
        let line = program.line().await;
        let fields: Vec<_> = line.strip_prefix("ids: -> ").unwrap().split(' ').map(str::to_owned).collect();
        let [uid, gid, groups] = &fields[..] else { panic!("{line}") };
        assert!((1_900_000_001..=1_900_065_535).contains(&uid.parse::<u32>().unwrap()), "{line}");
        assert_eq!((gid.as_str(), groups.as_str()), ("1900000000", "[]"));
        ids.push(uid.clone());
    }
    assert_ne!(ids[0], ids[1]);
    for program in running {
        program.launched.kill();
        program.end().await;
    }
}

#[tokio::test]
async fn other_processes_are_out_of_its_sight() {
    if !has(&[Wall::Processes, Wall::Root, Wall::Network]) {
        return;
    }
    let own = std::process::id();
    let tries = [
        format!("kill:{own}"),
        format!("kill_group:{}", rustix::process::getpgrp().as_raw_nonzero()),
        "parent:".to_owned(),
        "kill:1".to_owned(),
        "kill_group:1".to_owned(),
        "list:/proc".to_owned(),
        "rest:".to_owned(),
    ];
    let attacker = Attacker::new(&tries.iter().map(String::as_str).collect::<Vec<_>>());
    let mut program = attacker.start().await;
    assert_eq!(program.line().await, format!("kill:{own} -> denied ESRCH"));
    assert!(program.line().await.ends_with("denied ESRCH"));
    assert_eq!(program.line().await, "parent: -> 1");
    for _ in 0..2 {
        let line = program.line().await;
        assert!(line.ends_with("denied EPERM") || line.ends_with("denied ESRCH"), "{line}");
    }
    let seen = program.line().await;
    let pids = seen.split_whitespace().filter(|word| word.bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(pids.count(), 1, "{seen}");
    for namespace in ["net", "mnt", "pid", "ipc", "uts"] {
        let of = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/{namespace}")).unwrap();
        assert_ne!(of(&program.launched.pid().to_string()), of("self"));
    }
    program.launched.kill();
    let (_, ending) = program.end().await;
    assert_eq!(ending.termination, None);
}

#[tokio::test]
async fn what_is_lacking_is_known_beforehand() {
    let off = Launcher::new(executable(), Sandbox::Off).unwrap();
    assert_eq!(off.lacks(), []);
    let lacks = launcher().lacks().iter().filter(|lack| lack.wall.is_required()).count();
    match Launcher::new(executable(), Sandbox::Required) {
        Ok(_) => assert_eq!(lacks, 0),
        Err(SandboxError::Lacks(missing)) => assert_eq!(lacks, missing.len()),
        Err(e) => panic!("{e}"),
    }
    // A program that is no launcher is found out.
    let error = Launcher::new("/bin/true".into(), Sandbox::BestEffort).unwrap_err();
    assert!(error.to_string().starts_with("/bin/true: "), "{error}");
}

#[tokio::test]
async fn without_a_sandbox_limits_and_endings_are_as_with_one() {
    if !has(&[]) {
        return;
    }
    let off = Launcher::new(executable(), Sandbox::Off).unwrap();
    let mut attacker = Attacker::new(&["read:/etc/passwd", "open_many:", "grandchild:", "exit:3"]);
    attacker.plan.limits.open_files = Some(32);
    let launched = within("the start", off.spawn(&attacker.plan)).await.unwrap();
    let (said, ending) = Running::of(launched, &attacker.plan.name).end().await;
    assert!(answer(&said, "read:/etc/passwd").contains("root:"));
    assert_eq!(answer(&said, "open_many:"), "stopped after 32: EMFILE");
    assert_eq!(ending.termination, Some(Termination::Crashed));
}
