//! Exchanges that stand alone, by method and URL, and what comes nearest to them on the other side.

use std::collections::HashMap;

use glyph_formats::Flow;

use super::summary::{Stray, url};

/// More URLs are only counted.
const URLS: usize = 200;
/// How many are told as near.
const NEAREST: usize = 3;
/// How alike a request has to be, of 1, to be told as near.
const NEAR: f64 = 0.6;

#[derive(Debug, Default)]
pub(super) struct Strays {
    pub(super) count: u64,
    kept: HashMap<(String, String), Stray>,
    /// Exchanges with URLs that are not kept.
    pub(super) more: u64,
}

impl Strays {
    pub(super) fn add(&mut self, flow: &Flow) {
        self.insert(Stray {
            method: flow.request.method.clone(),
            url: url(flow),
            count: 1,
            flow: flow.id.clone(),
            sequence: flow.sequence,
            nearest: Vec::new(),
        });
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.count += other.more;
        self.more += other.more;
        other.kept.into_values().for_each(|stray| self.insert(stray));
    }

    fn insert(&mut self, stray: Stray) {
        self.count += stray.count;
        let is_full = self.kept.len() >= URLS;
        match self.kept.get_mut(&(stray.method.clone(), stray.url.clone())) {
            Some(known) => {
                known.count += stray.count;
                if stray.sequence < known.sequence {
                    (known.flow, known.sequence) = (stray.flow, stray.sequence);
                }
            }
            None if is_full => self.more += stray.count,
            None => {
                self.kept.insert((stray.method.clone(), stray.url.clone()), stray);
            }
        }
    }

    /// In the order in which they were recorded, with what is near among the others.
    pub(super) fn told(&self, others: &Self) -> Vec<Stray> {
        let mut told: Vec<_> = self.kept.values().cloned().collect();
        told.sort_by(|a, b| (a.sequence, &a.url, &a.method).cmp(&(b.sequence, &b.url, &b.method)));
        for stray in &mut told {
            stray.nearest = nearest(stray, others);
        }
        told
    }
}

fn nearest(stray: &Stray, others: &Strays) -> Vec<String> {
    let mut found: Vec<_> = others
        .kept
        .values()
        .map(|other| {
            let alike = strsim::sorensen_dice(behind_host(&stray.url), behind_host(&other.url));
            (if other.method == stray.method { alike } else { alike - 0.1 }, other)
        })
        .filter(|(alike, _)| *alike >= NEAR)
        .collect();
    found.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.sequence.cmp(&other.sequence)));
    found.iter().take(NEAREST).map(|(_, other)| format!("{} {}", other.method, other.url)).collect()
}

/// The path and the query: hosts are alike anyway.
fn behind_host(url: &str) -> &str {
    let behind = url.find("://").map_or(0, |at| at + 3);
    url[behind..].find('/').map_or("/", |at| &url[behind + at..])
}
