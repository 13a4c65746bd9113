//! `plugin.toml`: what a plugin is, how it is started, and what it asks for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Component, Path, PathBuf},
};

use glyph_plugin::{Capability, Subscription};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::limits::LimitsTable;
use crate::toml_file::{self, TomlError};

/// The file's name, in each plugin's folder under `--plugins-dir`.
pub const FILE: &str = "plugin.toml";
const NAME_LENGTH: usize = 64;
/// How the variables begin that are the daemon's to set.
pub const RESERVED: &str = "GLYPH_";

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The plugin's name: lower-case letters, digits and `-`, at most 64. It stands in metrics and findings.
    #[serde(deserialize_with = "name")]
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// The program and its arguments. A relative path with a `/` is looked for in the manifest's folder, a bare
    /// name on the `PATH`.
    #[serde(deserialize_with = "command")]
    pub command: Vec<String>,
    /// Which flow events it will subscribe to, for example `FLOW_RESPONSE`.
    #[serde(default, deserialize_with = "subscriptions")]
    #[schemars(with = "Vec<String>")]
    pub subscriptions: Vec<Subscription>,
    /// What it asks to be allowed, for example `CAP_EMIT_FINDINGS`.
    #[serde(default, deserialize_with = "capabilities")]
    #[schemars(with = "Vec<String>")]
    pub capabilities: Vec<Capability>,
    /// Variables for the process, beside those that every plugin has (whose names begin with `GLYPH_`).
    #[serde(default, deserialize_with = "env")]
    pub env: BTreeMap<String, String>,
    /// What its processes will use at most.
    #[serde(default)]
    pub limits: LimitsTable,
    /// Files and folders that it wants to read beside its own folder and the system's libraries: absolute, or in its
    /// folder.
    #[serde(default, deserialize_with = "paths")]
    pub read: Vec<PathBuf>,
    /// Those that it wants to write to.
    #[serde(default, deserialize_with = "paths")]
    pub write: Vec<PathBuf>,
    /// The folder of the manifest, where the plugin is started.
    #[serde(skip)]
    pub dir: PathBuf,
}

impl Manifest {
    /// Where the program is, if the command names it with a `/`; a bare name is looked for on the `PATH`.
    pub fn own_program(&self) -> Option<PathBuf> {
        self.command.first().filter(|program| program.contains('/')).map(|program| self.dir.join(program))
    }

    /// Where a path of the manifest leads.
    pub fn path(&self, name: &Path) -> PathBuf {
        self.dir.join(name).components().collect()
    }
}

/// Why the plugins can't be known.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The folder can't be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A manifest can't be read, or is wrong.
    #[error(transparent)]
    Toml(#[from] TomlError),
    /// Two plugins have one name.
    #[error("{path}: another plugin is called {name:?} already", path = path.display())]
    Duplicate {
        /// The second manifest.
        path: PathBuf,
        /// The name.
        name: String,
    },
}

/// The plugins of a folder: one for each folder in it that has a manifest, by name.
///
/// # Errors
/// If the folder can't be read, or a manifest is wrong.
pub fn load_all(dir: &Path) -> Result<Vec<Manifest>, ManifestError> {
    load_each(dir)?.into_iter().collect()
}

/// The same, with what is wrong with each.
///
/// # Errors
/// If the folder can't be read.
pub fn load_each(dir: &Path) -> Result<Vec<Result<Manifest, ManifestError>>, ManifestError> {
    let io = |source| ManifestError::Io { path: dir.to_owned(), source };
    let mut folders: Vec<_> =
        fs::read_dir(dir).map_err(io)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>().map_err(io)?;
    folders.sort();
    let mut names = BTreeSet::new();
    let mut of_its_own = |path: PathBuf| {
        let manifest = load(&path)?;
        match names.insert(manifest.name.clone()) {
            true => Ok(manifest),
            false => Err(ManifestError::Duplicate { path, name: manifest.name }),
        }
    };
    let files = folders.iter().map(|folder| folder.join(FILE)).filter(|path| path.is_file());
    Ok(files.map(&mut of_its_own).collect())
}

/// One manifest.
///
/// # Errors
/// If it can't be read, or is wrong.
pub fn load(path: &Path) -> Result<Manifest, ManifestError> {
    let io = |source| ManifestError::Io { path: path.to_owned(), source };
    let mut manifest: Manifest = toml_file::read(path)?;
    let parent = path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."));
    manifest.dir = fs::canonicalize(parent).map_err(io)?;
    Ok(manifest)
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    check_name(&name).map_err(de::Error::custom)?;
    Ok(name)
}

/// Whether a plugin may be called so.
///
/// # Errors
/// The rule, if it may not.
pub fn check_name(name: &str) -> Result<(), String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || name.len() > NAME_LENGTH || !name.bytes().all(allowed) {
        return Err(format!("{name:?}: a name has 1 to 64 lower-case letters, digits and '-'"));
    }
    Ok(())
}

