//! `--report FORMAT=FILE`: the verdict in files, beside what is printed.

use std::{fs, path::PathBuf, str::FromStr};

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use glyph_analysis::gate::Judgement;

use crate::output::{
    check::{self as printed, CheckFormat},
    failure::HintExt,
};

/// A format, and the file for it.
#[derive(Debug, Clone)]
pub(super) struct Report {
    format: CheckFormat,
    file: PathBuf,
}

impl FromStr for Report {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "FORMAT=FILE is wanted, such as junit=glyph.xml".to_owned();
        let (format, file) = text.split_once('=').ok_or_else(wanted)?;
        let format = CheckFormat::from_str(format, false).map_err(|_| {
            let names = CheckFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let names: Vec<_> = names.map(|value| value.get_name().to_owned()).collect();
            format!("{format:?} is no format: there are {}", names.join(", "))
        })?;
        if file.is_empty() {
            return Err(wanted());
        }
        Ok(Self { format, file: file.into() })
    }
}

/// Writes all of them. One that can't be written keeps none of the others from it.
pub(super) fn write(reports: &[Report], judgement: &Judgement) -> anyhow::Result<()> {
    let mut first = Ok(());
    for Report { format, file } in reports {
        let mut text = Vec::new();
        let written = printed::write(judgement, *format, &mut text).and_then(|()| fs::write(file, text));
        let written = written.with_context(|| format!("--report {}", file.display())).map_err(|error| {
            anyhow!(error).hint("choose a file that can be written, in a folder that is there")
        });
        first = first.and(written);
    }
    first
}
