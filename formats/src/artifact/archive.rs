//! The blocks of a tar archive, as far as artifacts have them: headers of plain files, padding, the end.
//!
//! The `tar` crate makes and reads the headers. It is not asked to walk through the archive: what is to be refused
//! must be seen, and the extensions that it would follow on its own are of any length.

use std::io;

use tar::{EntryType, Header};

/// Everything in an archive stands in blocks of this size.
pub(super) const BLOCK: usize = 512;
/// A recording is flat; folders in it are for those who add something.
const DEEPEST: usize = 16;
/// Names that are devices in every folder of some systems, whatever stands behind a dot.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
/// The same, with a digit behind them.
const PORTS: [&str; 2] = ["com", "lpt"];
/// What stands behind the last member: two blocks of zeroes.
pub(super) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// The header of a plain file that nobody owns and that was made at no time.
///
/// # Errors
/// If the path is longer than a header takes.
pub(super) fn header(path: &str, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(path)?;
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    Ok(header)
}

/// How many zeroes follow that many bytes of content.
pub(super) fn padding(size: u64) -> usize {
    (BLOCK - (size % BLOCK as u64) as usize) % BLOCK
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The path, as it stands there.
    pub(super) path: String,
    pub(super) size: u64,
    /// Why the member is not one to take, if it isn't.
    pub(super) fault: Option<&'static str>,
}

/// Reads a header; the error says what keeps it from being one.
pub(super) fn read_header(block: &[u8; BLOCK]) -> Result<Head, &'static str> {
    let header = Header::from_byte_slice(block);
    let mut sealed = header.clone();
    sealed.set_cksum();
    match (header.cksum(), sealed.cksum()) {
        (Ok(stated), Ok(real)) if stated == real => {}
        _ => return Err("the header's checksum is wrong"),
    }
    let size = header.entry_size().map_err(|_| "the header has no size")?;
    let bytes = header.path_bytes();
    let path = String::from_utf8_lossy(&bytes).into_owned();
    let kind_fault = match header.entry_type() {
        EntryType::Regular => None,
        EntryType::Link | EntryType::Symlink => Some("is a link"),
        EntryType::Char | EntryType::Block => Some("is a device"),
        EntryType::Fifo => Some("is a pipe"),
        EntryType::Directory => Some("is a directory"),
        EntryType::XHeader | EntryType::XGlobalHeader | EntryType::GNULongName | EntryType::GNULongLink => {
            Some("is an extension of the archive format")
        }
        _ => Some("is no plain file"),
    };
    let encoding_fault = std::str::from_utf8(&bytes).err().map(|_| "its path is no UTF-8");
    let fault = kind_fault.or(encoding_fault).or_else(|| path_fault(&path));
    Ok(Head { path, size, fault })
}

/// Why a path is not one that a member may have: it has to be the same file, below the directory that it is put
/// in, on every system.
pub(super) fn path_fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("has no path");
    }
    if path.starts_with('/') {
        return Some("its path is absolute");
    }
    for part in path.split('/') {
        match part {
            ".." => return Some("its path leads out of the directory"),
            "" | "." => return Some("its path has parts without a name"),
            _ if part.ends_with(['.', ' ']) => {
                return Some("its path has parts that not every system tells apart");
            }
            _ if is_device(part) => return Some("its path is a device's on some systems"),
            _ => {}
        }
    }
    if path.split('/').count() > DEEPEST {
        return Some("lies too deep");
    }
    if path.contains(|c: char| c.is_control() || matches!(c, '\\' | ':')) {
        return Some("its path has characters that not every system takes");
    }
    None
}

fn is_device(part: &str) -> bool {
    let name = part.split('.').next().unwrap_or(part).trim_end().to_ascii_lowercase();
    let is_port = |port: &str| name.strip_prefix(port).is_some_and(|n| matches!(n.as_bytes(), [b'1'..=b'9']));
    DEVICES.contains(&name.as_str()) || PORTS.into_iter().any(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(header: &Header) -> [u8; BLOCK] {
        *header.as_bytes()
    }

    #[test]
    fn what_is_written_is_read() {
        let long = format!("files/{}/{}", "d".repeat(120), "f".repeat(90));
        for (path, size) in [("manifest.json", 0), (long.as_str(), 7), ("files/big", 100 << 30)] {
            let head = read_header(&block(&header(path, size).unwrap())).unwrap();
            assert_eq!(head, Head { path: path.to_owned(), size, fault: None });
        }
        assert!(header(&"f".repeat(101), 0).is_err());
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_seen_or_harmless() {
        let good = block(&header("files/flows.jsonl", 1_234).unwrap());
        let expected = read_header(&good).unwrap();
        for bit in 0..8 * BLOCK {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            if let Ok(head) = read_header(&bad) {
                assert_eq!(head, expected, "bit {bit}");
            }
        }
    }

    #[test]
    fn paths_stay_below_their_directory() {
        for path in [
            "",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "a/..",
            "a//b",
            "a/",
            "./a",
            "C:a",
            "a\\b",
            "a\0b",
            "a\nb",
            "a.",
            "a /b",
            "...",
            "NUL",
            "a/con.txt",
            "Com1.jsonl",
            "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17",
        ] {
            assert!(path_fault(path).is_some(), "{path:?}");
        }
        for path in ["a", "a..b/.c", "flows.000001.jsonl.zst", "ü", "console", "com", "com10", "null/x"] {
            assert_eq!(path_fault(path), None, "{path:?}");
        }
    }
}
