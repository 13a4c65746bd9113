//! What a plugin may use, and which files it may see. In: the manifest and the policy. Out: what it asks for beside what
//! it gets, and warnings in words.

use std::path::PathBuf;

use glyphd::plugin::{Allowance, manifest::Manifest};

use crate::output::plugin::checked::{AskedPath, Limit};

/// Each limit.
pub(super) fn limits(manifest: &Manifest, allowance: &Allowance) -> Vec<Limit> {
    let both = manifest.limits.named().into_iter().zip(allowance.limits.named());
    both.map(|((name, wanted), (_, allowed))| Limit { limit: name.to_owned(), wanted, allowed }).collect()
}

/// Each path that the plugin asks for, and whether it gets it.
pub(super) fn paths(manifest: &Manifest, wanted: &[PathBuf], granted: &[PathBuf]) -> Vec<AskedPath> {
    let asked = wanted.iter().map(|path| manifest.path(path));
    asked
        .map(|path| AskedPath { granted: granted.contains(&path), path: path.display().to_string() })
        .collect()
}

/// What it may miss.
pub(super) fn warnings(limits: &[Limit], paths: &[&AskedPath]) -> Vec<String> {
    let less = limits.iter().filter_map(|limit| {
        let (wanted, allowed) = (limit.wanted?, limit.allowed?);
        (allowed < wanted).then(|| format!("{} is {allowed}, and it asks for {wanted}", limit.limit))
    });
    let refused = paths.iter().filter(|path| !path.granted).map(|path| format!("not granted: {}", path.path));
    let hint = "; the lines below, in the file of --config, grant it";
    less.chain(refused).map(|what| what + hint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_less_is_told() {
        let limit = |name: &str, wanted, allowed| Limit { limit: name.to_owned(), wanted, allowed };
        let limits = [limit("a", Some(2), Some(1)), limit("b", Some(1), Some(1)), limit("c", None, Some(1))];
        let path = |path: &str, granted| AskedPath { path: path.to_owned(), granted };
        let warnings = warnings(&limits, &[&path("/x", true), &path("/y", false)]);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].starts_with("a is 1, and it asks for 2;"), "{warnings:?}");
        assert!(warnings[1].starts_with("not granted: /y;"), "{warnings:?}");
    }
}
