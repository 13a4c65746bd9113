//! Which names mark a secret: of headers, query parameters, fields of JSON and forms.
//!
//! A name is read without case and separators, so that `api_key`, `Api-Key` and `apiKey` are one, and by its end, so
//! that `db_password` is a password. Names that end the same and mean something else (`next_page_token`) are listed.

/// Where a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sanitize) enum In {
    Header,
    /// A parameter of a URL.
    Query,
    /// A field of a form, or of a multipart body.
    Form,
    /// A field of JSON, or a name in running text: documents speak of secrets there, too.
    Field,
}

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sanitize) enum Weight {
    Ordinary,
    /// It is one if it looks as if a machine had drawn it.
    IfRandom,
    Secret,
}

/// No name that is listed has fewer letters.
const SHORTEST: usize = 3;
/// Names are looked at by so many of their last bytes.
const LONGEST: usize = 64;

/// Names that end like this mark a secret.
const ENDINGS: [&str; 37] = [
    "accesskey",
    "accesskeyid",
    "accountkey",
    "apikey",
    "appkey",
    "authcode",
    "authkey",
    "authorization",
    "clientassertion",
    "codeverifier",
    "csrf",
    "encryptionkey",
    "jsessionid",
    "jwt",
    "masterkey",
    "mfacode",
    "otpcode",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "phpsessid",
    "privatekey",
    "pwd",
    "secret",
    "secretkey",
    "securitycode",
    "sessionid",
    "sessionkey",
    "sharedkey",
    "signingkey",
    "storagekey",
    "subscriptionkey",
    "token",
    "totp",
    "verificationcode",
    "xsrf",
];

/// Names that mark a secret only if they are the whole name.
const WHOLE: [&str; 14] = [
    "cookie",
    "csrfmiddlewaretoken",
    "cvc",
    "cvv",
    "cvv2",
    "oauthverifier",
    "otp",
    "pass",
    "pin",
    "pincode",
    "samlresponse",
    "setcookie",
    "userpass",
    "xamzcredential",
];

/// Of these the values may be words, since people make them up. Of the others in a document they are not: "Access token" or
/// "Your code has expired" stands there in files of translations.
const WORDS: [&str; 11] = [
    "authorization",
    "cookie",
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "setcookie",
    "userpass",
];

/// In a URL these are secrets, elsewhere words.
const IN_QUERY: [&str; 6] = ["auth", "session", "sig", "signature", "xamzsignature", "xgoogsignature"];

/// Secrets if the value looks like one.
const IF_RANDOM: [&str; 11] = [
    "auth",
    "code",
    "credential",
    "credentials",
    "key",
    "session",
    "sid",
    "sig",
    "signature",
    "state",
    "xgoogcredential",
];

/// Headers beyond what their names' ends tell.
const HEADERS: [&str; 14] = [
    "authentication",
    "authenticationinfo",
    "cfaccessjwtassertion",
    "cookie2",
    "proxyauthenticationinfo",
    "stripesignature",
    "xamzncredential",
    "xamznoidcdata",
    "xauthkey",
    "xfunctionskey",
    "xgoogiapjwtassertion",
    "xhubsignature",
    "xrapidapikey",
    "xsession",
];

/// What stands before `token` in names of other things: pages of lists, tokens of language models, keys of idempotency.
const OTHER_TOKENS: [&str; 31] = [
    "after",
    "before",
    "bos",
    "cls",
    "completion",
    "continuation",
    "continue",
    "cursor",
    "dedup",
    "deduplication",
    "end",
    "eos",
    "idempotency",
    "image",
    "mask",
    "max",
    "next",
    "nextsync",
    "pad",
    "page",
    "pagination",
    "paging",
    "prompt",
    "request",
    "resume",
    "sep",
    "skip",
    "special",
    "start",
    "stop",
    "sync",
];

/// Ends of a name that repeat what stands before: `password_confirmation`.
const REPEATS: [&str; 5] = ["again", "confirm", "confirmation", "repeat", "verify"];

/// The last three letters of every name in the lists: most names end otherwise, and are done with.
const LAST_LETTERS: [u32; 26 * 26] = {
    let mut letters = [0; 26 * 26];
    add(&ENDINGS, &mut letters);
    add(&WHOLE, &mut letters);
    add(&IN_QUERY, &mut letters);
    add(&IF_RANDOM, &mut letters);
    add(&HEADERS, &mut letters);
    add(&REPEATS, &mut letters);
    letters
};

