//! Words of a shell's command that nothing in them can leave.

use glyph_analysis::text::{is_hidden, visible};

/// Text as one word: in single quotes, or, if it has what a terminal or a CI service would obey, as `$'…'`, which bash, zsh
/// and ksh know.
pub(super) fn quoted(text: &str) -> String {
    if visible(text) == text {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut word = String::from("$'");
    for (at, c) in text.char_indices() {
        match c {
            '\n' => word.push_str(r"\n"),
            '\r' => word.push_str(r"\r"),
            '\t' => word.push_str(r"\t"),
            '\\' => word.push_str(r"\\"),
            '\'' => word.push_str(r"\'"),
            '#' if text[at..].starts_with("##[") => word.push_str(r"\043"),
            // Bytes, since what a code point comes to depends on the shell's locale. Always three digits.
            c if is_hidden(c) => {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|b| word.push_str(&format!("\\{b:03o}")));
            }
            c => word.push(c),
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_for_a_shell() {
        assert_eq!(super::quoted(r"it's $(x) \n `y` !"), r"'it'\''s $(x) \n `y` !'");
        assert_eq!(super::quoted("a'\\\n\u{1b}1\u{9b}##[x]"), r"$'a\'\\\n\0331\302\233\043#[x]'");
    }
}
