//! `docs/reference/config.md` and the schemas of the TOML files, made from the types that the files are read into.
//! `GLYPH_BLESS=1` writes them anew.

use glyph_analysis::gate::config;
use glyphd::{plugin::manifest::Manifest, policy::Policy};
use schemars::schema_for;
use serde_json::{Map, Value};

use crate::committed::{assert_committed, assert_schema};

#[test]
fn the_reference_of_the_files_is_that_of_their_types() {
    let (policy, manifest) = (schema_for!(Policy).to_value(), schema_for!(Manifest).to_value());
    let gate = config::schema().to_value();
    assert_schema("glyph-toml", &gate);
    assert_schema("policy", &policy);
    assert_schema("plugin", &manifest);
    let mut text = String::from(
        "# Configuration files\n\nMade from the code by a test: don't edit it. `glyphd --check-config` says what is wrong with \
         such files, with the line. A key that is not listed is an error; but for those that have to be there, each can be \
         left out.\n\n## The policy, `glyphd --config FILE`\n\nIn TOML ([schema](../schemas/policy.json)).\n",
    );
    Reference { root: &policy, text: &mut text }.table("", &policy, "");
    text.push_str("\n## A plugin's manifest, `plugin.toml`\n\nIn TOML ([schema](../schemas/plugin.json)).\n");
    Reference { root: &manifest, text: &mut text }.table("", &manifest, "");
    text.push_str(
        "\n## What a run must keep to, `glyph.toml`\n\nIn TOML ([schema](../schemas/glyph-toml.json)), for `glyphctl check`, which \
         says what is wrong with it, with the line. [gate.md](../gate.md) tells more.\n",
    );
    Reference { root: &gate, text: &mut text }.table("", &gate, "");
    assert_committed("reference/config.md", &text);
}

struct Reference<'a> {
    root: &'a Value,
    text: &'a mut String,
}

impl Reference<'_> {
    /// A section for a table, and after it one for each table in it.
    fn table(&mut self, title: &str, table: &Value, what: &str) {
        if !title.is_empty() {
            let what = if what.is_empty() { table["description"].as_str().unwrap_or_default() } else { what };
            self.text.push_str(&format!("\n### `{title}`\n\n{}\n", line(what)));
        }
        let empty = Map::new();
        let properties = table["properties"].as_object().unwrap_or(&empty);
        let required: Vec<&str> =
            table["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let (mut rows, mut below) = (String::new(), Vec::new());
        for (key, property) in properties {
            let what = property["description"].as_str().unwrap_or_default();
            let path = [title.trim_matches(['[', ']']), key].join(".");
            let path = path.trim_start_matches('.');
            let value = self.resolved(property);
            let element = self.resolved(&value["items"]);
            let named = self.resolved(&value["additionalProperties"]);
            if value["properties"].is_object() {
                below.push((format!("[{path}]"), value, what.to_owned()));
            } else if element["properties"].is_object() {
                below.push((format!("[[{path}]]"), element, what.to_owned()));
            } else if named["properties"].is_object() {
                below.push((format!("[{path}.NAME]"), named, what.to_owned()));
            } else {
                let default = if required.contains(&key.as_str()) {
                    "has to be there".to_owned()
                } else {
                    default(&property["default"])
                };
                rows.push_str(&format!("| `{key}` | {} | {default} | {} |\n", self.kind(&value), line(what)));
            }
        }
        if !rows.is_empty() {
            self.text.push_str(&format!("\n| key | value | default | |\n| --- | --- | --- | --- |\n{rows}"));
        }
        for (title, table, what) in below {
            self.table(&title, &table, &what);
        }
    }

    /// What a schema refers to, without null.
    fn resolved(&self, schema: &Value) -> Value {
        if let Some(name) = schema["$ref"].as_str() {
            return self.resolved(self.root.pointer(name.trim_start_matches('#')).unwrap());
        }
        let mut choices = schema["anyOf"].as_array().into_iter().flatten();
        let choice = choices.rfind(|choice| choice["type"] != "null");
        choice.map_or_else(|| schema.clone(), |choice| self.resolved(choice))
    }

    /// What values are, in words.
    fn kind(&self, schema: &Value) -> String {
        let choices: Vec<String> = schema["oneOf"]
            .as_array()
            .or(schema["enum"].as_array())
            .into_iter()
            .flatten()
            .flat_map(|choice| match (&choice["const"], &choice["enum"]) {
                (Value::String(name), _) => vec![name.clone()],
                (_, Value::Array(names)) => {
                    names.iter().filter_map(|n| Some(n.as_str()?.to_owned())).collect()
                }
                _ => choice.as_str().map(str::to_owned).into_iter().collect(),
            })
            .map(|name| format!("`\"{name}\"`"))
            .collect();
        if !choices.is_empty() {
            return choices.join(", ");
        }
        let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
        let kind = types.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("anything");
        match kind {
            "string" => "text".to_owned(),
            "boolean" => "`true` or `false`".to_owned(),
            "integer" => "whole number".to_owned(),
            "array" => format!("list: {}", self.kind(&self.resolved(&schema["items"]))),
            "object" => format!("table: {}", self.kind(&self.resolved(&schema["additionalProperties"]))),
            kind => kind.to_owned(),
        }
    }
}

fn default(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Object(all) if all.is_empty() => "none".to_owned(),
        value => format!("`{value}`"),
    }
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
