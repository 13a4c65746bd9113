//! A recording: the directory of one run, with files under fixed names and `recording.json`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FORMAT_VERSION, UnixNanos, atomic, jsonl::segments};

/// The exchanges.
pub const FLOWS: &str = "flows.jsonl";
/// The spans.
pub const TRACES: &str = "traces.jsonl";
/// The findings.
pub const FINDINGS: &str = "findings.jsonl";
/// What its findings come to, joined; made when it is packed.
pub const CASES: &str = "cases.json";
/// What loading an artifact puts beside the recording's files. It is not packed again.
pub const REPLAYED: [&str; 4] = [REPLAYED_FLOWS, REPLAYED_FINDINGS, REPLAYED_CASES, PROVENANCE];
/// The exchanges that were loaded, in one file.
pub const REPLAYED_FLOWS: &str = "flows.replay.jsonl";
/// The findings that were loaded, in one file.
pub const REPLAYED_FINDINGS: &str = "findings.replay.jsonl";
/// Their cases, built anew.
pub const REPLAYED_CASES: &str = "cases.replay.json";
/// Where all that came from.
pub const PROVENANCE: &str = "provenance.replay.json";
/// The decisions.
pub const AUDIT: &str = "audit.jsonl";
/// The metrics.
pub const METRICS: &str = "metrics.om";
/// The file that says what the directory is.
pub const INFO: &str = "recording.json";

/// What `recording.json` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordingInfo {
    /// The version of the format, [`crate::FORMAT_VERSION`].
    pub format: u32,
    /// The version of Glyph that wrote it.
    pub glyph_version: String,
    /// The name under which the daemon's spans stand.
    pub service_name: String,
    /// When the recording began.
    pub start_time_unix_nano: UnixNanos,
    /// When it ended; none as long as it runs, and if it was cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time_unix_nano: Option<UnixNanos>,
    /// Options that matter for reading it, by their flag's name.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// The addresses in use, by the name of their flag, for example `proxy-addr`.
    #[serde(default)]
    pub addresses: BTreeMap<String, String>,
    /// The closed segments of each rotated file in their order, by the name of the current one.
    #[serde(default)]
    pub segments: BTreeMap<String, Vec<String>>,
    /// The plugins that were there, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<RecordedPlugin>,
}

/// A plugin that was there when something was recorded: what its manifest said, and which its files were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedPlugin {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its manifest, `plugin.toml`, in hexadecimal.
    pub manifest_sha256: String,
    /// Which events it wanted.
    pub subscriptions: Vec<String>,
    /// What it asked to be allowed.
    pub capabilities: Vec<String>,
    /// What of that the operator grants.
    pub granted: Vec<String>,
    /// SHA-256 of its program, of what its command names in its folder, and of the files that the operator pinned, by their
    /// paths in its folder; of a program that lies elsewhere by its name. One that is looked for on the `PATH` is not among them.
    pub files: BTreeMap<String, String>,
}

/// Whether a file of that name is one that loading makes, on a system that heeds the case of letters or on one that does
/// not.
pub fn is_replayed(name: &str) -> bool {
    REPLAYED.iter().any(|replayed| replayed.eq_ignore_ascii_case(name))
}

/// Why a directory is no recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Something stands where the recording is to be made.
    #[error("{path}: exists already", path = .0.display())]
    Exists(PathBuf),
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The directory lacks `recording.json`.
    #[error("{path}: is no recording: it has no {INFO}", path = .0.display())]
    NoInfo(PathBuf),
    /// `recording.json` can't be understood.
    #[error("{path}: {source}", path = path.display())]
    BadInfo {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The recording is of a version that this program does not know.
    #[error("{path}: format version {found}; this program reads up to {FORMAT_VERSION}", path = path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

/// A recording on the disk.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The directory.
    pub dir: PathBuf,
    /// What `recording.json` holds.
    pub info: RecordingInfo,
}

