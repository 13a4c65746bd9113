//! Texts with `{{ $labels.x }}` and `{{ $value }}` in them. Other actions stay as they are, and are named.

use crate::metrics::Labels;

/// A text and what is filled into it.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Label(String),
    Value,
}

impl Template {
    /// Takes a text apart. Also gives the actions that are not done.
    pub fn parse(text: &str) -> (Self, Vec<String>) {
        let (mut pieces, mut left_alone) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((action, behind)) = after.split_once("}}") else { break };
            let trims_before = action.starts_with("- ");
            let trims_behind = action.ends_with(" -");
            pieces.push(Piece::Text(if trims_before { before.trim_end() } else { before }.to_owned()));
            let inner = action.trim_start_matches('-').trim_end_matches('-').trim();
            match piece(inner) {
                Some(piece) => pieces.push(piece),
                None => {
                    pieces.push(Piece::Text(format!("{{{{{action}}}}}")));
                    left_alone.push(format!("{{{{{action}}}}}"));
                }
            }
            rest = if trims_behind { behind.trim_start() } else { behind };
        }
        pieces.push(Piece::Text(rest.to_owned()));
        (Self(pieces), left_alone)
    }

    /// A text into which nothing is filled.
    pub fn plain(text: &str) -> Self {
        Self(vec![Piece::Text(text.to_owned())])
    }

    /// Fills it in.
    pub fn expand(&self, labels: &Labels, value: f64) -> String {
        let of = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Label(name) => labels.get(name).to_owned(),
            Piece::Value => go_number(value),
        };
        self.0.iter().map(of).collect()
    }
}

fn piece(action: &str) -> Option<Piece> {
    if matches!(action, "$value" | ".Value") {
        return Some(Piece::Value);
    }
    let label = action.strip_prefix("$labels.").or_else(|| action.strip_prefix(".Labels."))?;
    let is_name = !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| Piece::Label(label.to_owned()))
}

/// A number as Go's templates print it: the shortest digits, with an exponent from 1e21 on and below 1e-4.
fn go_number(value: f64) -> String {
    if !value.is_finite() {
        return crate::promql::number(value);
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..21).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_values_are_filled_in() {
        let labels = Labels::of([("plugin", "p"), ("__name__", "m")]);
        let table = [
            ("plain", "plain"),
            ("{{ $labels.plugin }}: {{$value}}s", "p: 0.25s"),
            ("{{ .Labels.plugin }} {{ .Value }}", "p 0.25"),
            ("a {{- $labels.plugin -}} b", "apb"),
            ("a {{- $value }} b", "a0.25 b"),
            ("{{ $labels.missing }}.", "."),
            ("{{ $value | humanize }}", "{{ $value | humanize }}"),
            ("open {{ $value", "open {{ $value"),
        ];
        for (text, expected) in table {
            assert_eq!(Template::parse(text).0.expand(&labels, 0.25), expected, "{text}");
        }
        assert_eq!(Template::parse("{{ $value | humanize }}").1, ["{{ $value | humanize }}"]);
    }

    #[test]
    fn numbers_are_printed_as_go_does() {
        let table = [
            (0.0, "0"),
            (1.0, "1"),
            (0.9375, "0.9375"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e-5, "1.5e-05"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
        ];
        for (value, expected) in table {
            assert_eq!(go_number(value), expected);
        }
    }
}
