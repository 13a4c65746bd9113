//! The TOML file of `--config`: what the operator allows, and what counts as a secret.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use glyph_plugin::Capability;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::{
    capture::scope::{Scope, TlsPolicy},
    dispatch::{Overflow, QueueOptions},
    netgate::NetgateOptions,
    plugin::{
        Allowance, DEFAULT_GRANT,
        allowance::{FINDINGS_PER_SECOND, RestartOptions},
        limits::LimitsTable,
        manifest::{self, Manifest},
    },
    sanitize::RedactionPolicy,
    toml_file::{self, TomlError},
};

/// How long a delivery waits for a plugin whose queue blocks, unless the operator says otherwise.
const BLOCK_MS: u64 = 100;

/// The file's content.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// `[plugins.NAME]`, by the plugin's name.
    #[serde(default)]
    pub plugins: BTreeMap<String, PluginPolicy>,
    /// `[redaction]`: what is a secret.
    #[serde(default)]
    pub redaction: RedactionPolicy,
    /// `[[scope.include]]`, `[[scope.exclude]]`: what is looked at.
    #[serde(default)]
    pub scope: Scope,
    /// `[tls]`: whose TLS is left alone.
    #[serde(default)]
    pub tls: TlsPolicy,
    /// `[netgate]`: what plugins' own requests are held to.
    #[serde(default)]
    pub netgate: NetgateOptions,
}

/// What one plugin is allowed, and how it is treated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginPolicy {
    /// The capabilities it gets if it asks for them, for example `["CAP_EMIT_FINDINGS"]`; findings and sanitised flows
    /// if this is not there.
    #[serde(default, deserialize_with = "grant")]
    #[schemars(with = "Option<Vec<String>>")]
    pub grant: Option<Vec<Capability>>,
    /// Whether glyphd starts it, as it does by default; otherwise it gets in with a token of `glyphctl plugin token`.
    pub start: Option<bool>,
    /// The SHA-256 that files of its folder must have, for example `{ "plugin.py" = "9f86d0…" }`.
    #[serde(default, deserialize_with = "digests")]
    pub sha256: BTreeMap<PathBuf, String>,
    /// How many deliveries wait for it, 1 to 100,000; 100 by default.
    #[serde(default, deserialize_with = "capacity")]
    pub queue_capacity: Option<usize>,
    /// What becomes of one more: `drop-newest` (the default), `drop-oldest`, or `block`.
    pub queue_policy: Option<QueuePolicy>,
    /// With `block`: how long it waits before it is dropped, in milliseconds, 1 to 10,000; 100 by default.
    #[serde(default, deserialize_with = "block_ms")]
    pub queue_block_ms: Option<u64>,
    /// How many findings a second are taken, on average, 1,000 by default; five seconds' worth may come at once.
    pub findings_per_second: Option<u32>,
    /// `[plugins.NAME.limits]`: the most that its processes may use.
    #[serde(default)]
    pub limits: LimitsTable,
    /// Files and folders outside of its own that it may read if it asks for them; absolute.
    #[serde(default, deserialize_with = "absolute")]
    pub read: Vec<PathBuf>,
    /// Files and folders that it may write to if it asks for them; absolute.
    #[serde(default, deserialize_with = "absolute")]
    pub write: Vec<PathBuf>,
    /// How often in a row it is started again, before it is given up; 5 by default.
    pub restarts: Option<u32>,
    /// The pause before it is started again for the first time, in milliseconds, 1 to 3,600,000; 1,000 by default. Each
    /// that follows is twice as long.
    #[serde(default, deserialize_with = "backoff_ms")]
    pub restart_backoff_ms: Option<u64>,
    /// The longest of these pauses, in milliseconds; 60,000 by default.
    #[serde(default, deserialize_with = "backoff_ms")]
    pub restart_backoff_max_ms: Option<u64>,
    /// After a process that ran for so many seconds it is counted anew; 60 by default.
    pub restart_steady_seconds: Option<u32>,
}

/// What becomes of a delivery that finds a plugin's queue full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QueuePolicy {
    /// It is dropped.
    #[default]
    DropNewest,
    /// The oldest is dropped for it.
    DropOldest,
    /// It waits, and so does every other flow, but not for long.
    Block,
}

impl Policy {
    /// Reads the file.
    ///
    /// # Errors
    /// If it can't be read, or is wrong.
    pub fn load(path: &Path) -> Result<Self, TomlError> {
        toml_file::read(path)
    }

