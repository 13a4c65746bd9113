//! Ordinary traffic is left alone: hardly anything in it is taken for a secret that is none, and all that is replaced is
//! listed. `testdata/flows/ordinary/` has the traffic, and the list.

mod exchanges;
mod replaced;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    sync::Arc,
};

use glyph_formats::{Flow, flow::Body};
use http::{Request, Response, header::HeaderValue};

use self::exchanges::{Exchange, demo, har, recording, testdata};
use crate::{
    harness::{FakeOrigin, TestDaemon, client::full},
    planted::message::coded,
};

/// Of a thousand values less than one.
const FALSE: f64 = 0.001;
/// The header that tells which exchange it is.
const WHICH: &str = "x-exchange";

/// What was replaced in one place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Replaced {
    rightful: bool,
    place: String,
    value: String,
}

/// The figures of all traffic, and the list.
#[derive(Debug, Default)]
struct Tally {
    values: usize,
    replaced: BTreeMap<Replaced, usize>,
    kinds: BTreeMap<(String, String), u64>,
}

#[tokio::test(flavor = "multi_thread")]
async fn hardly_anything_is_taken_for_a_secret_that_is_none() {
    let mut exchanges = demo();
    exchanges.extend(recording());
    for name in ["shop.har.zst", "api.har.zst", "docs.har.zst"] {
        exchanges.extend(har(name));
    }
    let flows = pass(&exchanges).await;
    let secrets = secrets(&exchanges);
    let mut tally = Tally::default();
    for (n, exchange) in exchanges.iter().enumerate() {
        tally.add(exchange, &flows[&n], &secrets);
    }
    let wrong: usize = tally.replaced.iter().filter(|(r, _)| !r.rightful).map(|(_, count)| count).sum();
    let told = tally.told(wrong);
    let list = testdata().join("flows/ordinary/redactions.txt");
    if std::env::var_os("GLYPH_BLESS").is_some() {
        fs::write(&list, &told).unwrap();
    }
    let expected = fs::read_to_string(&list).unwrap_or_default();
    assert!(
        told == expected,
        "what is replaced has changed; GLYPH_BLESS=1 writes the list anew:\n{}",
        difference(&expected, &told)
    );
    let share = wrong as f64 / tally.values as f64;
    assert!(share < FALSE, "{wrong} of {} values are false redactions:\n{told}", tally.values);
}

