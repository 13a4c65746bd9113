//! The manual's pages, and what groff makes of them.

use std::{fs, path::Path, process::Command};

use super::ran;
use crate::harness::{have, names_in, run};

/// A page as a wide terminal shows it.
fn shown(page: &Path) -> String {
    let mut groff = Command::new("groff");
    groff.args(["-man", "-Tutf8", "-ww", "-rLL=200n", "-P-c", "-P-b", "-P-u"]).arg(page);
    let shown = ran(&mut groff).fine();
    assert_eq!(shown.stderr, "", "{}", page.display());
    shown.stdout
}

#[test]
fn there_is_a_page_for_each_command_and_groff_has_no_complaint() {
    let dir = tempfile::tempdir().unwrap();
    run(["man", dir.path().to_str().unwrap()]).fine();
    let commands = dir.path().join("man1");
    let pages = names_in(&commands);
    for page in ["glyphctl.1", "glyphctl-trace-diff.1", "glyphctl-check-init.1", "glyphctl-man.1"] {
        assert!(pages.iter().any(|name| name == page), "{page}: {pages:?}");
    }
    assert!(!pages.iter().any(|name| name.contains("help") && !name.contains("trust-help")), "{pages:?}");
    assert_eq!(names_in(&dir.path().join("man8")), ["glyphd.8"]);
    if have("groff") {
        for page in pages {
            shown(&commands.join(page));
        }
        let diff = shown(&commands.join("glyphctl-trace-diff.1"));
        assert!(diff.contains("\nEXAMPLES\n"), "{diff}");
        assert!(
            diff.contains("glyphctl trace diff 'main-*.jsonl.gz' 'branch-*.jsonl.gz' --format markdown"),
            "{diff}"
        );
        assert!(diff.contains("\nEXIT STATUS\n"), "{diff}");
        let new = shown(&commands.join("glyphctl-plugin-new.1"));
        assert!(new.contains("--sdk ~/glyph/plugin-api"), "{new}");
        let daemon = shown(&dir.path().join("man8/glyphd.8"));
        assert!(daemon.contains("GLYPH_PROXY_ADDR") && daemon.contains("--check-config"), "{daemon}");
    }
}

#[test]
fn pages_that_are_there_are_replaced_and_a_folder_that_cannot_be_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("man1/glyphctl.1");
    fs::create_dir(page.parent().unwrap()).unwrap();
    fs::write(&page, "old").unwrap();
    run(["man", dir.path().to_str().unwrap()]).fine();
    assert!(fs::read_to_string(&page).unwrap().contains(".TH glyphctl 1"));
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = run(["man", file.to_str().unwrap()]).unable();
    assert!(refused.stderr.contains("hint: choose a folder"), "{}", refused.stderr);
}
