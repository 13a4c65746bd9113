//! Which names mark a secret: of headers, query parameters, fields of JSON and forms.
//!
//! A name is read without case and separators, so that `api_key`, `Api-Key` and `apiKey` are one, and by its end, so
//! that `db_password` is a password. Names that end the same and mean something else (`next_page_token`) are listed.

use super::{
    endings::{Endings, count},
    lists::{ENDINGS, HEADERS, IF_RANDOM, IN_QUERY, OTHER_TOKENS, REPEATS, SHORTEST, WHOLE, WORDS},
    values::{are_words, is_version},
};

/// Where a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sanitize) enum In {
    Header,
    /// A parameter of a URL.
    Query,
    /// A field of a form, or of a multipart body.
    Form,
    /// A field of JSON: documents speak of secrets there, too.
    Field,
    /// A running text, where it may be a header's or a field's.
    Text,
}

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sanitize) enum Weight {
    Ordinary,
    /// It is one if it looks as if a machine had drawn it.
    IfRandom,
    Secret,
}

/// Names are looked at by so many of their last bytes.
const LONGEST: usize = 64;

const LISTS: [&[&str]; 6] = [&ENDINGS, &WHOLE, &IN_QUERY, &IF_RANDOM, &HEADERS, &REPEATS];
/// Of all that is listed.
static LISTED: Endings<{ count(&LISTS) }> = Endings::of(&LISTS);
/// Of what tokens of other things are named.
static OTHERS: Endings<{ OTHER_TOKENS.len() }> = Endings::of(&[&OTHER_TOKENS]);
/// The bits of those lists.
mod bits {
    pub(super) const ENDINGS: u8 = 1;
    pub(super) const WHOLE: u8 = 2;
    pub(super) const IN_QUERY: u8 = 4;
    pub(super) const IF_RANDOM: u8 = 8;
    pub(super) const HEADERS: u8 = 16;
    pub(super) const REPEATS: u8 = 32;
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
    let folded = |name| str::bytes(name).filter(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
    let lower = |byte: u8| byte.to_ascii_lowercase();
    folded(one).map(lower).eq(folded(other).map(lower))
}

/// A name as the operator's lists have it, without case and separators.
pub(super) fn folded(name: &str) -> String {
    String::from_utf8_lossy(Folded::of(name).as_bytes()).into_owned()
}

/// What a name says of its value, there.
#[inline]
pub(super) fn weigh(name: &str, place: In) -> Weight {
    if name.len() < SHORTEST {
        return Weight::Ordinary;
    }
    match LISTED.lists(name.as_bytes()) {
        0 => Weight::Ordinary,
        lists => weigh_listed(name, lists, place),
    }
}

/// The same of one that these lists may have.
fn weigh_listed(name: &str, lists: u8, place: In) -> Weight {
    // What stands before a word that repeats it may be in any list.
    let lists = if lists & bits::REPEATS != 0 { u8::MAX } else { lists };
    let wanted = match place {
        In::Header => bits::ENDINGS | bits::WHOLE | bits::HEADERS | bits::IF_RANDOM,
        In::Query => !bits::HEADERS,
        In::Form | In::Field => bits::ENDINGS | bits::WHOLE | bits::IF_RANDOM,
        In::Text => bits::ENDINGS | bits::WHOLE | bits::HEADERS | bits::IF_RANDOM,
    };
    if lists & wanted == 0 {
        return Weight::Ordinary;
    }
    let folded = Folded::of(name);
    let whole = folded.as_bytes();
    // `checksum/secret`, as deployments are annotated.
    if whole.starts_with(b"checksum") {
        return Weight::Ordinary;
    }
    let name = bare(whole);
    let alike = LISTED.like(whole);
    let is_one_of = |list: u8| {
        lists & list != 0 && alike.iter().any(|known| known.list == list && known.name.as_bytes() == whole)
    };
    if lists & bits::ENDINGS != 0 && marks_secret(name) || is_one_of(bits::WHOLE) {
        return Weight::Secret;
    }
    match place {
        In::Header | In::Text if is_one_of(bits::HEADERS) || name.ends_with(b"signature") => Weight::Secret,
        In::Query if is_one_of(bits::IN_QUERY) => Weight::Secret,
        In::Query | In::Form | In::Field | In::Text if is_one_of(bits::IF_RANDOM) => Weight::IfRandom,
        _ => Weight::Ordinary,
    }
}

/// Whether a value in a document may stand under such a name, for what is a secret.
pub(super) fn is_plausible(name: &str, value: &str) -> bool {
    !is_version(value) && (!are_words(value) || is_worded(name))
}

/// Whether people make up what stands under that name.
pub(in crate::sanitize) fn is_worded(name: &str) -> bool {
    let folded = Folded::of(name);
    WORDS.iter().any(|worded| bare(folded.as_bytes()).ends_with(worded.as_bytes()))
}

/// Whether what stands in an object under that name may be secrets, whatever their own names.
pub(in crate::sanitize) fn holds_secrets(name: &str) -> bool {
    LISTED.lists(name.as_bytes()) != 0 && {
        let folded = Folded::of(name);
        [&b"credential"[..], b"credentials"].iter().any(|ending| folded.as_bytes().ends_with(ending))
    }
}

/// A name without the number at its end, and without a word that says that it repeats another: `password2_confirmation`.
fn bare(name: &[u8]) -> &[u8] {
    let name = without_number(name);
    REPEATS.iter().find_map(|repeat| name.strip_suffix(repeat.as_bytes())).map_or(name, without_number)
}

fn without_number(mut name: &[u8]) -> &[u8] {
    while let Some((b'0'..=b'9', rest)) = name.split_last() {
        name = rest;
    }
    name
}

/// Most are told apart by the last letter.
pub(super) fn ends_with(name: &[u8], known: &str) -> bool {
    name.last() == known.as_bytes().last() && name.ends_with(known.as_bytes())
}

fn marks_secret(name: &[u8]) -> bool {
    let endings = LISTED.like(name).iter().filter(|known| known.list == bits::ENDINGS);
    let mut endings = endings.filter(|known| name.ends_with(known.name.as_bytes()));
    endings.any(|known| match known.name {
        "token" => {
            let kind = &name[..name.len() - "token".len()];
            !OTHERS.like(kind).iter().any(|other| kind.ends_with(other.name.as_bytes()))
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("secret", "Don't you know the URL?"),
            ("apiKey", "API-Schl\u{fc}ssel"),
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
            ("api_key", "p\u{e4}ToYChpkHIamZ\u{df}"),
            ("api_key", "XtshNYnrnT ttVjVuDGA"),
        ] {
            assert!(is_plausible(name, value), "{name}: {value}");
        }
    }
}
