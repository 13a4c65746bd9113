//! Spans as bytes, in each of the formats. Not here: which spans, and their order.

pub(crate) mod glyph;
pub(crate) mod otlp;
pub(crate) mod jaeger;
pub(crate) mod zipkin;

use std::io::{self, Write};

use crate::attributes::Value;

/// A format that spans can be written in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format {
    Glyph,
    Otlp,
    Jaeger,
    Zipkin,
}

impl Format {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "glyph" => Self::Glyph,
            "otlp" => Self::Otlp,
            "jaeger" => Self::Jaeger,
            "zipkin" => Self::Zipkin,
            _ => return None,
        })
    }
}

/// A JSON string. No text here has control characters.
fn string(text: &str, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"\"")?;
    for (n, part) in text.split('"').enumerate() {
        out.write_all(if n == 0 { b"" } else { b"\\\"" })?;
        out.write_all(part.as_bytes())?;
    }
    out.write_all(b"\"")
}

/// A value as the JSON type that it is.
fn plain(value: &Value, out: &mut impl Write) -> io::Result<()> {
    match value {
        Value::Name(name) => string(name, out),
        Value::Text(text) => string(text, out),
        Value::Whole(number) => write!(out, "{number}"),
        Value::Ratio(thousandths) => write!(out, "0.{thousandths:03}"),
        Value::Flag(flag) => write!(out, "{flag}"),
    }
}

/// Writes items with commas between.
fn list<T, W: Write>(
    items: impl IntoIterator<Item = T>,
    out: &mut W,
    mut item: impl FnMut(T, &mut W) -> io::Result<()>,
) -> io::Result<()> {
    for (n, one) in items.into_iter().enumerate() {
        if n > 0 {
            out.write_all(b",")?;
        }
        item(one, out)?;
    }
    Ok(())
}
