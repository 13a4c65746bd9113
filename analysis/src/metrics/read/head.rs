//! The beginning of an input, looked at before it is read.

use std::io::{self, Cursor, ErrorKind, Read};

use glyph_formats::jsonl::input::Input;

/// Enough to tell formats apart.
const ENOUGH: u64 = 4096;

/// The first bytes of an input, and the same input with them.
pub(super) fn look(mut input: Input) -> io::Result<(Vec<u8>, Input)> {
    let mut head = Vec::new();
    let fault = match input.reader.by_ref().take(ENOUGH).read_to_end(&mut head) {
        Ok(_) => None,
        // What a crash left of a compressed file: who reads on will find that out.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Some(error.kind()),
        Err(error) => return Err(error),
    };
    let rest = Rest { reader: input.reader, fault };
    let reader = Box::new(Cursor::new(head.clone()).chain(rest));
    Ok((head, Input { path: input.path, reader, progress: input.progress }))
}

/// What comes after the head.
struct Rest {
    reader: Box<dyn Read + Send>,
    /// What reading the head ended with.
    fault: Option<ErrorKind>,
}

impl Read for Rest {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.fault {
            Some(kind) => Err(kind.into()),
            None => self.reader.read(buf),
        }
    }
}
