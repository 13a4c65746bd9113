//! JSON Schema, as much of it as `docs/schemas/` uses; a keyword that is not known here fails the test.

use regex::Regex;
use serde_json::{Map, Value};

/// What is wrong with `value`, with the path to it.
pub(crate) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Checker { root: schema }.check(schema, value, "$", &mut faults);
    faults
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
        let schema = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return faults.push(format!("{path}: must not be there")),
            schema => schema.as_object().expect("a schema is an object"),
        };
        for (keyword, rule) in schema {
            if let Some(fault) = self.keyword(schema, keyword, rule, value, path, faults) {
                faults.push(format!("{path}: {keyword}: {fault}"));
            }
        }
    }

    fn keyword(
        &self,
        schema: &Map<String, Value>,
        keyword: &str,
        rule: &Value,
        value: &Value,
        path: &str,
        faults: &mut Vec<String>,
    ) -> Option<String> {
        let fits = |rule: &Value| {
            let mut faults = Vec::new();
            self.check(rule, value, path, &mut faults);
            faults.is_empty()
        };
        match keyword {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => None,
            "type" => {
                let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                (!types.iter().any(|t| has_type(value, t.as_str().unwrap())))
                    .then(|| format!("{value} is no {rule}"))
            }
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                self.check(self.root.pointer(pointer).unwrap(), value, path, faults);
                None
            }
            "const" => (value != rule).then(|| format!("{value} is not {rule}")),
            "anyOf" | "oneOf" => {
                let fitting = rule.as_array().unwrap().iter().filter(|r| fits(r)).count();
                let good = if keyword == "oneOf" { fitting == 1 } else { fitting > 0 };
                (!good).then(|| format!("{value} fits {fitting}"))
            }
            "required" => {
                let names = rule.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                let missing: Vec<_> = names.filter(|name| value.get(name).is_none()).collect();
                (!missing.is_empty()).then(|| missing.join(", "))
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        self.check(rule, value, &format!("{path}.{name}"), faults);
                    }
                }
                None
            }
            "patternProperties" => {
                for (pattern, rule) in rule.as_object().unwrap() {
                    let pattern = Regex::new(pattern).unwrap();
                    for (name, value) in value.as_object().into_iter().flatten() {
                        if pattern.is_match(name) {
                            self.check(rule, value, &format!("{path}.{name}"), faults);
                        }
                    }
                }
                None
            }
            "additionalProperties" => {
                let of = |keyword: &str| schema.get(keyword).and_then(Value::as_object).into_iter().flatten();
                let patterns: Vec<Regex> =
                    of("patternProperties").map(|(pattern, _)| Regex::new(pattern).unwrap()).collect();
                let is_known = |name: &str| {
                    of("properties").any(|(known, _)| known == name)
                        || patterns.iter().any(|p| p.is_match(name))
                };
                for (name, value) in value.as_object().into_iter().flatten() {
                    if !is_known(name) {
                        self.check(rule, value, &format!("{path}.{name}"), faults);
                    }
                }
                None
            }
            "items" | "prefixItems" => {
                for (i, value) in value.as_array().into_iter().flatten().enumerate() {
                    let rule = if keyword == "items" { Some(rule) } else { rule.get(i) };
                    if let Some(rule) = rule {
                        self.check(rule, value, &format!("{path}[{i}]"), faults);
                    }
                }
                None
            }
            "minItems" | "maxItems" => {
                let (length, limit) = (value.as_array().map_or(0, Vec::len) as u64, rule.as_u64().unwrap());
                let good = if keyword == "minItems" { length >= limit } else { length <= limit };
                (!good).then(|| format!("{length} items"))
            }
            "minimum" | "maximum" => {
                let (number, limit) = (value.as_f64()?, rule.as_f64().unwrap());
                let good = if keyword == "minimum" { number >= limit } else { number <= limit };
                (!good).then(|| format!("{number}"))
            }
            "pattern" => {
                let text = value.as_str()?;
                (!Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)).then(|| text.to_owned())
            }
            other => panic!("{path}: the keyword {other} is not known here"),
        }
    }
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    }
}

#[test]
fn a_fault_is_found_with_its_path() {
    let schema = serde_json::json!({
        "type": "object",
        "required": ["id", "sides"],
        "properties": {
            "id": {"$ref": "#/$defs/Id"},
            "sides": {"type": "array", "items": {"oneOf": [{"const": "left"}, {"const": "right"}]}},
            "port": {"type": ["integer", "null"], "minimum": 0, "maximum": 65535},
            "figures": {
                "patternProperties": {"^p[0-9]+$": {"type": "number"}},
                "additionalProperties": false,
            },
        },
        "$defs": {"Id": {"type": "string", "pattern": "^[0-9a-f]{4}$"}},
    });
    let good = serde_json::json!({"id": "00ff", "sides": ["left", "right"], "port": 80, "figures": {"p9": 1}, "more": 1});
    assert_eq!(faults(&schema, &good), [""; 0]);
    for (bad, at) in [
        (serde_json::json!({"id": "00ff"}), "$: required: sides"),
        (serde_json::json!({"id": "00FF", "sides": []}), "$.id: pattern"),
        (serde_json::json!({"id": "00ff", "sides": ["up"]}), "$.sides[0]: oneOf"),
        (serde_json::json!({"id": "00ff", "sides": [], "port": 65536}), "$.port: maximum"),
        (serde_json::json!({"id": "00ff", "sides": [], "port": "80"}), "$.port: type"),
        (serde_json::json!({"id": "00ff", "sides": [], "figures": {"p9": "1"}}), "$.figures.p9: type"),
        (
            serde_json::json!({"id": "00ff", "sides": [], "figures": {"mean": 1}}),
            "$.figures.mean: must not be",
        ),
    ] {
        let faults = faults(&schema, &bad);
        assert!(faults.len() == 1 && faults[0].starts_with(at), "{at}: {faults:?}");
    }
}
