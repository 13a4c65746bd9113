//! `docs/plugins.md`, followed to the letter by somebody who has this checkout, and its packages, but no network.
//!
//! Two programs stand before the real ones on the `PATH`: cargo gets the lock file and a folder for what it builds that
//! is kept, from which the plugin comes to where it would be, and `python3 -m pip install` puts the packages there that are on this machine already.

use std::{env, fs, path::Path, process::Command};

use super::{Plugins, python_packages};
use crate::harness::{Run, ended, glyphctl, in_path, peer, piped};

const GUIDE: &str = include_str!("../../../../docs/plugins.md");

/// The commands of a section.
fn commands(section: &str) -> String {
    let text = GUIDE.split("\n## ").find(|text| text.starts_with(section)).unwrap();
    let blocks = text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let commands: String = blocks.collect();
    assert!(!commands.is_empty(), "{section}");
    commands
}

/// Follows the section, after the one about the recording.
fn follow(section: &str, programs: &[(&str, String)]) -> Run {
    let plugins = Plugins::new();
    let bin = plugins.path("bin");
    fs::create_dir(&bin).unwrap();
    for (name, script) in programs {
        // By another process, so that no third one starts while the file is open here.
        let write = "printf '%s' \"$1\" > \"$2\" && chmod +x \"$2\"";
        let written =
            Command::new("sh").args(["-c", write, "sh", script]).arg(bin.join(name)).status().unwrap();
        assert!(written.success());
    }
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_glyphctl"), bin.join("glyphctl")).unwrap();
    let others = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([bin].into_iter().chain(env::split_paths(&others))).unwrap();
    let script = commands("A recording") + &commands(section);
    // Away from the same settings as glyphctl.
    let mut shell = Command::new("sh");
    for (name, _) in glyphctl().get_envs() {
        shell.env_remove(name);
    }
    shell.args(["-ec", &script]).current_dir(plugins.path("")).env("PATH", path);
    shell.env("GLYPH_SDK", concat!(env!("CARGO_MANIFEST_DIR"), "/../plugin-api"));
    ended(piped(&mut shell)).fine()
}

#[test]
fn the_way_to_a_plugin_in_rust_leads_there() {
    let cargo = env::var_os("CARGO").map_or_else(|| in_path("cargo").unwrap(), Into::into);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
    fs::create_dir_all(&built).unwrap();
    // What is built need not be fast.
    let script = format!(
        "#!/bin/sh\n[ -e Cargo.lock ] || cp '{}/Cargo.lock' .\nexport CARGO_TARGET_DIR='{built}'\n\
         export CARGO_NET_OFFLINE=true CARGO_PROFILE_RELEASE_OPT_LEVEL=0\n'{}' \"$@\" || exit\n\
         mkdir -p target/release\n[ ! -e '{built}/release/hello' ] || cp '{built}/release/hello' target/release/\n",
        workspace.display(),
        cargo.display(),
        built = built.display(),
    );
    let ran = follow("The first plugin in Rust", &[("cargo", script)]);
    assert!(ran.stdout.contains("  hello.server-error  "), "{ran:#?}");
    assert!(ran.stdout.contains("\"target/release/hello\" = \""), "{ran:#?}");
    assert!(ran.stdout.contains("a_server_error_is_found_and_nothing_else_is ... ok"), "{ran:#?}");
}

#[test]
fn the_way_to_a_plugin_in_python_leads_there() {
    let Some(packages) = peer(python_packages()) else { return };
    let script = format!(
        "#!/bin/sh\nif [ \"$1 $2 $3 $4 $5\" = '-m pip install --target packages' ]; then\n  \
         mkdir packages && cd '{}' && exec cp -r grpc google *.dist-info \"$OLDPWD/packages\"\nfi\nexec '{}' \"$@\"\n",
        packages.display(),
        in_path("python3").unwrap().display(),
    );
    let ran = follow("The first plugin in Python", &[("python3", script)]);
    assert!(ran.stdout.contains("  hello-py.server-error  "), "{ran:#?}");
}

#[test]
fn the_page_knows_every_key() {
    for key in [
        "grant",
        "start",
        "sha256",
        "queue_capacity",
        "queue_policy",
        "queue_block_ms",
        "findings_per_second",
        "name",
        "version",
        "command",
        "subscriptions",
        "capabilities",
        "env",
        "read",
        "write",
        "[limits]",
        "limits",
        "memory_mib",
        "restarts",
        "restart_backoff_ms",
    ] {
        assert!(GUIDE.contains(&format!("\n| `{key}` |")), "{key}");
    }
}
