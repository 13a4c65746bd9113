//! Heads that one server could read in another way than the next: how long a body is, and for which host a request is. HTTP's
//! readers let some pass that a proxy may not pass on (RFC 9112, 3.2, 6.1 and 6.3).

use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING},
};

use super::{failure::Failure, headers::lists};

/// How long the body of a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// As long as its head says, if it does.
    Plain,
    /// As long as its chunks are, whatever else its head says. What comes behind it is not to be trusted.
    Disputed,
}

/// Whether a request can be read in one way only. Of a length beside chunks hyper has taken care: it is gone, and the connection
/// ends.
pub(super) fn of_request(headers: &HeaderMap) -> Result<(), Failure> {
    has_chunks(headers).map_err(Failure::RequestInvalid)?;
    match headers.get_all(HOST).iter().nth(1) {
        Some(_) => Err(Failure::RequestInvalid("it names more than one host".to_owned())),
        None => Ok(()),
    }
}

/// Whether a response can.
pub(super) fn of_response(headers: &HeaderMap) -> Result<Length, Failure> {
    let has_chunks = has_chunks(headers).map_err(Failure::UpstreamInvalid)?;
    let is_disputed = has_chunks && headers.contains_key(CONTENT_LENGTH);
    Ok(if is_disputed { Length::Disputed } else { Length::Plain })
}

/// Leaves what can be read in one way only. Chunks count before a length; lengths that are equal, which hyper has seen to, become
/// one, since a list of them is none for everybody.
pub(super) fn settle(headers: &mut HeaderMap) {
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
        return;
    }
    let length = lists(headers, CONTENT_LENGTH).next().and_then(|one| HeaderValue::from_str(one).ok());
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length);
    }
}

/// Whether a body comes in chunks. Nobody is told that we know another transfer coding.
fn has_chunks(headers: &HeaderMap) -> Result<bool, String> {
    if !headers.contains_key(TRANSFER_ENCODING) {
        return Ok(false);
    }
    let codings: Vec<_> = lists(headers, TRANSFER_ENCODING).collect();
    match &codings[..] {
        [one] if one.eq_ignore_ascii_case("chunked") => Ok(true),
        _ => Err(format!("its transfer coding is `{}`, and not `chunked` alone", codings.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        pairs.collect()
    }

    #[test]
    fn chunks_are_the_only_transfer_coding_and_count_before_a_length() {
        for (pairs, length) in [
            (&[][..], Some(Length::Plain)),
            (&[("content-length", "3")], Some(Length::Plain)),
            (&[("transfer-encoding", "chunked")], Some(Length::Plain)),
            (&[("transfer-encoding", " Chunked ")], Some(Length::Plain)),
            (&[("transfer-encoding", "chunked"), ("content-length", "3")], Some(Length::Disputed)),
            (&[("transfer-encoding", "gzip, chunked")], None),
            (&[("transfer-encoding", "gzip")], None),
            (&[("transfer-encoding", "identity"), ("content-length", "3")], None),
            (&[("transfer-encoding", "")], None),
            (&[("transfer-encoding", "chunked, chunked")], None),
            (&[("transfer-encoding", "xchunked")], None),
        ] {
            let headers = headers(pairs);
            assert_eq!(of_response(&headers).ok(), length, "{pairs:?}");
            assert_eq!(of_request(&headers).is_ok(), length.is_some(), "{pairs:?}");
        }
        let mut twice = headers(&[("transfer-encoding", "chunked")]);
        twice.append(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        assert!(matches!(of_response(&twice), Err(Failure::UpstreamInvalid(_))));
        assert!(matches!(of_request(&twice), Err(Failure::RequestInvalid(_))));
        let unreadable = HeaderValue::from_bytes(b"\xffchunked").unwrap();
        let unreadable = HeaderMap::from_iter([(TRANSFER_ENCODING, unreadable)]);
        assert!(of_response(&unreadable).is_err());
    }

    #[test]
    fn one_length_is_left_and_none_beside_chunks() {
        for (pairs, length) in [
            (&[("content-length", "3, 3")][..], Some("3")),
            (&[("content-length", "3")], Some("3")),
            (&[("content-length", "3"), ("transfer-encoding", "chunked")], None),
        ] {
            let mut headers = headers(pairs);
            settle(&mut headers);
            let left: Vec<_> = headers.get_all(CONTENT_LENGTH).iter().collect();
            assert_eq!(left, length.as_slice(), "{pairs:?}");
        }
    }

    #[test]
    fn a_request_is_for_one_host() {
        assert_eq!(of_request(&headers(&[("host", "a.test")])), Ok(()));
        let mut two = headers(&[("host", "a.test")]);
        two.append(HOST, HeaderValue::from_static("a.test"));
        assert!(matches!(of_request(&two), Err(Failure::RequestInvalid(_))));
    }
}
