//! Parts of a whole as pages for browsers draw them.

use glyph_analysis::text::duration;

/// Marks on a time axis, beside the one at 0.
pub(super) const TICKS: u64 = 4;

/// The share, within 0 and 1; of nothing there is none.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    let share = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    share.clamp(0.0, 1.0)
}

/// The share as CSS has it.
pub(super) fn percent(part: u64, whole: u64) -> String {
    format!("{:.3}%", share(part, whole) * 100.0)
}

/// What stands at a mark of the axis of so many nanoseconds.
pub(super) fn tick_text(whole: u64, tick: u64) -> String {
    if tick == 0 {
        "0".to_owned()
    } else {
        duration((u128::from(whole) * u128::from(tick) / u128::from(TICKS)) as u64)
    }
}
