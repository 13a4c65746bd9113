//! A connection over HTTP/2, as what passes on it shows it, where h2 tells nobody: requests that are none (RFC 9113, 8.1.1),
//! whose streams it resets, and whether any request waits for the rest of its answer.
//!
//! In: the bytes of both directions, in whatever cuts. Out: how many requests were reset before anybody saw them, and whether
//! streams are open. Not here: what the frames say, but for whose they are; that is h2's.

use std::collections::BTreeMap;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const END_STREAM: u8 = 1;
const PROTOCOL_ERROR: u32 = 1;

/// What a client begins with.
const PREFACE: usize = 24;
/// The head of a frame, and as much behind it as a reset has (RFC 9113, 4.1 and 6.4).
const HEAD: usize = 9;
const CODE: usize = 4;
/// How many streams are looked at. h2 has a limit of its own, which is far below.
const MOST: usize = 4_096;

/// A frame that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    /// Its first four bytes, as a number.
    code: u32,
}

/// A reader of one direction.
#[derive(Debug)]
struct Frames {
    begin: [u8; HEAD + CODE],
    come: usize,
    /// Bytes that are of no interest: of the preface, or of a payload.
    skip: usize,
}

impl Frames {
    /// One of a direction that has so many bytes before its first frame.
    fn behind(skip: usize) -> Self {
        Self { begin: [0; HEAD + CODE], come: 0, skip }
    }

    /// Reads the next bytes; tells of each frame whose first bytes have passed.
    fn read(&mut self, mut bytes: &[u8], mut each: impl FnMut(Frame)) {
        loop {
            let skipped = self.skip.min(bytes.len());
            (self.skip, bytes) = (self.skip - skipped, &bytes[skipped..]);
            let wanted = if self.come < HEAD { HEAD } else { HEAD + CODE.min(self.length()) };
            let taken = bytes.len().min(wanted - self.come);
            self.begin[self.come..self.come + taken].copy_from_slice(&bytes[..taken]);
            (self.come, bytes) = (self.come + taken, &bytes[taken..]);
            if self.come >= HEAD && self.come == HEAD + CODE.min(self.length()) {
                let [_, _, _, kind, flags, stream @ .., a, b, c, d] = self.begin;
                // The first bit is reserved.
                let stream = u32::from_be_bytes(stream) & (u32::MAX >> 1);
                each(Frame { kind, flags, stream, code: u32::from_be_bytes([a, b, c, d]) });
                (self.skip, self.come) = (self.length() - (self.come - HEAD), 0);
            } else if bytes.is_empty() {
                return;
            }
        }
    }

    /// Of the payload.
    fn length(&self) -> usize {
        let [a, b, c, ..] = self.begin;
        (usize::from(a) << 16) | (usize::from(b) << 8) | usize::from(c)
    }
}

/// What is seen of a client's connection.
#[derive(Debug)]
pub struct Streams {
    received: Frames,
    sent: Frames,
    /// The streams of requests that we have not answered, and whether more than a head has come.
    open: BTreeMap<u32, bool>,
    latest: u32,
}

impl Default for Streams {
    fn default() -> Self {
        let (received, sent) = (Frames::behind(PREFACE), Frames::behind(0));
        Self { received, sent, open: BTreeMap::new(), latest: 0 }
    }
}

impl Streams {
    /// The client has sent that.
    pub fn received(&mut self, bytes: &[u8]) {
        let Self { open, latest, .. } = self;
        self.received.read(bytes, |frame| match frame.kind {
            HEADERS if frame.stream > *latest => {
                *latest = frame.stream;
                if open.len() < MOST {
                    open.insert(frame.stream, false);
                }
            }
            HEADERS | DATA => {
                open.entry(frame.stream).and_modify(|has_more| *has_more = true);
            }
            RST_STREAM => drop(open.remove(&frame.stream)),
            _ => {}
        });
    }