    /// Reads the file, and finds everything that is wrong with it. One that is wrong is as good as none.
    pub fn load_with_faults(path: &Path) -> (Self, Vec<TomlError>) {
        match Self::load(path) {
            Ok(policy) => (policy, Vec::new()),
            Err(first) => (Self::default(), toml_file::faults::<Self>(path, first)),
        }
    }

    /// What each plugin gets: those with a manifest, of what they ask for; those that only the operator names, what
    /// is granted to them.
    pub fn allowances(&self, manifests: &[Manifest]) -> BTreeMap<String, Allowance> {
        let default = PluginPolicy::default();
        let policy = |name: &str| self.plugins.get(name).unwrap_or(&default);
        let known = manifests.iter().map(|m| (m.name.clone(), policy(&m.name).allowance(Some(m))));
        let mut allowances: BTreeMap<_, _> = known.collect();
        for (name, policy) in &self.plugins {
            allowances.entry(name.clone()).or_insert_with(|| policy.allowance(None));
        }
        allowances
    }
}

impl PluginPolicy {
    fn allowance(&self, manifest: Option<&Manifest>) -> Allowance {
        let granted = self.grant.as_deref().unwrap_or(&DEFAULT_GRANT);
        let asked = |capability: &Capability| manifest.is_none_or(|m| m.capabilities.contains(capability));
        let overflow = match self.queue_policy.unwrap_or_default() {
            QueuePolicy::DropNewest => Overflow::DropNewest,
            QueuePolicy::DropOldest => Overflow::DropOldest,
            QueuePolicy::Block => {
                Overflow::Block(Duration::from_millis(self.queue_block_ms.unwrap_or(BLOCK_MS)))
            }
        };
        let capacity = self.queue_capacity.unwrap_or(QueueOptions::default().capacity);
        Allowance {
            capabilities: granted.iter().copied().filter(asked).collect(),
            start: self.start.unwrap_or(true),
            sha256: self.sha256.clone(),
            queue: QueueOptions { capacity, overflow },
            findings_per_second: self.findings_per_second.unwrap_or(FINDINGS_PER_SECOND),
            limits: manifest.map_or(&LimitsTable::default(), |m| &m.limits).within(&self.limits),
            read: manifest.map(|m| granted_paths(m, &m.read, &self.read)).unwrap_or_default(),
            write: manifest.map(|m| granted_paths(m, &m.write, &self.write)).unwrap_or_default(),
            restarts: self.restart_options(),
        }
    }

    fn restart_options(&self) -> RestartOptions {
        let default = RestartOptions::DEFAULT;
        let millis = |ms: Option<u64>, default| ms.map_or(default, Duration::from_millis);
        RestartOptions {
            restarts: self.restarts.unwrap_or(default.restarts),
            backoff: millis(self.restart_backoff_ms, default.backoff),
            longest_backoff: millis(self.restart_backoff_max_ms, default.longest_backoff),
            steady: self
                .restart_steady_seconds
                .map_or(default.steady, |seconds| Duration::from_secs(seconds.into())),
        }
    }
}

/// Of the paths that a plugin asks for, those below its own folder, and those that the operator grants with all that is
/// below them.
fn granted_paths(manifest: &Manifest, wanted: &[PathBuf], granted: &[PathBuf]) -> Vec<PathBuf> {
    let may = |path: &PathBuf| {
        let own = path.starts_with(&manifest.dir) && *path != manifest.dir;
        own || granted.iter().any(|granted| path.starts_with(granted))
    };
    wanted.iter().map(|path| manifest.path(path)).filter(may).collect()
}

fn absolute<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    let paths = Vec::<PathBuf>::deserialize(deserializer)?;
    match paths.iter().find(|path| !path.is_absolute()) {
        Some(path) => Err(de::Error::custom(format!("{path:?}: expected an absolute path"))),
        None => Ok(paths),
    }
}

fn backoff_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let ms = u64::deserialize(deserializer)?;
    if (1..=3_600_000).contains(&ms) { Ok(Some(ms)) } else { Err(de::Error::custom("expected 1 to 3600000")) }
}

fn grant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Capability>>, D::Error> {
    manifest::capabilities(deserializer).map(Some)
}

