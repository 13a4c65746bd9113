//! The end of `metrics.om`: `# EOF`, or what a crash left instead.

use std::io::{self, Read, Seek, SeekFrom};

const MARK: &[u8] = b"# EOF";
const STEP: u64 = 1 << 16;

/// What a file without its end is to end with.
pub(super) const MENDED: &[u8] = b"# EOF\n";

/// How much of a file of that length can stay, if it lacks its end; none if the end is there. What stays are
/// whole lines: what stands behind the last line end is torn, even where it looks whole.
pub(super) fn missing<F: Read + Seek>(file: &mut F, length: u64) -> io::Result<Option<u64>> {
    let mut tail = Vec::new();
    let start = length.saturating_sub(MARK.len() as u64 + 3);
    file.seek(SeekFrom::Start(start))?;
    file.take(length - start).read_to_end(&mut tail)?;
    let text = tail.strip_suffix(b"\n").unwrap_or(&tail);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if let Some(before) = text.strip_suffix(MARK)
        && before.last().is_none_or(|b| *b == b'\n')
    {
        return Ok(None);
    }
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(STEP);
        let mut piece = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(end - start).read_to_end(&mut piece)?;
        if let Some(at) = memchr::memrchr(b'\n', &piece) {
            return Ok(Some(start + at as u64 + 1));
        }
        end = start;
    }
    Ok(Some(0))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    fn kept(text: &[u8]) -> Option<u64> {
        super::missing(&mut Cursor::new(text), text.len() as u64).unwrap()
    }

    #[test]
    fn an_end_that_is_there_stays() {
        for text in [&b"# EOF\n"[..], b"# EOF", b"up 1 2.000\n# EOF\n", b"up 1 2.000\r\n# EOF\r\n"] {
            assert_eq!(kept(text), None, "{text:?}");
        }
    }

    #[test]
    fn torn_lines_go_and_whole_ones_stay() {
        assert_eq!(kept(b""), Some(0));
        assert_eq!(kept(b"up 1 2.0"), Some(0));
        assert_eq!(kept(b"up 1 2.000\n"), Some(11));
        assert_eq!(kept(b"up 1 2.000\nup 1 3.0"), Some(11));
        assert_eq!(kept(b"up 1 2.000\n# EO"), Some(11));
        assert_eq!(kept(b"up 1 2.000\n# HELP a # EOF"), Some(11));
        let mut long = b"up 1 2.000\n".to_vec();
        long.resize(200_000, b'x');
        assert_eq!(kept(&long), Some(11));
    }
}
