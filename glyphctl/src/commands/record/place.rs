//! Where the recording goes: a directory that nothing stands in the way of, looked at before anything is started.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use glyph_formats::UnixNanos;

use crate::output::failure::HintExt;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Where a recording goes.
#[derive(Debug)]
pub(super) struct Place {
    /// The directory, as the user named it.
    pub(super) dir: PathBuf,
    /// The directory, for those who may be somewhere else.
    pub(super) absolute: PathBuf,
    /// Where it is to be packed into.
    pub(super) artifact: Option<PathBuf>,
}

impl Place {
    /// The directory that was asked for, or a new one.
    pub(super) fn choose(wanted: Option<&Path>, pack: bool) -> anyhow::Result<Self> {
        let dir = match wanted {
            Some(dir) => dir.to_owned(),
            None => unused(&format!("glyph-{}", compact(UnixNanos::now()))),
        };
        let flag = || format!("--out {}", dir.display());
        let absolute = std::path::absolute(&dir).with_context(flag)?;
        let missing = absolute.parent().is_some_and(|parent| !parent.is_dir());
        if missing {
            return Err(anyhow!("{}: the folder in which it is to stand does not exist", flag())
                .hint("make it first, for example with mkdir -p"));
        }
        let artifact = pack.then(|| artifact(&dir)).transpose().with_context(flag)?;
        for path in [Some(&dir), artifact.as_ref()].into_iter().flatten() {
            if path.symlink_metadata().is_ok() {
                return Err(anyhow!("--out {}: exists already", path.display())
                    .hint("a recording is never written over; choose a new directory"));
            }
        }
        Ok(Self { dir, absolute, artifact })
    }
}

/// `NAME`, or `NAME-2` and so on if another run has begun in the same second.
fn unused(name: &str) -> PathBuf {
    let names = (2..).map(|n| format!("{name}-{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(names).map(PathBuf::from);
    names.find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| name.into())
}

/// `DIR.glyph.tar.zst`, beside the directory.
fn artifact(dir: &Path) -> anyhow::Result<PathBuf> {
    let mut name = dir.file_name().context("has no name that an artifact could have")?.to_owned();
    name.push(".glyph.tar.zst");
    Ok(dir.with_file_name(name))
}

/// An instant as `YYYYMMDDTHHMMSSZ`.
pub(in crate::commands) fn compact(time: UnixNanos) -> String {
    UnixNanos(time.0 / NANOS_PER_SECOND * NANOS_PER_SECOND).to_string().replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_time_and_directory() {
        assert_eq!(compact(UnixNanos(1_760_000_000_000_000_001)), "20251009T085320Z");
        assert_eq!(artifact(Path::new("a/run.1/")).unwrap(), Path::new("a/run.1.glyph.tar.zst"));
        assert!(artifact(Path::new("a/..")).is_err());
    }
}
