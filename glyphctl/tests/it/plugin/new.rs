//! A new plugin: what is made, and what is refused.

use std::{fs, os::unix::fs::symlink};

use super::{Plugins, python_packages, shop};
use crate::harness::{Run, ended, glyphctl, names_in, peer, piped, run};

fn new(plugins: &Plugins, args: &[&str]) -> Run {
    ended(piped(glyphctl().current_dir(plugins.path("")).args(["plugin", "new"]).args(args)))
}

#[test]
fn a_plugin_in_python_works_as_it_was_made() {
    let Some(packages) = peer(python_packages()) else { return };
    let plugins = Plugins::new();
    let made = new(&plugins, &["hello", "--lang", "python"]).fine();
    assert_eq!(made.stdout, "");
    assert!(made.stderr.contains("next: cd hello && python3 -m pip install --target packages"), "{made:#?}");
    let dir = plugins.path("hello");
    symlink(packages, dir.join("packages")).unwrap();
    run(["plugin".as_ref(), "check".as_ref(), dir.as_os_str()]).fine();
    let ran = run(["plugin".as_ref(), "run".as_ref(), dir.as_os_str(), shop().as_os_str()]).fine();
    insta::assert_snapshot!("run_of_a_new_plugin", ran.stdout);
    assert_eq!(ran.stderr, "glyphctl: 3 flows shown to hello, 1 finding, 0 refused\n");
}

#[test]
fn a_plugin_in_rust_has_its_sdk_from_where_it_was_said() {
    let plugins = Plugins::new();
    let sdk = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugin-api");
    new(&plugins, &["hello", "--dir", "made", "--sdk", sdk]).fine();
    assert_eq!(
        names_in(&plugins.path("made")),
        [".gitignore", "Cargo.toml", "README.md", "plugin.toml", "src"]
    );
    let cargo = fs::read_to_string(plugins.path("made/Cargo.toml")).unwrap();
    let sdk = fs::canonicalize(sdk).unwrap();
    assert!(cargo.contains(&format!("glyph-plugin = {{ path = \"{}\" }}", sdk.display())), "{cargo}");
    let main = fs::read_to_string(plugins.path("made/src/main.rs")).unwrap();
    assert!(main.contains("glyph_plugin::run"), "{main}");
}

#[test]
fn what_can_t_be_made_leaves_nothing() {
    let plugins = Plugins::new();
    fs::create_dir(plugins.path("there")).unwrap();
    let long = "a".repeat(65);
    for (args, what) in [
        (&["A b"][..], "a name has 1 to 64 lower-case letters"),
        (&[&long], "a name has 1 to 64 lower-case letters"),
        (&["a\"\nname = \"b"], "a name has 1 to 64 lower-case letters"),
        (&["9x"], "begins with a letter"),
        (&["there"], "there: exists already"),
        (&["a", "--dir", "no/where"], "the folder in which it is to stand does not exist"),
        (&["a", "--sdk", "there"], "there is no Cargo.toml"),
        (&["a", "--sdk", "nowhere"], "--sdk nowhere: No such file"),
    ] {
        let refused = new(&plugins, args).unable();
        assert!(refused.stderr.contains(what), "{args:?}: {refused:#?}");
    }
    assert_eq!(names_in(&plugins.path("")), ["there"]);
}
