//! The digests of what is run. In: the manifest, and what the operator pinned. Out: the SHA-256 of each file of the
//! folder that the command names, and pinned files that are others.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use anyhow::Context;
use glyphd::plugin::{
    digests::{self, DigestFault},
    manifest::Manifest,
};

/// The SHA-256 of the program and of the scripts among its arguments, as far as they are files of the folder.
pub(super) fn of_what_is_run(manifest: &Manifest) -> anyhow::Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    for (at, word) in manifest.command.iter().enumerate() {
        // A program without a slash is looked for on the PATH.
        let Some(name) = within(word).filter(|_| at > 0 || word.contains('/')) else { continue };
        let path = manifest.dir.join(&name);
        if path.is_file() {
            let digest = digests::of(&path).with_context(|| path.display().to_string())?;
            digests.insert(name.display().to_string(), digest);
        }
    }
    Ok(digests)
}

/// What is wrong with files that are pinned.
pub(super) fn differing(manifest: &Manifest, pinned: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let told = |(name, fault): (&Path, DigestFault)| match fault {
        DigestFault::Io(error) => format!("{}, which is pinned: {error}", name.display()),
        differs => format!("{} {differs}", name.display()),
    };
    digests::faults(&manifest.dir, pinned).map(told).collect()
}

/// A path that does not lead out of the folder, without its `.`.
fn within(word: &str) -> Option<PathBuf> {
    let parts = Path::new(word).components().filter(|part| *part != Component::CurDir);
    let parts: Option<PathBuf> = parts.map(|p| matches!(p, Component::Normal(_)).then_some(p)).collect();
    parts.filter(|path| *path != Path::new(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_the_folder_is_pinned() {
        assert_eq!(within("./target/release/a"), Some("target/release/a".into()));
        assert_eq!(within("plugin.py"), Some("plugin.py".into()));
        for outside in ["/bin/sh", "../a", "a/../../b", ".", ""] {
            assert_eq!(within(outside), None, "{outside}");
        }
    }
}
