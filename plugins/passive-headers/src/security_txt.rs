//! `/.well-known/security.txt` (RFC 9116): whom to tell of a weakness. It takes a request of the plugin's own, one an origin.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use glyph_plugin::{Fetch, FetchError, Fetched, FlowRequest, Report, Severity};

use crate::{
    claim::{Claim, Fault},
    date::{self, Moment},
};

const PATH: &str = "/.well-known/security.txt";
const SUBJECT: &str = "security-txt";
/// Nobody needs more: 64 KiB, within five seconds.
const BYTES: u64 = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(5);
/// How many origins are remembered. One beyond may be asked again.
const ORIGINS: usize = 10_000;

/// The origins that were asked.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    origins: HashSet<String>,
    order: VecDeque<String>,
}

impl Asked {
    /// Whether this is the first time.
    fn first(&mut self, origin: &str) -> bool {
        if !self.origins.insert(origin.to_owned()) {
            return false;
        }
        self.order.push_back(origin.to_owned());
        if self.order.len() > ORIGINS
            && let Some(oldest) = self.order.pop_front()
        {
            self.origins.remove(&oldest);
        }
        true
    }

    /// What there is to say of an origin's file, and the file's URL; nothing if it has been asked for, or can't be.
    pub(crate) fn look(&mut self, request: &FlowRequest, report: &Report<'_>) -> Option<(Claim, String)> {
        let origin = origin(&request.url)?;
        if !report.can_fetch() || !self.first(origin) {
            return None;
        }
        let url = format!("{origin}{PATH}");
        let fetch = Fetch::get(&url).timeout(PATIENCE).max_response_bytes(BYTES);
        match report.fetch(fetch) {
            Ok(fetched) => check(&fetched).map(|claim| (claim, url)),
            // It says nothing of the file: the next to come has another chance.
            Err(error) => {
                if !matches!(error, FetchError::Denied { .. }) {
                    self.origins.remove(origin);
                    self.order.retain(|known| known != origin);
                }
                eprintln!("{url}: {error}");
                None
            }
        }
    }
}

/// Scheme and authority of a URL.
fn origin(url: &str) -> Option<&str> {
    let after = url.find("://")? + 3;
    let end = url[after..].find(['/', '?', '#']).map_or(url.len(), |at| after + at);
    Some(&url[..end])
}

/// What is wrong with the file.
fn check(fetched: &Fetched) -> Option<Claim> {
    let weak = |message, value: &str| Claim::weak(SUBJECT, Severity::Info, message, value);
    match fetched.status {
        404 | 410 => {
            let message = "nobody is told whom to tell of a weakness: there is no security.txt";
            return Some(Claim::new(Fault::Missing, SUBJECT, Severity::Info, message));
        }
        200 => {}
        // It is kept from us, or the server can't say.
        _ => return None,
    }
    let text = fetched.text();
    let field = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(n, _)| n.trim().eq_ignore_ascii_case(name)).map(|(_, v)| v.trim());
        values.next()
    };
    let plain = fetched.header("content-type").is_some_and(|t| t.trim_start().starts_with("text/plain"));
    if !plain || field("contact").is_none() {
        return weak("what stands there tells nobody whom to tell of a weakness: it has no Contact", "");
    }
    let Some(expires) = field("expires") else {
        return weak("nobody knows whether the security.txt is current: it has no Expires", "");
    };
    let now = fetched.header("date").and_then(date::parse);
    match (moment(expires), now) {
        (None, _) => weak("the Expires of the security.txt is no date", expires),
        (Some(then), Some(now)) if then < now => weak("the security.txt has expired", expires),
        _ => None,
    }
}

/// A date as RFC 3339 has it. The offset is left out: a day is not what matters.
fn moment(text: &str) -> Option<Moment> {
    let number = |at: std::ops::Range<usize>| -> Option<u16> {
        let digits = text.get(at)?;
        if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    let marks = [(4, "-"), (7, "-"), (13, ":"), (16, ":")];
    let placed = marks.iter().all(|(at, mark)| text.get(*at..at + 1) == Some(mark));
    let parts = [number(0..4), number(5..7), number(8..10), number(11..13), number(14..16), number(17..19)];
    let [Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)] = parts else {
        return None;
    };
    placed.then_some([year, month, day, hour, minute, second])
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use glyph_plugin::{FlowEvent, wire::Header};

    use super::*;

    fn fetched(status: u16, kind: &str, body: &str) -> Fetched {
        let header = |name: &str, value: &str| Header {
            name: name.to_owned(),
            value: value.to_owned().into(),
            redacted: false,
        };
        let date = "Sun, 06 Nov 2025 08:49:37 GMT";
        let headers = vec![header("Content-Type", kind), header("date", date)];
        Fetched { status, headers, body: body.to_owned().into(), ..Fetched::default() }
    }

    #[test]
    fn a_file_says_whom_to_tell_and_until_when() {
        for (body, message) in [
            ("Contact: mailto:a@b.example\nExpires: 2026-01-01T00:00:00.000Z", None),
            ("# hello\ncontact : https://a.example\nEXPIRES: 2025-11-07T00:00:00Z\n", None),
            ("Contact: x\nExpires: 2025-11-05T23:59:59Z", Some("has expired")),
            ("Contact: x\nExpires: soon", Some("is no date")),
            ("Contact: x", Some("no Expires")),
            ("Expires: 2026-01-01T00:00:00Z", Some("no Contact")),
            ("", Some("no Contact")),
        ] {
            let claim = check(&fetched(200, "text/plain; charset=utf-8", body));
            assert_eq!(claim.is_some(), message.is_some(), "{body}");
            if let (Some(claim), Some(message)) = (claim, message) {
                assert!(claim.message.contains(message), "{}", claim.message);
                assert_eq!(claim.kind(), "passive-headers.weak.security-txt");
            }
        }
        let page = check(&fetched(200, "text/html", "Contact: x\nExpires: 2026-01-01T00:00:00Z")).unwrap();
        assert_eq!(page.fault, Fault::Weak, "a page for whatever is asked for is no such file");
        assert_eq!(check(&fetched(404, "text/html", "")).unwrap().fault, Fault::Missing);
        assert_eq!(check(&fetched(403, "text/html", "")), None);
        assert_eq!(check(&fetched(503, "text/html", "")), None);
    }

    #[test]
    fn an_origin_is_asked_once() {
        let count = Cell::new(0);
        let answer = |fetch: Fetch| {
            count.set(count.get() + 1);
            assert!(fetch.url().ends_with("example.test/.well-known/security.txt"), "{}", fetch.url());
            Ok(fetched(404, "", ""))
        };
        let event = FlowEvent::default();
        let report = Report::new(&event, "").fetching(&answer);
        let mut asked = Asked::default();
        let mut look = |url: &str| {
            asked.look(&FlowRequest { url: url.to_owned(), ..FlowRequest::default() }, &report).is_some()
        };
        assert!(look("https://example.test/a?b") && !look("https://example.test"));
        assert!(look("http://example.test/a"));
        assert!(!look("example.test:443"));
        assert_eq!(count.get(), 2);
        let silent = Report::new(&event, "");
        let request = FlowRequest { url: "https://other.test/".to_owned(), ..FlowRequest::default() };
        assert_eq!(Asked::default().look(&request, &silent), None);
    }
}
