//! Bodies of real traffic: pages, JSON, JSON with much Base64, scripts, logs.

use std::{fs::File, io::BufReader, path::Path};

use anyhow::Context;
use glyphd::sanitize::{RedactionPolicy, Sanitizer};
use serde_json::{Value, json};

use crate::{cpu_time, expressions::Expressions, message};

/// Each body is as long as this: bodies of that kind, one behind the other.
const BODY: usize = 256 << 10;

struct Kind {
    name: &'static str,
    content_type: &'static str,
    /// The bodies of those URLs.
    urls: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "HTML",
        content_type: "text/html",
        urls: &["docs.test/axios", "docs.test/express", "docs.test/openid"],
    },
    Kind {
        name: "JSON",
        content_type: "application/json",
        urls: &["/api/commits", "/api/users", "/api/orders", "/pods", "/openapi", "/lock", "/api/map"],
    },
    Kind {
        name: "JSON, images in Base64",
        content_type: "application/json",
        urls: &["/api/products", "/jwks"],
    },
    Kind {
        name: "JavaScript, minified",
        content_type: "text/javascript",
        urls: &["jquery.min", "d3.min", "leaflet.js"],
    },
    Kind { name: "a log", content_type: "text/plain", urls: &["api.test/logs"] },
];

pub(crate) fn measure(folder: &Path, bytes: usize) -> anyhow::Result<Value> {
    let mut all = Vec::new();
    for name in ["shop", "api", "docs"] {
        all.extend(bodies(&folder.join(format!("{name}.har.zst")))?);
    }
    // The whole of it is kept, so that all of it is paid for.
    let sanitizer = Sanitizer::new(RedactionPolicy::default(), 2 * BODY);
    let expressions = Expressions::new()?;
    let mut figures = serde_json::Map::new();
    for kind in KINDS {
        let those = all.iter().filter(|(url, _)| kind.urls.iter().any(|part| url.contains(part)));
        let mut text = those.map(|(_, body)| body.as_str()).collect::<Vec<_>>().join("\n");
        text = text.repeat(BODY / text.len() + 1);
        text.truncate(text.floor_char_boundary(BODY));
        let message = message(&[("content-type", kind.content_type)], text.clone())?;
        let rounds = bytes / text.len() + 1;
        let ours = || drop(std::hint::black_box(sanitizer.message("response", &message)));
        let theirs = || drop(std::hint::black_box(expressions.replace(&text)));
        ours();
        theirs();
        let speed = |work: &dyn Fn()| {
            let took = cpu_time(|| (0..rounds).for_each(|_| work()));
            (rounds * text.len()) as f64 / took.as_secs_f64() / 1e6
        };
        figures.insert(
            kind.name.to_owned(),
            json!({ "glyph_mb_s": speed(&ours), "regex_mb_s": speed(&theirs) }),
        );
    }
    Ok(figures.into())
}

/// The URLs and texts of a HAR file.
fn bodies(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut decoder = zstd::Decoder::new(File::open(path).with_context(|| path.display().to_string())?)?;
    decoder.window_log_max(27)?;
    let har: Value = serde_json::from_reader(BufReader::new(decoder))?;
    let entries = har["log"]["entries"].as_array().context("no entries")?;
    let text = |entry: &Value| {
        let content = &entry["response"]["content"];
        let text = content["text"].as_str().filter(|_| content["encoding"].is_null())?;
        Some((entry["request"]["url"].as_str()?.to_owned(), text.to_owned()))
    };
    Ok(entries.iter().filter_map(text).collect())
}
