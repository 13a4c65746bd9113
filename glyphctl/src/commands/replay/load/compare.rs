//! The packed cases, held against those that the findings give.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use glyph_formats::{Cases, artifact::ArtifactError, provenance::CasesVerified};
use serde_json::Value;

use crate::commands::replay::findings;

/// What a difference shows of a value.
const SHOWN: usize = 200;

/// What came of it.
#[derive(Debug)]
pub(super) enum Packed {
    Same,
    Absent,
    Differ(Difference),
}

/// The first difference.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) place: String,
    pub(super) packed: String,
    pub(super) built: String,
}

impl Packed {
    pub(super) fn verified(&self) -> CasesVerified {
        match self {
            Self::Same => CasesVerified::Same,
            Self::Absent => CasesVerified::Absent,
            Self::Differ(_) => CasesVerified::Differ,
        }
    }
}

/// Compares a file with the cases.
pub(super) fn packed(path: &Path, cases: &Cases) -> Result<Packed, ArtifactError> {
    let io = |source| ArtifactError::Io { path: path.to_owned(), source };
    let built = findings::text(cases);
    // A byte more tells a longer one, however long it is.
    let file = BufReader::new(File::open(path).map_err(io)?);
    let mut packed = Vec::new();
    file.take(2 * built.len() as u64 + (1 << 20)).read_to_end(&mut packed).map_err(io)?;
    if packed == built {
        return Ok(Packed::Same);
    }
    let built: Value = serde_json::to_value(cases).unwrap_or_default();
    let difference = match serde_json::from_slice::<Value>(&packed) {
        Ok(packed) => first(&packed, &built, &mut String::new()),
        Err(error) => Some(Difference {
            place: "it can't be read".to_owned(),
            packed: error.to_string(),
            built: shown(Some(&built["cases"])),
        }),
    };
    Ok(Packed::Differ(difference.unwrap_or_else(|| Difference {
        place: "it is written otherwise".to_owned(),
        packed: "other blanks, or another order of fields".to_owned(),
        built: "the same cases".to_owned(),
    })))
}

/// The first place at which two values differ.
fn first(packed: &Value, built: &Value, place: &mut String) -> Option<Difference> {
    let length = place.len();
    let mut deeper = |step: String, packed: Option<&Value>, built: Option<&Value>| {
        place.push_str(&step);
        let found = match (packed, built) {
            (Some(packed), Some(built)) => first(packed, built, place),
            _ => Some(Difference { place: place.clone(), packed: shown(packed), built: shown(built) }),
        };
        place.truncate(length);
        found
    };
    match (packed, built) {
        (Value::Object(a), Value::Object(b)) => {
            let dot = if length == 0 { "" } else { "." };
            let ours = b.iter().map(|(name, value)| (name, a.get(name), Some(value)));
            let theirs = a.iter().filter(|(name, _)| !b.contains_key(*name));
            let theirs = theirs.map(|(name, value)| (name, Some(value), None));
            ours.chain(theirs).find_map(|(name, a, b)| deeper(format!("{dot}{name}"), a, b))
        }
        (Value::Array(a), Value::Array(b)) => {
            (0..a.len().max(b.len())).find_map(|i| deeper(format!("[{i}]"), a.get(i), b.get(i)))
        }
        (Value::String(a), Value::String(b)) if a != b && (a.contains('\n') || b.contains('\n')) => {
            let lines = a.lines().map(Some).chain([None]).zip(b.lines().map(Some).chain([None]));
            let (line, (a, b)) = lines.enumerate().find(|(_, (a, b))| a != b)?;
            let text = |line: Option<&str>| line.map_or_else(|| "nothing".to_owned(), cut);
            Some(Difference { place: format!("{place}, line {}", line + 1), packed: text(a), built: text(b) })
        }
        (a, b) if a == b => None,
        (a, b) => Some(Difference { place: place.clone(), packed: shown(Some(a)), built: shown(Some(b)) }),
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| cut(&value.to_string()))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_told_by_its_place() {
        let told = |packed: Value, built: Value| {
            let Difference { place, packed, built } = first(&packed, &built, &mut String::new())?;
            Some([place, packed, built])
        };
        let of = |place: &str, packed: &str, built: &str| {
            Some([place.to_owned(), packed.to_owned(), built.to_owned()])
        };
        assert_eq!(told(json!({"a": [1, {"b": null}]}), json!({"a": [1, {"b": null}]})), None);
        assert_eq!(told(json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 3}]})), of("a[1].b", "2", "3"));
        assert_eq!(told(json!([1]), json!([1, "x"])), of("[1]", "nothing", "\"x\""));
        assert_eq!(told(json!({"a": 1, "b": 2}), json!({"a": 1})), of("b", "2", "nothing"));
        assert_eq!(told(json!({"a": {}}), json!({"a": []})), of("a", "{}", "[]"));
        assert_eq!(told(json!("1\n2\n3"), json!("1\nx\n3")), of(", line 2", "2", "x"));
        assert_eq!(told(json!("1\n2"), json!("1\n2\n3")), of(", line 3", "nothing", "3"));
        assert!(told(json!("x".repeat(1_000)), json!(1)).unwrap()[1].ends_with('…'));
    }
}
