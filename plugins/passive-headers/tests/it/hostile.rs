//! Whatever bytes a server sends, the plugin lives, is quick, and says little.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::{event, findings};

const NAMES: [&str; 14] = [
    "content-type",
    "content-encoding",
    "content-security-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "set-cookie",
    "date",
    "server",
    "via",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "cache-control",
];

/// Pieces that mean something to the checks, so that random inputs get further than their first byte.
const PIECES: [&str; 36] = [
    "text/html",
    "sid=",
    "; Expires=",
    "; Max-Age=",
    "01 Jan 1970 0:0:0",
    "; SameSite=None",
    "__Host-",
    "; Path=",
    "public",
    "no-cache=\"",
    "max-age=",
    "script-src ",
    "'unsafe-inline'",
    "upgrade-insecure-requests",
    ";",
    ",",
    "1.1 (",
    "PHP/8.",
    "null",
    "<script src=",
    "<img srcset='",
    "<base href=",
    "<meta http-equiv=",
    "<template>",
    "</template>",
    "<!--",
    "http://",
    "http:",
    "//[::1]",
    "xn--",
    "'",
    "\"",
    ">",
    " ",
    "&#x",
    "\u{e9}",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => prop::sample::select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_break_the_checks(
        headers in prop::collection::vec((prop::sample::select(&NAMES[..]), bytes()), 0..12),
        body in bytes(),
        https in any::<bool>(),
    ) {
        let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        headers.push(("content-type", b"text/html"));
        for finding in findings(&event(if https { "https" } else { "http" }, &headers, &body)) {
            prop_assert!(finding.r#type.starts_with("passive-headers."));
            prop_assert!(finding.evidence.len() <= 200);
            prop_assert!(finding.metadata.values().all(|value| value.len() <= 200));
        }
    }

    #[test]
    fn the_value_of_a_cookie_is_never_told(
        name in "[a-z_.-]{0,8}",
        attributes in prop::collection::vec("[A-Za-z=/ ]{0,12}", 0..6),
        https in any::<bool>(),
    ) {
        let cookie = format!("{name}=S3CRET;{}", attributes.join(";"));
        let headers = [("set-cookie", cookie.as_bytes()), ("cache-control", b"public".as_slice())];
        let found = findings(&event(if https { "https" } else { "http" }, &headers, b""));
        let told = format!("{found:?}");
        prop_assert!(!told.contains("S3CRET"), "{}", told);
    }
}

/// What would take hours if a check were quadratic. The limit is far above what it takes, so that a busy machine is
/// no reason to fail.
#[test]
fn long_inputs_take_no_longer_than_their_length() {
    // Without optimisation everything takes ten times as long.
    let size = if cfg!(debug_assertions) { 1 << 19 } else { 1 << 22 };
    let long = |piece: &str| piece.repeat(size / piece.len());
    let base = format!("<base href=http://a.test/{}>", long("x/"));
    for body in [
        long("<img src=x>"),
        long("<img srcset='x,y 1x'>"),
        format!("<img srcset='{}'>", long("http://a.test/, ")),
        format!("<script src='http://{}'>", long("xn--a.")),
        format!("<link href=x rel='{}'>", long("icons ")),
        format!("{base}{}", long("<img src=x>")),
        format!("<meta {}>", long("a ")),
        long("<meta http-equiv=content-security-policy content='img-src *'>"),
        long("<template>"),
        format!("{}{}", long("<template shadowrootmode=open>"), long("<img src=x>")),
        long("<!--"),
        long("&#x"),
        long("<script><!--"),
    ] {
        let start = Instant::now();
        findings(&event("https", &[("content-type", b"text/html")], body.as_bytes()));
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}: {:.40}", start.elapsed(), body);
    }
    for value in [long("a;"), long("a,"), long("a="), long("(1"), long("1."), long("0 "), long("'nonce-")] {
        let headers: Vec<_> = NAMES.iter().map(|name| (*name, value.as_bytes())).collect();
        let start = Instant::now();
        findings(&event("https", &headers, b""));
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}: {:.40}", start.elapsed(), value);
    }
}
