//! What is spoken inside a CONNECT, from the client's first bytes. In: what has come so far. Out: TLS, HTTP, something
//! else, or that more has to come first.
//!
//! Where the server speaks first nothing comes from the client; but over HTTP/2 both begin unasked. Not here: waiting.

/// The first bytes of a client that knows that the server speaks HTTP/2.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// No method in use is longer (`UPDATEREDIRECTREF` has 17 letters).
const METHOD: usize = 17;

/// What a client begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sniffed {
    /// The record of a ClientHello.
    Tls,
    /// A request line.
    Http1,
    /// The preface of HTTP/2, without TLS.
    Http2,
    /// None of these.
    Other,
    /// It can't be told yet: at most [`ENOUGH`] bytes are needed.
    More,
}

/// With so many bytes it is always told what they begin.
pub const ENOUGH: usize = PREFACE.len();

/// How many of an upstream's bytes are looked at: the head of a frame.
pub const FRAME: usize = 9;

/// Whether an upstream that speaks first may be speaking HTTP/2: it begins with SETTINGS (RFC 9113, 3.4 and 6.5), each of which
/// has six bytes.
pub fn begins_http2(bytes: &[u8]) -> bool {
    matches!(*bytes, [0, high, low, 4, 0, 0, 0, 0, 0, ..] if u16::from_be_bytes([high, low]).is_multiple_of(6))
}

/// Tells what these bytes begin.
pub fn sniff(bytes: &[u8]) -> Sniffed {
    match bytes.first() {
        None => Sniffed::More,
        Some(0x16) => tls(bytes),
        Some(_) => match is_prefix(bytes, PREFACE) {
            Some(true) => Sniffed::Http2,
            Some(false) => Sniffed::More,
            None => http1(bytes),
        },
    }
}

/// A handshake record of SSL 3.0 or TLS, of a length that is allowed, with a ClientHello in it.
fn tls(bytes: &[u8]) -> Sniffed {
    let length = |high: u8, low: u8| u16::from_be_bytes([high, low]);
    match *bytes {
        [_, major, ..] if major != 3 => Sniffed::Other,
        [_, _, minor, ..] if minor > 4 => Sniffed::Other,
        [_, _, _, high, ..] if high > 0x40 => Sniffed::Other,
        [_, _, _, high, low, ..] if !(4..=0x4000).contains(&length(high, low)) => Sniffed::Other,
        [_, _, _, _, _, 1, ..] => Sniffed::Tls,
        [_, _, _, _, _, _, ..] => Sniffed::Other,
        _ => Sniffed::More,
    }
}

/// A method in capitals, one space, and what a target begins with: `/`, `*` or `http:`. Words in capitals begin many
/// protocols; what follows them there is something else.
fn http1(bytes: &[u8]) -> Sniffed {
    let is_letter = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'-';
    let method = bytes.iter().take(METHOD + 1).take_while(|byte| is_letter(byte)).count();
    if method > METHOD || bytes[0] == b'-' {
        return Sniffed::Other;
    }
    let Some((space, target)) = bytes[method..].split_first() else { return Sniffed::More };
    if *space != b' ' || method == 0 {
        return Sniffed::Other;
    }
    // `*` is for the whole server, and stands alone.
    let begins = |with: &[u8]| is_prefix(target, with);
    match [begins(b"/"), begins(b"* H"), begins(b"http:"), begins(b"https:")] {
        told if told.contains(&Some(true)) => Sniffed::Http1,
        told if told.contains(&Some(false)) => Sniffed::More,
        _ => Sniffed::Other,
    }
}

