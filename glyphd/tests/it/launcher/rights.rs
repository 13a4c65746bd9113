//! The same tests for a daemon with fewer rights: with the walls that it can still put up.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Stdio};

use tempfile::TempDir;
use tokio::process::Command;

use super::{EXECUTABLE, executable, has};
use crate::harness::peers;

/// Makes a user namespace in which there can be no further one, and gives all rights in it up.
const NO_NAMESPACES: &str = "echo 0 > /proc/sys/user/max_user_namespaces && \
    exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs \"$@\"";

/// This test's program and the launcher's, where everybody may execute them.
fn copies() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let tests = std::env::current_exe().unwrap();
    for (from, name) in [(tests.as_path(), "tests"), (executable().as_path(), "glyphd")] {
        fs::copy(from, dir.path().join(name)).unwrap();
    }
    dir
}

/// Runs all the launcher's tests but these; what they have skipped, if they could be run.
async fn run(program: &str, args: &[&str], copies: &Path) -> Option<String> {
    let mut command = Command::new(program);
    command.args(args).arg(copies.join("tests")).args([
        "launcher::",
        "--skip",
        "launcher::rights",
        "--nocapture",
    ]);
    command.env(EXECUTABLE, copies.join("glyphd")).env_remove("GLYPH_PEERS").current_dir("/");
    let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn();
    let ended = peers::found(program, spawned)?.wait_with_output().await.unwrap();
    let (out, errors) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{out}\n{errors}");
    Some(errors.lines().filter(|line| line.starts_with("skipped: ")).collect::<Vec<_>>().join("\n"))
}

#[tokio::test]
async fn without_root_there_is_no_other_user_and_all_else_that_a_user_namespace_gives() {
    if !rustix::process::geteuid().is_root() || !has(&[]) {
        return eprintln!("skipped: not root");
    }
    let copies = copies();
    let nobody =
        ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"];
    let Some(skipped) = run("setpriv", &nobody, copies.path()).await else { return };
    assert!(skipped.contains("no user ("), "{skipped}");
    for wall in ["landlock", "seccomp", "no_new_privs", "network", "root", "pid_namespace"] {
        assert!(!skipped.contains(&format!("no {wall} (")), "{skipped}");
    }
}

#[tokio::test]
async fn without_namespaces_files_calls_and_limits_hold_and_nothing_is_left_behind() {
    if !rustix::process::geteuid().is_root() || !has(&[]) {
        return eprintln!("skipped: not root");
    }
    let copies = copies();
    let args = ["--user", "--map-root-user", "sh", "-c", NO_NAMESPACES, "sh"];
    let Some(skipped) = run("unshare", &args, copies.path()).await else { return };
    for (wall, is_there) in [
        ("landlock", true),
        ("seccomp", true),
        ("no_new_privs", true),
        ("network", true),
        ("user", false),
        ("root", false),
        ("pid_namespace", false),
    ] {
        assert_eq!(!skipped.contains(&format!("no {wall} (")), is_there, "{wall}: {skipped}");
    }
}
