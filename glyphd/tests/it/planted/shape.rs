//! What is stored still has the form of what passed: names, types, number and order are the same, only values differ.

use glyph_formats::{Flow, flow::Body};
use serde_json::Value;

use super::{message::Message, plants::Plant};

const TOKEN: &str = "glyph-redacted-";

/// What is wrong with the record of a plant.
pub(super) fn faults(plant: &Plant, flow: &Flow) -> Vec<String> {
    let mut faults = Vec::new();
    let request = plant.request.as_ref().unwrap();
    check(plant, request, &flow.request.headers, &flow.request.body, &mut faults);
    if let Some(response) = &flow.response {
        check(plant, &plant.response, &response.headers, &response.body, &mut faults);
    }
    fn names(url: &str) -> Vec<&str> {
        pairs(url.split_once('?').map_or("", |(_, query)| query))
    }
    let target = request.start.split(' ').nth(1).unwrap();
    if names(target) != names(&flow.request.url) {
        faults.push(format!("the query has other names: {}", flow.request.url));
    }
    // A body that is stored by its digest has nothing to replace, and of a tunnel's target only the host is noted.
    let bodies = [Some(&flow.request.body), flow.response.as_ref().map(|r| &r.body)];
    let is_stored = bodies.iter().flatten().all(|body| body.digest.is_none());
    if flow.redactions.is_empty() && plant.finding.is_none() && is_stored && flow.tunnel.is_none() {
        faults.push(format!("no redaction is noted: {} {:?}", flow.request.url, flow.error));
    }
    let side = if plant.is_in_response() { "response." } else { "request." };
    if !flow.redactions.is_empty() && !flow.redactions.iter().any(|r| r.place.starts_with(side)) {
        faults.push(format!("no redaction in the {side} {:?}", flow.redactions));
    }
    faults
}

fn check(plant: &Plant, sent: &Message, headers: &[(String, String)], body: &Body, faults: &mut Vec<String>) {
    let header =
        |name: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| &**value);
    for (name, value) in &sent.headers {
        let stored: Vec<_> =
            headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v).collect();
        let Some(stored) = (if stored.len() > 1 {
            stored.into_iter().find(|s| cookie(s) == cookie(value))
        } else {
            stored.first().copied()
        }) else {
            faults.push(format!("the header {name} is gone"));
            continue;
        };
        let scheme = |text: &str| text.split_once(' ').map(|(scheme, _)| scheme.to_owned());
        if name.eq_ignore_ascii_case("authorization") && scheme(value) != scheme(stored) {
            faults.push(format!("another scheme: {stored}"));
        }
        if name.to_ascii_lowercase().ends_with("cookie") && cookie(value) != cookie(stored) {
            faults.push(format!("another cookie: {stored}"));
        }
    }
    let stored = body.utf8.as_deref().unwrap_or_default();
    if let Some(length) = header("content-length")
        && !sent.body.is_empty()
        && !body.is_partial()
        && body.digest.is_none()
        && length != stored.len().to_string()
    {
        faults.push(format!("Content-Length is {length}, and {} bytes are stored", stored.len()));
    }
    if !body.content_encoding.is_empty() && header("content-encoding").is_some() {
        faults.push("Content-Encoding is there, and the content is not so encoded".to_owned());
    }
    if body.size != sent.body.len() as u64 && !plant.breaks_off() {
        faults.push(format!("{} bytes passed, {} are noted", sent.body.len(), body.size));
    }
    if sent.coding.is_some() && body.base64.is_some() && !sent.body.is_empty() {
        faults.push("the coded bytes are stored as they passed".to_owned());
    }
    // Where the end is missing, so is the end of its form.
    if !plant.is_cut() && !plant.breaks_off() && body.utf8.is_some() {
        content(&sent.text, header("content-type").unwrap_or_default(), stored, faults);
    }
}

fn content(sent: &str, content_type: &str, stored: &str, faults: &mut Vec<String>) {
    if let Ok(sent) = serde_json::from_str::<Value>(sent) {
        match serde_json::from_str::<Value>(stored) {
            Ok(stored) if same_shape(&sent, &stored) => {}
            Ok(_) => faults.push(format!("JSON of another shape: {stored}")),
            Err(e) => faults.push(format!("no JSON any more: {e}: {stored}")),
        }
    }
    if content_type.contains("urlencoded") && pairs(sent) != pairs(stored) {
        faults.push(format!("a form of other fields: {stored}"));
    }
    let parts = |text: &str| text.matches("Content-Disposition").count();
    if parts(sent) != parts(stored) {
        faults.push(format!("other parts: {stored}"));
    }
    if sent.lines().count() != stored.lines().count() && !sent.contains("KEY-----") {
        faults.push(format!("other lines: {stored}"));
    }
}

/// Whether only values differ. A name may be a secret itself.
fn same_shape(sent: &Value, stored: &Value) -> bool {
    match (sent, stored) {
        (Value::Object(sent), Value::Object(stored)) => {
            let same_name = |a: &str, b: &str| a == b || b.contains(TOKEN);
            // Names are in order of the alphabet, and a token is in another place there.
            sent.len() == stored.len()
                && sent.iter().all(|(name, value)| {
                    let at_name = stored.get(name);
                    let mut renamed = stored.iter().filter(|(n, _)| same_name(name, n)).map(|(_, v)| v);
                    at_name.or_else(|| renamed.next()).is_some_and(|stored| same_shape(value, stored))
                })
        }
        (Value::Array(sent), Value::Array(stored)) => {
            sent.len() == stored.len() && sent.iter().zip(stored).all(|(a, b)| same_shape(a, b))
        }
        (Value::String(sent), Value::String(stored)) => {
            sent == stored || stored.contains(TOKEN) || serde_json::from_str::<Value>(stored).is_ok()
        }
        (Value::Number(_), Value::Number(_)) => true,
        (sent, stored) => sent == stored,
    }
}

/// The names of a form, a query.
fn pairs(text: &str) -> Vec<&str> {
    text.trim().split('&').map(|pair| pair.split('=').next().unwrap()).collect()
}

/// The names in a cookie header, and how many.
fn cookie(text: &str) -> Vec<&str> {
    let named = text.split(';').filter(|pair| pair.contains('='));
    named.map(|pair| pair.trim().split('=').next().unwrap()).collect()
}
