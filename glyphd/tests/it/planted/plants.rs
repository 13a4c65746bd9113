//! The data file of planted secrets, and each of them with its random parts filled in.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    message::Message,
    template::{Random, Secret, fill},
};

const FILE: &str = include_str!("../../../../testdata/flows/secrets/plants.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    secrets: BTreeMap<String, Kind>,
    plants: Vec<Entry>,
}

/// A kind of secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kind {
    pub(crate) template: String,
    /// Whether it has no shape of its own.
    #[serde(default)]
    pub(crate) named: bool,
}

/// Where requests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Upstream {
    /// To a server that answers.
    #[default]
    Origin,
    /// Where nobody listens.
    Nobody,
    /// To a name that there is not.
    Unknown,
    /// To something that does not speak HTTP.
    NotHttp,
    /// To something that answers and breaks off before the end.
    BrokenOff,
    /// Through a tunnel to where nobody listens.
    Tunnel,
}

/// What a table of the file says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Entry {
    pub(crate) name: String,
    secret: Option<String>,
    secrets: Vec<String>,
    pub(crate) place: String,
    request: Option<String>,
    response: Option<String>,
    trailers: Vec<(String, String)>,
    user_info: Option<String>,
    coding: Option<String>,
    hide_coding: bool,
    charset: Option<String>,
    pub(crate) chunked: bool,
    pub(crate) keeps_from_upstream: bool,
    pub(crate) upstream: Upstream,
    finding: Option<String>,
    finding_kind: Option<String>,
    pub(crate) refused: bool,
    printed: Option<String>,
}

/// A secret in its place.
#[derive(Debug, Clone)]
pub(crate) struct Plant {
    pub(crate) entry: Entry,
    pub(crate) kind: String,
    pub(crate) secret: Secret,
    /// None if a process prints it and nothing is sent.
    pub(crate) request: Option<Message>,
    pub(crate) response: Message,
    pub(crate) user_info: String,
    pub(crate) finding: Option<Finding>,
    pub(crate) printed: Option<String>,
}

/// What a plugin is to say.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Plant {
    /// Whether the limit of what is kept lies within the secret.
    pub(crate) fn is_cut(&self) -> bool {
        self.entry.place == "cut"
    }

    /// Whether the response does not come to its end.
    pub(crate) fn breaks_off(&self) -> bool {
        self.entry.upstream == Upstream::BrokenOff
    }

    /// Whether it is the response that holds the secret.
    pub(crate) fn is_in_response(&self) -> bool {
        self.entry.response.is_some()
    }

    /// The message that holds the secret.
    pub(crate) fn message(&self) -> &Message {
        if self.is_in_response() { &self.response } else { self.request.as_ref().unwrap() }
    }
}

/// The kinds of secrets.
pub(crate) fn kinds() -> BTreeMap<String, Kind> {
    toml::from_str::<File>(FILE).unwrap().secrets
}

/// All of them. `limit` is how many bytes of a body are kept.
pub(crate) fn plants(seed: u64, limit: usize) -> Vec<Plant> {
    let file: File = toml::from_str(FILE).unwrap_or_else(|e| panic!("plants.toml: {e}"));
    let mut random = Random::new(seed);
    let mut plants = Vec::new();
    for entry in &file.plants {
        let kinds = entry.secret.iter().chain(&entry.secrets);
        for kind in kinds {
            let Some(Kind { template, .. }) = file.secrets.get(kind) else {
                panic!("{}: no secret {kind}", entry.name);
            };
            let mut entry = entry.clone();
            entry.name = entry.name.replace('*', kind);
            plants.push(plant(entry, kind, fill(template.trim_start(), &mut random), limit));
        }
    }
    plants
}

fn plant(entry: Entry, kind: &str, secret: Secret, limit: usize) -> Plant {
    let put = |text: &str| put(text, &secret.text);
    let limit = (entry.place == "cut").then_some(limit);
    let (codings, charset) = (entry.coding.as_deref(), entry.charset.as_deref());
    // What is said of the body is said of the one with the secret in it.
    let message = |text: &str| {
        let mut message = Message::of(text, &secret.text, limit, codings, charset);
        if entry.hide_coding {
            message.coding = None;
        }
        message
    };
    let plain = |text: &str| Message::of(text, "", None, None, None);
    let mut request = match (&entry.request, &entry.printed) {
        (Some(text), _) => Some(message(text)),
        (None, Some(_)) => None,
        (None, None) => Some(plain(&format!("GET /{} HTTP/1.1\n", entry.name))),
    };
    if let Some(request) = &mut request {
        request.trailers = entry.trailers.iter().map(|(name, value)| (name.clone(), put(value))).collect();
    }
    let response = entry.response.as_deref().map_or_else(|| plain("HTTP/1.1 204 No Content\n"), message);
    let finding = entry.finding.as_deref().map(|text| Finding {
        kind: put(entry.finding_kind.as_deref().unwrap_or("guest.quotes")),
        text: put(text),
    });
    Plant {
        user_info: entry.user_info.as_deref().map(put).unwrap_or_default(),
        printed: entry.printed.as_deref().map(put),
        kind: kind.to_owned(),
        entry,
        secret,
        request,
        response,
        finding,
    }
}

/// A text with the secret in the places that are for it: `{{secret}}`, or `{{secret HOW …}}`.
pub(crate) fn put(text: &str, secret: &str) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{secret") {
        let (how, after) = after.split_once("}}").unwrap();
        whole.push_str(before);
        whole.push_str(&how.split_whitespace().fold(secret.to_owned(), |text, how| encode(&text, how)));
        rest = after;
    }
    whole + rest
}

fn encode(text: &str, how: &str) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let bytes = |keep: fn(u8) -> bool, other: fn(u8) -> String| -> String {
        text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { other(b) }).collect()
    };
    match how {
        "percent" => bytes(|b| b.is_ascii_alphanumeric(), |b| format!("%{b:02X}")),
        "percent-all" => bytes(|_| false, |b| format!("%{b:02x}")),
        "json" => serde_json::to_string(text).unwrap().trim_matches('"').to_owned(),
        "unicode" => text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
        "basic" => BASE64_STANDARD.encode(format!("joe:{text}")),
        other => panic!("no way to write a secret: {other}"),
    }
}