const fn add(names: &[&str], letters: &mut [u32; 26 * 26]) {
    let mut at = 0;
    while at < names.len() {
        let name = names[at].as_bytes();
        let mut end = name.len();
        while name[end - 1].is_ascii_digit() {
            end -= 1;
        }
        let (first, second, last) = (name[end - 3] - b'a', name[end - 2] - b'a', name[end - 1] - b'a');
        letters[first as usize * 26 + second as usize] |= 1 << last;
        at += 1;
    }
}

/// Whether a name ends like one of the lists, as far as three letters tell.
fn may_be_listed(name: &str) -> bool {
    let letters = name.as_bytes().iter().rev().filter(|b| b.is_ascii_alphabetic() || !b.is_ascii());
    let mut letters = letters.map(|b| b.to_ascii_lowercase().wrapping_sub(b'a'));
    match (letters.next(), letters.next(), letters.next()) {
        (Some(last @ 0..26), Some(second @ 0..26), Some(first @ 0..26)) => {
            LAST_LETTERS[usize::from(first) * 26 + usize::from(second)] & (1 << last) != 0
        }
        _ => false,
    }
}

/// A name without case and separators.
struct Folded {
    bytes: [u8; LONGEST],
    start: usize,
}

impl Folded {
    fn of(name: &str) -> Self {
        let (mut bytes, mut start) = ([0; LONGEST], LONGEST);
        for byte in name.bytes().rev() {
            if start == 0 {
                break;
            }
            // Beyond ASCII every byte counts, so that such a name is not taken for its ASCII part.
            if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
                start -= 1;
                bytes[start] = byte.to_ascii_lowercase();
            }
        }
        Self { bytes, start }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// Whether two are the same but for case and separators.
pub(super) fn are_alike(one: &str, other: &str) -> bool {
    Folded::of(one).as_bytes() == Folded::of(other).as_bytes()
}

/// A name as the operator's lists have it, without case and separators.
pub(super) fn folded(name: &str) -> String {
    String::from_utf8_lossy(Folded::of(name).as_bytes()).into_owned()
}

/// What a name says of its value, there.
pub(super) fn weigh(name: &str, place: In) -> Weight {
    if name.len() < SHORTEST || !may_be_listed(name) {
        return Weight::Ordinary;
    }
    let folded = Folded::of(name);
    let whole = folded.as_bytes();
    // `checksum/secret`, as deployments are annotated.
    if whole.starts_with(b"checksum") {
        return Weight::Ordinary;
    }
    let name = bare(whole);
    let is_one_of = |list: &[&str]| list.iter().any(|known| is(known.as_bytes(), whole));
    if marks_secret(name) || is_one_of(&WHOLE) {
        return Weight::Secret;
    }
    match place {
        In::Header if is_one_of(&HEADERS) || name.ends_with(b"signature") => Weight::Secret,
        In::Query if is_one_of(&IN_QUERY) => Weight::Secret,
        In::Query | In::Form | In::Field if is_one_of(&IF_RANDOM) => Weight::IfRandom,
        _ => Weight::Ordinary,
    }
}

/// Whether a value in a document may stand under such a name, for what is a secret.
pub(super) fn is_plausible(name: &str, value: &str) -> bool {
    let folded = Folded::of(name);
    let name = bare(folded.as_bytes());
    let is_word = |b: u8| !b.is_ascii() || b.is_ascii_whitespace();
    !is_version(value)
        && (!value.bytes().any(is_word) || WORDS.iter().any(|worded| name.ends_with(worded.as_bytes())))
}

/// `^1.2.3`, as packages are named `cookie` and `csrf`.
fn is_version(value: &str) -> bool {
    let value = value.trim_start_matches(['^', '~', '>', '=', '<', 'v', ' ']);
    let numbers = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    value.len() <= 20 && value.splitn(3, '.').take(2).all(numbers) && value.matches('.').count() >= 2
}

/// A name without the number at its end, and without a word that says that it repeats another.
fn bare(mut name: &[u8]) -> &[u8] {
    while let Some((b'0'..=b'9', rest)) = name.split_last() {
        name = rest;
    }
    REPEATS.iter().find_map(|repeat| name.strip_suffix(repeat.as_bytes())).unwrap_or(name)
}

/// Most names are told apart by length and last letter.
fn is(known: &[u8], name: &[u8]) -> bool {
    known.len() == name.len() && known.last() == name.last() && known == name
}

fn marks_secret(name: &[u8]) -> bool {
    let Some((_, last)) = name.split_last_chunk::<2>() else { return false };
    let ends = |ending: &&&str| ending.as_bytes().ends_with(last) && name.ends_with(ending.as_bytes());
    match ENDINGS.iter().filter(ends).max_by_key(|ending| ending.len()) {
        None => false,
        Some(&"token") => {
            let kind = &name[..name.len() - "token".len()];
            !OTHER_TOKENS.iter().any(|other| kind.ends_with(other.as_bytes()))
        }
        Some(_) => true,
    }
}

/// Whether a value looks as if a machine had drawn it, and is not one of the ids that every system writes down.
pub(in crate::sanitize) fn looks_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    let drawn = |b: &u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(b);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order_and_folded() {
        for list in [&ENDINGS[..], &WHOLE, &WORDS, &IN_QUERY, &IF_RANDOM, &HEADERS, &OTHER_TOKENS, &REPEATS] {
            assert!(list.is_sorted_by(|a, b| a < b), "{list:?}");
            let plain = |name: &&str| {
                name.len() >= SHORTEST && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            };
            assert!(list.iter().all(plain), "{list:?}");
        }
    }

