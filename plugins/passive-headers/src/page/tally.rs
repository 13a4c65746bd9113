//! The references of a page that go over plain http: how many, and a few of them for the evidence.

use url::{Position, Url};

use crate::insecure::is_insecure;

/// The most bytes of a URL that are looked at. Scheme and host stand at its start; what goes on beyond cannot cost more.
const URL_LIMIT: usize = 512;
/// How many different URLs are kept.
const KEPT: usize = 3;

/// The references of one kind that go over plain http.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How many there are.
    pub(crate) count: u64,
    /// The first few of them, without query and credentials.
    pub(crate) urls: Vec<String>,
}

impl Tally {
    /// Counts the reference, if it is one.
    pub(super) fn look_at(&mut self, reference: &[u8], base: Option<&Base>) {
        let reference = start_of(reference);
        if reference.is_empty() {
            return;
        }
        let url = match base {
            Some(Base(Some(base))) => base.join(&reference),
            _ => Url::parse(&reference),
        };
        let Some(url) = url.ok().filter(is_insecure) else { return };
        self.count += 1;
        if self.urls.len() < KEPT {
            let shown = outline(&url);
            if !self.urls.contains(&shown) {
                self.urls.push(shown);
            }
        }
    }
}

/// What relative references of the page are relative to, if that is a URL of plain http. Any other leaves them to the
/// page's own URL, which has TLS when it matters.
#[derive(Debug)]
pub(super) struct Base(Option<Url>);

impl Base {
    /// The base that a `base` tag sets.
    pub(super) fn new(href: &[u8]) -> Self {
        Self(Url::parse(&start_of(href)).ok().filter(|url| url.scheme() == "http"))
    }
}

/// The start of a reference, without the spaces before it.
fn start_of(reference: &[u8]) -> String {
    let start = reference.iter().position(|b| *b > b' ').unwrap_or(reference.len());
    let reference = &reference[start..];
    String::from_utf8_lossy(&reference[..reference.len().min(URL_LIMIT)]).into_owned()
}

/// The URL as evidence: there can be secrets in the rest of it.
fn outline(url: &Url) -> String {
    let query = if url.query().is_some() { "?\u{2026}" } else { "" };
    format!("http://{}{query}", &url[Position::BeforeHost..Position::AfterPath])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_at(references: &[&str], base: Option<&str>) -> Tally {
        let base = base.map(|href| Base::new(href.as_bytes()));
        let mut tally = Tally::default();
        for reference in references {
            tally.look_at(reference.as_bytes(), base.as_ref());
        }
        tally
    }

    #[test]
    fn urls_of_plain_http_are_insecure_however_they_are_written() {
        for reference in ["http://a.test/x", " \n HTTP://A.test/x", "ht\ntp:\\\\a.test\\x", "http:a.test/x"] {
            assert_eq!(looked_at(&[reference], None).urls, ["http://a.test/x"], "{reference}");
        }
        for reference in [
            "",
            " ",
            "x",
            "/x",
            "//a.test/x",
            "https://a.test/x",
            "data:,http://a.test/",
            "http://",
            "http://localhost:8080/x",
        ] {
            assert_eq!(looked_at(&[reference], None).count, 0, "{reference}");
        }
    }

    #[test]
    fn relative_references_follow_an_insecure_base() {
        let base = Some("http://a.test/b/");
        let tally = looked_at(&["x", "//c.test/", "", "https://a.test/", "http:y"], base);
        assert_eq!(tally.urls, ["http://a.test/b/x", "http://c.test/", "http://a.test/b/y"]);
        assert_eq!(looked_at(&["x", "//c.test/"], Some("https://a.test/b/")).count, 0);
        assert_eq!(looked_at(&["x", "//c.test/"], Some("/b/")).count, 0);
    }

    #[test]
    fn evidence_is_a_few_different_urls_without_their_secrets() {
        let page = ["http://joe:s3cret@a.test:81/x?token=s3cret#s3cret", "http://b.test/", "http://b.test/"];
        let tally = looked_at(&[&page[..], &page[..], &["http://c.test", "http://d.test"]].concat(), None);
        assert_eq!(tally.count, 8);
        assert_eq!(tally.urls, ["http://a.test:81/x?\u{2026}", "http://b.test/", "http://c.test/"]);
    }
}
