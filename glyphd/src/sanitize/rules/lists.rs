//! Names of secrets, without case and separators, each list in order.

/// No name that is listed has fewer letters.
pub(super) const SHORTEST: usize = 3;
/// Names that end like this mark a secret.
pub(super) const ENDINGS: [&str; 37] = [
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
pub(super) const WHOLE: [&str; 14] = [
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
pub(super) const WORDS: [&str; 11] = [
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
pub(super) const IN_QUERY: [&str; 6] =
    ["auth", "session", "sig", "signature", "xamzsignature", "xgoogsignature"];

/// Secrets if the value looks like one.
pub(super) const IF_RANDOM: [&str; 11] = [
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
pub(super) const HEADERS: [&str; 14] = [
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
pub(super) const OTHER_TOKENS: [&str; 31] = [
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
pub(super) const REPEATS: [&str; 5] = ["again", "confirm", "confirmation", "repeat", "verify"];

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
}
