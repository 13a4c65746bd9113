//! Every link within the documents leads somewhere: to a file, and to a heading of it.

use std::{collections::BTreeSet, fs, path::Path};

use regex::Regex;

use super::{all, sandbox::root};

/// The text of a page without what stands between fences and backticks.
fn prose(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = Regex::new("(?s)```.*?```|`[^`\n]*`").unwrap();
    code.replace_all(&text, |found: &regex::Captures<'_>| {
        if found[0].starts_with("```") { "" } else { "code" }.to_owned()
    })
    .into_owned()
}

/// What a heading is called in a link, as GitHub does it.
fn anchors(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).unwrap();
    let text = Regex::new("(?s)```.*?```").unwrap().replace_all(&text, "").into_owned();
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let link = Regex::new(r"\[([^\]]*)\]\([^)]*\)").unwrap();
    headings
        .map(|heading| {
            let heading = link.replace_all(heading, "$1").to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut astray = Vec::new();
    let mut followed = 0;
    for page in all() {
        let path = root().join(&page);
        for found in link.captures_iter(&prose(&path)) {
            let to = &found[1];
            if to.contains("://") || to.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = to.split_once('#').unwrap_or((to, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let is_page = file.extension().is_some_and(|extension| extension == "md");
            let there = file.exists() && (anchor.is_empty() || !is_page || anchors(&file).contains(anchor));
            if !there {
                astray.push(format!("{page}: {to}"));
            }
            followed += 1;
        }
    }
    assert!(followed > 100, "{followed}");
    assert!(astray.is_empty(), "{astray:#?}");
}
