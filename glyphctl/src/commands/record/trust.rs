//! Whom the command trusts: whom it trusts without us, and the CA of this recording.
//!
//! In: that CA's certificate, and the user's own variables. Out: files in a temporary directory, the variables that name
//! them, and the certificates that the user's own files have, by which the daemon is to judge upstreams in the command's
//! stead. No key is ever written.
//!
//! A variable that takes the place of a client's own CAs gets the file that it named, or else what the client would have
//! gone by; one that only adds to them gets the CA alone.

use std::{cell::LazyCell, collections::BTreeMap, ffi::OsString, fs, io, path::Path};

use anyhow::Context;
use glyphd::capture::tls::machine_roots;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tempfile::TempDir;

use super::surroundings::of_user;
use crate::output::warn;

/// What is set, and how.
const VARIABLES: [Variable; 9] = [
    Variable::instead("SSL_CERT_FILE", &["SSL_CERT_FILE"]),
    Variable::instead("REQUESTS_CA_BUNDLE", &["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]),
    Variable::instead("CURL_CA_BUNDLE", &["CURL_CA_BUNDLE"]),
    Variable::instead("PIP_CERT", &["PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]),
    Variable::instead("AWS_CA_BUNDLE", &["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"]),
    Variable::instead("GIT_SSL_CAINFO", &["GIT_SSL_CAINFO"]),
    Variable::instead("CARGO_HTTP_CAINFO", &["CARGO_HTTP_CAINFO"]),
    Variable::beside("NODE_EXTRA_CA_CERTS", &["NODE_EXTRA_CA_CERTS"]),
    Variable::beside("DENO_CERT", &["DENO_CERT"]),
];

/// A variable that names a file of CAs.
struct Variable {
    name: &'static str,
    /// Whose value its client goes by, the first that is set.
    by: &'static [&'static str],
    /// Whether its file counts instead of the client's own CAs, not beside them.
    instead: bool,
}

impl Variable {
    const fn instead(name: &'static str, by: &'static [&'static str]) -> Self {
        Self { name, by, instead: true }
    }

    const fn beside(name: &'static str, by: &'static [&'static str]) -> Self {
        Self { name, by, instead: false }
    }

    /// What the user has the client go by: under which variable, and which file or folder.
    fn of_user(&self) -> Option<(&'static str, OsString)> {
        self.by.iter().find_map(|name| Some((*name, of_user(name)?)))
    }
}

/// The files, as long as this lives.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) variables: Vec<(&'static str, OsString)>,
    _dir: TempDir,
}

impl Trust {
    /// Writes the files for a CA with that certificate, PEM.
    ///
    /// # Errors
    /// If the system does not let files be made.
    pub(super) fn in_ca(certificate: &str) -> anyhow::Result<Self> {
        let dir =
            tempfile::Builder::new().prefix("glyph-trust-").tempdir().context("a temporary directory")?;
        let machine = LazyCell::new(machine_roots);
        // Several variables may want the same file.
        let mut files = BTreeMap::new();
        let mut variables = Vec::new();
        for variable in &VARIABLES {
            let user = variable.of_user();
            let base = match &user {
                Some((name, path)) => match pem_of(Path::new(path)) {
                    Ok(text) => text,
                    Err(error) => {
                        // The client finds what it would have found.
                        warn(format_args!(
                            "{name}={}: {error}: {} stays as it is",
                            path.display(),
                            variable.name
                        ));
                        continue;
                    }
                },
                None if variable.instead => machine.clone(),
                None => String::new(),
            };
            let next = files.len();
            let file = files
                .entry(base + certificate)
                .or_insert_with(|| dir.path().join(format!("trusted-{next}.pem")));
            variables.push((variable.name, file.clone().into_os_string()));
        }
        for (text, path) in &files {
            fs::write(path, text).with_context(|| path.display().to_string())?;
        }
        Ok(Self { variables, _dir: dir })
    }
}

/// The certificates in the files that the user's variables name, as far as they can be read. This machine's own, and those
/// of `SSL_CERT_FILE`, are trusted anyway.
pub(super) fn of_users_files() -> Vec<CertificateDer<'static>> {
    let files = VARIABLES.iter().filter_map(Variable::of_user).map(|(_, path)| path);
    let texts = files.filter_map(|path| pem_of(Path::new(&path)).ok());
    let mut certificates = Vec::new();
    for text in texts {
        for certificate in CertificateDer::pem_slice_iter(text.as_bytes()).flatten() {
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
    }
    certificates
}

/// The text of a file, or of all files in a folder, each ending with a line.
fn pem_of(path: &Path) -> io::Result<String> {
    if !path.is_dir() {
        return Ok(fs::read_to_string(path)? + "\n");
    }
    let mut files: Vec<_> = fs::read_dir(path)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let texts = files.iter().filter(|file| file.is_file()).filter_map(|file| fs::read_to_string(file).ok());
    Ok(texts.filter(|text| text.contains("-----BEGIN ")).map(|text| text + "\n").collect())
}