/// Sends all of it through a daemon.
async fn pass(exchanges: &[Exchange]) -> BTreeMap<usize, Flow> {
    let all: Arc<[Exchange]> = exchanges.into();
    let answers = Arc::clone(&all);
    let origin = FakeOrigin::answering(move |seen| {
        let exchange = &answers[seen.header(WHICH).parse::<usize>().unwrap()];
        let mut response = Response::builder().status(exchange.status);
        for (name, value) in &exchange.answer_headers {
            response = response.header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let coding = exchange.answer_headers.iter().find(|(name, _)| name == "content-encoding");
        let body = if exchange.answer.is_empty() || exchange.method == "HEAD" {
            Vec::new()
        } else {
            coded(&exchange.answer, coding.map(|(_, coding)| coding.as_str()))
        };
        response.body(full(body)).unwrap()
    })
    .await;
    let daemon = TestDaemon::with(|config| config.max_body_bytes = 4 << 20).await;
    let mut client = daemon.client().await;
    for (n, exchange) in all.iter().enumerate() {
        let mut request = Request::builder()
            .method(exchange.method.as_str())
            .uri(origin.url(&exchange.target))
            .header(WHICH, n);
        for (name, value) in &exchange.headers {
            request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        client.ask(request.body(full(exchange.body.clone())).unwrap()).await;
    }
    let recorded = daemon.drain().await;
    let which = |flow: &Flow| header(&flow.request.headers, WHICH).unwrap().parse().unwrap();
    let flows: BTreeMap<_, _> = recorded.flows.into_iter().map(|flow| (which(&flow), flow)).collect();
    assert_eq!(flows.len(), exchanges.len());
    flows
}

/// What is rightly replaced.
fn secrets(exchanges: &[Exchange]) -> BTreeSet<String> {
    let file = fs::read_to_string(testdata().join("flows/ordinary/secrets.txt")).unwrap();
    let mut secrets: BTreeSet<_> = file.lines().map(str::to_owned).collect();
    // The demo's: tokens in the query, and credentials.
    for exchange in exchanges.iter().filter(|e| e.host == "demo") {
        let tokens = exchange.target.split(['?', '&']).filter_map(|pair| pair.strip_prefix("token="));
        let bearers = exchange.headers.iter().filter_map(|(_, value)| value.strip_prefix("Bearer "));
        secrets.extend(tokens.chain(bearers).map(str::to_owned));
    }
    secrets
}

impl Tally {
    fn add(&mut self, exchange: &Exchange, flow: &Flow, secrets: &BTreeSet<String>) {
        let path = exchange.target.split('?').next().unwrap();
        let at = |place: &str| format!("{} {}{path} {place}", exchange.method, exchange.host);
        for redaction in &flow.redactions {
            *self.kinds.entry((redaction.kind.to_string(), redaction.place.clone())).or_default() +=
                redaction.count;
        }
        self.values += exchange.target.split(['?', '&']).count();
        self.text(&exchange.target, exchanges::target(&flow.request.url), &at("url"), secrets);
        self.headers(&exchange.headers, &flow.request.headers, &at("request"), secrets);
        self.body(&exchange.body, &flow.request.body, &at("request body"), secrets);
        if let Some(response) = &flow.response {
            self.headers(&exchange.answer_headers, &response.headers, &at("response"), secrets);
            if exchange.method != "HEAD" {
                self.body(&exchange.answer, &response.body, &at("response body"), secrets);
            }
        }
    }

    fn headers(
        &mut self,
        sent: &[(String, String)],
        stored: &[(String, String)],
        at: &str,
        secrets: &BTreeSet<String>,
    ) {
        for name in sent.iter().map(|(name, _)| name).collect::<BTreeSet<_>>() {
            // What is stored is UTF-8, and not encoded any more.
            if ["content-encoding", "content-type"].contains(&name.as_str()) {
                continue;
            }
            let all = |headers: &[(String, String)]| -> Vec<String> {
                headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone()).collect()
            };
            for (sent, stored) in all(sent).iter().zip(all(stored)) {
                self.values += if name.ends_with("cookie") { sent.split(';').count() } else { 1 };
                self.text(sent, &stored, &format!("{at} {name}"), secrets);
            }
        }
    }

    fn body(&mut self, sent: &[u8], stored: &Body, at: &str, secrets: &BTreeSet<String>) {
        let Ok(sent) = str::from_utf8(sent) else {
            self.values += 1;
            return;
        };
        self.values += replaced::scalars(sent).unwrap_or_else(|| sent.split_whitespace().count());
        if sent.is_empty() {
            return;
        }
        match &stored.utf8 {
            Some(stored) => self.text(sent, stored, at, secrets),
            None => self.note(at, "a text that is not stored as one".to_owned(), false),
        }
    }

    fn text(&mut self, sent: &str, stored: &str, at: &str, secrets: &BTreeSet<String>) {
        let found = match replaced::replaced(sent, stored) {
            Some(found) => found.into_iter().map(str::to_owned).collect(),
            None => replaced::changed(sent, stored)
                .unwrap_or_else(|| vec![format!("more than tokens: {}", differing(sent, stored))]),
        };
        for value in found {
            let plain: String = url::form_urlencoded::parse(value.as_bytes()).map(|(name, _)| name).collect();
            let rightful =
                at.ends_with("cookie") || secrets.iter().any(|s| value.contains(s) || plain.contains(s));
            // Tokens of a recording stay as they are.
            if !value.starts_with("glyph-redacted-") {
                self.note(at, value, rightful);
            }
        }
    }

    fn note(&mut self, at: &str, value: String, rightful: bool) {
        let value = if rightful {
            String::new()
        } else {
            value.chars().take(80).collect::<String>().escape_debug().to_string()
        };
        *self.replaced.entry(Replaced { rightful, place: at.to_owned(), value }).or_default() += 1;
    }

    fn told(&self, wrong: usize) -> String {
        let all: usize = self.replaced.values().sum();
        let share = wrong as f64 / self.values as f64 * 100.0;
        let mut told = format!(
            "{} values, {all} replaced, {wrong} of them falsely: {share:.4} %\n\n# What was replaced, and where\n",
            self.values
        );
        for (replaced, count) in &self.replaced {
            let rightful = if replaced.rightful { "rightful" } else { "FALSE   " };
            writeln!(told, "{rightful} {count:3} × {} {}", replaced.place, replaced.value).unwrap();
        }
        told.push_str("\n# By kind and place, as flows have it\n");
        for ((kind, place), count) in &self.kinds {
            writeln!(told, "{count:3} × {kind} {place}").unwrap();
        }
        told.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

/// Where two texts begin to differ.
fn differing(sent: &str, stored: &str) -> String {
    let at = sent.chars().zip(stored.chars()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| text.chars().skip(at.saturating_sub(10)).take(40).collect::<String>();
    format!("{:?} is {:?}", part(sent), part(stored))
}

/// Lines that are in one of the two only.
fn difference(expected: &str, told: &str) -> String {
    let lines = |text: &'static str, of: &str, other: &str| -> String {
        let other: BTreeSet<_> = other.lines().collect();
        of.lines().filter(|line| !other.contains(line)).map(|line| format!("{text}{line}\n")).collect()
    };
    lines("- ", expected, told) + &lines("+ ", told, expected)
}
