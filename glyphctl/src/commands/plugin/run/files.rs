//! A plugin's files, and when they change. In: the plugin's folder and its program. Out: the names of files that were
//! changed, made or removed.
//!
//! What the system reports only wakes: what counts is whether sizes or times differ. So nothing is missed that happens
//! during a run, and nothing runs again because a file was merely read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{sync::mpsc, time::timeout};

/// A change is over when nothing has happened for so long: editors and compilers write in several steps.
const QUIET: Duration = Duration::from_millis(100);
/// Folders in which nothing is the author's. What begins with a dot is left out, too.
const IGNORED: [&str; 4] = ["target", "packages", "__pycache__", "node_modules"];

/// What the files are like: size, and time of the last change.
pub(super) type Look = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Files that are watched.
#[derive(Debug)]
pub(super) struct Files {
    dir: PathBuf,
    watcher: RecommendedWatcher,
    woken: mpsc::UnboundedReceiver<()>,
    watched: BTreeSet<PathBuf>,
}

impl Files {
    /// Those of a folder.
    pub(super) fn watch(dir: &Path) -> anyhow::Result<Self> {
        let (wake, woken) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // That a file was read is no change.
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                // Nobody listens any more when the command ends.
                wake.send(()).ok();
            }
        });
        let watcher = watcher.context("changes of files can't be watched")?;
        let dir = fs::canonicalize(dir).with_context(|| dir.display().to_string())?;
        Ok(Self { dir, watcher, woken, watched: BTreeSet::new() })
    }

    /// What the files are like now, with the program's. From before this on, each change wakes.
    pub(super) fn look(&mut self, program: Option<&Path>) -> Look {
        let mut look = Look::new();
        self.walk(&self.dir.clone(), &mut look);
        if let Some(program) = program {
            let program = self.dir.join(program);
            // From the top down: a folder that is not there yet wakes when it is made.
            let above: Vec<_> =
                program.ancestors().skip(1).take_while(|a| a.starts_with(&self.dir)).collect();
            above.into_iter().rev().for_each(|folder| self.follow(folder));
            note(&program, &mut look);
        }
        look
    }

    /// Waits until the files are not as they were, and have been left alone for a moment.
    pub(super) async fn changed(&mut self, before: &Look, program: Option<&Path>) -> Vec<String> {
        loop {
            // The watcher, which holds the other end, lives as long as this.
            self.woken.recv().await;
            while let Ok(Some(())) = timeout(QUIET, self.woken.recv()).await {}
            let names = differing(before, &self.look(program));
            if !names.is_empty() {
                return names.iter().map(|path| self.named(path)).collect();
            }
        }
    }

    fn named(&self, path: &Path) -> String {
        path.strip_prefix(&self.dir).unwrap_or(path).display().to_string()
    }

    fn walk(&mut self, folder: &Path, look: &mut Look) {
        self.follow(folder);
        // A folder that is gone by now has nothing in it.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if name.starts_with('.') || name.ends_with('~') || IGNORED.contains(&&*name) {
                continue;
            }
            if is_folder { self.walk(&entry.path(), look) } else { note(&entry.path(), look) }
        }
    }

    fn follow(&mut self, folder: &Path) {
        if !folder.is_dir() {
            // Should it come again, it is another one.
            self.watched.remove(folder);
        } else if !self.watched.contains(folder)
            && self.watcher.watch(folder, RecursiveMode::NonRecursive).is_ok()
        {
            self.watched.insert(folder.to_owned());
        }
    }
}

fn note(file: &Path, look: &mut Look) {
    if let Ok(metadata) = fs::metadata(file)
        && metadata.is_file()
    {
        look.insert(file.to_owned(), (metadata.len(), metadata.modified().ok()));
    }
}

/// Files that are other, new, or gone.
fn differing(before: &Look, after: &Look) -> Vec<PathBuf> {
    let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    paths.into_iter().filter(|path| before.get(*path) != after.get(*path)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_other_new_or_gone_differs() {
        let look = |files: &[(&str, u64)]| -> Look {
            files.iter().map(|(path, size)| (PathBuf::from(path), (*size, None))).collect()
        };
        let before = look(&[("a", 1), ("b", 1), ("c", 1)]);
        let after = look(&[("a", 1), ("b", 2), ("d", 1)]);
        assert_eq!(differing(&before, &after), ["b", "c", "d"].map(PathBuf::from));
        assert!(differing(&before, &before).is_empty());
    }

    #[test]
    fn the_program_counts_wherever_it_is_built_and_nothing_else_there_does() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        };
        for name in ["plugin.toml", "src/main.rs", "target/release/a", "target/release/b", ".git/x", "x~"] {
            file(name);
        }
        let mut files = Files::watch(dir.path()).unwrap();
        let look = files.look(Some(Path::new("./target/release/a")));
        let names: Vec<_> = look.keys().map(|path| files.named(path)).collect();
        assert_eq!(names, ["plugin.toml", "src/main.rs", "target/release/a"]);
    }
}