fn env<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let env = BTreeMap::<String, String>::deserialize(deserializer)?;
    match env.keys().find(|name| name.is_empty() || name.contains(['=', '\0']) || name.starts_with(RESERVED))
    {
        Some(name) => {
            Err(de::Error::custom(format!("{name:?} can't be set: it is no name, or the daemon's own")))
        }
        None => Ok(env),
    }
}

fn command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let command = Vec::<String>::deserialize(deserializer)?;
    if command.first().is_none_or(String::is_empty) {
        return Err(de::Error::custom("a command begins with a program"));
    }
    Ok(command)
}

fn paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    let paths = Vec::<PathBuf>::deserialize(deserializer)?;
    let leads_nowhere = |path: &&PathBuf| {
        path.as_os_str().is_empty() || path.components().any(|part| part == Component::ParentDir)
    };
    match paths.iter().find(leads_nowhere) {
        Some(path) => Err(de::Error::custom(format!("{path:?}: a path is not empty, and has no .."))),
        None => Ok(paths),
    }
}

fn subscriptions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Subscription>, D::Error> {
    let known = |name: &str| Subscription::from_str_name(name).filter(|s| *s != Subscription::Unspecified);
    named(deserializer, "subscription", known)
}

pub(crate) fn capabilities<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Capability>, D::Error> {
    let known = |name: &str| Capability::from_str_name(name).filter(|c| *c != Capability::Unspecified);
    let capabilities = named(deserializer, "capability", known)?;
    let has = |capability| capabilities.contains(&capability);
    if has(Capability::CapFlowInspectRaw) && !has(Capability::CapFlowInspect) {
        return Err(de::Error::custom("CAP_FLOW_INSPECT_RAW needs CAP_FLOW_INSPECT"));
    }
    Ok(capabilities)
}

fn named<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &str,
    known: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, D::Error> {
    let unknown = |name: &String| de::Error::custom(format!("{name:?} is no {what}"));
    let names = Vec::<String>::deserialize(deserializer)?;
    names.iter().map(|name| known(name).ok_or_else(|| unknown(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(text: &str) -> Result<Manifest, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        fs::write(&path, text).unwrap();
        load(&path).map_err(|e| e.to_string())
    }

    const GOOD: &str = "name = \"a-1\"\nversion = \"1\"\ncommand = [\"./a\"]\n";

    #[test]
    fn a_manifest_says_what_a_plugin_wants() {
        let manifest = loaded(&format!(
            "{GOOD}subscriptions = [\"FLOW_RESPONSE\"]\ncapabilities = [\"CAP_EMIT_FINDINGS\"]"
        ))
        .unwrap();
        assert_eq!(manifest.subscriptions, [Subscription::FlowResponse]);
        assert_eq!(manifest.capabilities, [Capability::CapEmitFindings]);
    }

    #[test]
    fn paths_lead_into_the_folder_or_to_the_root() {
        let manifest =
            loaded(&format!("{GOOD}read = [\"/etc/ssl\"]\nwrite = [\"./cache/\"]\n[limits]\nopen_files = 9"))
                .unwrap();
        assert_eq!(manifest.path(&manifest.read[0]), Path::new("/etc/ssl"));
        assert_eq!(manifest.path(&manifest.write[0]), manifest.dir.join("cache"));
        assert_eq!(manifest.limits.open_files.unwrap().get(), 9);
    }

    #[test]
    fn faults_are_told_with_file_and_line() {
        for (text, what) in [
            ("name = \"A b\"\nversion = \"1\"\ncommand = [\"a\"]", "lower-case"),
            ("name = \"a\"\nversion = \"1\"\ncommand = []", "begins with a program"),
            (&format!("{GOOD}subscriptions = [\"FLOWS\"]"), "\"FLOWS\" is no subscription"),
            (&format!("{GOOD}colour = \"red\""), "unknown field `colour`"),
            (&format!("{GOOD}capabilities = [\"CAP_FLY\"]"), "\"CAP_FLY\" is no capability"),
            (&format!("{GOOD}capabilities = [\"CAP_FLOW_INSPECT_RAW\"]"), "needs CAP_FLOW_INSPECT"),
            (&format!("{GOOD}write = [\"a/../../b\"]"), "has no .."),
            (&format!("{GOOD}limits = {{ memory = 1 }}"), "unknown field `memory`"),
            (&format!("{GOOD}limits = {{ wall_seconds = 0 }}"), "nonzero"),
            (&format!("{GOOD}env = {{ GLYPH_BUS = \"x\" }}"), "\"GLYPH_BUS\" can't be set"),
        ] {
            let error = loaded(text).unwrap_err();
            assert!(
                error.contains(what) && error.contains("plugin.toml") && error.contains("line"),
                "{error}"
            );
        }
    }
}
