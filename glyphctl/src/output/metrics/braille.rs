//! A canvas of braille characters: two dots by four in each cell.

/// The bits of a cell's dots, by column and row from the top.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Cells with dots, and who set the last of each.
pub(super) struct Canvas {
    columns: usize,
    rows: usize,
    cells: Vec<(u8, usize)>,
}

impl Canvas {
    /// A canvas without dots.
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, cells: vec![(0, 0); columns * rows] }
    }

    /// How many dots it is wide and high.
    pub(super) fn dots(&self) -> (usize, usize) {
        (self.columns * 2, self.rows * 4)
    }

    /// Sets a dot, counted from the top left.
    fn set(&mut self, x: usize, y: usize, who: usize) {
        if let Some(cell) = self.cells.get_mut(y / 4 * self.columns + x / 2)
            && x / 2 < self.columns
        {
            *cell = (cell.0 | DOTS[x % 2][y % 4], who);
        }
    }

    /// Draws a line from dot to dot.
    pub(super) fn line(&mut self, from: (usize, usize), to: (usize, usize), who: usize) {
        let along =
            |a: usize, b: usize, part: f64| (a as f64 + (b as f64 - a as f64) * part).round() as usize;
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
        for step in 0..=steps {
            let part = step as f64 / steps as f64;
            self.set(along(from.0, to.0, part), along(from.1, to.1, part), who);
        }
    }

    /// A row's characters, and who set them; blanks are nobody's.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (char, Option<usize>)> {
        self.cells[row * self.columns..(row + 1) * self.columns].iter().map(|(dots, who)| match dots {
            0 => (' ', None),
            dots => (char::from_u32(0x2800 + u32::from(*dots)).unwrap_or(' '), Some(*who)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_made_of_dots() {
        let drawn = |from, to| {
            let mut canvas = Canvas::new(3, 1);
            canvas.line(from, to, 0);
            canvas.row(0).map(|(c, _)| c).collect::<String>()
        };
        assert_eq!(drawn((0, 0), (5, 0)), "⠉⠉⠉");
        assert_eq!(drawn((0, 3), (5, 3)), "⣀⣀⣀");
        assert_eq!(drawn((0, 3), (0, 0)), "⡇  ");
        assert_eq!(drawn((2, 1), (2, 1)), " ⠂ ");
    }
}
