//! What was checked is what runs.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use glyphd::launcher::{LaunchError, Termination};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::{Attacker, Running, SCRIPT, answer, has, launcher};
use crate::harness::within;

fn digest(path: &Path) -> String {
    hex::encode(Sha256::digest(fs::read(path).unwrap()))
}

fn pin(attacker: &mut Attacker, name: &str) {
    let digest = digest(&attacker.home().join(name));
    attacker.plan.pinned.insert(name.into(), digest);
}

#[tokio::test]
async fn another_file_than_the_pinned_one_is_not_started() {
    if !has(&[]) {
        return;
    }
    let mut attacker = Attacker::new(&["exit:0"]);
    pin(&mut attacker, SCRIPT);
    let (_, ending) = attacker.run().await;
    assert_eq!(ending.termination, None);

    fs::write(attacker.home().join("module.py"), "x = 1").unwrap();
    pin(&mut attacker, "module.py");
    fs::write(attacker.home().join("module.py"), "x = 2").unwrap();
    let error = within("the start", launcher().spawn(&attacker.plan)).await.unwrap_err();
    assert_eq!(error.kind(), "digest");
    assert!(error.to_string().contains("module.py: its sha256 is "), "{error}");

    fs::remove_file(attacker.home().join("module.py")).unwrap();
    let error = within("the start", launcher().spawn(&attacker.plan)).await.unwrap_err();
    assert!(matches!(error, LaunchError::Digest(_)), "{error:?}");
}

#[tokio::test]
async fn what_can_not_be_executed_says_so() {
    if !has(&[]) {
        return;
    }
    let mut attacker = Attacker::new(&[]);
    attacker.plan.command = vec!["./missing".to_owned()];
    let error = within("the start", launcher().spawn(&attacker.plan)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        ("exec", "./missing: No such file or directory (os error 2)")
    );
}

/// A script, a module that it imports later, and a program that it runs later, all replaced while it runs.
#[tokio::test]
async fn what_is_replaced_after_the_check_is_not_seen() {
    if !has(&[glyphd::launcher::Wall::Root]) {
        return;
    }
    let mut attacker = Attacker::new(&["wait:", "run:bin/tool", "read:module.py", "run:./script"]);
    let home = attacker.home().to_owned();
    fs::create_dir(home.join("bin")).unwrap();
    fs::copy("/usr/bin/true", home.join("bin/tool")).unwrap();
    fs::write(home.join("module.py"), "pinned").unwrap();
    fs::write(home.join("script"), "#!/bin/sh\necho pinned\n").unwrap();
    fs::set_permissions(home.join("script"), fs::Permissions::from_mode(0o755)).unwrap();
    for name in [SCRIPT, "bin/tool", "module.py", "script"] {
        pin(&mut attacker, name);
    }
    let mut program = attacker.start().await;
    // One is written over, the others make place for something else.
    fs::write(home.join("module.py"), "attacked").unwrap();
    for name in ["bin/tool", "script", SCRIPT] {
        fs::write(home.join("new"), "#!/bin/sh\necho attacked\n").unwrap();
        fs::set_permissions(home.join("new"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(home.join("new"), home.join(name)).unwrap();
    }
    let mut stdin = program.launched.stdin.take().unwrap();
    stdin.write_all(b"go\n").await.unwrap();
    let (said, ending) = program.end().await;
    assert_eq!(answer(&said, "wait:"), "go");
    assert_eq!(answer(&said, "run:bin/tool"), "");
    assert_eq!(answer(&said, "read:module.py"), "pinned");
    assert_eq!(answer(&said, "run:./script"), "pinned");
    assert_eq!(ending.termination, None::<Termination>);
}

/// Whenever it is replaced, it either runs as it was pinned or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn there_is_no_moment_between_check_and_start() {
    if !has(&[]) {
        return;
    }
    let mut attacker = Attacker::new(&[]);
    attacker.plan.command = vec!["./script".to_owned()];
    let home = attacker.home().to_owned();
    let write = |name: &str, what: &str| {
        fs::write(home.join(name), format!("#!/bin/sh\necho {what}\n")).unwrap();
        fs::set_permissions(home.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    write("script", "pinned");
    pin(&mut attacker, "script");
    let stop = AtomicBool::new(false);
    let (mut ran, mut refused) = (0, 0);
    thread::scope(|scope| {
        let stopping = Stopping(&stop);
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                for what in ["attacked", "pinned"] {
                    write("new", what);
                    fs::rename(home.join("new"), home.join("script")).unwrap();
                }
            }
        });
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                while ran < 10 || refused < 10 {
                    match within("the start", launcher().spawn(&attacker.plan)).await {
                        Ok(launched) => {
                            let (said, _) = Running::of(launched, &attacker.plan.name).end().await;
                            assert_eq!(said, ["pinned"]);
                            ran += 1;
                        }
                        Err(error) => {
                            assert_eq!(error.kind(), "digest", "{error}");
                            refused += 1;
                        }
                    }
                }
            });
        });
        drop(stopping);
    });
}

/// Says stop, however its owner ends.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
