//! What others copy, and what makes a release: files held to the schemas of their services, shell to shellcheck, and the
//! scripts to what they promise. Here the programs of a release are scripts of a line; `jobs` has the real ones.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use super::sandbox::root;
use crate::harness::{Run, ended, in_path, peer, peers_folder, piped};

const WORKFLOWS: [&str; 3] =
    [".github/workflows/ci.yml", ".github/workflows/release.yml", "deploy/ci/github.yml"];
const SCRIPTS: [&str; 3] = ["deploy/ci/install-glyph.sh", "deploy/release/pack", "deploy/release/context"];

/// Python with check-jsonschema, which carries the schemas.
fn checker() -> Result<(PathBuf, PathBuf), String> {
    let packages = peers_folder("GLYPH_PYTHON_PACKAGES", "python");
    if !packages.join("check_jsonschema").is_dir() {
        return Err(format!("check_jsonschema in {}", packages.display()));
    }
    Ok((in_path("python3")?, packages))
}

#[test]
fn the_services_take_the_files() {
    let Some((python, packages)) = peer(checker()) else { return };
    let gitlab: &[&str] = &["deploy/ci/gitlab.yml"];
    for (schema, files) in [("vendor.github-workflows", &WORKFLOWS[..]), ("vendor.gitlab-ci", gitlab)] {
        let mut check = Command::new(&python);
        check.args(["-m", "check_jsonschema", "--builtin-schema", schema]).args(files);
        ended(piped(check.current_dir(root()).env("PYTHONPATH", &packages))).fine();
    }
}

#[test]
fn shellcheck_finds_nothing() {
    let Some(shellcheck) = peer(in_path("shellcheck")) else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut check = Command::new(shellcheck);
    check.args(SCRIPTS.map(|path| root().join(path)));
    for workflow in WORKFLOWS {
        let text = fs::read_to_string(root().join(workflow)).unwrap();
        let workflow: Value = serde_saphyr::from_str(&text).unwrap();
        let steps =
            workflow["jobs"].as_object().unwrap().values().flat_map(|job| job["steps"].as_array().unwrap());
        for (script, number) in steps.filter_map(|step| step["run"].as_str()).zip(0..) {
            assert!(!script.contains("${{"), "{script}: is put into a shell unquoted");
            let name = format!("{}-{number}", text.len());
            fs::write(dir.path().join(&name), format!("#!/bin/bash -e\n{script}\n")).unwrap();
            check.arg(dir.path().join(name));
        }
    }
    ended(piped(&mut check)).fine();
}

/// A folder with programs, and what becomes of them.
struct Release(TempDir);

