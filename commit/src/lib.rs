//! The version of a binary, with the commit that it was built from: `0.1.0 (84645b9 2026-11-26)`.
//!
//! In: the variable `GLYPH_COMMIT`, else the Git repository of the crate's source. Out: an expression. Where there is
//! neither, in an unpacked archive for example, it is the version alone. Whether the files were changed since that commit
//! is not looked at.
//!
//! This is a macro and no build script, since a build script that runs again has all of its package compiled again, and
//! all that depends on it. So only the file that asks is, the `main.rs` of a binary.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use proc_macro::TokenStream;

/// Says which commit it is, where there is no repository: a container's build for example.
const VARIABLE: &str = "GLYPH_COMMIT";

/// The version of the crate that calls it, a `&'static str`.
#[proc_macro]
pub fn version(_: TokenStream) -> TokenStream {
    let given = env::var(VARIABLE).ok().filter(|commit| !commit.trim().is_empty());
    let repository = if given.is_none() { Repository::of_the_crate() } else { None };
    let commit = given.or_else(|| repository.as_ref()?.commit());
    let shown = commit.map_or_else(String::new, |commit| format!(" ({})", printable(&commit)));
    // The compiler is asked again when one of these files changes, or the variable.
    let watched = repository.iter().flat_map(Repository::watched);
    let watched: String = watched.map(|path| format!("const _: &[u8] = include_bytes!({path:?});")).collect();
    let text = format!(
        "{{ const _: Option<&str> = option_env!({VARIABLE:?}); {watched}
            concat!(env!(\"CARGO_PKG_VERSION\"), {shown:?}) }}"
    );
    text.parse().unwrap_or_default()
}

fn printable(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).collect()
}

/// The folder of a crate that is in a Git repository.
struct Repository(PathBuf);

impl Repository {
    fn of_the_crate() -> Option<Self> {
        let repository = Self(env::var_os("CARGO_MANIFEST_DIR")?.into());
        // Not one that the source was unpacked into.
        repository.git(&["ls-files", "--error-unmatch", "Cargo.toml"]).map(|_| repository)
    }

    /// What is checked out, and of which day it is.
    fn commit(&self) -> Option<String> {
        self.git(&["log", "-1", "--format=%h %cs", "--abbrev=7"])
    }

    /// What is written to whenever another commit is checked out or made.
    fn watched(&self) -> Vec<PathBuf> {
        let path = |name: &&str| self.git(&["rev-parse", "--git-path", name]).map(|path| self.0.join(path));
        ["HEAD", "logs/HEAD"].iter().filter_map(path).filter(|path| Path::is_file(path)).collect()
    }

    fn git(&self, args: &[&str]) -> Option<String> {
        let output = Command::new("git").arg("-C").arg(&self.0).args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    }
}
