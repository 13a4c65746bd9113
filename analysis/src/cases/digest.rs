//! Texts told apart by 16 bytes of their SHA-256: there may be more of them than are to be held.

use sha2::{Digest, Sha256};

/// What stands for texts. In two halves, which need less room in a table than one number.
pub(super) type Sixteen = (u64, u64);

/// Stands for texts in their order.
pub(super) fn of(texts: &[&str]) -> Sixteen {
    let mut hasher = Sha256::new();
    for text in texts {
        // Their lengths, so that no two lists are written alike.
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    let digest = hasher.finalize();
    let half = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    (half(&digest[..8]), half(&digest[8..16]))
}