/// Whether bytes begin with those, as far as they go: yes, not yet told, or no.
fn is_prefix(bytes: &[u8], wanted: &[u8]) -> Option<bool> {
    let length = bytes.len().min(wanted.len());
    (bytes[..length] == wanted[..length]).then_some(length == wanted.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What real clients of many protocols begin with.
    const TABLE: [(&str, &[u8], Sniffed); 41] = [
        ("TLS 1.3", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Sniffed::Tls),
        ("TLS 1.2", b"\x16\x03\x03\x00\xa5\x01\x00\x00\xa1\x03\x03", Sniffed::Tls),
        ("TLS in tiny records", b"\x16\x03\x01\x00\x04\x01\x00\x01\xfc", Sniffed::Tls),
        ("SSL 3.0", b"\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x00", Sniffed::Tls),
        ("a ServerHello", b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76", Sniffed::Other),
        ("an alert", b"\x15\x03\x01\x00\x02\x02\x28", Sniffed::Other),
        ("a record that is too long", b"\x16\x03\x01\x40\x01\x01\x00\x40", Sniffed::Other),
        ("SSL 2.0", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", Sniffed::Other),
        ("DTLS 1.2", b"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00", Sniffed::Other),
        ("GET", b"GET / HTTP/1.1\r\nHost: a\r\n", Sniffed::Http1),
        ("WebSocket", b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n", Sniffed::Http1),
        ("absolute form", b"GET http://a.test/ HTTP/1.1\r\n", Sniffed::Http1),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n", Sniffed::Http1),
        ("WebDAV", b"VERSION-CONTROL /x HTTP/1.1\r\n", Sniffed::Http1),
        ("a long method", b"UPDATEREDIRECTREF /x HTTP/1.1\r\n", Sniffed::Http1),
        ("UPnP", b"M-SEARCH * HTTP/1.1\r\n", Sniffed::Http1),
        ("HTTP/2 with prior knowledge", PREFACE, Sniffed::Http2),
        ("gRPC without TLS", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x24\x04", Sniffed::Http2),
        ("CONNECT in CONNECT", b"CONNECT http.test:443 HTTP/1.1\r\n", Sniffed::Other),
        ("RTSP", b"OPTIONS rtsp://a.test/ RTSP/1.0\r\n", Sniffed::Other),
        ("SIP", b"INVITE sip:a@b.test SIP/2.0\r\n", Sniffed::Other),
        ("SSH", b"SSH-2.0-OpenSSH_9.2p1\r\n", Sniffed::Other),
        ("SMTP", b"EHLO a.test\r\n", Sniffed::Other),
        ("SMTP, a path", b"MAIL FROM:</>\r\n", Sniffed::Other),
        ("FTP", b"USER anonymous\r\n", Sniffed::Other),
        ("IMAP", b"A001 LOGIN a b\r\n", Sniffed::Other),
        ("POP3", b"CAPA\r\n", Sniffed::Other),
        ("IRC", b"NICK glyph\r\nUSER glyph 0 * :x\r\n", Sniffed::Other),
        ("NNTP", b"MODE READER\r\n", Sniffed::Other),
        ("Redis", b"*1\r\n$4\r\nPING\r\n", Sniffed::Other),
        ("Redis, inline", b"PING\r\n", Sniffed::Other),
        ("memcached", b"get key\r\n", Sniffed::Other),
        ("MQTT", b"\x10\x14\x00\x04MQTT\x04\x02\x00\x3c\x00\x08", Sniffed::Other),
        ("AMQP", b"AMQP\x00\x00\x09\x01", Sniffed::Other),
        ("PostgreSQL", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", Sniffed::Other),
        ("PostgreSQL without TLS", b"\x00\x00\x00\x29\x00\x03\x00\x00user\x00", Sniffed::Other),
        ("MongoDB", b"\x3a\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xd4\x07", Sniffed::Other),
        ("Kafka", b"\x00\x00\x00\x22\x00\x12\x00\x03", Sniffed::Other),
        ("NATS", b"CONNECT {\"verbose\":false}\r\n", Sniffed::Other),
        ("RDP", b"\x03\x00\x00\x13\x0e\xe0\x00\x00", Sniffed::Other),
        ("BitTorrent", b"\x13BitTorrent protocol", Sniffed::Other),
    ];

    #[test]
    fn what_real_clients_begin_with_is_told() {
        for (name, bytes, want) in TABLE {
            assert_eq!(sniff(bytes), want, "{name}");
        }
        assert_eq!(sniff(b""), Sniffed::More);
    }

    #[test]
    fn an_upstream_that_begins_http2_is_told_from_others() {
        for (name, bytes, want) in [
            ("gRPC", &b"\x00\x00\x24\x04\x00\x00\x00\x00\x00\x00\x02"[..], true),
            ("without any setting", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", true),
            ("an acknowledgement", b"\x00\x00\x00\x04\x01\x00\x00\x00\x00", false),
            ("half a setting", b"\x00\x00\x03\x04\x00\x00\x00\x00\x00", false),
            ("another frame", b"\x00\x00\x08\x07\x00\x00\x00\x00\x00", false),
            ("less than a frame's head", b"\x00\x00\x00\x04\x00\x00\x00\x00", false),
            ("SSH", b"SSH-2.0-OpenSSH_9.2p1\r\n", false),
            ("SMTP", b"220 a.test ESMTP\r\n", false),
            ("MySQL", b"\x4a\x00\x00\x00\x0a8.0.36\x00", false),
            ("VNC", b"RFB 003.008\n", false),
            ("nothing", b"", false),
        ] {
            assert_eq!(begins_http2(bytes), want, "{name}");
        }
    }

    #[test]
    fn less_of_it_is_told_the_same_or_not_yet() {
        for (name, bytes, want) in TABLE {
            for length in 0..bytes.len() {
                let told = sniff(&bytes[..length]);
                assert!(told == want || told == Sniffed::More, "{name}, {length} bytes: {told:?}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_request_is_none() {
        for text in [
            " GET / HTTP/1.1",
            "GET  / HTTP/1.1",
            "get / HTTP/1.1",
            "GET\t/",
            "GET\r\n",
            "- /",
            "GET *x",
            "OPTIONS * RTSP/1.0",
            "GET ftp://",
            "GET httpx://",
            "\r\nGET / HTTP/1.1",
            "ABCDEFGHIJKLMNOPQR /",
        ] {
            assert_eq!(sniff(text.as_bytes()), Sniffed::Other, "{text:?}");
        }
        // Not the preface, but nothing else of HTTP/2 either: the reader of requests refuses it.
        assert_eq!(sniff(b"PRI * HTTP/1.1\r\n\r\n"), Sniffed::Http1);
    }

    proptest! {
        #[test]
        fn what_was_told_stays_so_and_is_told_in_time(bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..64),
            "[A-Z]{0,19} {0,2}[/*hHtp ]{0,5}.{0,20}".prop_map(String::into_bytes),
            (0..PREFACE.len(), proptest::collection::vec(any::<u8>(), 0..9))
                .prop_map(|(length, more)| [&PREFACE[..length], &more].concat()),
        ]) {
            let told = (0..=bytes.len()).map(|length| sniff(&bytes[..length])).collect::<Vec<_>>();
            let first = told.iter().position(|told| *told != Sniffed::More).unwrap_or(told.len());
            prop_assert!(first <= ENOUGH || first == told.len() && bytes.len() < ENOUGH);
            prop_assert!(told[first..].windows(2).all(|pair| pair[0] == pair[1]));
        }
    }
}
