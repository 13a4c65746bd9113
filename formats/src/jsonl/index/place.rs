//! Where a line lies.

/// How long a place is on the disk.
pub(super) const SIZE: usize = 32;
pub(super) type Raw = [u8; SIZE];

/// Where a line lies, and where it stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Lines stand in the order of this,
    pub key: u64,
    /// then of this.
    pub order: u64,
    /// Then as they stood: in which file,
    pub(super) file: u32,
    /// and where in it.
    pub(super) offset: u64,
    pub(super) length: u32,
}

impl Place {
    pub(super) fn write(&self) -> Raw {
        let mut raw = [0; SIZE];
        raw[..8].copy_from_slice(&self.key.to_le_bytes());
        raw[8..16].copy_from_slice(&self.order.to_le_bytes());
        raw[16..24].copy_from_slice(&self.offset.to_le_bytes());
        raw[24..28].copy_from_slice(&self.file.to_le_bytes());
        raw[28..].copy_from_slice(&self.length.to_le_bytes());
        raw
    }

    pub(super) fn read(raw: &Raw) -> Self {
        let long = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| raw[at + i]));
        let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| raw[at + i]));
        Self { key: long(0), order: long(8), offset: long(16), file: short(24), length: short(28) }
    }
}
