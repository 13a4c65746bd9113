//! Secrets of many kinds, planted in every place of an exchange, and not to be found again in anything that Glyph
//! writes. `testdata/flows/secrets/` has them.

pub(crate) mod message;
mod plants;
mod search;
mod shape;
mod stage;
mod template;
mod anywhere;
mod websocket;

use std::collections::{BTreeMap, BTreeSet};

use self::{
    plants::{Plant, Upstream, plants},
    search::{Leaks, Search},
    stage::{Passed, Played},
};

/// How many bytes of a body are kept.
const LIMIT: usize = 8 << 10;

/// A seed for the random parts; another one to look for what this one does not show.
fn seed() -> u64 {
    std::env::var("GLYPH_SEED").map_or(1, |seed| seed.parse().expect("GLYPH_SEED is a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_planted_secret_is_in_anything_that_is_written() {
    let plants = plants(seed(), LIMIT);
    let played = stage::play(&plants, LIMIT).await;
    let mut faults = leaks(&plants, &played);
    for plant in plants.iter().filter(|p| p.request.is_some()) {
        let name = &plant.entry.name;
        let mut told = |what: String| faults.push(format!("{name}: {what}"));
        untouched(plant, &played.passed[name]).into_iter().for_each(&mut told);
        match played.flows.get(name) {
            Some(flow) => shape::faults(plant, flow).into_iter().for_each(&mut told),
            None => told("no flow of it was recorded".to_owned()),
        }
    }
    let reported = plants.iter().filter(|p| p.finding.is_some() && !p.entry.refused).count();
    let kept = played.findings.iter().filter(|f| f.plugin == "guest").count();
    if kept != reported {
        faults.push(format!("{reported} findings were reported, and {kept} kept"));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Every byte of every file, of the log and of the metrics.
fn leaks(plants: &[Plant], played: &Played) -> Vec<String> {
    let search = Search::of(plants);
    let mut leaks = Leaks::new();
    for (name, bytes) in played.files() {
        assert!(!bytes.is_empty(), "{name} is empty");
        search.find(&name, &bytes, &mut leaks);
    }
    search.find("log", played.log.as_bytes(), &mut leaks);
    search.find("metrics", played.metrics.as_bytes(), &mut leaks);
    leaks.into_iter().map(|((plant, place), text)| format!("{plant}: leaked in {place}: {text}")).collect()
}

/// What passed is what was sent.
fn untouched(plant: &Plant, passed: &Passed) -> Vec<String> {
    let mut faults = Vec::new();
    if plant.entry.upstream != Upstream::Origin {
        return faults;
    }
    let (request, Some(seen)) = (plant.request.as_ref().unwrap(), &passed.seen) else {
        return vec!["the origin saw nothing of it".to_owned()];
    };
    let target = request.start.split(' ').nth(1).unwrap();
    if seen.target != *target {
        faults.push(format!("the origin was asked for {}", seen.target));
    }
    if seen.body != request.body {
        faults.push("the origin got another body".to_owned());
    }
    let got =
        |name: &str, value: &str| seen.headers.get_all(name).iter().any(|v| v.as_bytes() == value.as_bytes());
    for (name, value) in &request.headers {
        if !got(name, value) && !plant.entry.keeps_from_upstream {
            faults.push(format!("the origin got another {name}: {:?}", seen.headers.get(name)));
        }
    }
    let trailers = seen.trailers.as_ref().map_or(0, http::HeaderMap::len);
    if trailers != request.trailers.len() {
        faults.push("the origin got other trailers".to_owned());
    }
    let (head, body) = passed.answer.as_ref().unwrap();
    for (name, value) in &plant.response.headers {
        let line = format!("{}: {value}\r\n", name.to_ascii_lowercase());
        if !head.contains(&line) {
            faults.push(format!("the client got no {line:?}: {head}"));
        }
    }
    if *body != plant.response.body {
        faults.push(format!("the client got another body: {}", String::from_utf8_lossy(body)));
    }
    faults
}

#[test]
fn the_file_has_all_kinds_and_places() {
    let plants = plants(2, LIMIT);
    let names: BTreeSet<_> = plants.iter().map(|p| &p.entry.name).collect();
    assert_eq!(names.len(), plants.len(), "a name is there twice");
    let kinds: BTreeSet<_> = plants.iter().map(|p| &p.kind).collect();
    let places: BTreeSet<_> = plants.iter().map(|p| p.entry.place.as_str()).collect();
    assert!(plants.len() >= 150 && kinds.len() >= 50, "{} plants of {} kinds", plants.len(), kinds.len());
    for place in [
        ["header", "cookie", "user-info", "query", "path"],
        ["json", "json-string", "form", "multipart", "text"],
        ["gzip", "deflate", "br", "zstd", "charset"],
        ["chunks", "cut", "websocket", "location", "error"],
        ["finding", "audit", "log", "trailer", "tunnel"],
    ]
    .as_flattened()
    {
        assert!(places.contains(place), "no plant in the place {place}: {places:?}");
    }
    let unused: Vec<_> = plants::kinds().into_keys().filter(|kind| !kinds.contains(kind)).collect();
    assert_eq!(unused, Vec::<String>::new());
}

/// What is not redacted is found, in every place: the search would see it.
#[test]
fn each_plant_is_found_in_its_own_message() {
    let plants = plants(3, LIMIT);
    let search = Search::of(&plants);
    let mut missed = BTreeMap::new();
    for plant in plants.iter().filter(|p| p.request.is_some()) {
        let message = plant.message();
        let text = format!(
            "{}{}{:?}{:?}\n{}",
            plant.user_info, message.start, message.headers, message.trailers, message.text
        );
        let text = text + plant.finding.as_ref().map_or("", |finding| &finding.text);
        let mut leaks = Leaks::new();
        search.find("message", text.as_bytes(), &mut leaks);
        if !leaks.keys().any(|(name, _)| *name == plant.entry.name) {
            missed.insert(&plant.entry.name, text);
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
