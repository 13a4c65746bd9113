//! Where to look on after a failure: commands that can be typed as they stand.

use std::path::Path;

use glyph_analysis::gate::Check;

/// Where to look on: a command for each trace that is in the recording; of others the ids.
pub(super) fn pointers(check: &Check, recording: &Path) -> Vec<String> {
    let recording = word(&recording.to_string_lossy());
    let pointer = |id| match check.shown {
        true => format!("glyphctl trace show {recording} {id}"),
        false => format!("trace {id} (not in the recording)"),
    };
    check.trace_ids.iter().map(pointer).collect()
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
