//! `glyphctl plugin new`: a folder with a small plugin that works.
//!
//! It is made beside its place under another name and moved there when all of it is written, so that nothing half-made
//! is left.

mod templates;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use glyphd::plugin::manifest::check_name;

pub(crate) use self::templates::STUBS;
use self::templates::Template;
use crate::output::{failure::HintExt, note, pointers::word};

/// Flags of `glyphctl plugin new`.
#[derive(Debug, Args)]
#[command(after_help = "\
The plugin reports answers with a status from 500 on, and requests that got no answer: something to begin with.

Examples:
  glyphctl plugin new hello
  glyphctl plugin new hello --lang python --dir plugins/hello
  glyphctl plugin new hello --sdk ~/glyph/plugin-api")]
pub(super) struct NewArgs {
    /// The plugin's name: lower-case letters, digits and '-', at most 64
    name: String,
    /// In which language it is written
    #[arg(long, value_enum, default_value = "rust")]
    lang: Language,
    /// Where to put it; must not exist yet [default: NAME in this directory]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// For Rust: the folder of the crate glyph-plugin, plugin-api in a checkout of Glyph [default: Glyph's repository]
    #[arg(long, value_name = "DIR", env = "GLYPH_SDK")]
    sdk: Option<PathBuf>,
}

/// A language that there is a template for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// With the SDK, the crate glyph-plugin.
    Rust,
    /// With gRPC's own stubs.
    Python,
}

/// Runs it.
pub(super) fn run(flags: &NewArgs) -> anyhow::Result<ExitCode> {
    check_name(&flags.name).map_err(anyhow::Error::msg)?;
    let template = flags.template()?;
    let dir = flags.dir.clone().unwrap_or_else(|| PathBuf::from(&flags.name));
    make(&dir, &template)?;
    let place = word(&dir.to_string_lossy());
    note(format_args!("{place}: a plugin that reports exchanges that went wrong"));
    let build = match flags.lang {
        Language::Rust => "cargo build --release",
        Language::Python => "python3 -m pip install --target packages -r requirements.txt",
    };
    note(format_args!("next: cd {place} && {build}"));
    note("then: glyphctl plugin check . && glyphctl plugin run . RECORDING");
    Ok(ExitCode::SUCCESS)
}

impl NewArgs {
    fn template(&self) -> anyhow::Result<Template> {
        match (self.lang, &self.sdk) {
            (Language::Python, _) => Ok(Template::python(&self.name)),
            (Language::Rust, sdk) => {
                if self.name.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
                    let error = anyhow!("{:?}: the name of a crate begins with a letter", self.name);
                    return Err(error.hint("choose a name that does, or --lang python"));
                }
                Template::rust(&self.name, sdk.as_deref().map(checkout).transpose()?.as_deref())
            }
        }
    }
}

/// The SDK's folder, for whoever stands somewhere else.
fn checkout(sdk: &Path) -> anyhow::Result<PathBuf> {
    let flag = || format!("--sdk {}", sdk.display());
    let absolute = fs::canonicalize(sdk).with_context(flag)?;
    if !absolute.join("Cargo.toml").is_file() {
        return Err(anyhow!("{}: there is no Cargo.toml", flag())
            .hint("the SDK is the folder plugin-api of a checkout of Glyph"));
    }
    Ok(absolute)
}

fn make(dir: &Path, template: &Template) -> anyhow::Result<()> {
    let shown = dir.display();
    if dir.symlink_metadata().is_ok() {
        return Err(
            anyhow!("{shown}: exists already").hint("nothing is written over; --dir names another folder")
        );
    }
    let parent = dir.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        let error = anyhow!("{shown}: the folder in which it is to stand does not exist");
        return Err(error.hint("make it first, for example with mkdir -p"));
    }
    let cant = || format!("{shown}: can't be made");
    let beside = tempfile::Builder::new().prefix(".glyph-plugin-").tempdir_in(parent).with_context(cant)?;
    let made = beside.path().join("made");
    fs::create_dir(&made).with_context(cant)?;
    template.write(&made).with_context(cant)?;
    fs::rename(&made, dir).with_context(cant)
}
