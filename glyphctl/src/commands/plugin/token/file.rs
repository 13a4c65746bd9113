//! The file with a token. In: variables. Out: lines that a shell can read, in a file that was its owner's alone from the
//! first moment on. Without a token there is no file.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::anyhow;

use crate::output::failure::HintExt;

/// A new file, which goes if nothing is put into it.
#[derive(Debug)]
pub(super) struct SecretFile {
    path: PathBuf,
    file: File,
    is_kept: bool,
}

impl SecretFile {
    /// Makes it; what stands there is never written over.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = opened.map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    "nothing is written over; a token is good once, so remove the old one"
                }
                _ => "--output names a new file, in a folder that is there",
            };
            anyhow!(error).context(format!("--output {}", path.display())).hint(hint)
        })?;
        Ok(Self { path: path.to_owned(), file, is_kept: false })
    }

    /// Writes the variables.
    pub(super) fn keep(mut self, variables: &BTreeMap<String, String>) -> anyhow::Result<()> {
        let written = self.file.write_all(lines(variables).as_bytes());
        written.map_err(|error| anyhow!(error).context(format!("--output {}", self.path.display())))?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // Why there is no token is told already.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// A line each, in single quotes, within which a shell takes everything for itself.
fn lines(variables: &BTreeMap<String, String>) -> String {
    let line = |(name, value): (&String, &String)| format!("{name}='{}'\n", value.replace('\'', r"'\''"));
    variables.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_every_value_as_it_is() {
        let value = "it's \"$HOME\" `x`\\\n;&\u{e9}";
        let text = lines(&BTreeMap::from([("GLYPH_BUS".to_owned(), value.to_owned())]));
        let script = format!("{text}printf %s \"$GLYPH_BUS\"");
        let said = Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert_eq!(String::from_utf8(said.stdout).unwrap(), value);
    }

    #[test]
    fn without_a_token_there_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.env");
        drop(SecretFile::create(&path).unwrap());
        assert!(!path.exists());
        SecretFile::create(&path).unwrap().keep(&BTreeMap::new()).unwrap();
        assert!(path.exists() && SecretFile::create(&path).is_err());
    }
}