impl Release {
    /// Programs that say that they are of this version, packed as that one.
    fn packed(of: &str, as_version: &str) -> (Self, Run) {
        let release = Self(tempfile::tempdir().unwrap());
        let script = format!(
            "mkdir programs && for name in glyphctl glyphd passive-headers; do\n\
             printf '#!/bin/sh\\ncase \"$1\" in\\n--version) echo \"%s {of} (0123abc 2026-01-02)\" ;;\\n\
             completions) echo complete ;;\\n\
             man) mkdir \"$2\" && echo page >\"$2/glyphctl.1\" ;;\\nesac\\n' $name >programs/$name\n\
             chmod +x programs/$name\ndone\n\
             SOURCE_DATE_EPOCH=1700000000 '{}' {as_version} \"$(uname -m)-unknown-linux-musl\" programs out/{as_version}",
            root().join("deploy/release/pack").display(),
        );
        let run = release.shell(&script, &[]);
        (release, run)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn shell(&self, script: &str, variables: &[(&str, &str)]) -> Run {
        let mut shell = Command::new("bash");
        shell.args(["-ec", script]).current_dir(self.0.path()).envs(variables.iter().copied());
        ended(piped(&mut shell))
    }

    /// Runs the script of the jobs.
    fn install(&self, variables: &[(&str, &str)]) -> Run {
        let script = root().join("deploy/ci/install-glyph.sh");
        let install =
            format!("export GLYPH_RELEASES=\"file://$PWD/out\"\nsh '{}' v1.2.3 bin", script.display());
        self.shell(&install, variables)
    }

    fn archive(&self) -> PathBuf {
        let mut files = fs::read_dir(self.path("out/v1.2.3")).unwrap().map(|entry| entry.unwrap().path());
        files.find(|path| path.to_string_lossy().ends_with(".tar.gz")).unwrap()
    }
}

fn digest(file: &Path) -> String {
    let said = Command::new("sha256sum").arg(file).output().unwrap().stdout;
    String::from_utf8(said).unwrap().split_whitespace().next().unwrap().to_owned()
}

const LISTED: &str = "cd out/v1.2.3 && sha256sum *.tar.gz >SHA256SUMS";

#[test]
fn a_release_is_installed_where_one_says() {
    let (release, packed) = Release::packed("1.2.3", "v1.2.3");
    assert_eq!(
        packed.fine().stdout.trim_end(),
        fs::canonicalize(release.archive()).unwrap().to_str().unwrap()
    );
    release.shell(LISTED, &[]).fine();
    let installed = release.install(&[]).fine();
    assert_eq!(installed.stderr, "glyphctl 1.2.3 (0123abc 2026-01-02)\n");
    for name in ["glyphctl", "glyphd"] {
        assert!(release.path("bin").join(name).exists(), "{name}");
    }
    // And again, over what is there.
    release.install(&[]).fine();
    assert_eq!(fs::read_dir(release.path("bin")).unwrap().count(), 2);
}

#[test]
fn an_archive_that_is_another_one_is_refused() {
    let (release, packed) = Release::packed("1.2.3", "v1.2.3");
    packed.fine();
    let promised = digest(&release.archive());
    release.shell(LISTED, &[]).fine();
    let mut bytes = fs::read(release.archive()).unwrap();
    bytes.push(0);
    fs::write(release.archive(), &bytes).unwrap();
    for variables in [&[][..], &[("GLYPH_SHA256", promised.as_str())]] {
        let refused = release.install(variables);
        assert_eq!(refused.code, 1, "{refused:#?}");
        assert!(refused.stderr.contains("is not the file that was promised"), "{refused:#?}");
        assert!(!release.path("bin").exists());
    }
    // The list says what was changed; the digest of one's own does not.
    release.shell(LISTED, &[]).fine();
    assert_eq!(release.install(&[("GLYPH_SHA256", promised.as_str())]).code, 1);
    assert!(!release.path("bin").exists());
}

#[test]
fn a_release_that_is_not_there_is_told() {
    let (release, packed) = Release::packed("1.2.3", "v1.2.3");
    packed.fine();
    let unlisted = release.install(&[]);
    assert_eq!(unlisted.code, 1, "{unlisted:#?}");
    assert!(unlisted.stderr.contains("SHA256SUMS can't be had"), "{unlisted:#?}");
    fs::remove_file(release.archive()).unwrap();
    let gone = release.install(&[]);
    assert_eq!(gone.code, 1, "{gone:#?}");
    assert!(gone.stderr.contains(".tar.gz can't be had"), "{gone:#?}");
}

#[test]
fn the_same_programs_make_the_same_archive_with_all_that_belongs_to_it() {
    let archives = [0, 1].map(|_| Release::packed("1.2.3", "v1.2.3").0);
    let [one, other] = archives.each_ref().map(|release| digest(&release.archive()));
    assert_eq!(one, other);
    let listed = Command::new("tar").arg("-tzf").arg(archives[0].archive()).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for file in [
        "bin/glyphctl",
        "bin/glyphd",
        "LICENSE",
        "README.md",
        "alerts/alerts.yaml",
        "deploy/glyphd.service",
        "completions/glyphctl.bash",
        "man/glyphctl.1",
    ] {
        assert!(listed.lines().any(|line| line.ends_with(&format!("-musl/{file}"))), "{file}:\n{listed}");
    }
}

#[test]
fn programs_of_another_version_are_not_packed() {
    let (_, run) = Release::packed("1.2.3", "v1.2.4");
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.stderr.contains("glyphctl 1.2.3 is not v1.2.4"), "{run:#?}");
}

#[test]
fn the_image_gets_the_programs_of_each_machine() {
    let (release, packed) = Release::packed("1.2.3", "v1.2.3");
    packed.fine();
    let context = root().join("deploy/release/context");
    release.shell(&format!("'{}' v1.2.3 out/v1.2.3 image", context.display()), &[]).fine();
    let machines: Vec<_> =
        fs::read_dir(release.path("image")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [machine] = &machines[..] else { panic!("{machines:?}") };
    assert!(machine.ends_with("amd64") || machine.ends_with("arm64"), "{machine:?}");
    assert!(machine.join("glyphd").exists() && machine.join("glyphctl").exists());
    // What the Dockerfile copies is what is there.
    let dockerfile = fs::read_to_string(root().join("deploy/release/Dockerfile")).unwrap();
    assert!(dockerfile.contains("\nCOPY ${TARGETARCH}/ /usr/local/bin/\n"));
    assert!(dockerfile.contains("\nENTRYPOINT [\"/usr/local/bin/glyphd\"]\n"));
}
