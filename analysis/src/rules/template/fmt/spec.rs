//! What a format says of one value: flags, width, precision.

/// The flags of a verb. `%+v` and `%#v` are formats of their own.
#[derive(Debug, Clone, Default)]
pub(super) struct Spec {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    pub(super) plus_v: bool,
    pub(super) sharp_v: bool,
}

impl Spec {
    /// Fills `text` up to the width, with zeros if the flag says so and they come in front.
    pub(super) fn pad(&self, out: &mut Vec<u8>, text: &[u8]) {
        let filling = self.filling(characters(text));
        let filler = if self.zero && !self.minus { b'0' } else { b' ' };
        if self.minus {
            out.extend_from_slice(text);
        }
        out.extend(std::iter::repeat_n(filler, filling));
        if !self.minus {
            out.extend_from_slice(text);
        }
    }

    /// The same with blanks, whatever the flags say.
    pub(super) fn pad_with_blanks(&self, out: &mut Vec<u8>, text: &[u8]) {
        Self { zero: false, ..self.clone() }.pad(out, text);
    }

    /// How much is missing to the width.
    pub(super) fn filling(&self, length: usize) -> usize {
        self.width.unwrap_or(0).saturating_sub(length)
    }

    /// The first characters, as many as the precision says.
    pub(super) fn truncated<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let Some(most) = self.precision else { return text };
        let mut length = 0;
        for _ in 0..most {
            match text.get(length..) {
                Some(rest) if !rest.is_empty() => length += first_length(rest),
                _ => break,
            }
        }
        &text[..length]
    }
}

/// How many characters there are; a byte that belongs to none is one.
pub(super) fn characters(text: &[u8]) -> usize {
    let (mut count, mut rest) = (0, text);
    while !rest.is_empty() {
        rest = &rest[first_length(rest)..];
        count += 1;
    }
    count
}

/// The first character and its length, or one byte that is no character.
pub(super) fn first(text: &[u8]) -> (Option<char>, usize) {
    let head = &text[..text.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) => std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default(),
    };
    match valid.chars().next() {
        Some(c) => (Some(c), c.len_utf8()),
        None => (None, 1),
    }
}

fn first_length(text: &[u8]) -> usize {
    first(text).1
}
