//! Which attributes of which tags hold URLs that a browser fetches, or sends a form to.

use html5gum::StartTag;

/// What somebody on the wire could do with the answer, or would see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The answer runs in the page, or could rewrite it.
    Active,
    /// The answer is only shown or played.
    Passive,
    /// What the user fills in is sent there.
    Form,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Active, Self::Passive, Self::Form];
}

/// The value of an attribute. Of two with one name the first counts.
pub(super) fn attribute<'a>(tag: &'a StartTag<()>, name: &[u8]) -> Option<&'a [u8]> {
    tag.attributes.get(name).map(|value| value.as_slice())
}

/// Hands over the URLs that the tag makes a browser use, as they stand there.
pub(super) fn references(tag: &StartTag<()>, mut found: impl FnMut(Kind, &[u8])) {
    let mut take = |kind: Kind, names: &[&str]| {
        for value in names.iter().filter_map(|name| attribute(tag, name.as_bytes())) {
            found(kind, value);
        }
    };
    match tag.name.as_slice() {
        b"iframe" | b"frame" | b"embed" => take(Kind::Active, &["src"]),
        b"object" => take(Kind::Active, &["data"]),
        b"script" => take(Kind::Active, &["src", "href", "xlink:href"]),
        b"link" => {
            if let Some(kind) = linked(tag) {
                take(kind, &["href"]);
            }
        }
        b"audio" | b"track" => take(Kind::Passive, &["src"]),
        b"video" => take(Kind::Passive, &["src", "poster"]),
        b"image" => take(Kind::Passive, &["src", "href", "xlink:href"]),
        b"img" | b"source" => {
            take(Kind::Passive, &["src"]);
            candidates(attribute(tag, b"srcset").unwrap_or_default(), |url| found(Kind::Passive, url));
        }
        b"form" if !is(tag, b"method", &["dialog"]) => take(Kind::Form, &["action"]),
        b"button" if !is(tag, b"type", &["button", "reset"]) => take(Kind::Form, &["formaction"]),
        b"input" => {
            if is(tag, b"type", &["image"]) {
                take(Kind::Passive, &["src"]);
            }
            if is(tag, b"type", &["image", "submit"]) {
                take(Kind::Form, &["formaction"]);
            }
        }
        _ => {}
    }
}

/// What a `link` fetches, if it is of a kind that does.
fn linked(tag: &StartTag<()>) -> Option<Kind> {
    let rel = attribute(tag, b"rel")?;
    let has = |wanted: &str| {
        rel.split(u8::is_ascii_whitespace).any(|word| word.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    if has("stylesheet") || has("modulepreload") {
        Some(Kind::Active)
    } else if has("preload") {
        let shown = is(tag, b"as", &["image", "audio", "video", "track"]);
        Some(if shown { Kind::Passive } else { Kind::Active })
    } else if has("icon") || has("apple-touch-icon") {
        Some(Kind::Passive)
    } else {
        None
    }
}

/// Whether the attribute is there and has one of the values.
fn is(tag: &StartTag<()>, name: &[u8], values: &[&str]) -> bool {
    attribute(tag, name)
        .is_some_and(|value| values.iter().any(|wanted| value.eq_ignore_ascii_case(wanted.as_bytes())))
}

/// The URLs of a `srcset`: up to a white space each, and behind it maybe a width or a density, up to a comma.
fn candidates(mut srcset: &[u8], mut found: impl FnMut(&[u8])) {
    let is_between = |b: &u8| b.is_ascii_whitespace() || *b == b',';
    while let Some(start) = srcset.iter().position(|b| !is_between(b)) {
        srcset = &srcset[start..];
        let end = srcset.iter().position(u8::is_ascii_whitespace).unwrap_or(srcset.len());
        let (url, rest) = srcset.split_at(end);
        let bare = url.iter().rposition(|b| *b != b',').map_or(0, |last| last + 1);
        found(&url[..bare]);
        let described =
            if bare == end { rest.iter().position(|b| *b == b',').unwrap_or(rest.len()) } else { 0 };
        srcset = &rest[described..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(srcset: &str) -> Vec<String> {
        let mut urls = Vec::new();
        candidates(srcset.as_bytes(), |url| urls.push(String::from_utf8(url.to_vec()).unwrap()));
        urls
    }

    #[test]
    fn a_srcset_has_urls_and_what_describes_them() {
        assert_eq!(split(" a.png 1x,b.png 2x , c.png"), ["a.png", "b.png", "c.png"]);
        assert_eq!(split("a.png, b.png 2x"), ["a.png", "b.png"]);
        assert_eq!(split("data:,a,b 1x, c,d.png 20w 10h,"), ["data:,a,b", "c,d.png"]);
        assert_eq!(split(" , ,"), [""; 0]);
    }
}