    /// The client was sent that. Returns how many requests were reset for their heads.
    pub fn sent(&mut self, bytes: &[u8]) -> usize {
        let (open, mut count) = (&mut self.open, 0);
        self.sent.read(bytes, |frame| match frame.kind {
            RST_STREAM => {
                let had_more = open.remove(&frame.stream).unwrap_or(true);
                count += usize::from(!had_more && frame.code == PROTOCOL_ERROR);
            }
            HEADERS | DATA if frame.flags & END_STREAM != 0 => drop(open.remove(&frame.stream)),
            _ => {}
        });
        count
    }

    /// Whether every request that has come was answered to its end, or given up.
    pub fn are_ended(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags, 0x80, 0, 0, stream], payload].concat()
    }

    fn reset(stream: u8, code: u8) -> Vec<u8> {
        frame(RST_STREAM, 0, stream, &[0, 0, 0, code])
    }

    #[test]
    fn frames_are_told_however_they_are_cut() {
        let all = [frame(DATA, 0, 1, b""), reset(3, 8), frame(HEADERS, END_STREAM, 5, &[7; 200])].concat();
        let whole = [(DATA, 0, 1), (RST_STREAM, 0, 3), (HEADERS, END_STREAM, 5)];
        for size in 1..=all.len() {
            let (mut frames, mut told) = (Frames::behind(0), Vec::new());
            for part in all.chunks(size) {
                frames.read(part, |frame| told.push((frame.kind, frame.flags, frame.stream)));
            }
            assert_eq!(told, whole, "{size}");
        }
    }

    #[test]
    fn what_is_reset_for_its_head_is_told() {
        enum Step {
            Received(Vec<u8>),
            Sent(Vec<u8>, usize),
        }
        use Step::{Received, Sent};
        let head = |stream| Received(frame(HEADERS, END_STREAM, stream, b""));
        let data = |stream| Received(frame(DATA, 0, stream, b"x"));
        let answer = |stream| Sent(frame(HEADERS, END_STREAM, stream, b""), 0);
        for (what, script) in [
            ("a head", vec![head(1), Sent(reset(1, 1), 1), head(3), Sent(reset(3, 1), 1)]),
            ("one of two", vec![head(1), head(3), Sent(reset(1, 1), 1), answer(3), Sent(reset(3, 1), 0)]),
            ("not allowed, but for another reason", vec![head(1), Sent(reset(1, 7), 0)]),
            ("its body", vec![head(1), data(1), Sent(reset(1, 1), 0)]),
            ("its trailers", vec![head(1), head(1), Sent(reset(1, 1), 0)]),
            ("the client gave it up", vec![head(1), Received(reset(1, 8)), Sent(reset(1, 1), 0)]),
            ("there was none", vec![Sent(reset(1, 1), 0)]),
            ("twice", vec![head(1), Sent([reset(1, 1), reset(1, 1)].concat(), 1)]),
        ] {
            let mut streams = Streams::default();
            streams.received(&[b' '; PREFACE]);
            for step in script {
                match step {
                    Received(bytes) => streams.received(&bytes),
                    Sent(bytes, count) => assert_eq!(streams.sent(&bytes), count, "{what}"),
                }
            }
        }
    }

    #[test]
    fn streams_are_open_until_their_last_byte_was_sent() {
        let mut streams = Streams::default();
        assert!(streams.are_ended());
        streams.received(&[b' '; PREFACE]);
        streams.received(&[frame(HEADERS, END_STREAM, 1, b""), frame(HEADERS, 0, 3, b"")].concat());
        streams.sent(&frame(HEADERS, 0, 1, b""));
        streams.sent(&frame(HEADERS, END_STREAM, 3, b""));
        assert!(!streams.are_ended());
        streams.sent(&frame(DATA, END_STREAM, 1, b"x"));
        assert!(streams.are_ended());
        streams.received(&frame(HEADERS, 0, 5, b""));
        assert!(!streams.are_ended());
        streams.received(&reset(5, 8));
        assert!(streams.are_ended());
    }
}
