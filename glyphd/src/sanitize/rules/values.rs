//! What a value looks like: drawn by a machine, or written by somebody.

/// Whether a value looks as if a machine had drawn it, and is not one of the ids that every system writes down.
pub(in crate::sanitize) fn looks_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    let drawn =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    bytes.len() >= 16
        && !bytes.starts_with(b"/")
        && bytes.iter().all(drawn)
        && bytes.iter().any(u8::is_ascii_digit)
        && bytes.iter().any(u8::is_ascii_alphabetic)
        && !is_uuid(bytes)
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Whether a text is one in some language, and not a word that a machine has drawn: several words, or one that is not
/// ASCII, of letters of which only the first may be a capital one.
pub(super) fn are_words(text: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let short = word.len() <= 5 && word.chars().all(char::is_uppercase);
        let plain = |c: char| c.is_alphabetic() || c == '\'' || c == '\u{2019}';
        word.chars().all(plain) && (short || !word.chars().skip(1).any(char::is_uppercase))
    };
    let other = |b: u8| !b.is_ascii() || b.is_ascii_whitespace();
    text.bytes().any(other) && text.split(|c: char| c.is_whitespace() || c == '-' || c == '/').all(is_word)
}

/// `^1.2.3`, as packages are named `cookie` and `csrf`.
pub(super) fn is_version(value: &str) -> bool {
    let value = value.trim_start_matches(['^', '~', '>', '=', '<', 'v', ' ']);
    let numbers = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    value.len() <= 20 && value.splitn(3, '.').take(2).all(numbers) && value.matches('.').count() >= 2
}

/// Whether a word behind "bearer" or "token:" is one, and not the next word of the sentence.
pub(in crate::sanitize) fn looks_credential(word: &str) -> bool {
    word.len() >= 6 && looks_drawn(word)
}

/// Whether it has digits, or letters of both cases as no word and no name in a program has them.
fn looks_drawn(word: &str) -> bool {
    let bytes = word.as_bytes();
    let turns = bytes.windows(2).filter(|w| w[0].is_ascii_lowercase() != w[1].is_ascii_lowercase()).count();
    bytes.iter().any(u8::is_ascii_digit) || (bytes.len() >= 8 && turns * 3 >= bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_draws_is_told_from_words_and_ids() {
        for value in ["4b7c9e1d5f604b7c9e1d5f60", "SplxlOBeZQQYbYS6WxSbIA"] {
            assert!(looks_random(value), "{value}");
        }
        for value in [
            "US",
            "200",
            "checkout-step-completed",
            "b7a53ed5-2b08-4f1c-8a39-3a9c4c3bb2a4",
            "two words 4b7c9e1d",
        ] {
            assert!(!looks_random(value), "{value}");
        }
    }
}
