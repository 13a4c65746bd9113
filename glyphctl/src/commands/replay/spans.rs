//! The spans of packing and loading: the artifact's, and below it what is done with flows, findings and cases.

use std::fmt::Display;

use glyph_formats::{
    artifact::{ArtifactError, Contents, Step},
    jsonl::segments::is_part,
    recording::{CASES, FINDINGS, FLOWS},
};
use glyphd::telemetry::{Span, Telemetry, TraceContext, name};

/// What a span tells of an error, from a closed set.
pub(super) trait Fault: Display {
    fn kind(&self) -> &'static str;
}

impl Fault for ArtifactError {
    fn kind(&self) -> &'static str {
        ArtifactError::kind(self).as_str()
    }
}

impl Fault for anyhow::Error {
    fn kind(&self) -> &'static str {
        self.downcast_ref::<ArtifactError>().map_or("case", Fault::kind)
    }
}

/// Does work on an artifact under a span of that name, which is told what the artifact holds.
pub(super) fn spanned<T: AsRef<Contents>, E: Fault>(
    telemetry: &Telemetry,
    name: &'static str,
    work: impl FnOnce(&mut Stages<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let mut span = telemetry.span(name).start();
    let done = staged(telemetry, Some(span.context()), work);
    match &done {
        Ok(done) => {
            let Contents { digest, manifest } = done.as_ref();
            span.set("glyph.artifact.digest", digest.clone());
            span.set("glyph.artifact.files", manifest.files.len());
            span.set("glyph.artifact.bytes", manifest.total_bytes());
            span.succeed();
        }
        Err(error) => span.fail(error.kind(), error.to_string()),
    }
    done
}

/// Does work in stages, which have that parent, if there is one.
pub(super) fn staged<T, E: Fault>(
    telemetry: &Telemetry,
    parent: Option<TraceContext>,
    work: impl FnOnce(&mut Stages<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let mut stages = Stages { telemetry, parent, under_way: None };
    let done = work(&mut stages);
    if let Some((_, span)) = &mut stages.under_way {
        match &done {
            Ok(_) => span.succeed(),
            Err(error) => span.fail(error.kind(), error.to_string()),
        }
    }
    done
}

/// One stage after the other, a span each. The files of a kind, which stand beside each other, are one.
pub(super) struct Stages<'t> {
    telemetry: &'t Telemetry,
    parent: Option<TraceContext>,
    under_way: Option<(&'static str, Span)>,
}

impl Stages<'_> {
    /// What an artifact tells while it is written, or put into its place.
    pub(super) fn step(&mut self, step: Step<'_>) {
        self.enter(match step {
            Step::Read(file) if is_part(file, FLOWS) => Some(name::LOAD_FLOWS),
            Step::Write(file) if is_part(file, FLOWS) => Some(name::WRITE_FLOWS),
            Step::Write(file) if is_part(file, FINDINGS) => Some(name::WRITE_FINDINGS),
            Step::Write(CASES) => Some(name::WRITE_CASES),
            _ => None,
        });
    }

    /// The same while it is only looked through: what is put aside is not written for anybody.
    pub(super) fn look(&mut self, step: Step<'_>) {
        self.step(match step {
            Step::Write(file) => Step::Read(file),
            step => step,
        });
    }

    /// Goes on to the stage of that name, if there is one.
    pub(super) fn enter(&mut self, name: Option<&'static str>) {
        if self.under_way.as_ref().map(|(name, _)| *name) == name {
            return;
        }
        if let Some((_, mut span)) = self.under_way.take() {
            span.succeed();
        }
        self.under_way = name.map(|name| {
            let span = self.telemetry.span(name);
            let span = match self.parent {
                Some(parent) => span.parent(parent),
                None => span,
            };
            (name, span.start())
        });
    }
}
