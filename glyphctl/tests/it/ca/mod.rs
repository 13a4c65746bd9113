//! `glyphctl ca`: a CA shown, exported, and trusted by other people's programs.

pub(crate) mod peers;

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use glyphd::capture::tls::CertificateAuthority;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{glyphctl, run};

/// A directory with a CA in it, in a folder whose name has a blank.
pub(super) struct Ca(TempDir);

impl Ca {
    pub(super) fn new() -> Self {
        let ca = Self(tempfile::tempdir().unwrap());
        CertificateAuthority::open_or_create(&ca.dir()).unwrap();
        ca
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.path("my ca")
    }

    pub(super) fn run(&self, command: &str, more: &[&str]) -> crate::harness::Run {
        run(["ca", command, self.dir().to_str().unwrap()].iter().chain(more))
    }
}

#[test]
fn help_teaches() {
    for command in ["", "show", "export", "trust-help"] {
        let args = ["ca", command, "--help"];
        let name = format!("ca_{command}_help").replace("__", "_");
        insta::assert_snapshot!(name, run(args.iter().filter(|arg| !arg.is_empty())).fine().stdout);
    }
}

#[test]
fn a_ca_is_shown_with_its_fingerprint_and_files() {
    let ca = Ca::new();
    let authority = CertificateAuthority::open(&ca.dir()).unwrap();
    let table = ca.run("show", &[]).fine();
    let json: Value = serde_json::from_str(&ca.run("show", &["--format", "json"]).fine().stdout).unwrap();
    assert_eq!(table.stderr, "");
    assert_eq!(json["sha256"], authority.certificate().fingerprint());
    assert_eq!(json["certificate"], ca.dir().join("ca.pem").to_str().unwrap());
    assert_eq!(json["key"], ca.dir().join("ca-key.pem").to_str().unwrap());
    for value in json.as_object().unwrap().values() {
        assert!(table.stdout.contains(value.as_str().unwrap()), "{value} in {}", table.stdout);
    }

    fs::set_permissions(ca.dir().join("ca-key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = ca.run("show", &[]).fine();
    assert!(
        exposed.stderr.contains("warning: glyphd can't use this CA: ")
            && exposed.stderr.contains("chmod 600")
    );
    fs::remove_file(ca.dir().join("ca-key.pem")).unwrap();
    let missing = ca.run("show", &[]).fine();
    assert!(
        missing.stdout.contains("key           –\n")
            && missing.stderr.contains("the key of this CA is missing")
    );
}

#[test]
fn the_certificate_is_exported_and_the_key_is_not() {
    let ca = Ca::new();
    let authority = CertificateAuthority::open(&ca.dir()).unwrap();
    assert_eq!(ca.run("export", &[]).fine().stdout, authority.certificate().pem());
    let der = glyphctl().args(["ca", "export", "--format", "der"]).arg(ca.dir()).output().unwrap();
    assert_eq!(der.stdout, authority.certificate().der().as_ref());

    let file = ca.path("out.pem");
    assert_eq!(ca.run("export", &["-o", file.to_str().unwrap()]).fine().stdout, "");
    assert_eq!(fs::read_to_string(&file).unwrap(), authority.certificate().pem());

    let key = ca.dir().join("ca-key.pem");
    let before = fs::read(&key).unwrap();
    let refused = ca.run("export", &["-o", key.to_str().unwrap()]).unable();
    assert!(refused.stderr.contains("hint: nothing is written over"), "{refused:#?}");
    assert_eq!(fs::read(&key).unwrap(), before);
}

#[test]
fn where_no_ca_is_the_way_to_one_is_told() {
    let ca = Ca::new();
    for command in ["show", "export", "trust-help"] {
        let none = run(["ca", command, ca.path("").to_str().unwrap()]).unable();
        assert!(none.stderr.contains("no CA is there") && none.stderr.contains("--ca-dir"), "{none:#?}");
    }
    fs::write(ca.dir().join("ca.pem"), "x").unwrap();
    let broken = ca.run("show", &[]).unable();
    assert!(broken.stderr.contains("ca.pem: no certificate can be read"), "{broken:#?}");
}
