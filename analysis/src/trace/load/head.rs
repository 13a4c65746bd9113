//! The beginning of a file, looked at without being taken out of it: whether what follows is read line by line or as
//! one document.
//!
//! In: an opened file. Out: the same file from its beginning, and its layout. Not here: any span.

use std::io::{self, Cursor, Read};

use glyph_formats::jsonl::input::Input;
use serde::de::IgnoredAny;

use super::{chunk::Chunk, foreign, glyph};

const HEAD: usize = 1 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A value a line.
    Lines,
    /// Values over many lines, or too long for one.
    Document,
}

/// Reads the beginning and puts it back, but for a byte order mark.
pub(super) fn look(mut input: Input) -> (Input, Layout) {
    let mut head = Vec::new();
    let failure = input.reader.by_ref().take(HEAD as u64).read_to_end(&mut head).err();
    // Only JSON is read without its mark; of what is something else the mark is part of the fault.
    let marked = |rest: &[u8]| matches!(rest.trim_ascii_start(), [b'{' | b'[', ..]);
    let is_marked = head.strip_prefix(BYTE_ORDER_MARK).is_some_and(marked);
    let skipped = if is_marked { BYTE_ORDER_MARK.len() } else { 0 };
    let layout = layout(&String::from_utf8_lossy(&head[skipped..]));
    let mut begin = Cursor::new(head);
    begin.set_position(skipped as u64);
    let reader = Box::new(begin.chain(Failing(failure)).chain(input.reader));
    (Input { reader, ..input }, layout)
}

/// The layout of a file that begins so.
fn layout(head: &str) -> Layout {
    let text = head.trim_start();
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let is_only = lines.clone().next().is_none();
    let is_signed = || foreign::SIGNS.iter().any(|sign| text.contains(sign));
    // Of a line that goes on beyond what is seen only the keys of traces tell that it may be a document.
    if !text.starts_with(['{', '[']) || is_only && !is_signed() {
        return Layout::Lines;
    }
    match serde_json::from_str::<IgnoredAny>(first) {
        Err(error) if error.is_eof() => {}
        _ => return Layout::Lines,
    }
    // The first line may have been cut short by a crash, with whole ones after it or none, or be longer than what is
    // seen.
    let is_span = |line| glyph::parse_line(line, &mut Chunk::default()).is_ok();
    let glyph_follows = text.starts_with('{') && lines.any(is_span);
    let is_glyphs = text.starts_with("{\"trace_id\"") && is_only;
    if glyph_follows || is_glyphs { Layout::Lines } else { Layout::Document }
}

/// Fails once as the reader before it did, so that who reads on learns of it.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_documents_are_told_apart() {
        let span = "{\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\",\
                    \"name\":\"n\",\"service_name\":\"s\",\"start_time_unix_nano\":1,\"end_time_unix_nano\":2}";
        let torn = &span[..60];
        for (text, expected) in [
            ("", Layout::Lines),
            ("hello\n", Layout::Lines),
            ("{\"resourceSpans\":[]}\n{\"resourceSpans\":[]}\n", Layout::Lines),
            ("{\n  \"resourceSpans\": [\n", Layout::Document),
            ("\n[\n{\"traceId\":", Layout::Document),
            ("{\"resourceSpans\":[{", Layout::Document),
            ("{\"traceEvents\":[\n{\"ph\"", Layout::Document),
            ("{\n  \"name\": \"package\"\n}", Layout::Document),
            ("{\"name\":\"", Layout::Lines),
            (torn, Layout::Lines),
            (&format!("{torn}\n"), Layout::Lines),
            (&format!("{torn}\n{span}\n"), Layout::Lines),
            (&format!("[\n{span},\n{span}\n]"), Layout::Document),
        ] {
            assert_eq!(layout(text), expected, "{text}");
        }
    }
}
