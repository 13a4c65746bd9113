//! `and`, `or`, `unless`.

use super::{
    super::{
        ast::{Binary, BinaryOp, TextRange},
        error::EvalError,
        grid::Grid,
        row::Row,
        scope::Scope,
    },
    signature::Signatures,
};

pub(super) fn evaluate(
    scope: &Scope<'_>,
    b: &Binary,
    lhs: Vec<Row>,
    rhs: Vec<Row>,
    grid: Grid,
    range: TextRange,
) -> Result<Vec<Row>, EvalError> {
    let signatures = Signatures::new(&lhs, &rhs, &b.matching);
    let rows = match b.op {
        BinaryOp::Or => {
            let there = presence(&lhs, &signatures.left, &signatures, grid);
            let rest = kept(rhs, &signatures.right, &there, false);
            lhs.into_iter().chain(rest).collect()
        }
        op => {
            let there = presence(&rhs, &signatures.right, &signatures, grid);
            kept(lhs, &signatures.left, &there, op == BinaryOp::And)
        }
    };
    scope.joined(rows, grid, range)
}

/// At which steps a signature has an element: none at all, or a flag for each step.
fn presence(rows: &[Row], of: &[usize], signatures: &Signatures, grid: Grid) -> Vec<Option<Box<[bool]>>> {
    let mut there: Vec<Option<Box<[bool]>>> = vec![None; signatures.count];
    for (row, signature) in rows.iter().zip(of) {
        let steps = there[*signature].get_or_insert_with(|| vec![false; grid.count].into());
        row.column.present().for_each(|(step, _)| steps[step] = true);
    }
    there
}

/// What of each row stands at steps at which its signature is, or is not, there.
fn kept(rows: Vec<Row>, of: &[usize], there: &[Option<Box<[bool]>>], wanted: bool) -> Vec<Row> {
    let kept = rows.into_iter().zip(of).filter_map(|(row, signature)| match &there[*signature] {
        None => (!wanted).then_some(row),
        Some(steps) => {
            let column = row.column.filter_map(|step, value| (steps[step] == wanted).then_some(value));
            (!column.is_empty()).then_some(Row { column, ..row })
        }
    });
    kept.collect()
}
