//! Lines, each a span or why it is none.
//!
//! In: a block of whole lines. Out: the spans of all of them in one chunk. Glyph's own reader is asked first, then those
//! of other tools' formats.

use std::path::Path;

use glyph_formats::jsonl::{Block, Taken};

use super::{
    Want,
    chunk::Chunk,
    foreign::{self, Refused},
    found, glyph,
};

/// A block of lines in memory of its own, used again for the next one.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) taken: Taken,
    pub(super) bytes: Vec<u8>,
}

/// What came of a block.
pub(super) struct Parsed {
    pub(super) chunk: Chunk,
    /// Lines that are no spans.
    pub(super) unreadable: u64,
    /// The first of them.
    pub(super) first_fault: Option<Fault>,
    /// The last line, if it is no span and nothing ends it.
    pub(super) torn: Option<Fault>,
}

/// Why a line is no span, or a document can't be read on.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: u64,
    pub(super) reason: String,
    /// Whether it is the beginning of something that could be a span.
    pub(super) cut_off: bool,
}

impl Refused {
    /// The fault that it is in a document, whose reading came to that line.
    pub(super) fn at(self, line: u64) -> Fault {
        let reason = match &self {
            Self::Json(error) => bare(error),
            Self::NoSpan(what) => what.clone(),
            Self::NoIds => NO_IDS.to_owned(),
            Self::TooLarge(what) => (*what).to_owned(),
        };
        Fault { line, reason, cut_off: matches!(&self, Self::Json(error) if error.is_eof()) }
    }
}

/// What is said of spans that nothing can tell apart.
const NO_IDS: &str = "there are spans in it, but none with a trace id and a span id";

/// A longer line is no span, and is not held.
pub(super) const LONGEST: usize = 64 << 20;

/// What a parser says, without the position in what it saw of the file.
fn bare(error: &serde_json::Error) -> String {
    error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
}

impl Lines {
    pub(super) fn parse(&self, path: &Path, want: &Want) -> Parsed {
        let Taken { first_line, length, unterminated } = self.taken;
        let block = Block { path, first_line, bytes: &self.bytes[..length], unterminated };
        let mut parsed =
            Parsed { chunk: Chunk::new(want.clone()), unreadable: 0, first_fault: None, torn: None };
        for (line, bytes) in block.lines() {
            parsed.chunk.at_line(line);
            let Err(fault) = parse_line(line, bytes, &mut parsed.chunk) else { continue };
            if block.may_be_torn(bytes) {
                parsed.torn = Some(fault);
            } else {
                parsed.unreadable += 1;
                parsed.first_fault.get_or_insert(fault);
            }
        }
        parsed
    }
}

fn parse_line(line: u64, bytes: &[u8], chunk: &mut Chunk) -> Result<(), Fault> {
    let said = |reason: String| Fault { line, reason, cut_off: false };
    let text = std::str::from_utf8(bytes).map_err(|e| match found::bytes(bytes) {
        Some(what) => said(what.to_owned()),
        None => Fault {
            line,
            reason: format!("the bytes from column {} are no UTF-8", e.valid_up_to() + 1),
            cut_off: e.error_len().is_none(),
        },
    })?;
    let mut no_glyph = None;
    // A whole resource on a line is long, and no reader should walk through it in vain.
    if !foreign::is_envelope(text) {
        match glyph::parse_line(text, chunk) {
            Ok(()) => return Ok(()),
            Err(error) => no_glyph = Some(error),
        }
    }
    let fault = |e: serde_json::Error| Fault {
        line,
        reason: format!("{} (column {})", bare(&e), e.column()),
        cut_off: e.is_eof(),
    };
    foreign::parse_line(text, chunk).map_err(|refused| match refused {
        Refused::Json(error) if error.is_syntax() => {
            found::bytes(bytes).map_or_else(|| fault(error), |what| said(what.to_owned()))
        }
        Refused::Json(error) if error.is_data() => said(bare(&error)),
        Refused::Json(error) => fault(error),
        // Of what looks like a span of glyph's, why it is none says more than that it is none of any kind.
        Refused::NoIds if text.contains("\"trace_id\"") && text.contains("\"span_id\"") => {
            no_glyph.map_or_else(|| Refused::NoIds.at(line), fault)
        }
        refused => refused.at(line),
    })
}
