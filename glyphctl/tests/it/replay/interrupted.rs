//! Packing and loading cut off at any moment: never an artifact that verifies and is wrong.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{Packed, recording};
use crate::harness::{glyphctl, names_in, within};

/// The packed sample, and another recording that takes a while to pack.
fn large() -> (Packed, PathBuf) {
    let packed = Packed::new();
    let run_dir = packed.path("run");
    fs::create_dir(&run_dir).unwrap();
    fs::copy(recording().join("recording.json"), run_dir.join("recording.json")).unwrap();
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(24 << 20)
    .collect();
    fs::write(run_dir.join("flows.jsonl"), noise).unwrap();
    (packed, run_dir)
}

fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn write(recording: &Path, artifact: &Path) -> Command {
    let mut command = glyphctl();
    command.args(["replay", "write"]).arg(recording).arg("-o").arg(artifact);
    command
}

/// What stands there is the old artifact or the new one, whole.
#[track_caller]
fn is_one_of(packed: &Packed, digests: [&str; 2]) {
    let loaded = packed.load(&["--verify-only"]).fine();
    assert!(digests.contains(&loaded.stdout.trim_end()), "{loaded:?}");
}

#[test]
fn a_process_that_is_killed_at_any_moment_leaves_the_old_artifact_or_the_new_one() {
    let (packed, run_dir) = large();
    let old = fs::read(&packed.artifact).unwrap();
    let begin = Instant::now();
    let new = write(&run_dir, &packed.path("new.zst")).output().unwrap();
    let whole = begin.elapsed();
    let new = String::from_utf8(new.stdout).unwrap();
    for round in 0..16 {
        let mut child = spawn(&mut write(&run_dir, &packed.artifact));
        let (begin, moment) = (Instant::now(), whole * round / 14);
        while begin.elapsed() < moment && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        is_one_of(&packed, [&packed.digest, new.trim_end()]);
        fs::write(&packed.artifact, &old).unwrap();
        // Only in the last moments has what is written a name.
        let left = names_in(packed.dir.path()).into_iter().filter(|name| name.ends_with(".partial"));
        left.for_each(|name| fs::remove_file(packed.path(&name)).unwrap());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_may_grow_only_so_far_leaves_the_old_artifact_and_nothing_else() {
    let (packed, run_dir) = large();
    let old = fs::read(&packed.artifact).unwrap();
    let written = write(&run_dir, &packed.path("new.zst")).output().unwrap();
    let digest = String::from_utf8(written.stdout).unwrap();
    let length = fs::metadata(packed.path("new.zst")).unwrap().len();
    let blocks = length.div_ceil(512);
    let limits = [0, 1, 2, 1_000, 8_191, 8_192, 8_193, 20_000, 40_000, blocks - 2, blocks - 1, blocks];
    for is_told in [true, false] {
        for limit in limits {
            // Told of it, it ends in order; not told, the system kills it.
            let trap = if is_told { "trap '' XFSZ;" } else { "" };
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("{trap} ulimit -c 0; ulimit -f {limit}; exec \"$@\"")).arg("sh");
            let plain = write(&run_dir, &packed.artifact);
            shell.arg(plain.get_program()).args(plain.get_args());
            let status = spawn(&mut shell).wait().unwrap();
            assert_eq!(status.success(), limit == blocks, "{limit} blocks of {blocks}");
            if is_told {
                assert_eq!(status.code(), Some(if limit == blocks { 0 } else { 2 }));
            }
            if limit < blocks {
                assert!(fs::read(&packed.artifact).unwrap() == old, "{limit} blocks of {blocks}");
                is_one_of(&packed, [&packed.digest; 2]);
            } else {
                is_one_of(&packed, [digest.trim_end(); 2]);
                fs::write(&packed.artifact, &old).unwrap();
            }
            let left: Vec<_> =
                names_in(packed.dir.path()).into_iter().filter(|name| name.ends_with(".partial")).collect();
            assert!(left.is_empty() || !is_told, "{left:?}");
            left.iter().for_each(|name| fs::remove_file(packed.path(name)).unwrap());
        }
    }
}

/// Sends SIGTERM to a process that heeds it by then. (SIGINT is ignored by what a shell starts in the background, these tests
/// too.)
#[cfg(target_os = "linux")]
fn terminate(to: &Child) {
    let status = format!("/proc/{}/status", to.id());
    within("its signals", || {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0);
        caught & 0x4000 == 0x4000
    });
    Command::new("kill").args(["-TERM".to_owned(), to.id().to_string()]).status().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_loading_that_waits_for_a_pipe() {
    let (packed, run_dir) = large();
    assert!(write(&run_dir, &packed.artifact).output().unwrap().status.success());
    let bytes = fs::read(&packed.artifact).unwrap();
    let (out, partial) = (packed.path("out"), packed.path(".out.partial"));
    let mut command = glyphctl();
    command.args(["replay", "load", "-", "--out"]).arg(&out);
    let mut child = crate::harness::piped(&mut command);
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, &bytes[..bytes.len() / 2]).unwrap();
    terminate(&child);
    let ended = crate::harness::ended(child);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("-: interrupted\nhint: "), "{}", ended.stderr);
    assert!(!out.exists() && partial.exists(), "what is there is kept");
    packed.load(&["--out", out.to_str().unwrap()]).fine();
    assert!(out.exists() && !partial.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_packing_in_order() {
    let packed = Packed::new();
    let old = fs::read(&packed.artifact).unwrap();
    let run_dir = packed.path("run");
    fs::create_dir(&run_dir).unwrap();
    fs::copy(recording().join("recording.json"), run_dir.join("recording.json")).unwrap();
    // A hole takes no room on the disk, and seconds to read.
    fs::File::create(run_dir.join("flows.jsonl")).unwrap().set_len(8 << 30).unwrap();
    let mut command = write(&run_dir, &packed.artifact);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    terminate(&child);
    let ended = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(": interrupted\nhint: "), "{stderr}");
    assert!(fs::read(&packed.artifact).unwrap() == old);
    assert_eq!(names_in(packed.dir.path()), ["run", "shop.glyph.tar.zst"]);
}

#[cfg(unix)]
#[test]
fn loading_that_was_killed_is_gone_on_with() {
    use std::os::unix::fs::MetadataExt;
    let (packed, run_dir) = large();
    assert!(write(&run_dir, &packed.artifact).output().unwrap().status.success());
    let (out, partial) = (packed.path("out"), packed.path(".out.partial"));
    let load = || {
        let mut command = glyphctl();
        command.args(["replay", "load"]).arg(&packed.artifact).arg("--out").arg(&out);
        command
    };
    let flows = partial.join("flows.jsonl");
    let mut inode = None;
    for enough in [1, 4 << 20, 12 << 20] {
        let mut child = spawn(&mut load());
        let begin = Instant::now();
        while child.try_wait().unwrap().is_none()
            && fs::metadata(&flows).map_or(true, |there| there.len() < enough)
            && begin.elapsed() < Duration::from_secs(30)
        {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!out.exists(), "it was killed in the middle");
        let left = fs::metadata(&flows).unwrap().ino();
        assert_eq!(*inode.get_or_insert(left), left, "it is the same file, gone on with");
    }
    assert!(load().output().unwrap().status.success());
    assert_eq!(fs::metadata(out.join("flows.jsonl")).unwrap().ino(), inode.unwrap());
    assert!(fs::read(out.join("flows.jsonl")).unwrap() == fs::read(run_dir.join("flows.jsonl")).unwrap());
    assert!(!partial.exists());
}
