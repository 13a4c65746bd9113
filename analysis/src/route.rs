//! The route of a path: what of it is an id stands for all ids, so that the requests of one kind have one name.

use glyph_formats::secrets::TOKEN_PREFIX;

/// The path with its ids collapsed: numbers to `{number}`, UUIDs to `{uuid}`, hexadecimal of 8 digits or more to `{hex}`, ULIDs
/// to `{ulid}`, what was replaced to `{redacted}`.
pub fn of(path: &str) -> String {
    let segments: Vec<_> = path.split('/').map(segment).collect();
    segments.join("/")
}

fn segment(text: &str) -> &str {
    let all = |is: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|b| is(&b));
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    match () {
        () if all(u8::is_ascii_digit) => "{number}",
        () if is_uuid(text) => "{uuid}",
        () if text.len() >= 8 && has_digit && all(u8::is_ascii_hexdigit) => "{hex}",
        () if is_ulid(text) => "{ulid}",
        () if text.contains(TOKEN_PREFIX) => "{redacted}",
        () => text,
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    let fits = lengths.iter().all(|length| {
        parts.next().is_some_and(|part| part.len() == *length && part.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    fits && parts.next().is_none()
}

fn is_ulid(text: &str) -> bool {
    let is_digit =
        |b: u8| b.is_ascii_alphanumeric() && !matches!(b.to_ascii_uppercase(), b'I' | b'L' | b'O' | b'U');
    text.len() == 26 && text.as_bytes()[0].is_ascii_digit() && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_collapsed_and_words_are_not() {
        for (path, route) in [
            ("/users/42/orders/007", "/users/{number}/orders/{number}"),
            ("/a/123e4567-e89b-12d3-a456-426614174000", "/a/{uuid}"),
            ("/blob/9f86d081884c7d65", "/blob/{hex}"),
            ("/facade/deadbeef/v2", "/facade/deadbeef/v2"),
            ("/f/01M826AC3P75MGNS0WQPWA2WZX", "/f/{ulid}"),
            ("/s/glyph-redacted-e22b66b0a8b7/x", "/s/{redacted}/x"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(super::of(path), route);
        }
    }
}
