//! Which recorded requests come nearest to one that fits none: for whoever has to find out why.

use std::collections::HashSet;

use super::likeness::target;

/// So many requests are known by name; the first of a recording.
const KNOWN: usize = 4_096;
/// A longer URL is not among them.
const LONGEST: usize = 1_024;
/// So many are named.
const NAMED: usize = 5;

/// A recorded request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Named {
    pub(super) method: String,
    pub(super) url: String,
}

/// Recorded requests, each once.
#[derive(Debug, Default)]
pub(super) struct Nearest {
    known: Vec<Named>,
    seen: HashSet<(u64, u16)>,
}

impl Nearest {
    /// Takes one up, if there is room. Those with the same key and host are the same.
    pub(super) fn learn(&mut self, key: u64, host: u16, method: &str, url: &str) {
        if self.known.len() < KNOWN && url.len() <= LONGEST && self.seen.insert((key, host)) {
            self.known.push(Named { method: method.to_owned(), url: url.to_owned() });
        }
    }

    /// No more are to come.
    pub(super) fn close(&mut self) {
        self.seen = HashSet::new();
    }

    /// Those that have most in common with that: the path above all, then where it begins, then the query and the method.
    pub(super) fn to(&self, method: &str, asked: &str) -> Vec<&Named> {
        let mut scored: Vec<_> = self
            .known
            .iter()
            .map(|named| (likeness(method, asked, named), named))
            .filter(|(likeness, _)| *likeness > 0)
            .collect();
        scored.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
        scored.into_iter().take(NAMED).map(|(_, named)| named).collect()
    }
}

fn likeness(method: &str, asked: &str, named: &Named) -> u64 {
    let [(path, query), (other, other_query)] =
        [asked, target(&named.url)].map(|target| target.split_once('?').unwrap_or((target, "")));
    let same = |a: &str, b: &str, split: char| {
        a.split(split).zip(b.split(split)).filter(|(a, b)| a == b && !a.is_empty()).count() as u64
    };
    let of_path = if path == other { 1_000 } else { 20 * same(path, other, '/') };
    let begins = path.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count() as u64;
    if of_path == 0 && begins < 2 {
        return 0;
    }
    of_path
        + begins.min(19)
        + 40 * same(query, other_query, '&')
        + if named.method == method { 15 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_path_comes_first_and_strangers_not_at_all() {
        let mut nearest = Nearest::default();
        let urls = ["/api/items/7?page=1", "/api/items/7", "/api/items/8", "/api/orders", "/img/x.png", "/"];
        for (key, path) in (0..).zip(urls) {
            let url = format!("http://a.test{path}");
            nearest.learn(key, 0, if path == "/api/items/7" { "POST" } else { "GET" }, &url);
            nearest.learn(key, 0, "GET", &url);
        }
        let paths = |method: &str, asked: &str| -> Vec<_> {
            nearest.to(method, asked).iter().map(|n| target(&n.url)).collect()
        };
        assert_eq!(paths("GET", "/api/items/7?page=2")[..2], ["/api/items/7?page=1", "/api/items/7"]);
        assert_eq!(paths("GET", "/api/items/9")[..2], ["/api/items/7?page=1", "/api/items/8"]);
        assert_eq!(paths("GET", "/qqq"), [""; 0]);
    }
}
