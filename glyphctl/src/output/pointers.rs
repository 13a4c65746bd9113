//! Where to look on after a failure: commands that can be typed as they stand.

use std::path::Path;

use glyph_analysis::gate::{Check, Pointer, Word};

/// A command for each trace that is in the recording, and those that show more. `baseline` is what it was compared with.
pub(crate) fn commands(check: &Check, recording: &Path, baseline: Option<&Path>) -> Vec<String> {
    let name = |path: &Path| word(&path.to_string_lossy());
    let recording = name(recording);
    let traces = check.trace_ids.iter().filter(|_| check.shown);
    let shown = traces.map(|id| format!("glyphctl trace show {recording} {id}"));
    let more = check.pointers.iter().filter_map(|Pointer(words)| {
        let words = words.iter().map(|one| match one {
            Word::Recording => Some(recording.clone()),
            Word::Baseline => baseline.map(name),
            Word::Text(text) => Some(word(text)),
        });
        Some(format!("glyphctl {}", words.collect::<Option<Vec<_>>>()?.join(" ")))
    });
    shown.chain(more).collect()
}

/// Where to look on: the commands; of traces that are not in the recording the ids.
pub(super) fn lines(check: &Check) -> Vec<String> {
    let elsewhere = check.trace_ids.iter().filter(|_| !check.shown);
    let elsewhere = elsewhere.map(|id| format!("trace {id} (not in the recording)"));
    elsewhere.chain(check.commands.iter().cloned()).collect()
}

/// Text as one word of a shell's command.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_for_a_shell() {
        assert_eq!(super::word("run-1/a.glyph.tar.zst"), "run-1/a.glyph.tar.zst");
        assert_eq!(super::word("my run's"), r"'my run'\''s'");
        assert_eq!(super::word("$(x)"), "'$(x)'");
    }
}
