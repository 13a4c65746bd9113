//! The flows of a recording. In: what the user named. Out: flow after flow, as often as they are wanted.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use glyph_formats::{Flow, jsonl, jsonl::input::is_stdin, recording::FLOWS};

use crate::{
    commands::{
        flows::filter::{Filter, FilterArgs},
        recording::Opened,
    },
    output::{failure::HintExt, warn},
};

/// What is shown.
#[derive(Debug)]
pub(in crate::commands) struct Source<'a> {
    opened: Opened,
    limit: Option<usize>,
    filter: Option<Filter<'a>>,
}

impl<'a> Source<'a> {
    /// A recording, an artifact, or a file of flows.
    pub(in crate::commands) fn open(given: &Path, limit: Option<usize>) -> anyhow::Result<Self> {
        let source = Self { opened: Opened::flows(given)?, limit, filter: None };
        if !is_stdin(given) {
            // What is wrong at once is told before a plugin is started for it.
            source.flows(|_| {})?.next().transpose()?;
        }
        Ok(source)
    }

    /// Those of them that the filter leaves.
    pub(in crate::commands) fn only(mut self, filter: &'a FilterArgs) -> anyhow::Result<Self> {
        self.filter = filter.is_any().then(|| filter.filter()).transpose()?;
        Ok(self)
    }

    /// Whether some flows are not shown.
    pub(in crate::commands) fn is_partial(&self) -> bool {
        self.limit.is_some() || self.filter.is_some()
    }

    /// Another file of the recording, if it is one.
    pub(in crate::commands) fn beside(&self, name: &str) -> Option<PathBuf> {
        let dir = self.opened.path();
        dir.is_dir().then(|| dir.join(name))
    }

    /// The flows from the first on. What is odd about the file goes to `odd`.
    pub(in crate::commands) fn flows(
        &self,
        odd: impl Fn(String),
    ) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Flow>>> {
        let path = self.file();
        let mut records = jsonl::records::<Flow>(&path).map_err(unreadable)?;
        let all = std::iter::from_fn(move || {
            let record = records.next();
            if record.is_none() {
                records.warnings().iter().for_each(|warning| odd(warning.to_string()));
            }
            Some(record?.map_err(unreadable))
        });
        let filtered = all.filter(|flow| flow.as_ref().map_or(true, |flow| self.leaves(flow)));
        Ok(filtered.take(self.limit.unwrap_or(usize::MAX)))
    }

    /// The same, with a warning for what is odd.
    pub(in crate::commands) fn flows_with_warnings(
        &self,
    ) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Flow>>> {
        self.flows(warn)
    }

    /// Whether the filter leaves the flow. It looks at lines.
    fn leaves(&self, flow: &Flow) -> bool {
        let Some(filter) = &self.filter else { return true };
        let line = serde_json::to_string(flow).unwrap_or_default();
        filter.may(line.as_bytes()) && serde_json::from_str(&line).is_ok_and(|glance| filter.meets(&glance))
    }

    fn file(&self) -> PathBuf {
        let path = self.opened.path();
        if path.is_dir() { path.join(FLOWS) } else { path.to_owned() }
    }
}

fn unreadable(error: jsonl::ReadError) -> anyhow::Error {
    anyhow!(error).hint("a plugin is shown a recording, an artifact, or a file of flows (flows.jsonl)")
}
