//! WebSocket (RFC 6455), counted as it passes. In: the bytes of one direction after the upgrade, in whatever cuts. Out:
//! how many frames, messages and bytes they are, the code of the close, and whether something is wrong.
//!
//! Not here: payloads. Nothing is kept of them, and nothing of what passes is changed or held up.

/// A reader of one direction.
#[derive(Debug, Clone, Default)]
pub struct FrameReader {
    counts: Counts,
    state: State,
    /// Whether a message has begun whose last frame is still to come.
    is_in_message: bool,
}

/// What has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All bytes.
    pub bytes: u64,
    /// Frames whose head has passed: data, and those of the protocol.
    pub frames: u64,
    /// Messages of data whose last frame has passed.
    pub messages: u64,
    /// Bytes of data, without the frames' heads and before anything was unpacked.
    pub payload_bytes: u64,
    /// The code of the first close frame; none if it has none, or there was none.
    pub close_code: Option<u16>,
    /// What is wrong. From there on only bytes are counted.
    pub fault: Option<Fault>,
}

/// What the protocol does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An opcode that means nothing.
    #[error("a frame has the reserved opcode {0:#x}")]
    Opcode(u8),
    /// A frame of the protocol with reserved bits, which extensions leave alone.
    #[error("a control frame has reserved bits")]
    ReservedBits,
    /// A close, ping or pong in several frames.
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A close, ping or pong of more than 125 bytes.
    #[error("a control frame is too long")]
    LongControl,
    /// A close whose code is cut in half.
    #[error("a close frame has one byte")]
    ShortClose,
    /// A message goes on that has not begun.
    #[error("a continuation frame continues nothing")]
    Continuation,
    /// A message begins within another.
    #[error("a message begins before the last one has ended")]
    Interrupted,
    /// More than 2⁶³−1 bytes.
    #[error("a frame is longer than can be")]
    Length,
}

/// Where the reader is.
#[derive(Debug, Clone)]
enum State {
    /// In a frame's head, of which so many bytes have come.
    Head { bytes: [u8; 14], come: usize },
    /// In a frame's payload.
    Payload { frame: Frame, passed: u64 },
    /// Something is wrong.
    Faulty,
}

/// A frame whose head has come.
#[derive(Debug, Clone, Copy)]
struct Frame {
    is_final: bool,
    opcode: u8,
    mask: [u8; 4],
    length: u64,
    /// The first bytes of a close.
    code: [u8; 2],
}

const CONTINUATION: u8 = 0;
const CLOSE: u8 = 8;
/// What is longer needs a length of more than 7 bits.
const SHORT: u64 = 125;

impl Default for State {
    fn default() -> Self {
        Self::Head { bytes: [0; 14], come: 0 }
    }
}

impl FrameReader {
    /// The next bytes.
    pub fn read(&mut self, mut bytes: &[u8]) {
        self.counts.bytes = self.counts.bytes.saturating_add(bytes.len() as u64);
        while !bytes.is_empty() {
            match &mut self.state {
                State::Faulty => return,
                State::Head { bytes: head, come } => {
                    // Two bytes say how long the head is.
                    let wanted = if *come < 2 { 2 } else { head_length(head) };
                    let taken = bytes.len().min(wanted - *come);
                    head[*come..*come + taken].copy_from_slice(&bytes[..taken]);
                    *come += taken;
                    bytes = &bytes[taken..];
                    if *come >= 2 && *come == head_length(head) {
                        let head = *head;
                        self.begin(&head);
                    }
                }
                State::Payload { frame, passed } => {
                    let taken = (bytes.len() as u64).min(frame.length - *passed);
                    // No more than `bytes` has, which is a usize.
                    let (payload, rest) = bytes.split_at(taken as usize);
                    if frame.opcode == CLOSE {
                        for (place, byte) in (*passed..2).zip(payload) {
                            let place = place as usize;
                            frame.code[place] = byte ^ frame.mask[place];
                        }
                    }
                    *passed += taken;
                    bytes = rest;
                    let (frame, is_over) = (*frame, *passed == frame.length);
                    if !frame.is_control() {
                        self.counts.payload_bytes = self.counts.payload_bytes.saturating_add(taken);
                    }
                    if is_over {
                        self.end(frame);
                    }
                }
            }
        }
    }

