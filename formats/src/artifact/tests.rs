//! What is packed comes back, byte for byte; the same recording makes the same artifact; crashes are mended.

mod hostile;
mod interrupted;

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use proptest::{collection, prelude::*};
use sha2::{Digest, Sha256};

use super::*;
use crate::{Recording, UnixNanos, jsonl::input::Progress, recording::RecordingInfo};

type Files = BTreeMap<String, Vec<u8>>;

fn tool() -> Tool {
    Tool { name: "glyphctl".to_owned(), version: "1.2.3".to_owned() }
}

/// A finished recording with these files, written in this order.
fn recording<'a>(dir: &Path, files: impl IntoIterator<Item = (&'a String, &'a Vec<u8>)>) {
    let info = RecordingInfo {
        format: 1,
        glyph_version: "0.9.0".to_owned(),
        service_name: "glyphd".to_owned(),
        start_time_unix_nano: UnixNanos(1),
        end_time_unix_nano: Some(UnixNanos(2)),
        options: BTreeMap::new(),
        addresses: BTreeMap::new(),
        segments: BTreeMap::new(),
        plugins: Vec::new(),
    };
    Recording::create(dir, info).unwrap();
    for (path, content) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

fn files(of: &[(&str, &[u8])]) -> Files {
    of.iter().map(|(path, content)| ((*path).to_owned(), content.to_vec())).collect()
}

fn pack(dir: &Path, target: &Path) -> Result<Written, ArtifactError> {
    let packer = Packer::open(dir, Limits::default())?;
    let progress = packer.progress();
    let written = packer.write(target, tool(), &progress, &mut unwatched)?;
    assert_eq!(Some(progress.read()), progress.total, "all that was announced was done");
    Ok(written)
}

fn open(path: &Path) -> Result<Artifact, ArtifactError> {
    Artifact::open(path, Limits::default())
}

