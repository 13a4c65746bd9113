//! Packing and loading that end before their end.

use super::*;

fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A recording of some size, packed.
fn packed() -> (Bench, Files) {
    let bench = Bench::new();
    let content = noise(3 << 20);
    recording(&bench.path("run"), &files(&[("a/small", b"small"), ("flows.jsonl", &content), ("z", b"z")]));
    pack(&bench.path("run"), &bench.path("a.zst")).unwrap();
    let right = super::content(&bench.path("run"));
    (bench, right)
}

#[test]
fn packing_that_is_stopped_leaves_the_old_artifact_and_nothing_else() {
    let (bench, _) = packed();
    let old = fs::read(bench.path("a.zst")).unwrap();
    let packer = Packer::open(&bench.path("run"), Limits::default()).unwrap();
    for stop_at in ["a/small", "flows.jsonl", "recording.json", "z"] {
        let progress = packer.progress();
        let mut watch = |step: Step<'_>| {
            if step == Step::Write(stop_at) {
                progress.stop();
            }
        };
        let error = packer.write(&bench.path("a.zst"), tool(), &progress, &mut watch).unwrap_err();
        assert_eq!(error.kind(), Kind::Interrupted, "{error}");
        assert!(fs::read(bench.path("a.zst")).unwrap() == old);
        assert_eq!(names(bench.dir.path()), ["a.zst", "run"]);
    }
    // When all is read, too.
    let progress = packer.progress();
    let mut watch = |step: Step<'_>| {
        if step == Step::Done {
            progress.stop();
        }
    };
    packer.write(&bench.path("a.zst"), tool(), &progress, &mut watch).unwrap_err();
    assert!(fs::read(bench.path("a.zst")).unwrap() == old);
    assert_eq!(names(bench.dir.path()), ["a.zst", "run"]);
}

#[test]
fn loading_that_is_stopped_is_gone_on_with() {
    let (bench, right) = packed();
    let out = bench.path("out");
    let artifact = open(&bench.path("a.zst")).unwrap();
    let progress = artifact.progress();
    let mut watch = |step: Step<'_>| {
        if step == Step::Write("flows.jsonl") {
            progress.stop();
        }
    };
    let error = artifact.extract(&out, &mut watch).unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted, "{error}");
    assert_eq!(names(bench.dir.path()), [".out.partial", "a.zst", "run"]);
    assert_eq!(fs::read(bench.path(".out.partial/a/small")).unwrap(), b"small");
    open(&bench.path("a.zst")).unwrap().extract(&out, &mut unwatched).unwrap();
    assert!(content(&out) == right);
    assert_eq!(names(bench.dir.path()), ["a.zst", "out", "run"]);
}

#[cfg(unix)]
#[test]
fn what_an_earlier_attempt_left_is_kept_as_far_as_it_is_right() {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
    let (bench, right) = packed();
    let flows = &right["flows.jsonl"];
    let mut wrong_within = flows.clone();
    wrong_within[1_500_000] ^= 1;
    let longer = [flows, &b"more"[..]].concat();
    let lefts: [&[u8]; 7] =
        [b"", &flows[..1], &flows[..2_000_001], flows, &longer, &wrong_within, &wrong_within[..1_500_001]];
    for left in lefts {
        let partial = bench.path(".out.partial");
        fs::DirBuilder::new().mode(0o700).create(&partial).unwrap();
        fs::create_dir(partial.join("stale")).unwrap();
        for (path, content) in
            [("flows.jsonl", left), ("stale/file", b"x"), ("provenance.replay.json", b"{}")]
        {
            fs::write(partial.join(path), content).unwrap();
        }
        let inode = fs::metadata(partial.join("flows.jsonl")).unwrap().ino();
        open(&bench.path("a.zst")).unwrap().extract(&bench.path("out"), &mut unwatched).unwrap();
        assert!(content(&bench.path("out")) == right, "{} bytes were left", left.len());
        assert_eq!(fs::metadata(bench.path("out/flows.jsonl")).unwrap().ino(), inode, "it is the same file");
        fs::remove_dir_all(bench.path("out")).unwrap();
    }
    // Nobody else's.
    fs::create_dir(bench.path(".out.partial")).unwrap();
    fs::set_permissions(bench.path(".out.partial"), fs::Permissions::from_mode(0o777)).unwrap();
    let error = open(&bench.path("a.zst")).unwrap().extract(&bench.path("out"), &mut unwatched).unwrap_err();
    assert!(error.to_string().contains("is in the way"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_link_in_what_was_left_leads_nowhere() {
    use std::os::unix::fs::DirBuilderExt;
    let (bench, right) = packed();
    let (partial, victim) = (bench.path(".out.partial"), bench.path("victim"));
    fs::write(&victim, "keep").unwrap();
    fs::DirBuilder::new().mode(0o700).create(&partial).unwrap();
    std::os::unix::fs::symlink(&victim, partial.join("flows.jsonl")).unwrap();
    std::os::unix::fs::symlink(bench.path("run"), partial.join("a")).unwrap();
    open(&bench.path("a.zst")).unwrap().extract(&bench.path("out"), &mut unwatched).unwrap();
    assert!(content(&bench.path("out")) == right);
    assert_eq!(fs::read_to_string(victim).unwrap(), "keep");
    assert!(!bench.path("run/small").exists());
}

#[test]
fn two_do_not_unpack_to_the_same_place() {
    let (bench, _) = packed();
    let first = open(&bench.path("a.zst")).unwrap().unpack(&bench.path("out"), &mut unwatched).unwrap();
    let second = open(&bench.path("a.zst")).unwrap().extract(&bench.path("out"), &mut unwatched);
    #[cfg(unix)]
    assert!(matches!(second, Err(ArtifactError::Busy(_))), "{second:?}");
    first.commit().unwrap();
    assert_eq!(names(bench.dir.path()), ["a.zst", "out", "run"]);
}
