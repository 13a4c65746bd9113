//! As what two texts are compared. In: their `Content-Type`s and beginnings.

/// What two texts are, both of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// One document.
    Json,
    /// A document a line.
    Lines,
    /// Server-sent events.
    Events,
    /// Names and values.
    Form,
    Text,
}

type Headers = [(String, String)];

pub(super) fn of(headers: &Headers, new_headers: &Headers, text: &str, new_text: &str) -> Media {
    let (media, other) = (declared(headers), declared(new_headers));
    match (media, other) {
        (Some(media), Some(other)) if media == other && media != Media::Json => media,
        // Many say text/plain, or text/html, of JSON.
        _ if begins_json(text) && begins_json(new_text) => Media::Json,
        (Some(Media::Json), Some(Media::Json)) => Media::Json,
        _ => Media::Text,
    }
}

fn declared(headers: &Headers) -> Option<Media> {
    let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"))?;
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Some(match essence.as_str() {
        "text/event-stream" => Media::Events,
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/json-lines"
        | "application/stream+json" => Media::Lines,
        "application/x-www-form-urlencoded" => Media::Form,
        "application/json" | "text/json" => Media::Json,
        other if other.ends_with("+json") => Media::Json,
        _ => return None,
    })
}

fn begins_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}
