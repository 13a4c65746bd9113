//! Flows out of a HAR document, without the secrets in them.

use std::{io, path::Path};

use anyhow::Context;
use glyph_analysis::text::counted;
use glyph_formats::{
    Flow, UnixNanos, content,
    har::{Account, HarError, Imported, Reader},
    jsonl::input::Input,
};
use glyphd::sanitize::{BinaryBodies, RedactionPolicy, Sanitizer};

use crate::output::{failure::HintExt, warn};

/// Of a body so much is kept: no entry is larger.
pub(super) const LONGEST_BODY: usize = 256 << 20;

/// Whether secrets are replaced, and by which rules.
#[derive(Debug)]
pub(in crate::commands) enum Redaction {
    On(Box<Sanitizer>),
    Off,
}

/// What came of a document.
#[derive(Debug)]
pub(in crate::commands) struct Converted {
    pub(super) account: Account,
    /// When the first began and the last ended.
    pub(super) time: Option<(UnixNanos, UnixNanos)>,
    /// Bodies of which only a digest is kept.
    pub(super) digests: u64,
}

impl Redaction {
    /// By that policy; what was replaced goes into a file, if one is named.
    pub(super) fn on(policy: RedactionPolicy, limit: usize, secrets: Option<&Path>) -> anyhow::Result<Self> {
        let sanitizer = Sanitizer::new(policy, limit);
        let sanitizer = match secrets {
            Some(path) => {
                sanitizer.writing_secrets(path).with_context(|| format!("--secrets {}", path.display()))?
            }
            None => sanitizer,
        };
        Ok(Self::On(Box::new(sanitizer)))
    }

    /// For flows that pass: by glyphd's own rules, with all of what is no text.
    pub(in crate::commands) fn passing() -> anyhow::Result<Self> {
        let policy = RedactionPolicy { binary_bodies: BinaryBodies::Full, ..RedactionPolicy::default() };
        Self::on(policy, LONGEST_BODY, None)
    }

    /// Writes out what was replaced.
    pub(super) fn close(&self) -> io::Result<()> {
        match self {
            Self::On(sanitizer) => sanitizer.close_secrets(),
            Self::Off => Ok(()),
        }
    }

    /// The flow as it may be written. One of ours in which nothing is left to be replaced is what it was.
    fn clean(&self, Imported { mut flow, is_ours }: Imported) -> Flow {
        match self {
            Self::Off => {
                if !is_ours {
                    content::modernize(&mut flow);
                }
                flow
            }
            Self::On(sanitizer) => {
                let mut clean = sanitizer.imported(&flow);
                if is_ours && clean.redactions.is_empty() {
                    return flow;
                }
                clean.redactions.splice(0..0, flow.redactions);
                clean
            }
        }
    }
}

/// Gives `write` each flow of the document.
pub(in crate::commands) fn convert(
    input: Input,
    redaction: &Redaction,
    mut write: impl FnMut(&Flow) -> io::Result<()>,
) -> anyhow::Result<Converted> {
    let path = input.path;
    let mut reader = Reader::new(input.reader);
    let (mut time, mut digests) = (None, 0);
    for imported in &mut reader {
        let flow = redaction.clean(imported.map_err(|error| unreadable(error, &path))?);
        let (start, end) = (flow.start_time_unix_nano, flow.end_time_unix_nano);
        let (first, last) = time.unwrap_or((start, end));
        time = Some((first.min(start), last.max(end)));
        let bodies = [Some(&flow.request.body), flow.response.as_ref().map(|response| &response.body)];
        digests += bodies.into_iter().flatten().filter(|body| body.digest.is_some()).count() as u64;
        write(&flow).context("the flows can't be written")?;
    }
    Ok(Converted { account: reader.account().clone(), time, digests })
}

fn unreadable(error: HarError, path: &Path) -> anyhow::Error {
    let hint = match &error {
        HarError::NoLog => {
            Some("a HAR document has a \"log\" with \"entries\"; browsers save one from their network panel")
        }
        _ => None,
    };
    anyhow::Error::new(error).context(path.display().to_string()).maybe_hint(hint)
}

impl Converted {
    /// Says what is odd about the document.
    pub(in crate::commands) fn tell(&self, path: &Path) {
        let Account { left_out, cut_at, without_time, .. } = &self.account;
        let path = path.display();
        if !left_out.is_empty() {
            let all = counted_as(left_out.values().sum(), "entry", "entries");
            let reasons: Vec<_> = left_out.iter().map(|(why, number)| format!("{number} {why}")).collect();
            warn(format_args!("{path}: {all} left out: {}", reasons.join(", ")));
        }
        if *without_time > 0 {
            let all = counted_as(*without_time, "entry", "entries");
            warn(format_args!("{path}: {all} without a time that can be read, taken as the one before"));
        }
        if let Some(at) = cut_at {
            let flows = counted(self.account.flows, "flow");
            warn(format_args!("{path}: the document is cut off at byte {at}; {flows} before it"));
        }
    }
}

fn counted_as(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
