//! The bodies of an entry that others wrote. In: text as HAR has it. Out: a [`Body`], with secrets and all, and headers that
//! fit it: HAR has contents decoded, so the codings go, and text is UTF-8.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::loose::{Content, Pair, PostData};
use crate::{content, flow::Body};

type Headers = Vec<(String, String)>;

/// Text that was decoded from a charset has this many bytes more or less than its size, at most, where all of it is there.
const SLACK: u64 = 3;

/// The content of a message.
enum Written {
    Text(String),
    Bytes(Vec<u8>),
}

impl Written {
    fn len(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

/// Of a request. `passed`: how many bytes its writer says there were.
pub(super) fn request(data: Option<&mut PostData>, passed: Option<u64>, headers: &mut Headers) -> Body {
    let Some(data) = data else { return absent(passed) };
    let is_base64 = [&data.encoding, &data.own_encoding].iter().any(|e| is_base64(e.text()));
    let mime_type = match data.mime_type.text() {
        "" => value(headers, "content-type").unwrap_or_default().to_owned(),
        given => given.to_owned(),
    };
    let written = match data.text.0.take().filter(|text| !text.is_empty() || data.params.0.is_empty()) {
        Some(text) => Some(decoded(text, is_base64)),
        None => fields(&data.params.0, &mime_type).map(Written::Text),
    };
    if !mime_type.is_empty() && written.is_some() && value(headers, "content-type").is_none() {
        headers.push(("Content-Type".to_owned(), mime_type));
    }
    match written {
        Some(written) if written.len() > 0 => stored(written, None, passed, headers),
        _ => absent(passed),
    }
}

/// Of a response.
pub(super) fn response(mut content: Option<Content>, passed: Option<u64>, headers: &mut Headers) -> Body {
    let size = content.as_ref().and_then(|content| content.size.size());
    let written = content.as_mut().and_then(|content| Some((content.text.0.take()?, content)));
    let Some((text, content)) = written else {
        return match size.or(passed) {
            Some(size) => absent(Some(size)),
            // Nobody knows whether there was one.
            None => Body::default(),
        };
    };
    let is_told = is_base64(content.encoding.text());
    let written = match decoded(text, is_told) {
        Written::Text(text) if !is_told && !is_textual(content.mime_type.text()) => guessed(text, size),
        written => written,
    };
    if !content.mime_type.text().is_empty() && value(headers, "content-type").is_none() && written.len() > 0 {
        headers.push(("Content-Type".to_owned(), content.mime_type.text().to_owned()));
    }
    stored(written, size, passed, headers)
}

/// One of which nothing is there.
fn absent(passed: Option<u64>) -> Body {
    Body { size: passed.unwrap_or(0), complete: true, ..Body::default() }
}

fn stored(written: Written, size: Option<u64>, passed: Option<u64>, headers: &mut Headers) -> Body {
    let codings = codings(headers);
    let length = written.len();
    let mut body = Body { size: length, captured_size: length, complete: true, ..Body::default() };
    let is_coded = match &written {
        // Some leave it as it passed.
        Written::Bytes(bytes) => still_coded(bytes, &codings),
        Written::Text(_) => false,
    };
    if !codings.is_empty() && !is_coded {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
        body.size = passed.filter(|passed| *passed > 0).unwrap_or(length);
        body.captured_size = body.size;
    }
    if let Written::Text(_) = written {
        body.charset = into_utf8(headers);
    }
    if let Some(size) = size.filter(|size| *size > length + SLACK && !is_coded && body.charset.is_none()) {
        // Its writer cut it.
        (body.size, body.captured_size) = (size, length);
    }
    if !is_coded {
        content::fit_length(headers, length as usize);
        body.content_encoding = codings;
    }
    let written = match written {
        Written::Bytes(bytes) => match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Written::Text(text),
            Ok(text) => Written::Bytes(text.into_bytes()),
            Err(error) => Written::Bytes(error.into_bytes()),
        },
        text => text,
    };
    match written {
        Written::Text(text) => {
            body.sha256 = Some(hex::encode(Sha256::digest(text.as_bytes())));
            body.utf8 = Some(text);
        }
        Written::Bytes(bytes) => {
            body.sha256 = Some(hex::encode(Sha256::digest(&bytes)));
            body.base64 = Some(BASE64_STANDARD.encode(&bytes));
        }
    }
    body
}

fn decoded(text: String, is_base64: bool) -> Written {
    match is_base64.then(|| BASE64_STANDARD.decode(text.trim())) {
        Some(Ok(bytes)) => Written::Bytes(bytes),
        _ => Written::Text(text),
    }
}

/// Some forget to say that it is base64. It is if it can be, and has just the right size.
fn guessed(text: String, size: Option<u64>) -> Written {
    match BASE64_STANDARD.decode(text.trim()) {
        Ok(bytes) if !bytes.is_empty() && size == Some(bytes.len() as u64) => Written::Bytes(bytes),
        _ => Written::Text(text),
    }
}

fn is_base64(encoding: &str) -> bool {
    encoding.eq_ignore_ascii_case("base64")
}

fn is_textual(mime_type: &str) -> bool {
    let media = mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media.starts_with("text/")
        || ["json", "xml", "javascript", "urlencoded"].iter().any(|end| media.ends_with(end))
}

fn codings(headers: &Headers) -> Vec<String> {
    let all = content::content_encoding(headers).to_ascii_lowercase();
    let codings = all.split(',').map(str::trim).filter(|coding| !coding.is_empty() && *coding != "identity");
    codings.map(str::to_owned).collect()
}

/// Whether bytes begin as the outermost of the codings does.
fn still_coded(bytes: &[u8], codings: &[String]) -> bool {
    match codings.last().map(String::as_str) {
        Some("gzip" | "x-gzip") => bytes.starts_with(&[0x1f, 0x8b]),
        Some("zstd") => bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]),
        _ => false,
    }
}

/// Makes the Content-Type say UTF-8, and tells what it said before, if that was another charset.
fn into_utf8(headers: &mut Headers) -> Option<String> {
    let (_, value) = headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("content-type"))?;
    let mut parts = value.split(';').map(str::to_owned).collect::<Vec<_>>();
    let charset = parts.iter_mut().skip(1).find_map(|part| {
        let (name, charset) = part.split_once('=')?;
        let is_other = name.trim().eq_ignore_ascii_case("charset")
            && !charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8");
        let charset = is_other.then(|| charset.trim().trim_matches('"').to_owned())?;
        *part = " charset=utf-8".to_owned();
        Some(charset)
    })?;
    *value = parts.join(";");
    Some(charset)
}

/// The body of a form, of which only the fields were written down; none if it is of another kind.
fn fields(params: &[Pair], mime_type: &str) -> Option<String> {
    let media = mime_type.split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let pairs = params.iter().map(|pair| (pair.name.text(), pair.value.text()));
        return Some(form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish());
    }
    let boundary = mime_type.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    let boundary = boundary.trim_matches('"');
    let mut text = String::new();
    for pair in params {
        text += &format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", pair.name.text());
        if let Some(name) = &pair.file_name.0 {
            text += &format!("; filename=\"{name}\"");
        }
        if let Some(kind) = &pair.content_type.0 {
            text += &format!("\r\nContent-Type: {kind}");
        }
        text += &format!("\r\n\r\n{}\r\n", pair.value.text());
    }
    Some(text + &format!("--{boundary}--\r\n"))
}

fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
