//! Protobuf's wire format into a buffer: the four kinds of fields that the trace is made of.

use std::io::{self, Write};

/// When what is there is handed on.
const BUFFER: usize = 1 << 16;

/// Bytes of messages, of which some may still be open.
#[derive(Debug, Default)]
pub(super) struct Proto(Vec<u8>);

/// Where an open message begins: that of its tag, and that of what is in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opened {
    tag: usize,
    inside: usize,
}

impl Proto {
    /// A field with a number, an enum or a truth value.
    pub(super) fn number(&mut self, field: u32, value: u64) {
        self.tag(field, 0);
        self.varint(value);
    }

    /// A field with eight bytes.
    pub(super) fn fixed(&mut self, field: u32, value: u64) {
        self.tag(field, 1);
        self.0.extend(value.to_le_bytes());
    }

    /// A field with a text.
    pub(super) fn text(&mut self, field: u32, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    /// A field with a message that is there already, unless it is empty: that is taken out of `message`.
    pub(super) fn take(&mut self, field: u32, message: &mut Self) {
        if !message.0.is_empty() {
            self.bytes(field, &message.0);
            message.0.clear();
        }
    }

    /// A field with a message, of which `write` makes what is in it.
    pub(super) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        let opened = self.open(field);
        write(self);
        self.close(opened);
    }

    /// Begins a field with a message.
    pub(super) fn open(&mut self, field: u32) -> Opened {
        let tag = self.0.len();
        self.tag(field, 2);
        // The length, of which one byte is enough for most.
        self.0.push(0);
        Opened { tag, inside: self.0.len() }
    }

    /// Ends it.
    pub(super) fn close(&mut self, opened: Opened) {
        let length = self.0.len() - opened.inside;
        if length < 0x80 {
            self.0[opened.inside - 1] = length as u8;
            return;
        }
        let mut prefix = Self::default();
        prefix.varint(length as u64);
        self.0.splice(opened.inside - 1..opened.inside, prefix.0);
    }

    /// Takes it back, with all that is in it.
    pub(super) fn undo(&mut self, opened: Opened) {
        self.0.truncate(opened.tag);
    }

    /// How far it is, for [`Proto::back_to`].
    pub(super) fn here(&self) -> usize {
        self.0.len()
    }

    /// Takes back what came after [`Proto::here`].
    pub(super) fn back_to(&mut self, here: usize) {
        self.0.truncate(here);
    }

    /// Hands on all, if it is worth it. No message may be open.
    pub(super) fn flush_if_full(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.0.len() < BUFFER { Ok(()) } else { self.flush(out) }
    }

    /// Hands on all. No message may be open.
    pub(super) fn flush(&mut self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.0)?;
        self.0.clear();
        Ok(())
    }

    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn tag(&mut self, field: u32, kind: u32) {
        self.varint(u64::from(field << 3 | kind));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_as_the_documentation_of_protobuf_has_them() {
        let mut proto = Proto::default();
        proto.number(1, 150);
        proto.text(2, "testing");
        proto.message(3, |inner| inner.number(1, 150));
        proto.fixed(4, 1);
        let expected = b"\x08\x96\x01\x12\x07testing\x1a\x03\x08\x96\x01\x21\x01\0\0\0\0\0\0\0";
        assert_eq!(proto.0, expected);
    }

    #[test]
    fn the_length_of_a_message_takes_as_many_bytes_as_it_needs() {
        let mut proto = Proto::default();
        proto.message(1, |outer| outer.message(1, |inner| inner.text(1, &"x".repeat(300))));
        assert_eq!(proto.0[..9], *b"\x0a\xb2\x02\x0a\xaf\x02\x0a\xac\x02");
        assert_eq!(proto.0.len(), 309);
    }

    #[test]
    fn what_is_taken_back_is_gone() {
        let mut proto = Proto::default();
        proto.number(1, 1);
        let opened = proto.open(16);
        proto.text(1, "x");
        proto.undo(opened);
        assert_eq!(proto.0, b"\x08\x01");
    }
}