fn digests<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<PathBuf, String>, D::Error> {
    let digests = BTreeMap::<PathBuf, String>::deserialize(deserializer)?;
    for (path, digest) in &digests {
        let name = path.display();
        if digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(de::Error::custom(format!("{name}: a SHA-256 has 64 hexadecimal digits")));
        }
    }
    Ok(digests.into_iter().map(|(path, digest)| (path, digest.to_ascii_lowercase())).collect())
}

fn capacity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let capacity = usize::deserialize(deserializer)?;
    if (1..=100_000).contains(&capacity) {
        Ok(Some(capacity))
    } else {
        Err(de::Error::custom("expected 1 to 100000"))
    }
}

fn block_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let ms = u64::deserialize(deserializer)?;
    if (1..=10_000).contains(&ms) { Ok(Some(ms)) } else { Err(de::Error::custom("expected 1 to 10000")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Result<Policy, String> {
        toml::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_not_said_is_the_default() {
        let policy = policy("[plugins.a]\nqueue_policy = \"block\"\n[plugins.b]\ngrant = []").unwrap();
        let allowances = policy.allowances(&[]);
        assert_eq!(*allowances["a"].capabilities, DEFAULT_GRANT);
        let queue = QueueOptions { capacity: 100, overflow: Overflow::Block(Duration::from_millis(100)) };
        assert_eq!((allowances["a"].queue, allowances["a"].start), (queue, true));
        assert!(allowances["b"].capabilities.is_empty());
    }

    #[test]
    fn a_plugin_gets_of_the_paths_that_it_wants_its_own_and_those_that_are_granted() {
        let manifest = "name = \"a\"\nversion = \"1\"\ncommand = [\"a\"]\n\
                        read = [\"/etc/ssl/certs\", \"/etc/sslx\", \"/home\"]\nwrite = [\"cache\", \".\", \"/var/a\"]";
        let manifest = Manifest { dir: "/plugins/a".into(), ..toml::from_str(manifest).unwrap() };
        let policy = policy("[plugins.a]\nread = [\"/etc/ssl\", \"/home\", \"/root\"]").unwrap();
        let allowance = &policy.allowances(&[manifest])["a"];
        assert_eq!(allowance.read, ["/etc/ssl/certs", "/home"].map(PathBuf::from));
        assert_eq!(allowance.write, [PathBuf::from("/plugins/a/cache")], "not its manifest and its program");
    }

    #[test]
    fn faults_are_told_with_their_line() {
        for (text, what) in [
            ("[plugins.a]\ngrant = [\"CAP_FLOW_INSPECT_RAW\"]", "needs CAP_FLOW_INSPECT"),
            ("[plugins.a]\nqueue_capacity = 0", "1 to 100000"),
            ("[plugins.a]\nqueue_block_ms = 0", "1 to 10000"),
            ("[plugins.a]\nqueue_policy = \"wait\"", "drop-newest"),
            ("[plugins.a]\nsha256 = { \"x\" = \"12\" }", "64 hexadecimal digits"),
            ("[plugins.a]\nread = [\"etc\"]", "expected an absolute path"),
            ("[plugins.a]\nrestart_backoff_ms = 0", "1 to 3600000"),
            ("[plugins.a]\nrestarts = -1", "invalid value"),
            ("[plugins.a.limits]\nmemory = 5", "unknown field `memory`"),
            ("[plugins.a.limits]\nprocesses = 0", "nonzero"),
            ("[plugins.a]\ncolour = 1", "unknown field"),
            ("[[scope.include]]\nhosts = [\"a***\"]", "wildcards"),
            ("[[scope.include]]\nmethods = [\"get\"]", "\"get\" is no method"),
            ("[[scope.exclude]]\nmethods = [\"G T\"]", "is no method"),
            ("[[scope.exclude]]\nport = 1", "unknown field"),
            ("[scope]\ninclude = [{ hosts = [] }]", "a rule needs hosts, paths or methods"),
            ("[tls]\npassthrough = [\"[a\"]", "invalid range"),
            ("[tls]\nbypass = []", "unknown field"),
            ("[netgate]\nallow = [\"10.0.0.1/8\"]", "begins at 10.0.0.0"),
            ("[netgate]\nwindow_ms = 1", "expected 100 to 3600000"),
            ("[netgate]\nrequests = 0", "expected 1 to 1000000"),
            ("[netgate]\ntimeout = 1", "unknown field"),
        ] {
            let error = policy(text).unwrap_err();
            assert!(error.contains(what) && error.contains("line 2"), "{error}");
        }
    }
}
