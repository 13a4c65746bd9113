//! What capture reads of bytes that hyper does not: the beginning of a tunnel, WebSocket's frames, and those of HTTP/2.

use glyphd::capture::{
    http2::Streams,
    sniff::{ENOUGH, Sniffed},
    websocket::{Counts, FrameReader},
};

/// What a tunnel begins with is told in time, stays so, and is what stands there.
pub fn sniff(bytes: &[u8]) {
    let told = |length: usize| glyphd::capture::sniff::sniff(&bytes[..length]);
    let all = told(bytes.len());
    let first = (0..=bytes.len()).find(|length| told(*length) != Sniffed::More);
    match first {
        None => assert!(bytes.len() < ENOUGH),
        Some(first) => {
            assert!(first <= ENOUGH);
            assert!((first..=bytes.len()).all(|length| told(length) == all));
        }
    }
    match all {
        Sniffed::Tls => assert!(bytes[0] == 22 && bytes[1] == 3 && bytes[5] == 1),
        Sniffed::Http2 => assert!(bytes.starts_with(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")),
        Sniffed::Http1 => {
            let text = String::from_utf8_lossy(bytes);
            let (method, target) = text.split_once(' ').expect("a space behind the method");
            assert!(!method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase() || c == '-'));
            assert!(["/", "* H", "http:", "https:"].iter().any(|begin| target.starts_with(begin)));
        }
        Sniffed::Other | Sniffed::More => {}
    }
}

/// However the bytes are cut, the counts are those of a reader that has all of them before it. The first byte says how
/// they are cut.
pub fn websocket(bytes: &[u8]) {
    let Some((seed, bytes)) = bytes.split_first() else { return };
    let mut reader = FrameReader::default();
    let (mut rest, mut random) = (bytes, usize::from(*seed));
    while !rest.is_empty() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (part, more) = rest.split_at((random >> 33) % rest.len().min(40) + 1);
        reader.read(part);
        rest = more;
    }
    let mut at_once = FrameReader::default();
    at_once.read(bytes);
    assert_eq!(reader.counts(), at_once.counts());
    let (counts, faulty) = read(bytes);
    let told = reader.counts();
    assert_eq!(told.fault.is_some(), faulty);
    assert_eq!(Counts { fault: None, ..told }, counts);
}

/// However what both sides say is cut, as many requests are reset, and no more than resets were sent. Before each part stand its
/// side and its length.
pub fn http2(bytes: &[u8]) {
    let (mut whole, mut cut) = (Streams::default(), Streams::default());
    let (mut rest, mut sent) = (bytes, 0);
    let (mut count, mut of_cut) = (0, 0);
    while let [begin, more @ ..] = rest {
        let (part, behind) = more.split_at(usize::from(begin >> 1).min(more.len()));
        rest = behind;
        if begin & 1 == 0 {
            whole.received(part);
            part.iter().for_each(|byte| cut.received(std::slice::from_ref(byte)));
        } else {
            sent += part.len();
            count += whole.sent(part);
            of_cut += part.iter().map(|byte| cut.sent(std::slice::from_ref(byte))).sum::<usize>();
        }
    }
    assert_eq!((count, whole.are_ended()), (of_cut, cut.are_ended()));
    assert!(count * 9 <= sent);
}

/// The same counts, frame by frame out of all bytes, and whether a frame is wrong.
fn read(bytes: &[u8]) -> (Counts, bool) {
    let mut counts = Counts { bytes: bytes.len() as u64, ..Counts::default() };
    let (mut at, mut in_message) = (0, false);
    let number = |from: usize, length: usize| {
        let bytes = bytes.get(from..from + length)?;
        Some(bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    loop {
        let Some(first) = number(at, 1) else { return (counts, false) };
        let Some(second) = number(at + 1, 1) else { return (counts, false) };
        let (length, mut payload) = match second & 127 {
            126 => (number(at + 2, 2), at + 4),
            127 => (number(at + 2, 8), at + 10),
            short => (Some(short), at + 2),
        };
        let mut mask = [0; 4];
        if second & 128 != 0 {
            let Some(bytes) = bytes.get(payload..payload + 4) else { return (counts, false) };
            mask.copy_from_slice(bytes);
            payload += 4;
        }
        let Some(length) = length else { return (counts, false) };
        let (is_final, opcode) = (first & 128 != 0, first & 15);
        let is_control = opcode >= 8;
        let in_order = (opcode == 0) == in_message;
        let fine = match opcode {
            0..=2 => in_order && length >> 63 == 0,
            8..=10 => is_final && first & 0x70 == 0 && length <= 125 && !(opcode == 8 && length == 1),
            _ => false,
        };
        if !fine {
            return (counts, true);
        }
        counts.frames += 1;
        let come = ((bytes.len() - payload) as u64).min(length);
        if !is_control {
            counts.payload_bytes += come;
        }
        if come < length {
            return (counts, false);
        }
        if !is_control {
            in_message = !is_final;
            counts.messages += u64::from(is_final);
        } else if opcode == 8 && length >= 2 && counts.close_code.is_none() {
            let code = [bytes[payload] ^ mask[0], bytes[payload + 1] ^ mask[1]];
            counts.close_code = Some(u16::from_be_bytes(code));
        }
        at = payload + come as usize;
    }
}
