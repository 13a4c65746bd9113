//! Cases: built, compared with the packed ones, shown one by one.

use std::fs;

use serde_json::Value;

use super::{Packed, changed, recording, write};
use crate::harness::run;

/// The id of the only case.
fn id(packed: &Packed) -> String {
    let out = packed.path("for-its-id");
    packed.load(&["--out", out.to_str().unwrap()]).fine();
    let cases: Value = serde_json::from_slice(&fs::read(out.join("cases.json")).unwrap()).unwrap();
    fs::remove_dir_all(out).unwrap();
    cases["cases"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_case_is_shown_with_what_it_rests_on() {
    let packed = Packed::new();
    let id = id(&packed);
    let table = packed.load(&["--case", &id[..6]]).fine().stdout;
    insta::assert_snapshot!("replay_case", table);
    assert_eq!(packed.load(&["--case", "host:127.0.0.1"]).fine().stdout, table);
    let json = packed.load(&["--case", &id, "--format", "json"]).fine().stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["id"], id);
    let markdown = packed.load(&["--case", &id, "--format", "markdown"]).fine().stdout;
    assert!(markdown.contains("```mermaid\nflowchart LR\n"), "{markdown}");
    // Of a recording, the same.
    let of_dir = run(["replay", "load", recording().to_str().unwrap(), "--case", &id]).fine();
    assert_eq!(of_dir.stdout, table);
    for wrong in ["zz", "", "host:"] {
        assert!(
            packed.load(&["--case", wrong]).unable().stderr.contains("no case with that id or key"),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_case_is_loaded_with_its_findings_and_their_flows() {
    let packed = Packed::new();
    let id = id(&packed);
    let out = packed.path("out");
    packed.load(&["--case", &id, "--out", out.to_str().unwrap()]).fine();
    let lines = |name: &str| fs::read_to_string(out.join(name)).unwrap().lines().count();
    // Of the three flows, one has no findings.
    assert_eq!(
        (lines("flows.jsonl"), lines("flows.replay.jsonl"), lines("findings.replay.jsonl")),
        (3, 2, 6)
    );
    let provenance: Value =
        serde_json::from_slice(&fs::read(out.join("provenance.replay.json")).unwrap()).unwrap();
    assert_eq!(provenance["case"]["id"], id);
    assert_eq!(provenance["counts"]["flows"], 2);
    // What was put there is not packed again.
    let again = packed.path("again.glyph.tar.zst");
    assert_eq!(write(&out, &again).fine().stdout.trim_end(), packed.digest);
}

#[test]
fn cases_that_the_findings_do_not_give_are_exit_code_1_with_the_first_difference() {
    let packed = Packed::new();
    let out = packed.path("out");
    // A forger who keeps the digests right: the program says itself what they have to be.
    packed.change("\"risk\": 48.8", "\"risk\": 99.9");
    let told = changed(packed.load(&[])).stderr;
    let digests: Vec<&str> =
        told.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 64).collect();
    let [found, expected] = digests[..] else { panic!("{told}") };
    packed.change(expected, found);
    for more in [&[][..], &["--verify-only"], &["--out", out.to_str().unwrap()]] {
        let run = packed.load(more);
        assert_eq!(run.code, 1, "{run:#?}");
        assert!(
            run.stderr.contains("cases.json: cases[0].risk, not what the findings give"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("    - 99.9\n    + 48.8\n"), "{}", run.stderr);
    }
    // The files are as they were packed, and the cases that were built stand beside them.
    let risk = |name: &str| {
        let cases: Value = serde_json::from_slice(&fs::read(out.join(name)).unwrap()).unwrap();
        cases["cases"][0]["risk"].as_f64().unwrap()
    };
    assert_eq!((risk("cases.json"), risk("cases.replay.json")), (99.9, 48.8));
}

#[test]
fn a_seed_gives_other_ids_and_is_kept() {
    let packed = Packed::new();
    let seeded = packed.path("seeded.glyph.tar.zst");
    let (shop, out) = (recording(), packed.path("out"));
    let args = ["replay", "write", shop.to_str().unwrap(), "-o", seeded.to_str().unwrap(), "--seed", "mine"];
    let digest = run(args).fine().stdout;
    assert_ne!(digest.trim_end(), packed.digest);
    run(["replay", "load", seeded.to_str().unwrap(), "--out", out.to_str().unwrap()]).fine();
    let cases = fs::read_to_string(out.join("cases.json")).unwrap();
    assert!(cases.contains("\"seed\": \"mine\"") && !cases.contains(&id(&packed)), "{cases}");
    assert_eq!(write(&out, &packed.path("again.glyph.tar.zst")).fine().stdout, digest);
}

#[test]
fn a_line_that_is_no_finding_is_told_and_left_out() {
    let packed = Packed::new();
    let run_dir = packed.path("run");
    fs::create_dir(&run_dir).unwrap();
    for name in ["recording.json", "findings.jsonl"] {
        fs::copy(recording().join(name), run_dir.join(name)).unwrap();
    }
    let findings = fs::read_to_string(run_dir.join("findings.jsonl")).unwrap();
    fs::write(run_dir.join("findings.jsonl"), format!("no finding\n{findings}{{\"torn")).unwrap();
    let written = write(&run_dir, &packed.artifact).fine();
    assert!(
        written.stderr.contains("findings.jsonl:1: is no finding (2 lines are not); the cases are without"),
        "{}",
        written.stderr
    );
    packed.load(&["--verify-only"]).fine();
}
