//! Names of secrets in a running text, where most of what stands before a colon or an equals sign is none.

use super::{
    endings::{Endings, count},
    lists::{ENDINGS, HEADERS, REPEATS, SHORTEST},
    names::ends_with,
};

/// Of the names that are listed whole those that a running text may speak of: others are words of it.
const IN_TEXT: [&str; 5] = ["auth", "credential", "credentials", "sig", "signature"];

/// A name in a running text has one of these words.
const WORDS: [&str; 25] = [
    "access-key",
    "access_key",
    "accesskey",
    "api-key",
    "api_key",
    "apikey",
    "authorization",
    "credential",
    "csrf",
    "jwt",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "private-key",
    "private_key",
    "privatekey",
    "pwd",
    "secret",
    "session-id",
    "session_id",
    "sessionid",
    "signature",
    "token",
    "xsrf",
];

/// Or it ends with one of these, before `=`.
const BEFORE_EQUALS: [&str; 2] = ["auth", "sig"];

const LISTS: [&[&str]; 4] = [&ENDINGS, &IN_TEXT, &HEADERS, &REPEATS];
static NAMES: Endings<{ count(&LISTS) }> = Endings::of(&LISTS);

/// Whether a name of a secret may end where that text does.
#[inline]
pub(in crate::sanitize) fn may_end_secret(text: &[u8]) -> bool {
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let Some(end) = text.last_chunk::<SHORTEST>() else { return false };
    end.iter().all(in_name) && NAMES.lists(text) != 0
}

/// Whether a name has a word that only names of secrets have. `mark` is what stands behind it.
pub(in crate::sanitize) fn is_spoken(name: &str, mark: u8) -> bool {
    let name = name.to_ascii_lowercase();
    // Most end with one.
    WORDS.iter().any(|word| ends_with(name.as_bytes(), word))
        || WORDS.iter().any(|word| name.contains(word))
        || mark == b'=' && BEFORE_EQUALS.iter().any(|word| name.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::rules::lists::{IF_RANDOM, IN_QUERY, WHOLE};

    #[test]
    fn what_may_be_spoken_of_is_not_passed_over() {
        let lists = [&ENDINGS[..], &WHOLE, &IN_QUERY, &IF_RANDOM, &HEADERS];
        for name in lists.into_iter().flatten().filter(|name| is_spoken(name, b'=')) {
            assert!(may_end_secret(name.as_bytes()), "{name}");
            assert!(may_end_secret(format!("the {name}_2_confirmation").as_bytes()), "{name}");
        }
    }
}
