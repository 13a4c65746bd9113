//! Upper and lower case.

/// Each character by itself, as Go does it: `ß` stays.
pub(super) fn upper(text: &str) -> String {
    text.chars().map(|c| alone(c, c.to_uppercase())).collect()
}

/// Each character by itself.
pub(super) fn lower(text: &str) -> String {
    // The only one whose small form is two characters in Rust and one in Go.
    text.chars().map(|c| if c == '\u{130}' { 'i' } else { alone(c, c.to_lowercase()) }).collect()
}

/// The other case of a character, if that is one character too.
fn alone(c: char, mut others: impl Iterator<Item = char>) -> char {
    match (others.next(), others.next()) {
        (Some(other), None) => other,
        _ => c,
    }
}

/// The first letter of each word large, the others as they are.
pub(super) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_word, mut before_is_mid) = (false, false);
    for c in text.chars() {
        let is_mid = matches!(c, '\'' | '.' | ':' | '·' | '\u{2018}' | '\u{2019}' | '\u{2024}' | '\u{2027}');
        if before_is_mid && is_mid {
            in_word = false;
        }
        if c.is_uppercase() || c.is_lowercase() {
            if in_word {
                out.push(c);
            } else {
                out.push_str(&title_case(c));
            }
            in_word = true;
        } else {
            out.push(c);
            in_word &= is_mid || continues_word(c);
        }
        before_is_mid = is_mid;
    }
    out
}

/// What is no letter with a case, and ends no word.
fn continues_word(c: char) -> bool {
    c == '_'
        || c.is_alphanumeric()
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200d}' | '\u{203f}' | '\u{2040}')
}

/// A letter at the beginning of a word: `ß` becomes `Ss`, `ǆ` becomes `ǅ`.
fn title_case(c: char) -> String {
    match c {
        'Ǆ' | 'ǅ' | 'ǆ' => "ǅ".to_owned(),
        'Ǉ' | 'ǈ' | 'ǉ' => "ǈ".to_owned(),
        'Ǌ' | 'ǋ' | 'ǌ' => "ǋ".to_owned(),
        'Ǳ' | 'ǲ' | 'ǳ' => "ǲ".to_owned(),
        c => {
            let mut upper = c.to_uppercase();
            let first: String = upper.next().into_iter().collect();
            first + &upper.flat_map(char::to_lowercase).collect::<String>()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_with_a_large_letter() {
        let table = [
            ("aa bb CC", "Aa Bb CC"),
            ("a-b_c d.e", "A-B_c D.e"),
            ("don't 'quote'", "Don't 'Quote'"),
            ("a..b 1a", "A..B 1A"),
            ("élan ßx", "Élan Ssx"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(title(text), expected, "{text}");
        }
    }

    #[test]
    fn letters_change_one_by_one() {
        assert_eq!(upper("aß é"), "Aß É");
        assert_eq!(lower("AÉ İ"), "aé i");
    }
}
