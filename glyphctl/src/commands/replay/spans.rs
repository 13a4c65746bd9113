//! The spans of packing and unpacking: the artifact's, and below it those of the flows' files.

use glyph_formats::{
    artifact::{ArtifactError, Contents, Step, Watch},
    jsonl::segments::is_part,
    recording::FLOWS,
};
use glyphd::telemetry::{Span, Telemetry, TraceContext, name};

/// Does work on an artifact under a span of that name, which is told what the artifact holds.
pub(super) fn spanned<T: AsRef<Contents>>(
    telemetry: &Telemetry,
    name: &'static str,
    work: impl FnOnce(Watch<'_>) -> Result<T, ArtifactError>,
) -> Result<T, ArtifactError> {
    let mut span = telemetry.span(name).start();
    let mut flows = FlowFiles { telemetry, artifact: span.context(), under_way: None };
    let done = work(&mut |step| flows.step(step));
    match &done {
        Ok(done) => {
            let Contents { digest, manifest } = done.as_ref();
            span.set("glyph.artifact.digest", digest.clone());
            span.set("glyph.artifact.files", manifest.files.len());
            span.set("glyph.artifact.bytes", manifest.total_bytes());
            span.succeed();
        }
        Err(error) => {
            flows.fail(error);
            span.fail(error.kind().as_str(), error.to_string());
        }
    }
    done
}

/// The files of the flows, which stand beside each other: one span while they are read, one while they are written.
struct FlowFiles<'t> {
    telemetry: &'t Telemetry,
    artifact: TraceContext,
    under_way: Option<(&'static str, Span)>,
}

impl FlowFiles<'_> {
    fn step(&mut self, step: Step<'_>) {
        let name = match step {
            Step::Read(file) if is_part(file, FLOWS) => Some(name::LOAD_FLOWS),
            Step::Write(file) if is_part(file, FLOWS) => Some(name::WRITE_FLOWS),
            _ => None,
        };
        if self.under_way.as_ref().map(|(name, _)| *name) == name {
            return;
        }
        if let Some((_, mut span)) = self.under_way.take() {
            span.succeed();
        }
        self.under_way = name.map(|name| (name, self.telemetry.span(name).parent(self.artifact).start()));
    }

    fn fail(&mut self, error: &ArtifactError) {
        if let Some((_, span)) = &mut self.under_way {
            span.fail(error.kind().as_str(), error.to_string());
        }
    }
}
