//! The flows of a recording. In: what the user named. Out: flow after flow, as often as they are wanted.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use glyph_formats::{Flow, jsonl, jsonl::input::is_stdin, recording::FLOWS};

use crate::{
    commands::recording::Opened,
    output::{failure::HintExt, warn},
};

/// What is shown.
#[derive(Debug)]
pub(in crate::commands) struct Source {
    opened: Opened,
    limit: usize,
}

impl Source {
    /// A recording, an artifact, or a file of flows.
    pub(in crate::commands) fn open(given: &Path, limit: Option<usize>) -> anyhow::Result<Self> {
        let source = Self { opened: Opened::open(given)?, limit: limit.unwrap_or(usize::MAX) };
        if !is_stdin(given) {
            // What is wrong at once is told before a plugin is started for it.
            source.flows(|_| {})?.next().transpose()?;
        }
        Ok(source)
    }

    /// The flows from the first on. What is odd about the file goes to `odd`.
    pub(in crate::commands) fn flows(
        &self,
        odd: impl Fn(String),
    ) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Flow>>> {
        let path = self.file();
        let mut records = jsonl::records::<Flow>(&path).map_err(unreadable)?;
        let mut left = self.limit;
        Ok(std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let record = records.next();
            if record.is_none() {
                records.warnings().iter().for_each(|warning| odd(warning.to_string()));
            }
            Some(record?.map_err(unreadable))
        }))
    }

    /// The same, with a warning for what is odd.
    pub(in crate::commands) fn flows_with_warnings(
        &self,
    ) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Flow>>> {
        self.flows(warn)
    }

    fn file(&self) -> PathBuf {
        let path = self.opened.path();
        if path.is_dir() { path.join(FLOWS) } else { path.to_owned() }
    }
}

fn unreadable(error: jsonl::ReadError) -> anyhow::Error {
    anyhow!(error).hint("a plugin is shown a recording, an artifact, or a file of flows (flows.jsonl)")
}
