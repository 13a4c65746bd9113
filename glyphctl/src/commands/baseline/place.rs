//! Where a baseline is: the directory that is named, that of `glyph.toml`, or `baseline`.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use glyph_analysis::gate::Config;

use crate::{
    commands::{check::CONFIG, runs::recordings_in},
    output::failure::HintExt,
};

/// Where it is unless somebody says otherwise.
const BASELINE: &str = "baseline";

/// The flag that names it.
#[derive(Debug, Args)]
pub(super) struct PlaceArgs {
    /// The directory with the baseline's runs [default: what glyph.toml, here, says in [baseline], else baseline]
    #[arg(long, value_name = "RECORDING")]
    baseline: Option<PathBuf>,
}

impl PlaceArgs {
    /// The directory; it need not be there.
    pub(super) fn dir(&self) -> anyhow::Result<PathBuf> {
        if let Some(named) = &self.baseline {
            return Ok(named.clone());
        }
        let config = Path::new(CONFIG);
        let asked = if config.is_file() { Config::load(config)?.baseline } else { None };
        Ok(asked.map_or_else(|| BASELINE.into(), |baseline| baseline.dir))
    }

    /// The directory, and the runs in it, by name.
    pub(super) fn runs(&self) -> anyhow::Result<(PathBuf, Vec<PathBuf>)> {
        let dir = self.dir()?;
        let runs = if dir.is_dir() { recordings_in(&dir)? } else { Vec::new() };
        if runs.is_empty() {
            return Err(anyhow!("{}: there is no baseline", dir.display()).hint(
                "glyphctl baseline save RECORDING puts a run there; --baseline names another directory",
            ));
        }
        Ok((dir, runs))
    }
}
