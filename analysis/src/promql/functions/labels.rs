//! `label_replace` and `label_join`.

use super::{Call, EvalError, EvalErrorKind, Evaluated, Grid, Row, Scope, TextRange, arg};
use crate::{
    metrics::{labels::NAME, matcher::anchored},
    promql::{row, scope::text_of},
};

type Result<T> = std::result::Result<T, EvalError>;

/// A row with a label set anew. A new name is one that stays.
fn relabelled(row: Row, label: &str, value: &str) -> Row {
    let nameless = row.nameless && label != NAME;
    Row { labels: row.labels.with(label, value), nameless, ..row }
}

/// A text that has to be the name of a label.
fn label_name<'c>(call: &'c Call, at: usize, range: TextRange, what: &str) -> Result<&'c str> {
    let expr = arg(call, at, range)?;
    let name = text_of(expr)?;
    if name.is_empty() {
        let text = format!("invalid {what} label name in {}(): {name}", call.function.name);
        return Err(EvalErrorKind::Argument(text).at(expr.range));
    }
    Ok(name)
}

pub(super) fn replace(scope: &mut Scope<'_>, call: &Call, range: TextRange, grid: Grid) -> Result<Evaluated> {
    let replacement = text_of(arg(call, 2, range)?)?;
    let source = text_of(arg(call, 3, range)?)?;
    let pattern = arg(call, 4, range)?;
    let regex = anchored(text_of(pattern)?).map_err(|_invalid| {
        let text = format!(
            "invalid regular expression in label_replace(): {}",
            text_of(pattern).unwrap_or_default()
        );
        EvalErrorKind::Argument(text).at(pattern.range)
    })?;
    let target = label_name(call, 1, range, "destination")?;
    let rows = scope.vector(arg(call, 0, range)?, grid)?;
    let of = |row: Row| {
        let mut value = String::new();
        match regex.captures(row.labels.get(source)) {
            Some(captures) => captures.expand(replacement, &mut value),
            None => return row,
        }
        relabelled(row, target, &value)
    };
    row::join(rows.into_iter().map(of).collect(), range).map(Evaluated::Vector)
}

pub(super) fn join(scope: &mut Scope<'_>, call: &Call, range: TextRange, grid: Grid) -> Result<Evaluated> {
    let separator = text_of(arg(call, 2, range)?)?;
    let sources: Vec<&str> =
        (3..call.args.len()).map(|at| label_name(call, at, range, "source")).collect::<Result<_>>()?;
    let target = label_name(call, 1, range, "destination")?;
    let rows = scope.vector(arg(call, 0, range)?, grid)?;
    let of = |row: Row| {
        let values: Vec<&str> = sources.iter().map(|source| row.labels.get(source)).collect();
        let joined = values.join(separator);
        relabelled(row, target, &joined)
    };
    row::join(rows.into_iter().map(of).collect(), range).map(Evaluated::Vector)
}
