//! What a server with Prometheus' query API answers, into a store.
//!
//! In: the JSON of `/api/v1/query`, `/api/v1/query_range` or `/api/v1/query_exemplars`, whole or only its `data`. Out:
//! samples and exemplars in a [`Store`]. Not here: asking a server, and marking where series end
//! ([`super::stale::mark`] does that, when everything is there).

mod answer;
mod number;

use std::io;

use serde::de::DeserializeSeed;

use super::Store;

/// Why an answer could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It is not the JSON that it should be; the text has line and column.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// The server could not answer.
    #[error("the server answered with an error: {kind}: {text}")]
    Refused {
        /// The kind of error, in Prometheus' words: `bad_data`, `timeout`, `execution`.
        kind: String,
        /// What the server said.
        text: String,
    },
    /// There is neither a result nor an error.
    #[error("this is no answer of Prometheus' query API: it has no result")]
    NoResult,
}

/// What was odd about an answer that was taken.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the server warned of: `warnings` and `infos`.
    pub warnings: Vec<String>,
    /// Samples that were dropped for being older than the one before them in their series.
    pub out_of_order: u64,
    /// Samples that were dropped because their series had another value at that time already.
    pub duplicates: u64,
}

/// Adds what an answer holds to a store.
///
/// Times are rounded to milliseconds. Series keep the labels that the answer gives them; those of a vector that was
/// computed have no name. A scalar is a series without labels.
///
/// # Errors
/// If it is no answer, or one that says that the server could not answer, or if it has native histograms or text, which
/// a store can't hold. Samples that came before the fault are in the store then.
pub fn read_into(store: &mut Store, json: &[u8]) -> Result<Answer, ApiError> {
    read(serde_json::Deserializer::from_slice(json), store)
}

/// The same of a stream.
pub(super) fn read_from(store: &mut Store, json: impl io::Read) -> Result<Answer, ApiError> {
    read(serde_json::Deserializer::from_reader(io::BufReader::with_capacity(1 << 16, json)), store)
}

fn read<'de>(
    mut json: serde_json::Deserializer<impl serde_json::de::Read<'de>>,
    store: &mut Store,
) -> Result<Answer, ApiError> {
    let mut answer = Answer::default();
    let body = answer::Body { store, answer: &mut answer }.deserialize(&mut json)?;
    json.end()?;
    match (body.error, body.found) {
        (Some((kind, text)), _) => Err(ApiError::Refused { kind, text }),
        (None, true) => Ok(answer),
        (None, false) => Err(ApiError::NoResult),
    }
}

/// Whether text that begins like this is JSON rather than exposition text, which may begin with a brace too:
/// `{"a name that needs quotes"} 1 1`.
pub(super) fn looks_like_json(head: &[u8]) -> bool {
    let Some(rest) = head.trim_ascii_start().strip_prefix(b"{") else { return false };
    let Some(rest) = rest.trim_ascii_start().strip_prefix(b"\"") else { return false };
    let mut escaped = false;
    let quote = rest.iter().position(|b| {
        let ends = *b == b'"' && !escaped;
        escaped = *b == b'\\' && !escaped;
        ends
    });
    quote.is_some_and(|at| rest[at + 1..].trim_ascii_start().starts_with(b":"))
}

#[cfg(test)]
mod tests;