/// Everything below a directory.
fn content(dir: &Path) -> Files {
    fn walk(dir: &Path, prefix: &str, into: &mut Files) {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{path}/"), into);
            } else {
                into.insert(path, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut into = Files::new();
    walk(dir, "", &mut into);
    into
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

fn unpacked(artifact: &[u8]) -> Vec<u8> {
    zstd::decode_all(artifact).unwrap()
}

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn any_files() -> impl Strategy<Value = Files> {
    let part = "[a-z0-9._-]{1,8}".prop_filter("a name", |p| {
        archive::path_fault(p).is_none() && !crate::atomic::is_partial(p) && p != "metrics.om"
    });
    let path = collection::vec(part, 1..3).prop_map(|parts| parts.join("/"));
    let length = prop_oneof![0..40usize, 500..520usize, 1_000..1_050usize, 262_100..262_200usize];
    let content = (length, any::<u8>()).prop_map(|(n, seed)| (0..n).map(|i| (i as u8) ^ seed).collect());
    collection::btree_map(path, content, 0..6).prop_map(|mut files: Files| {
        files.remove("recording.json");
        let paths: Vec<_> = files.keys().cloned().collect();
        files.retain(|path, _| {
            !paths.iter().any(|p| p.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/')))
                && !path.starts_with("recording.json/")
        });
        files
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_packed_comes_back(files in any_files()) {
        let bench = Bench::new();
        let (run, artifact, back) = (bench.path("run"), bench.path("a.glyph.tar.zst"), bench.path("back"));
        recording(&run, &files);
        let written = pack(&run, &artifact).unwrap();
        prop_assert_eq!(written.packed_bytes.unwrap(), fs::metadata(&artifact).unwrap().len());
        let contents = open(&artifact).unwrap().extract(&back, &mut unwatched).unwrap();
        prop_assert_eq!(&contents, &written.contents);
        prop_assert_eq!(content(&back), content(&run));
        prop_assert_eq!(open(&artifact).unwrap().verify(&mut unwatched).unwrap(), contents);
        prop_assert_eq!(names(bench.dir.path()), ["a.glyph.tar.zst", "back", "run"]);
    }

    #[test]
    fn the_same_files_make_the_same_artifact(files in any_files()) {
        let bench = Bench::new();
        recording(&bench.path("a"), &files);
        recording(&bench.path("b"), files.iter().rev());
        let old = fs::File::options().write(true).open(bench.path("b/recording.json")).unwrap();
        old.set_modified(std::time::UNIX_EPOCH).unwrap();
        let one = pack(&bench.path("a"), &bench.path("a.zst")).unwrap();
        let two = pack(&bench.path("b"), &bench.path("b.zst")).unwrap();
        prop_assert_eq!(one.contents.digest, two.contents.digest);
        prop_assert!(fs::read(bench.path("a.zst")).unwrap() == fs::read(bench.path("b.zst")).unwrap());
    }
}

#[test]
fn an_artifact_is_an_ordinary_archive_with_the_manifest_first() {
    let bench = Bench::new();
    recording(&bench.path("run"), &files(&[("flows.jsonl", b"{}\n"), ("b/c", b""), ("b-d", b"x")]));
    let written = pack(&bench.path("run"), &bench.path("a.zst")).unwrap();
    let bytes = unpacked(&fs::read(bench.path("a.zst")).unwrap());
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut members = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert_eq!((entry.header().mtime().unwrap(), entry.header().uid().unwrap()), (0, 0));
        members.push((entry.path().unwrap().to_str().unwrap().to_owned(), content));
    }
    let paths: Vec<_> = members.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        ["manifest.json", "files/b-d", "files/b/c", "files/flows.jsonl", "files/recording.json"]
    );
    assert_eq!(hex::encode(Sha256::digest(&members[0].1)), written.contents.digest);
    let manifest: Manifest = serde_json::from_slice(&members[0].1).unwrap();
    assert_eq!(manifest, written.contents.manifest);
    assert_eq!(
        manifest.files[2].sha256,
        hex::encode(Sha256::digest(b"{}\n")),
        "a file's digest is that of its content"
    );
    assert_eq!(manifest.tools, [Tool { name: "glyphd".into(), version: "0.9.0".into() }, tool()]);
}

#[test]
fn metrics_without_their_end_have_it_in_the_artifact_only() {
    for (left, mended) in [
        (&b"up 1 2.000\nup 1 3.0"[..], &b"up 1 2.000\n# EOF\n"[..]),
        (b"up 1 2.000\n", b"up 1 2.000\n# EOF\n"),
        (b"", b"# EOF\n"),
        (b"up 1 2.000\n# EOF\n", b"up 1 2.000\n# EOF\n"),
    ] {
        let bench = Bench::new();
        recording(&bench.path("run"), &files(&[("metrics.om", left), ("x/metrics.om", b"not ours")]));
        let written = pack(&bench.path("run"), &bench.path("a.zst")).unwrap();
        assert_eq!(written.mended.len(), usize::from(left != mended));
        open(&bench.path("a.zst")).unwrap().extract(&bench.path("back"), &mut unwatched).unwrap();
        assert_eq!(fs::read(bench.path("back/metrics.om")).unwrap(), mended);
        assert_eq!(fs::read(bench.path("back/x/metrics.om")).unwrap(), b"not ours");
        assert_eq!(fs::read(bench.path("run/metrics.om")).unwrap(), left, "the recording stays as it is");
    }
}

#[test]
fn gzip_is_found_by_content_and_only_the_owner_reads() {
    let bench = Bench::new();
    recording(&bench.path("run"), &files(&[("flows.jsonl", b"{}\n"), ("deep/er", b"x")]));
    let written = pack(&bench.path("run"), &bench.path("a.zst")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&unpacked(&fs::read(bench.path("a.zst")).unwrap())).unwrap();
    fs::write(bench.path("a.zst.gz"), gzip.finish().unwrap()).unwrap();
    let artifact = open(&bench.path("a.zst.gz")).unwrap();
    artifact.expect(&written.contents.digest.to_ascii_uppercase()).unwrap();
    let error = artifact.expect(&"0".repeat(64)).unwrap_err();
    assert_eq!(error.kind(), Kind::Differs);
    assert!(error.to_string().contains(&written.contents.digest), "{error}");
    artifact.extract(&bench.path("back"), &mut unwatched).unwrap();
    #[cfg(unix)]
    for (name, mode) in [("a.zst", 0o600), ("back", 0o700), ("back/deep", 0o700), ("back/deep/er", 0o600)] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(bench.path(name)).unwrap().permissions().mode() & 0o777, mode, "{name}");
    }
}

#[test]
fn what_stands_at_the_destination_stays() {
    let bench = Bench::new();
    recording(&bench.path("run"), &Files::new());
    pack(&bench.path("run"), &bench.path("a.zst")).unwrap();
    fs::create_dir(bench.path("empty")).unwrap();
    for name in ["empty", "a.zst"] {
        let error =
            open(&bench.path("a.zst")).unwrap().extract(&bench.path(name), &mut unwatched).unwrap_err();
        assert_eq!(error.kind(), Kind::Exists, "{error}");
    }
    assert_eq!(names(bench.dir.path()), ["a.zst", "empty", "run"]);
}

#[test]
fn what_no_artifact_can_hold_is_named() {
    let bench = Bench::new();
    let run = bench.path("run");
    recording(&run, &Files::new());
    let target = bench.path("a.zst");
    let error = pack(&run, &run.join("a.zst")).unwrap_err();
    assert!(error.to_string().contains("would stand in the recording"), "{error}");
    fs::write(run.join(".flows.jsonl.1.partial"), "left by a crash").unwrap();
    pack(&run, &target).unwrap();
    let old = fs::read(&target).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", run.join("link")).unwrap();
        let error = pack(&run, &target).unwrap_err();
        assert!(error.to_string().ends_with("link: is a link; it can't be packed"), "{error}");
        fs::remove_file(run.join("link")).unwrap();
    }
    fs::write(run.join("a\\b"), "").unwrap();
    assert_eq!(pack(&run, &target).unwrap_err().kind(), Kind::Recording);
    fs::remove_file(run.join("a\\b")).unwrap();
    fs::write(run.join("f".repeat(120)), "").unwrap();
    let error = pack(&run, &target).unwrap_err();
    assert!(error.to_string().contains("its path is too long"), "{error}");
    assert!(fs::read(&target).unwrap() == old, "the old artifact stays");
    assert_eq!(names(bench.dir.path()), ["a.zst", "run"]);
}

#[test]
fn a_file_that_changes_between_the_passes_is_an_error() {
    type Change = fn(&Path);
    let changes: [Change; 3] = [
        |flows| fs::write(flows, "{}\n{}\n").unwrap(),
        |flows| fs::write(flows, "").unwrap(),
        |flows| fs::remove_file(flows).unwrap(),
    ];
    for change in changes {
        let bench = Bench::new();
        let run = bench.path("run");
        recording(&run, &files(&[("flows.jsonl", b"{}\n")]));
        let packer = Packer::open(&run, Limits::default()).unwrap();
        change(&run.join("flows.jsonl"));
        let error =
            packer.write(&bench.path("a.zst"), tool(), &Progress::default(), &mut unwatched).unwrap_err();
        assert!(error.to_string().ends_with("flows.jsonl: changed while it was being packed"), "{error}");
        assert_eq!(names(bench.dir.path()), ["run"]);
    }
}

#[test]
fn limits_hold_for_both_ways() {
    let bench = Bench::new();
    let run = bench.path("run");
    recording(&run, &files(&[("a", b"aaaa"), ("b", b"bb")]));
    pack(&run, &bench.path("a.zst")).unwrap();
    let wide = Limits::default();
    let total = open(&bench.path("a.zst")).unwrap().contents().manifest.total_bytes();
    for (limits, what) in [
        (Limits { files: 2, ..wide }, "more files than the 2 "),
        (Limits { total_bytes: total - 1, ..wide }, "more bytes than the "),
        (Limits { manifest_bytes: 100, ..wide }, "a longer manifest than the 100 "),
    ] {
        let packed = Packer::open(&run, limits)
            .and_then(|p| p.write(&bench.path("b.zst"), tool(), &Progress::default(), &mut unwatched));
        let loaded = Artifact::open(&bench.path("a.zst"), limits).map(|_| ());
        for error in [packed.unwrap_err(), loaded.unwrap_err()] {
            assert_eq!(error.kind(), Kind::TooLarge);
            assert!(error.to_string().contains(what), "{error}");
        }
    }
    let tight = Limits { ratio: 10, ..wide };
    assert!(!tight.is_bomb(Limits::FREE, 0) && tight.is_bomb(Limits::FREE + 11, 1));
    assert_eq!(names(bench.dir.path()), ["a.zst", "run"]);
}

#[test]
fn what_would_be_packed_is_told_and_is_what_is_packed() {
    let bench = Bench::new();
    let run = bench.path("run");
    recording(
        &run,
        &files(&[("cases.json", b"old"), ("flows.jsonl", b"{}\n"), ("flows.replay.jsonl", b"{}\n")]),
    );
    let mut packer = Packer::open(&run, Limits::default()).unwrap();
    packer.put_cases("a seed", b"{}\n".to_vec());
    let planned = packer.plan(tool(), &packer.progress(), &mut unwatched).unwrap();
    assert_eq!((names(bench.dir.path()), planned.packed_bytes), (vec!["run".to_owned()], None));
    let written = packer.write(&bench.path("a.zst"), tool(), &packer.progress(), &mut unwatched).unwrap();
    assert_eq!(planned.contents, written.contents);
    let manifest = &written.contents.manifest;
    assert_eq!(manifest.seed, "a seed");
    let orders: Vec<_> =
        manifest.orders.iter().map(|(name, by)| format!("{name} {}", by.join(" "))).collect();
    assert_eq!(orders, ["cases.json -severity -risk key", "flows.jsonl written"]);
    open(&bench.path("a.zst")).unwrap().extract(&bench.path("back"), &mut unwatched).unwrap();
    assert_eq!(names(&bench.path("back")), ["cases.json", "flows.jsonl", "recording.json"]);
    assert_eq!(fs::read(bench.path("back/cases.json")).unwrap(), b"{}\n");
}

#[test]
fn files_that_some_systems_take_for_one_are_not_packed() {
    let bench = Bench::new();
    for (name, why) in [
        ("FLOWS.jsonl", "only in the case of letters"),
        ("Cases.Replay.json", "is called as what loading puts there"),
        ("nul.txt", "a device's"),
        ("a.", "not every system tells apart"),
    ] {
        let run = bench.path("run");
        recording(&run, &files(&[("flows.jsonl", b"{}\n"), (name, b"")]));
        let error = pack(&run, &bench.path("a.zst")).unwrap_err();
        assert!(error.to_string().contains(why), "{name}: {error}");
        fs::remove_dir_all(&run).unwrap();
    }
}

#[test]
fn a_file_that_is_written_to_in_passing_is_an_error() {
    let bench = Bench::new();
    let run = bench.path("run");
    recording(&run, &files(&[("flows.jsonl", b"{}\n"), ("z", b"z")]));
    let packer = Packer::open(&run, Limits::default()).unwrap();
    // The same length at another time.
    let mut change = |step: Step<'_>| {
        if step == Step::Write("flows.jsonl") {
            let file = fs::File::options().write(true).open(run.join("flows.jsonl")).unwrap();
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
        }
    };
    let error = packer.write(&bench.path("a.zst"), tool(), &packer.progress(), &mut change).unwrap_err();
    assert!(matches!(error, ArtifactError::Moving(_)), "{error}");
    assert_eq!(names(bench.dir.path()), ["run"]);
}