    #[test]
    fn secrets_are_known_however_they_are_spelt() {
        for name in [
            "token",
            "access_token",
            "Access-Token",
            "accessToken",
            "X-Amz-Security-Token",
            "password",
            "password2",
            "user[password]",
            "new_password_confirmation",
            "DB_PASSWORD",
            "clientSecret",
            "aws.secret_access_key",
            "AWSAccessKeyId",
            "apiKey",
            "api key",
            "csrf_token",
            "PHPSESSID",
            "pin",
            "otp",
            "pwd",
            "id_token",
        ] {
            assert_eq!(weigh(name, In::Field), Weight::Secret, "{name}");
        }
        for name in [
            "Authorization",
            "proxy-authorization",
            "x-api-key",
            "x-auth-token",
            "x-goog-api-key",
            "x-functions-key",
            "ocp-apim-subscription-key",
            "x-hub-signature-256",
            "stripe-signature",
            "x-amz-security-token",
            "x-csrftoken",
            "x-vault-token",
            "x-xsrf-token",
            "private-token",
            "x-session-id",
        ] {
            assert_eq!(weigh(name, In::Header), Weight::Secret, "{name}");
        }
        for name in ["sig", "auth", "session", "X-Amz-Signature", "X-Amz-Credential"] {
            assert_eq!(weigh(name, In::Query), Weight::Secret, "{name}");
        }
    }

    #[test]
    fn other_names_are_ordinary() {
        for name in [
            "",
            "page",
            "tokens",
            "max_tokens",
            "next_page_token",
            "nextPageToken",
            "continuation-token",
            "eos_token",
            "author",
            "password_changed_at",
            "token_type",
            "secret_name",
            "shipping",
            "spin",
            "public_key",
            "etag",
            "trace_id",
            "checksum/secret",
            "compass",
            "keyboard",
            "пароль_pin",
        ] {
            assert_eq!(weigh(name, In::Field), Weight::Ordinary, "{name}");
        }
        for name in [
            "sec-websocket-key",
            "idempotency-key",
            "surrogate-key",
            "x-request-id",
            "etag",
            "traceparent",
            "signature-input",
            "x-cache-key",
            "www-authenticate",
        ] {
            assert_eq!(weigh(name, In::Header), Weight::Ordinary, "{name}");
        }
    }

    #[test]
    fn a_document_speaks_of_secrets_without_having_one() {
        for (name, value) in [
            ("accessToken", "Access token"),
            ("token", "\u{30c8}\u{30fc}\u{30af}\u{30f3}"),
            ("cookie", "^0.7.2"),
            ("csrf", "3.1.0-beta.1"),
        ] {
            assert!(!is_plausible(name, value), "{name}: {value}");
        }
        for (name, value) in [
            ("token", "4b7c9e1d5f60"),
            ("db_password", "correct horse"),
            ("new_password_confirmation", "zw\u{f6}lf"),
            ("token", "1.2"),
        ] {
            assert!(is_plausible(name, value), "{name}: {value}");
        }
    }

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
