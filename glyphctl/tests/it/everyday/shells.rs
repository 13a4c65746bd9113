//! Completions, in the shells that they are for.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::ran;
use crate::harness::{glyphctl, have, run};

/// The script for a shell in a file.
fn script(shell: &str, program: &str, dir: &Path) -> PathBuf {
    let path = dir.join(format!("{program}.{shell}"));
    fs::write(&path, run(["completions", shell, program]).fine().stdout).unwrap();
    path
}

/// What bash offers after these words.
fn offered(words: &[&str]) -> Option<Vec<String>> {
    if !have("bash") {
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let program = words[0];
    let path = script("bash", program, dir.path());
    let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let ask = format!(
        "source '{}'; COMP_WORDS=({}); COMP_CWORD={}; _{program} '{program}' '{last}' '{before}'; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        path.display(),
        quoted.join(" "),
        words.len() - 1
    );
    let answer = ran(Command::new("bash").args(["--norc", "-c", &ask])).fine();
    assert_eq!(answer.stderr, "");
    Some(answer.stdout.lines().map(str::to_owned).collect())
}

#[test]
fn bash_completes_commands_and_flags_and_values() {
    let Some(commands) = offered(&["glyphctl", "trace", "summ"]) else { return };
    assert_eq!(commands, ["summarize"]);
    assert_eq!(offered(&["glyphctl", "trace", "summarize", "--critical"]).unwrap(), ["--critical-path"]);
    assert_eq!(offered(&["glyphctl", "trace", "summarize", "--format", "mark"]).unwrap(), ["markdown"]);
    assert_eq!(offered(&["glyphd", "--check"]).unwrap(), ["--check-config"]);
}

#[test]
fn fish_completes_and_zsh_can_read_its_script() {
    let dir = tempfile::tempdir().unwrap();
    for program in ["glyphctl", "glyphd"] {
        let (fish, zsh) = (script("fish", program, dir.path()), script("zsh", program, dir.path()));
        if have("zsh") {
            let read = ran(Command::new("zsh").arg("-n").arg(zsh)).fine();
            assert_eq!(read.stderr, "");
        }
        if have("fish") {
            let ask = format!("source '{}'; complete -C'{program} --verb'", fish.display());
            let asked = ran(Command::new("fish").args(["--no-config", "-c", &ask])).fine();
            assert!(asked.stdout.starts_with("--verbose"), "{asked:?}");
        }
    }
}

#[test]
fn there_is_a_script_for_each_shell_and_none_for_others() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(["completions", shell]).fine().stdout;
        assert!(script.contains("summarize"), "{shell}");
        assert!(!script.contains("plugin-process"), "{shell}: what nobody is to call");
    }
    let other = ran(glyphctl().args(["completions", "bsh"])).unable();
    assert!(other.stderr.contains("similar value exists: 'bash'"), "{}", other.stderr);
}
