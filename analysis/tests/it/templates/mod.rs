//! Templates, by hand and at random, against the real promtool: what it refuses in which words, and what each becomes.
//!
//! `GLYPH_TEMPLATES=seed:count` makes others, and more of them.

mod generate;
mod handmade;
mod known;
mod promtool;
mod world;

use std::collections::BTreeMap;

use glyph_analysis::rules::template::Template;

use self::{generate::Generator, world::World};

/// Where to begin and how many random ones, unless told.
const USUAL: (u64, usize) = (1, 4_000);

/// So many go into one run of promtool.
const AT_ONCE: usize = 5_000;

#[test]
fn templates_become_what_prometheus_makes_of_them() {
    let (seed, count) = match std::env::var("GLYPH_TEMPLATES") {
        Ok(told) => {
            let (seed, count) = told.split_once(':').expect("GLYPH_TEMPLATES=seed:count");
            (seed.parse().unwrap(), count.parse().unwrap())
        }
        Err(_) => USUAL,
    };
    let mut generator = Generator::new(seed);
    let handmade = handmade::templates();
    let twice = handmade.iter().chain(&handmade).cloned();
    let mut texts: Vec<String> = twice.collect();
    while texts.len() < handmade.len() * 2 + count {
        let text = generator.template();
        texts.push(generator.damaged(&text));
        texts.push(text);
    }
    let mut tally = Tally::default();
    for texts in texts.chunks(AT_ONCE) {
        if !compare(texts, &mut tally) {
            return;
        }
    }
    eprintln!(
        "{} templates: {} refused, {} errors, {} texts",
        tally.refused + tally.errors + tally.texts,
        tally.refused,
        tally.errors,
        tally.texts
    );
    for (why, count) in &tally.explained {
        eprintln!("{count} differ: {why}");
    }
    let shown = tally.wrong[..tally.wrong.len().min(40)].join("\n");
    assert!(tally.wrong.is_empty(), "{} differ\n{shown}", tally.wrong.len());
}

/// What came of it.
#[derive(Default)]
struct Tally {
    refused: usize,
    errors: usize,
    texts: usize,
    explained: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn note(&mut self, text: &str, ours: &str, theirs: &str) {
        if known::same(ours, theirs) {
            return;
        }
        match known::explained(text, ours, theirs) {
            Some(why) => *self.explained.entry(why).or_default() += 1,
            None => self.wrong.push(format!("{text:?}\n  ours:   {ours}\n  theirs: {theirs}")),
        }
    }
}

/// Compares them. Says whether there was a promtool.
fn compare(texts: &[String], tally: &mut Tally) -> bool {
    let Some(refused) = promtool::refused(texts) else { return false };
    let parsed: Vec<_> =
        texts.iter().enumerate().map(|(i, text)| Template::parse(text, &promtool::alert(i))).collect();
    let mut accepted = Vec::new();
    for (i, (text, parsed)) in texts.iter().zip(&parsed).enumerate() {
        match (parsed, refused.get(&i)) {
            (Ok(template), None) => accepted.push((i, &**text, template)),
            (Ok(_), Some(theirs)) => tally.note(text, "accepted", theirs),
            (Err(e), None) => tally.note(text, &e.what, "accepted"),
            (Err(e), Some(theirs)) => {
                tally.note(text, &e.what, theirs);
                tally.refused += 1;
            }
        }
    }
    let world = World::new();
    let rules: Vec<_> = accepted.iter().map(|(i, text, _)| (*i, *text)).collect();
    let expanded = promtool::expanded(&world, &rules);
    for (i, text, template) in accepted {
        let ours = world.expand(template, i);
        let theirs = expanded.get(&i).map_or("", String::as_str);
        tally.note(text, &ours, theirs);
        match theirs.starts_with("<error ") {
            true => tally.errors += 1,
            false => tally.texts += 1,
        }
    }
    true
}
