//! What a terminal shows beside figures: bars, and how durations are spread.

use glyph_analysis::{text::duration, trace::summary::Row};

/// How many columns a bar has at most.
const BAR: u64 = 10;
/// How many columns the spread of durations has at most.
const SPREAD: usize = 12;
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar as long as `figure` is of `greatest`, in eighths of a column; what is not nothing can be seen.
pub(super) fn bar(figure: u64, greatest: u64) -> String {
    let most = u128::from(8 * BAR);
    let eighths = (u128::from(figure) * most).div_ceil(u128::from(greatest.max(1))).min(most) as usize;
    let mut bar = "█".repeat(eighths / 8);
    if let Some(rest) = (eighths % 8).checked_sub(1) {
        bar.push(EIGHTHS[rest]);
    }
    bar
}

/// The durations that the columns of a spread stand for: the same for all rows, so that they can be compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// The power of two at which the first column begins.
    first: usize,
    /// How many powers of two a column stands for.
    step: usize,
    columns: usize,
}

impl Scale {
    pub(super) fn of(rows: &[Row]) -> Self {
        let used = |power: &usize| rows.iter().any(|row| row.durations.counts()[*power] > 0);
        let first = (0..64).find(used).unwrap_or(0);
        let last = (0..64).rev().find(used).unwrap_or(0);
        let step = (last - first + 1).div_ceil(SPREAD);
        Self { first, step, columns: (last - first + 1).div_ceil(step) }
    }

    /// From where to where it goes.
    pub(super) fn title(&self) -> String {
        let from = if self.first == 0 { 0 } else { 1_u64 << self.first };
        let to = 1_u64.checked_shl((self.first + self.step * self.columns) as u32).unwrap_or(u64::MAX);
        format!("latency {}–{}", duration(from), duration(to))
    }

    /// How many durations of a row are in each column, relative to the fullest; what is not nothing can be seen.
    pub(super) fn spread(&self, row: &Row) -> String {
        let powers = &row.durations.counts()[self.first..64.min(self.first + self.step * self.columns)];
        let counts: Vec<u64> = powers.chunks(self.step).map(|some| some.iter().sum()).collect();
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        counts
            .iter()
            .map(|count| match (u128::from(*count) * 8).div_ceil(u128::from(most)) as usize {
                0 => ' ',
                level => LEVELS[level - 1],
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use glyph_analysis::trace::summary::Powers;

    use super::*;

    fn row(durations: &[u64]) -> Row {
        Row { durations: Powers::of(durations), ..Row::default() }
    }

    #[test]
    fn a_bar_is_as_long_as_its_figure() {
        assert_eq!([bar(0, 9), bar(9, 9), bar(1, 1_000), bar(0, 0)], ["", "██████████", "▏", ""]);
        assert_eq!(bar(u64::MAX / 2, u64::MAX), "█████");
    }

    #[test]
    fn spreads_share_their_columns() {
        let rows = [row(&[[1_024; 8].as_slice(), &[5_000]].concat()), row(&[2_048; 3])];
        let scale = Scale::of(&rows);
        assert_eq!(scale.title(), "latency 1.02µs–8.19µs");
        assert_eq!(rows.each_ref().map(|row| scale.spread(row)), ["█ ▁", " █ "]);
    }

    #[test]
    fn the_widest_spread_fits_its_columns() {
        let rows = [row(&[0, u64::MAX])];
        let scale = Scale::of(&rows);
        assert_eq!(scale.spread(&rows[0]), "█         █");
        assert_eq!(Scale::of(&[]).title(), "latency 0ns–2ns");
    }
}
