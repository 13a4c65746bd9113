//! Where a plugin's program is. In: the manifest. Out: the path of a file that can be run, or what is missing.

use std::{env, fs, path::Path};

use glyphd::plugin::manifest::Manifest;

/// The program, where the daemon would look for it.
pub(super) fn find(manifest: &Manifest) -> Result<String, String> {
    let Some(program) = manifest.command.first() else { return Err("there is no command".to_owned()) };
    let Some(path) = manifest.own_program() else {
        let path = env::var_os("PATH").unwrap_or_default();
        let mut files = env::split_paths(&path).map(|folder| folder.join(program));
        let found = files.find(|file| is_program(file));
        return found
            .map(|file| file.display().to_string())
            .ok_or_else(|| format!("the program {program} is not on the PATH"));
    };
    let is_there = path.is_file();
    if is_there && is_program(&path) {
        return Ok(path.display().to_string());
    }
    Err(match is_there {
        true => format!("the program {program} can't be run: its mode does not say so (chmod +x)"),
        false if manifest.dir.join("Cargo.toml").is_file() => {
            format!("the program {program} is not there; cargo build --release may make it")
        }
        false => format!("the program {program} is not there"),
    })
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file())
}