impl Recording {
    /// Makes the directory, its parents too, and writes `recording.json`.
    ///
    /// # Errors
    /// If something stands there already, or the disk refuses.
    pub fn create(dir: &Path, info: RecordingInfo) -> Result<Self, RecordingError> {
        let io = |source| RecordingError::Io { path: dir.to_owned(), source };
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent).map_err(io)?;
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => RecordingError::Exists(dir.to_owned()),
            _ => io(e),
        })?;
        let recording = Self { dir: dir.to_owned(), info };
        recording.save()?;
        Ok(recording)
    }

    /// Opens a directory.
    ///
    /// # Errors
    /// If it is no recording, or one of a newer version.
    pub fn open(dir: &Path) -> Result<Self, RecordingError> {
        let path = dir.join(INFO);
        let bytes = fs::read(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound if dir.is_dir() => RecordingError::NoInfo(dir.to_owned()),
            _ => RecordingError::Io { path: path.clone(), source },
        })?;
        let info: RecordingInfo = serde_json::from_slice(&bytes)
            .map_err(|source| RecordingError::BadInfo { path: path.clone(), source })?;
        if info.format > FORMAT_VERSION {
            return Err(RecordingError::TooNew { path, found: info.format });
        }
        Ok(Self { dir: dir.to_owned(), info })
    }

    /// The path of one of the fixed names.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Lists the closed segments and writes `recording.json` anew, whole or not at all.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn save(&self) -> Result<(), RecordingError> {
        let path = self.dir.join(INFO);
        let io = |source| RecordingError::Io { path: path.clone(), source };
        let mut info = self.info.clone();
        for name in [FLOWS, TRACES, FINDINGS, AUDIT, METRICS] {
            let closed = segments::list(&self.dir.join(name)).map_err(io)?;
            let names: Vec<_> = closed
                .values()
                .filter_map(|p| p.file_name())
                .map(|n| n.to_string_lossy().into_owned())
                .collect();
            if !names.is_empty() {
                info.segments.insert(name.to_owned(), names);
            }
        }
        let text = serde_json::to_string_pretty(&info)
            .map_err(|source| RecordingError::BadInfo { path: path.clone(), source })?;
        atomic::write(&path, (text + "\n").as_bytes()).map_err(io)
    }

    /// Notes that the recording has ended.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(&mut self, end: UnixNanos) -> Result<(), RecordingError> {
        self.info.end_time_unix_nano = Some(end);
        self.save()
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::{AuditEntry, Finding, Flow, Span, jsonl};

    /// How many records a file has, all of them good.
    fn read<T: DeserializeOwned>(recording: &Recording, name: &str) -> usize {
        let mut records = jsonl::records::<T>(&recording.file(name)).unwrap();
        let count = records.by_ref().collect::<Result<Vec<_>, _>>().unwrap().len();
        assert_eq!(records.warnings(), [], "{name}");
        count
    }

    /// These are never written anew: they are what older versions of Glyph wrote.
    #[test]
    fn recordings_of_every_version_are_read() {
        let mut versions = Vec::new();
        for entry in
            fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/recordings")).unwrap()
        {
            let recording = Recording::open(&entry.unwrap().path()).unwrap();
            versions.push(recording.info.format);
            assert!(read::<Flow>(&recording, FLOWS) > 0);
            assert!(read::<Span>(&recording, TRACES) > 0);
            assert!(read::<Finding>(&recording, FINDINGS) > 0);
            assert!(read::<AuditEntry>(&recording, AUDIT) > 0);
        }
        versions.sort_unstable();
        versions.dedup();
        assert_eq!(versions, (1..=FORMAT_VERSION).collect::<Vec<_>>(), "one of each version");
    }

    #[test]
    fn a_newer_version_is_refused_by_its_number_as_a_recording_and_as_a_flow() {
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/recordings/shop");
        let dir = tempfile::tempdir().unwrap();
        let newer = |name: &str| {
            let text = fs::read_to_string(shop.join(name)).unwrap();
            let pattern = if name == INFO { "\"format\": 1" } else { "\"format\":1" };
            fs::write(dir.path().join(name), text.replacen(pattern, &pattern.replace('1', "2"), 1)).unwrap();
        };
        newer(INFO);
        let error = Recording::open(dir.path()).unwrap_err().to_string();
        assert!(error.ends_with("recording.json: format version 2; this program reads up to 1"), "{error}");
        newer(FLOWS);
        let mut flows = jsonl::records::<Flow>(&dir.path().join(FLOWS)).unwrap();
        let error = flows.next().unwrap().unwrap_err().to_string();
        assert!(error.ends_with("flows.jsonl:1: format version 2; this program reads up to 1"), "{error}");
        assert!(flows.all(|flow| flow.is_ok()), "the others are read");
    }
}
