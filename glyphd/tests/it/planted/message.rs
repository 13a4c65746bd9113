//! A request or response as bytes: what the data file says of it, with codings, charset and chunks.

use std::io::Write;

/// A message with a secret in it, not yet framed.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// The first line, whole.
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) trailers: Vec<(String, String)>,
    /// The body as it is sent.
    pub(crate) body: Vec<u8>,
    /// The body as it was written, in Unicode.
    pub(crate) text: String,
    /// What is said of its coding.
    pub(crate) coding: Option<String>,
}

impl Message {
    /// `limit` is how many bytes of the body are kept, if that is to lie within the secret.
    pub(super) fn of(
        text: &str,
        secret: &str,
        limit: Option<usize>,
        coding: Option<&str>,
        charset: Option<&str>,
    ) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
        let head = super::plants::put(head, secret);
        let mut lines = head.lines();
        let start = lines.next().unwrap().to_owned();
        let headers: Vec<_> = lines
            .map(|line| line.split_once(": ").map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap())
            .collect();
        let multipart = headers.iter().any(|(_, value)| value.starts_with("multipart/"));
        let body = if multipart { body.replace('\n', "\r\n") } else { body.to_owned() };
        let text = match limit {
            Some(limit) => filled(&body, secret, limit),
            None => super::plants::put(&body, secret),
        };
        let body = coded(&in_charset(&text, charset), coding);
        Self {
            start,
            headers,
            trailers: Vec::new(),
            body,
            text,
            coding: coding.map(|c| c.replace("raw-", "")),
        }
    }

    /// As it goes over the wire. `chunked`: five bytes each.
    pub(crate) fn bytes(&self, more: &[(&str, &str)], chunked: bool) -> Vec<u8> {
        let mut bytes = format!("{}\r\n", self.start).into_bytes();
        let own = self.headers.iter().map(|(n, v)| (&**n, &**v));
        let coding = self.coding.as_deref().filter(|_| !self.body.is_empty());
        let coding = coding.map(|coding| ("Content-Encoding", coding));
        for (name, value) in more.iter().copied().chain(own).chain(coding) {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        let chunked = chunked || !self.trailers.is_empty();
        if chunked {
            bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in self.body.chunks(5) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n");
            for (name, value) in &self.trailers {
                bytes.extend(format!("{name}: {value}\r\n").into_bytes());
            }
        } else if !self.body.is_empty() {
            bytes.extend(format!("Content-Length: {}\r\n", self.body.len()).into_bytes());
        }
        bytes.extend(b"\r\n");
        if !chunked {
            bytes.extend(&self.body);
        }
        bytes
    }
}

/// The body with as much filler as it takes for the limit to lie within the secret.
fn filled(body: &str, secret: &str, limit: usize) -> String {
    let with = |count: usize| {
        let filler = super::template::Random::new(7).of(b"abcdefghijklmnopqrstuvwxyz      ", count);
        super::plants::put(&body.replace("{{filler}}", &filler), secret)
    };
    let start = with(0).find(secret).unwrap();
    with(limit - start - secret.len() * 3 / 4)
}

fn in_charset(text: &str, charset: Option<&str>) -> Vec<u8> {
    let units = || text.encode_utf16();
    match charset {
        None => text.as_bytes().to_vec(),
        Some("utf-16le") => units().flat_map(u16::to_le_bytes).collect(),
        Some("utf-16be-bom") => [0xfeff].into_iter().chain(units()).flat_map(u16::to_be_bytes).collect(),
        Some("windows-1252") => {
            let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(text);
            assert!(!unmappable);
            bytes.into_owned()
        }
        Some("binary") => [&[0, 159, 146, 150, 255, 0, 1][..], text.as_bytes(), &[0, 255, 254]].concat(),
        Some(other) => panic!("no charset {other}"),
    }
}

/// In the order in which they are named.
pub(crate) fn coded(bytes: &[u8], codings: Option<&str>) -> Vec<u8> {
    let codings = codings.unwrap_or_default().split(", ").filter(|coding| !coding.is_empty());
    codings.fold(bytes.to_vec(), |bytes, coding| compress(&bytes, coding))
}

fn compress(bytes: &[u8], coding: &str) -> Vec<u8> {
    use flate2::{Compression, write};
    let level = Compression::default();
    match coding {
        "gzip" => {
            let mut encoder = write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        "raw-deflate" => {
            let mut encoder = write::DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => zstd::encode_all(bytes, 3).unwrap(),
        "br" => {
            let mut compressed = Vec::new();
            let mut encoder = brotli::CompressorWriter::new(&mut compressed, 4096, 5, 20);
            encoder.write_all(bytes).unwrap();
            drop(encoder);
            compressed
        }
        other => panic!("no coding {other}"),
    }
}