    /// What has passed until now.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// A frame's head has come.
    fn begin(&mut self, head: &[u8; 14]) {
        let frame = Frame::read(head);
        if let Some(fault) = frame.fault(head[0], self.is_in_message) {
            self.counts.fault = Some(fault);
            self.state = State::Faulty;
            return;
        }
        self.counts.frames += 1;
        if frame.length == 0 {
            self.end(frame);
        } else {
            self.state = State::Payload { frame, passed: 0 };
        }
    }

    /// A frame's last byte has come.
    fn end(&mut self, frame: Frame) {
        if !frame.is_control() {
            self.is_in_message = !frame.is_final;
            self.counts.messages += u64::from(frame.is_final);
        } else if frame.opcode == CLOSE && frame.length >= 2 {
            self.counts.close_code.get_or_insert(u16::from_be_bytes(frame.code));
        }
        self.state = State::default();
    }
}

impl Frame {
    /// Takes a head apart that has come whole.
    fn read(head: &[u8; 14]) -> Self {
        let is_masked = head[1] & 0x80 != 0;
        let (length, at) = match head[1] & 0x7f {
            126 => (u64::from(u16::from_be_bytes([head[2], head[3]])), 4),
            127 => {
                let [_, _, length @ .., _, _, _, _] = *head;
                (u64::from_be_bytes(length), 10)
            }
            short => (u64::from(short), 2),
        };
        let mut mask = [0; 4];
        if is_masked {
            mask.copy_from_slice(&head[at..at + 4]);
        }
        Self { is_final: head[0] & 0x80 != 0, opcode: head[0] & 0x0f, mask, length, code: [0; 2] }
    }

    fn is_control(&self) -> bool {
        self.opcode >= CLOSE
    }

    /// What is wrong with it. The reserved bits of data are extensions', as compression's.
    fn fault(&self, first: u8, is_in_message: bool) -> Option<Fault> {
        match self.opcode {
            CONTINUATION if !is_in_message => Some(Fault::Continuation),
            1 | 2 if is_in_message => Some(Fault::Interrupted),
            3..=7 | 11.. => Some(Fault::Opcode(self.opcode)),
            _ if self.length >> 63 != 0 => Some(Fault::Length),
            0..=2 => None,
            _ if first & 0x70 != 0 => Some(Fault::ReservedBits),
            _ if !self.is_final => Some(Fault::FragmentedControl),
            _ if self.length > SHORT => Some(Fault::LongControl),
            CLOSE if self.length == 1 => Some(Fault::ShortClose),
            _ => None,
        }
    }
}

