//! Headers that differ from run to run whatever the server does.

/// Not compared, unless the message is one to HEAD, whose `Content-Length` is all that tells of a body.
const ALWAYS: [&str; 17] = [
    // When it was answered, and from where.
    "age",
    "date",
    // Of one connection (RFC 9110, section 7.6.1), and how the message is framed on it.
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // Of the body, which is compared itself, decoded.
    "content-encoding",
    "content-length",
    "content-md5",
    "content-digest",
    "repr-digest",
    // How long it took.
    "server-timing",
    "x-response-time",
    "x-runtime",
];

/// Whether a header, in lower case, is not worth comparing.
pub(in crate::replay) fn differs_always(name: &str) -> bool {
    ALWAYS.contains(&name)
}
