//! A recording packed, checked and unpacked, with the exit codes that a CI job goes by.

mod cases;
mod interrupted;

use std::{
    fs,
    path::{Path, PathBuf},
};

use glyph_formats::{Span, jsonl, span::SpanStatus};
use serde_json::Value;

use crate::harness::{Run, names_in, run, run_with_stdin};

/// A place to work in, with the packed sample in it.
struct Packed {
    dir: tempfile::TempDir,
    artifact: PathBuf,
    digest: String,
}

fn recording() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/recordings/shop")
}

impl Packed {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let artifact = dir.path().join("shop.glyph.tar.zst");
        let written = write(&recording(), &artifact).fine();
        Self { dir, artifact, digest: written.stdout.trim_end().to_owned() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn load(&self, more: &[&str]) -> Run {
        let mut args = vec!["replay", "load", self.artifact.to_str().unwrap()];
        args.extend(more);
        run(args)
    }

    /// The artifact with something else in it.
    fn change(&self, from: &str, to: &str) {
        assert_eq!(from.len(), to.len());
        let mut bytes = zstd::decode_all(fs::File::open(&self.artifact).unwrap()).unwrap();
        let at = bytes.windows(from.len()).rposition(|w| w == from.as_bytes()).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        fs::write(&self.artifact, zstd::encode_all(bytes.as_slice(), 3).unwrap()).unwrap();
    }
}

fn write(recording: &Path, artifact: &Path) -> Run {
    run(["replay", "write", recording.to_str().unwrap(), "-o", artifact.to_str().unwrap()])
}

/// The run, which must have found the artifact changed.
#[track_caller]
fn changed(run: Run) -> Run {
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:#?}");
    run
}

#[test]
fn a_recording_comes_back_as_it_was() {
    let packed = Packed::new();
    let out = packed.path("again");
    let loaded = packed.load(&["--out", out.to_str().unwrap(), "--expect-digest", &packed.digest]).fine();
    assert_eq!(loaded.stdout.trim_end(), packed.digest);
    let mut expected = names_in(&recording());
    expected.extend(
        ["cases.json", "cases.replay.json", "findings.replay.jsonl", "flows.replay.jsonl"].map(str::to_owned),
    );
    expected.push("provenance.replay.json".to_owned());
    expected.sort_unstable();
    assert_eq!(names_in(&out), expected);
    for name in names_in(&recording()) {
        assert!(fs::read(out.join(&name)).unwrap() == fs::read(recording().join(&name)).unwrap(), "{name}");
    }
    for (loaded, packed) in [
        ("flows.replay.jsonl", "flows.jsonl"),
        ("findings.replay.jsonl", "findings.jsonl"),
        ("cases.replay.json", "cases.json"),
    ] {
        assert!(fs::read(out.join(loaded)).unwrap() == fs::read(out.join(packed)).unwrap(), "{loaded}");
    }
    let provenance: Value =
        serde_json::from_slice(&fs::read(out.join("provenance.replay.json")).unwrap()).unwrap();
    assert_eq!(
        (&provenance["digest"], &provenance["expected"]),
        (&packed.digest.as_str().into(), &true.into())
    );
    assert_eq!(provenance["counts"], serde_json::json!({"flows": 3, "findings": 6, "cases": 1}));
    assert_eq!(
        (&provenance["verified"]["files"], &provenance["verified"]["cases"]),
        (&6.into(), &"same".into())
    );
    let again = packed.path("again.glyph.tar.zst");
    assert_eq!(write(&out, &again).fine().stdout.trim_end(), packed.digest);
    assert!(fs::read(&again).unwrap() == fs::read(&packed.artifact).unwrap(), "the same, byte for byte");
    assert_eq!(names_in(packed.dir.path()), ["again", "again.glyph.tar.zst", "shop.glyph.tar.zst"]);
}

#[test]
fn what_is_in_it_is_shown() {
    let packed = Packed::new();
    let table = packed.load(&[]).fine();
    // The digest covers the version of glyphctl.
    insta::assert_snapshot!(table.stdout.replace(&packed.digest, "[digest]"));
    assert_eq!(table.stderr, "");
    assert_eq!(run(["replay", packed.artifact.to_str().unwrap()]).fine().stdout, table.stdout);
    let json: Value = serde_json::from_str(&packed.load(&["--format", "json"]).fine().stdout).unwrap();
    assert_eq!(json["digest"], packed.digest);
    assert_eq!(json["manifest"]["files"].as_array().unwrap().len(), 6);
    assert_eq!(json["manifest"]["files"][0]["path"], "audit.jsonl");
    let bare = run(["replay", packed.artifact.to_str().unwrap(), "--format", "json"]).fine();
    assert_eq!(serde_json::from_str::<Value>(&bare.stdout).unwrap(), json);
    for format in ["csv", "markdown"] {
        assert!(packed.load(&["--format", format]).fine().stdout.contains("flows.jsonl"));
    }
    let piped =
        run_with_stdin(["replay", "load", "-", "--verify-only"], &fs::read(&packed.artifact).unwrap());
    assert_eq!(piped.fine().stdout.trim_end(), packed.digest);
}

#[test]
fn a_changed_artifact_is_exit_code_1() {
    let packed = Packed::new();
    packed.change("\"method\":\"GET\"", "\"method\":\"PUT\"");
    let out = packed.path("out");
    for more in [&[][..], &["--verify-only"], &["--out", out.to_str().unwrap()]] {
        let run = changed(packed.load(more));
        assert!(run.stderr.contains("files/flows.jsonl: was changed: sha256 "), "{}", run.stderr);
    }
    assert_eq!(names_in(packed.dir.path()), ["shop.glyph.tar.zst"]);
}

#[test]
fn another_artifact_than_the_expected_is_exit_code_1() {
    let packed = Packed::new();
    let wrong = "0".repeat(64);
    let run = changed(packed.load(&["--verify-only", "--expect-digest", &wrong]));
    assert!(run.stderr.contains(&format!("its digest is {}, not {wrong}", packed.digest)), "{}", run.stderr);
    assert!(packed.load(&["--expect-digest", "abc"]).unable().stderr.contains("64 hexadecimal digits"));
}

#[test]
fn what_cannot_be_loaded_is_exit_code_2() {
    let packed = Packed::new();
    let exists = packed.load(&["--out", packed.dir.path().to_str().unwrap()]).unable();
    assert!(exists.stderr.contains("exists already\nhint: nothing is written over"), "{}", exists.stderr);
    let nowhere = packed.load(&["--out", packed.path("no/where").to_str().unwrap()]).unable();
    assert!(nowhere.stderr.contains("No such file"), "{}", nowhere.stderr);
    let directory = run(["replay", "load", recording().to_str().unwrap(), "--verify-only"]).unable();
    assert!(
        directory.stderr.contains("has no digests to verify\nhint: glyphctl replay write"),
        "{}",
        directory.stderr
    );
    assert!(run(["replay", "nowhere.glyph.tar.zst"]).unable().stderr.contains("No such file"));

    let bytes = fs::read(&packed.artifact).unwrap();
    fs::write(&packed.artifact, &bytes[..bytes.len() - 1]).unwrap();
    assert!(packed.load(&["--verify-only"]).unable().stderr.contains("is damaged"));
    fs::write(&packed.artifact, [&bytes, &b"x"[..]].concat()).unwrap();
    assert!(packed.load(&["--verify-only"]).unable().stderr.contains("something stands behind its end"));
    assert_eq!(names_in(packed.dir.path()), ["shop.glyph.tar.zst"]);
}

#[test]
fn what_cannot_be_packed_is_exit_code_2_and_leaves_the_old_artifact() {
    let packed = Packed::new();
    let old = fs::read(&packed.artifact).unwrap();
    let none = packed.path("none");
    fs::create_dir(&none).unwrap();
    assert!(write(&none, &packed.artifact).unable().stderr.contains("is no recording"));
    assert!(write(&packed.path("nowhere"), &packed.artifact).unable().stderr.contains("hint: "));
    fs::copy(recording().join("recording.json"), none.join("recording.json")).unwrap();
    assert!(write(&none, &none.join("a.zst")).unable().stderr.contains("would stand in the recording"));
    assert!(write(&none, &packed.path("no/where.zst")).unable().stderr.contains("No such file"));
    assert!(fs::read(&packed.artifact).unwrap() == old);
}

#[test]
fn metrics_that_a_crash_tore_are_mended() {
    let packed = Packed::new();
    let run_dir = packed.path("run");
    fs::create_dir(&run_dir).unwrap();
    fs::copy(recording().join("recording.json"), run_dir.join("recording.json")).unwrap();
    fs::write(run_dir.join("metrics.om"), "up 1 2.000\nup 1 3.0").unwrap();
    let written = write(&run_dir, &packed.artifact).fine();
    assert!(
        written.stderr.contains("warning: ") && written.stderr.contains("metrics.om"),
        "{}",
        written.stderr
    );
    packed.load(&["--out", packed.path("out").to_str().unwrap()]).fine();
    assert_eq!(fs::read_to_string(packed.path("out/metrics.om")).unwrap(), "up 1 2.000\n# EOF\n");
}

#[test]
fn a_file_of_the_manifest_does_no_harm_to_a_terminal() {
    let packed = Packed::new();
    packed.change("\"audit.jsonl\"", r#""\u001b[2J.l""#);
    let run = packed.load(&[]).unable();
    assert!(run.stderr.contains(r"\u{1b}[2J"), "{}", run.stderr);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
}

#[test]
fn what_would_be_packed_is_told_and_nothing_written() {
    let packed = Packed::new();
    let told =
        run(["replay", "write", recording().to_str().unwrap(), "--dry-run", "--format", "json"]).fine();
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told["digest"], packed.digest);
    let shown = packed.load(&["--format", "json"]).fine();
    assert_eq!(serde_json::from_str::<Value>(&shown.stdout).unwrap(), told);
    let new = packed.path("new.glyph.tar.zst");
    let shop = recording();
    let args = ["replay", "write", shop.to_str().unwrap(), "-n", "-o", new.to_str().unwrap()];
    assert!(run(args).fine().stderr.contains("nothing was written"));
    assert_eq!(names_in(packed.dir.path()), ["shop.glyph.tar.zst"]);
}

#[test]
fn recordings_and_files_of_flows_are_loaded_without_digests() {
    let dir = tempfile::tempdir().unwrap();
    let load = |given: &Path, out: &str| {
        let out = dir.path().join(out);
        let run = run(["replay", "load", given.to_str().unwrap(), "--out", out.to_str().unwrap()]).fine();
        assert!(
            run.stderr.contains("has no digests: nothing says whether it is unchanged"),
            "{}",
            run.stderr
        );
        let provenance: Value =
            serde_json::from_slice(&fs::read(out.join("provenance.replay.json")).unwrap()).unwrap();
        assert_eq!(
            fs::read(out.join("flows.replay.jsonl")).unwrap(),
            fs::read(recording().join("flows.jsonl")).unwrap()
        );
        (provenance["source"]["kind"].clone(), provenance["counts"].clone())
    };
    let counts = |findings, cases| serde_json::json!({"flows": 3, "findings": findings, "cases": cases});
    assert_eq!(load(&recording(), "a"), ("recording".into(), counts(6, 1)));
    assert_eq!(load(&recording().join("flows.jsonl"), "b"), ("flows".into(), counts(0, 0)));
    // Compressed, cut into segments, and torn by a crash.
    let flows = fs::read(recording().join("flows.jsonl")).unwrap();
    let first = flows.iter().position(|b| *b == b'\n').unwrap() + 1;
    let run_dir = dir.path().join("run");
    fs::create_dir(&run_dir).unwrap();
    fs::copy(recording().join("recording.json"), run_dir.join("recording.json")).unwrap();
    fs::write(run_dir.join("flows.000001.jsonl.zst"), zstd::encode_all(&flows[..first], 3).unwrap()).unwrap();
    fs::write(run_dir.join("flows.jsonl"), [&flows[first..], b"{\"format\":1,\"id\":\"01"].concat()).unwrap();
    assert_eq!(load(&run_dir, "c"), ("recording".into(), counts(0, 0)));
    let gzip = dir.path().join("flows.jsonl.gz");
    let mut writer =
        flate2::write::GzEncoder::new(fs::File::create(&gzip).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut writer, &flows).unwrap();
    writer.finish().unwrap();
    assert_eq!(load(&gzip, "d"), ("flows".into(), counts(0, 0)));
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!("replay_help", run(["replay", "--help"]).fine().stdout);
    insta::assert_snapshot!("replay_write_help", run(["replay", "write", "--help"]).fine().stdout);
    insta::assert_snapshot!("replay_load_help", run(["replay", "load", "--help"]).fine().stdout);
}

/// What a trace file tells of each span: its parent's name, its own, and how it ended.
fn told(file: &Path) -> Vec<(Option<String>, String, SpanStatus)> {
    let spans: Vec<Span> = jsonl::records(file).unwrap().map(Result::unwrap).collect();
    let name_of = |id| spans.iter().find(|s| Some(s.span_id) == id).map(|s| s.name.to_string());
    let mut told: Vec<_> =
        spans.iter().map(|s| (name_of(s.parent_span_id), s.name.to_string(), s.status)).collect();
    assert!(spans.iter().all(|s| s.service_name == "glyphctl"), "{spans:?}");
    told.sort_unstable_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    told
}

#[test]
fn packing_and_unpacking_leave_spans() {
    let packed = Packed::new();
    let (traces, out) = (packed.path("t.jsonl"), packed.path("again"));
    let artifact = packed.artifact.to_str().unwrap();
    let trace = ["--trace-file", traces.to_str().unwrap()];
    let ok = |parent: Option<&str>, name: &str| (parent.map(str::to_owned), name.to_owned(), SpanStatus::Ok);
    let with_trace = |args: &[&str]| {
        drop(fs::remove_file(&traces));
        run(args.iter().chain(&trace)).fine();
        told(&traces)
    };

    let shop = recording();
    let again = packed.path("again.glyph.tar.zst");
    let write = ["replay", "write", shop.to_str().unwrap(), "-o", again.to_str().unwrap()];
    let create = "replay.create_artifact";
    let of_create = |names: &[&str]| {
        let stages = names.iter().map(|name| ok(Some(create), name));
        [ok(None, create)].into_iter().chain(stages).collect::<Vec<_>>()
    };
    let stages = ["replay.load_cases", "replay.write_cases", "replay.write_findings", "replay.write_flows"];
    assert_eq!(with_trace(&write), of_create(&stages));
    let dry = ["replay", "write", shop.to_str().unwrap(), "--dry-run"];
    assert_eq!(with_trace(&dry), of_create(&["replay.load_cases", "replay.load_flows"]));

    let extract = "replay.extract_artifact";
    let read =
        [ok(None, extract), ok(Some(extract), "replay.load_cases"), ok(Some(extract), "replay.load_flows")];
    assert_eq!(with_trace(&["replay", artifact]), read);
    // What is unpacked, and what is put beside it.
    let twice = ["replay.write_cases", "replay.write_findings", "replay.write_flows"];
    let stages = ["replay.load_cases"].into_iter().chain(twice.into_iter().flat_map(|name| [name; 2]));
    let unpacked: Vec<_> =
        [ok(None, extract)].into_iter().chain(stages.map(|name| ok(Some(extract), name))).collect();
    assert_eq!(with_trace(&["replay", "load", artifact, "--out", out.to_str().unwrap()]), unpacked);
}

#[test]
fn what_goes_wrong_is_on_the_span() {
    let packed = Packed::new();
    packed.change("\"sequence\"", "\"zequence\"");
    let traces = packed.path("t.jsonl");
    changed(packed.load(&["--verify-only", "--trace-file", traces.to_str().unwrap()]));
    let spans: Vec<Span> = jsonl::records(&traces).unwrap().map(Result::unwrap).collect();
    assert_eq!(spans.len(), 2);
    for span in &spans {
        assert_eq!(
            (span.status, span.attributes.get("error.type")),
            (SpanStatus::Error, Some(&"differs".into()))
        );
    }

    let off = packed.path("off.jsonl");
    changed(packed.load(&["--trace-file", off.to_str().unwrap(), "--trace-sample-ratio", "0"]));
    assert!(!off.exists(), "ratio 0 installs nothing");
    let bad = packed.load(&["--trace-file", "/no/such/folder/t.jsonl"]).unable();
    assert!(bad.stderr.starts_with("glyphctl: --trace-file /no/such/folder/t.jsonl"), "{}", bad.stderr);
}
