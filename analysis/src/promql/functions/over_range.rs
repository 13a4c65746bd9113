//! Functions of range vectors.

use super::{
    Call, EvalError, EvalErrorKind, Evaluated, Grid, Level, OfWindow, Row, Scope, TextRange, ValueType,
};
use crate::metrics::quote::quoted;
use crate::promql::{range::RangeVector, row};

/// What `of` makes of each window; `renames` unless that is still what the metric's name says.
pub(super) fn evaluate(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
    of: OfWindow,
    renames: bool,
) -> Result<Evaluated, EvalError> {
    let (rows, _) = map(scope, call, range, grid, of)?;
    finished(scope, rows, range, renames)
}

/// The same for functions of counters: says so if a metric does not have the name of one.
pub(super) fn of_counters(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
    of: OfWindow,
) -> Result<Evaluated, EvalError> {
    let (rows, over) = map(scope, call, range, grid, of)?;
    let mut told = "";
    for name in rows.iter().map(|row| row.labels.name()) {
        let is_counter = ["_total", "_sum", "_count", "_bucket"].iter().any(|end| name.ends_with(end));
        if !name.is_empty() && !is_counter && name != told {
            let text = format!(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                quoted(name)
            );
            scope.note(Level::Info, &text, over.range);
            told = name;
        }
    }
    finished(scope, rows, range, true)
}

/// What `of` makes of each window, and the range vector. Its other arguments are numbers, one for each step.
fn map<'s>(
    scope: &mut Scope<'s>,
    call: &Call,
    range: TextRange,
    grid: Grid,
    of: OfWindow,
) -> Result<(Vec<Row>, RangeVector<'s>), EvalError> {
    let (mut numbers, mut over) = (Vec::new(), None);
    for arg in &call.args {
        match arg.value_type() {
            ValueType::Range => over = Some(scope.range_vector(arg, grid)?),
            _ => numbers.push(scope.scalar(arg, grid)?),
        }
    }
    let Some(over) = over else {
        return Err(EvalErrorKind::Argument("a range vector is missing".to_owned()).at(range));
    };
    let rows = match numbers.as_slice() {
        [] => over.map(scope, grid, |window, _| of(window, &[]))?,
        [one] => over.map(scope, grid, |window, step| of(window, &[one[step]]))?,
        [one, two, ..] => over.map(scope, grid, |window, step| of(window, &[one[step], two[step]]))?,
    };
    check_numbers(scope, call, &numbers, &over, grid)?;
    Ok((rows, over))
}

/// What numbers beside a range vector may be, at steps at which there is a sample that they are needed for.
fn check_numbers(
    scope: &mut Scope<'_>,
    call: &Call,
    numbers: &[Vec<f64>],
    over: &RangeVector<'_>,
    grid: Grid,
) -> Result<(), EvalError> {
    let suspect = match call.function.name {
        "quantile_over_time" => |v: &f64| !(0.0..=1.0).contains(v),
        "double_exponential_smoothing" => |v: &f64| *v <= 0.0 || *v >= 1.0,
        _ => return Ok(()),
    };
    if !numbers.iter().flatten().any(suspect) {
        return Ok(());
    }
    let there = over.map(scope, grid, |_, _| Some(1.0))?;
    let is_needed = |step: usize| there.iter().any(|row| row.column.at(step).is_some());
    let mut wrong = numbers.iter().map(|values| {
        let numbered = values.iter().enumerate().filter(|(step, value)| suspect(value) && is_needed(*step));
        numbered.map(|(_, value)| *value).collect::<Vec<_>>()
    });
    if call.function.name == "quantile_over_time" {
        if let (Some(wrong), Some(arg)) = (wrong.next(), call.args.first()) {
            scope.check_quantiles(&wrong, arg.range);
        }
        return Ok(());
    }
    for ((what, wrong), arg) in ["smoothing", "trend"].iter().zip(wrong).zip(call.args.iter().skip(1)) {
        if let Some(value) = wrong.first() {
            let text = format!("invalid {what} factor. Expected: 0 < {}f < 1, got: {value:.6}", &what[..1]);
            return Err(EvalErrorKind::Argument(text).at(arg.range));
        }
    }
    Ok(())
}

/// Rows of a range vector's series. Unlike elsewhere, two of them may not be called the same even if they never meet.
fn finished(
    scope: &Scope<'_>,
    mut rows: Vec<Row>,
    range: TextRange,
    renames: bool,
) -> Result<Evaluated, EvalError> {
    if scope.settings.delayed_name_removal {
        rows.iter_mut().for_each(|row| row.nameless = renames);
    } else if renames && row::drop_names(&mut rows) && !row::are_distinct(&rows) {
        return Err(EvalErrorKind::DuplicateLabels.at(range));
    }
    Ok(Evaluated::Vector(rows))
}