/// How long a head is, whose first two bytes have come.
fn head_length(head: &[u8; 14]) -> usize {
    let length = match head[1] & 0x7f {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    length + if head[1] & 0x80 == 0 { 0 } else { 4 }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn counts(parts: &[&[u8]]) -> Counts {
        let mut reader = FrameReader::default();
        for part in parts {
            reader.read(part);
        }
        reader.counts()
    }

    /// A frame, masked or not.
    fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
        let bit = if mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![first];
        match payload.len() {
            length @ 0..=125 => bytes.push(bit | length as u8),
            length @ 126..=0xffff => {
                bytes.push(bit | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            length => {
                bytes.push(bit | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend(mask.iter().flatten());
        let mask = mask.unwrap_or_default();
        bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]));
        bytes
    }

    #[test]
    fn a_talk_is_counted() {
        let mask = Some([1, 2, 3, 4]);
        let talk = [
            frame(0x81, mask, b"hello"),
            frame(0x02, mask, &[0; 126]),
            frame(0x89, mask, b"ping"),
            frame(0x80, mask, &[0; 70_000]),
            frame(0xc1, None, b"packed"),
            frame(0x8a, None, b""),
            frame(0x82, None, b""),
            frame(0x88, mask, b"\x03\xe9going"),
            frame(0x88, mask, b"\x03\xe8"),
        ];
        let bytes = talk.concat();
        let want = Counts {
            bytes: bytes.len() as u64,
            frames: 9,
            messages: 4,
            payload_bytes: 5 + 126 + 70_000 + 6,
            close_code: Some(1001),
            fault: None,
        };
        assert_eq!(counts(&[&bytes]), want);
        assert_eq!(counts(&bytes.chunks(1).collect::<Vec<_>>()), want);
    }

    #[test]
    fn a_frame_on_its_way_counts_as_far_as_it_has_come() {
        let bytes = frame(0x81, None, b"hello");
        let some = counts(&[&bytes[..4]]);
        assert_eq!((some.frames, some.messages, some.payload_bytes), (1, 0, 2));
        assert_eq!(counts(&[&frame(0x88, None, b"")]).close_code, None);
        assert_eq!(counts(&[&frame(0x88, None, b"\x03\xe8")[..3]]).close_code, None);
    }

    #[test]
    fn what_is_wrong_is_told_once_and_bytes_go_on_counting() {
        for (bytes, want) in [
            (frame(0x83, None, b""), Fault::Opcode(3)),
            (frame(0x8b, None, b""), Fault::Opcode(11)),
            (frame(0xc9, None, b""), Fault::ReservedBits),
            (frame(0x09, None, b""), Fault::FragmentedControl),
            (frame(0x89, None, &[0; 126]), Fault::LongControl),
            (frame(0x88, None, b"x"), Fault::ShortClose),
            (frame(0x80, None, b""), Fault::Continuation),
            ([frame(0x01, None, b""), frame(0x81, None, b"")].concat(), Fault::Interrupted),
            (vec![0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], Fault::Length),
        ] {
            let good = frame(0x82, None, b"12");
            let told = counts(&[&good, &bytes, &good, &frame(0x83, None, b"")]);
            assert_eq!(told.fault, Some(want));
            assert_eq!((told.messages, told.payload_bytes), (1, 2), "{want}");
            assert_eq!(told.bytes as usize, 2 * good.len() + bytes.len() + 2);
        }
    }

    #[test]
    fn a_frame_of_the_greatest_length_overflows_nothing() {
        let head = [0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        let told = counts(&[&head, &[0; 1000]]);
        assert_eq!((told.frames, told.payload_bytes, told.fault), (1, 1000, None));
    }

    fn any_frame() -> impl Strategy<Value = Vec<u8>> {
        let opcode =
            prop_oneof![Just(0x81), Just(0x02), Just(0x80), Just(0x00), Just(0x89), Just(0x88), any::<u8>()];
        let payload = prop_oneof![vec(any::<u8>(), 0..6), vec(any::<u8>(), 120..132)];
        (opcode, any::<Option<[u8; 4]>>(), payload)
            .prop_map(|(first, mask, payload)| frame(first, mask, &payload))
    }

    proptest! {
        #[test]
        fn any_cut_of_the_same_bytes_counts_the_same(
            frames in vec(any_frame(), 0..12),
            noise in vec(any::<u8>(), 0..30),
            cuts in vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let bytes = [frames.concat(), noise].concat();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let parts: Vec<_> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            let whole = counts(&[&bytes]);
            prop_assert_eq!(counts(&parts), whole);
            prop_assert_eq!(whole.bytes, bytes.len() as u64);
            prop_assert!(whole.payload_bytes <= whole.bytes && whole.messages <= whole.frames);
        }
    }
}
