//! What looks like an id. In: a text that may begin with one. Out: its kind and length.

/// The kinds of ids that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Id {
    /// `550e8400-e29b-41d4-a716-446655440000`.
    Uuid,
    /// 26 digits in Crockford's base 32, the first below 8.
    Ulid,
    /// `1-5759e988-bd862e3fe1be46a994272793`, a trace of AWS X-Ray.
    XRay,
    /// Hexadecimal digits of one case, 16 to 128: trace and span ids, ObjectIds, digests.
    Hex {
        /// Those of one length are of one kind.
        digits: usize,
        /// Whether there is a letter among them; with none on both sides they are numbers.
        letters: bool,
    },
}

impl Id {
    pub(super) fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Hex { digits: a, letters: one }, Self::Hex { digits: b, letters: two }) => {
                a == b && (one || two)
            }
            _ => self == other,
        }
    }
}

const HEX: std::ops::RangeInclusive<usize> = 16..=128;
const ULID: usize = 26;

pub(super) fn at_start(text: &str) -> Option<(Id, usize)> {
    let grouped = |groups: &[usize]| {
        let (mut at, bytes) = (0, text.as_bytes());
        for (n, digits) in groups.iter().enumerate() {
            if n > 0 {
                (bytes.get(at) == Some(&b'-')).then_some(())?;
                at += 1;
            }
            bytes.get(at..at + digits)?.iter().all(u8::is_ascii_hexdigit).then_some(())?;
            at += digits;
        }
        (!bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)).then_some(at)
    };
    if let Some(length) = grouped(&[8, 4, 4, 4, 12]) {
        return Some((Id::Uuid, length));
    }
    if text.starts_with("1-")
        && let Some(length) = grouped(&[1, 8, 24])
    {
        return Some((Id::XRay, length));
    }
    let length = text.bytes().take(*HEX.end() + 1).take_while(u8::is_ascii_alphanumeric).count();
    let run = &text.as_bytes()[..length];
    let is_in_one_case = !(run.iter().any(u8::is_ascii_uppercase) && run.iter().any(u8::is_ascii_lowercase));
    if !is_in_one_case {
        return None;
    }
    if HEX.contains(&length) && run.iter().all(u8::is_ascii_hexdigit) {
        let letters = run.iter().any(u8::is_ascii_alphabetic);
        return Some((Id::Hex { digits: length, letters }, length));
    }
    let is_crockford = |b: &u8| !matches!(b.to_ascii_uppercase(), b'I' | b'L' | b'O' | b'U');
    let is_ulid = length == ULID
        && matches!(run[0], b'0'..=b'7')
        && run.iter().all(is_crockford)
        && run.iter().filter(|b| b.is_ascii_digit()).count() > 1;
    is_ulid.then_some((Id::Ulid, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_by_their_forms() {
        let hex = |digits, letters| Some((Id::Hex { digits, letters }, digits));
        let table = [
            ("550e8400-e29b-41d4-a716-446655440000", Some((Id::Uuid, 36))),
            ("550E8400-E29B-41D4-A716-446655440000/x", Some((Id::Uuid, 36))),
            ("550e8400-e29b-41d4-a716-4466554400000", None),
            ("01M826ABXFMV57ARPDF274WWPH", Some((Id::Ulid, 26))),
            ("01m826abxfmv57arpdf274wwph.", Some((Id::Ulid, 26))),
            ("91M826ABXFMV57ARPDF274WWPH", None),
            ("1-5759e988-bd862e3fe1be46a994272793;", Some((Id::XRay, 35))),
            ("686303df15ac4a8a4520b69e139e3e13-f7", hex(32, true)),
            ("f7fceaf9f590a07d", hex(16, true)),
            ("1234567890123456", hex(16, false)),
            ("f7fceaf9f590a07", None),
            ("F7fceaf9f590a07d", None),
            ("f7fceaf9f590a07dx", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(at_start(text), expected, "{text}");
        }
        let (ids, numbers) = (Id::Hex { digits: 16, letters: true }, Id::Hex { digits: 16, letters: false });
        assert!(ids.is_like(numbers) && !numbers.is_like(numbers));
    }
}
