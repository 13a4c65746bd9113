//! The operator's own names, as they stand in running text. They may be of any characters, and stand within others.

use aho_corasick::AhoCorasick;

/// A search for all of them at once; there are none as a rule.
pub(super) fn search<'a>(names: impl Iterator<Item = &'a String>) -> Option<AhoCorasick> {
    let spelt: Vec<String> = names.filter(|name| !name.is_empty()).flat_map(|name| spellings(name)).collect();
    if spelt.is_empty() {
        return None;
    }
    let mut builder = AhoCorasick::builder();
    Some(builder.match_kind(aho_corasick::MatchKind::LeftmostLongest).build(spelt).expect("a policy's words"))
}

/// `token`, `Token`, `TOKEN`.
fn spellings(word: &str) -> [String; 3] {
    let lower = word.to_lowercase();
    let mut title = lower.clone();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let upper = lower.to_uppercase();
    [lower, title, upper]
}
