//! The dashboard as Grafana has it: its types, as the Foundation SDK knows them, and what types don't say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::rules::at_root;

/// Units of Grafana's that fit what the daemon counts.
const UNITS: [&str; 5] = ["cps", "percentunit", "reqps", "s", "short"];
/// How wide a dashboard is.
const COLUMNS: u64 = 24;

pub(crate) fn dashboard() -> Value {
    let text = fs::read_to_string(at_root("dashboards/grafana-dashboard.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn panels(dashboard: &Value) -> &Vec<Value> {
    dashboard["panels"].as_array().unwrap()
}

/// From where to where a panel reaches: columns and lines.
fn place(panel: &Value) -> [std::ops::Range<u64>; 2] {
    let of = |name: &str| panel["gridPos"][name].as_u64().unwrap();
    [of("x")..of("x") + of("w"), of("y")..of("y") + of("h")]
}

#[test]
fn panels_have_places_of_their_own() {
    let dashboard = dashboard();
    let panels = panels(&dashboard);
    for (n, panel) in panels.iter().enumerate() {
        let [columns, lines] = place(panel);
        assert!(!columns.is_empty() && !lines.is_empty() && columns.end <= COLUMNS, "{}", panel["title"]);
        for other in &panels[..n] {
            let [other_columns, other_lines] = place(other);
            let apart =
                |a: &std::ops::Range<u64>, b: &std::ops::Range<u64>| a.end <= b.start || b.end <= a.start;
            assert!(
                apart(&columns, &other_columns) || apart(&lines, &other_lines),
                "{} lies over {}",
                panel["title"],
                other["title"]
            );
        }
    }
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "an id is there twice");
    let titles: BTreeSet<_> =
        panels.iter().map(|panel| (panel["type"] == "row", panel["title"].as_str())).collect();
    assert_eq!(titles.len(), panels.len(), "a title is there twice");
}

#[test]
fn panels_name_their_source_their_queries_and_a_unit_that_there_is() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 39 && dashboard["uid"] == "glyph-0xgen");
    let sources: Vec<_> = dashboard["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|v| v["type"] == "datasource")
        .collect();
    assert_eq!((sources.len(), &sources[0]["current"]["value"]), (1, &Value::from("0xgen")));
    for panel in panels(&dashboard).iter().filter(|panel| panel["type"] != "row") {
        let title = &panel["title"];
        let units = [
            &panel["fieldConfig"]["defaults"]["unit"],
            &panel["options"]["yAxis"]["unit"],
            &panel["options"]["cellValues"]["unit"],
        ];
        for unit in units.into_iter().filter_map(Value::as_str) {
            assert!(UNITS.contains(&unit), "{title}: {unit}");
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let targets = panel["targets"].as_array().unwrap();
        let ids: BTreeSet<_> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), targets.len(), "{title}: a refId is there twice");
        for target in targets {
            // A heatmap of buckets that are no heatmap to Grafana is drawn as lines.
            assert_eq!(target["format"] == "heatmap", panel["type"] == "heatmap", "{title}");
            assert_ne!(target["range"], target["instant"], "{title}");
        }
    }
}

/// All of a value that the peer did not give back, by its place without the numbers in it.
fn lost(given: &Value, back: &Value, place: &str, lost_at: &mut BTreeMap<String, usize>) {
    match (given, back) {
        (Value::Object(given), Value::Object(back)) => {
            for (key, value) in given {
                lost(value, back.get(key).unwrap_or(&Value::Null), &format!("{place}/{key}"), lost_at);
            }
        }
        (Value::Array(given), Value::Array(back)) if given.len() == back.len() => {
            for (given, back) in given.iter().zip(back) {
                lost(given, back, &format!("{place}/*"), lost_at);
            }
        }
        (Value::Number(given), Value::Number(back)) if given.as_f64() == back.as_f64() => {}
        _ if given == back => {}
        _ => *lost_at.entry(place.to_owned()).or_default() += 1,
    }
}

#[test]
fn grafanas_own_types_hold_all_of_it() {
    let script = "import json, sys\n\
        from grafana_foundation_sdk.cog import encoder, plugins\n\
        from grafana_foundation_sdk.models import dashboard\n\
        plugins.register_default_plugins()\n\
        read = dashboard.Dashboard.from_json(json.load(open(sys.argv[1])))\n\
        print(encoder.JSONEncoder().encode(read))\n";
    let packages = std::env::var_os("GLYPH_PYTHON_PACKAGES")
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/python").into());
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages).args(["-c", script]).arg(at_root("dashboards/grafana-dashboard.json"));
    let Some(output) = peer("python3 with grafana-foundation-sdk", "No module named", &mut python) else {
        return;
    };
    let back: Value = serde_json::from_slice(&output).unwrap();
    let mut lost_at = BTreeMap::new();
    lost(&dashboard(), &back, "", &mut lost_at);
    // What Prometheus' data source has to itself in an annotation is none of Grafana's types.
    lost_at.retain(|place, _| !place.starts_with("/annotations/list/*/"));
    assert_eq!(lost_at, BTreeMap::new(), "Grafana's types do not know these");
}

/// What somebody else's program prints, which must be content; none if it, or what it says is missing, is not there.
pub(crate) fn peer(name: &str, missing: &str, command: &mut Command) -> Option<Vec<u8>> {
    let output = command.output().ok();
    let said = output.as_ref().map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    if said.as_ref().is_none_or(|said| said.contains(missing)) {
        let required = std::env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required");
        assert!(!required, "missing: {name}: {}", said.unwrap_or_default());
        eprintln!("skipped: {name} is missing");
        return None;
    }
    let output = output?;
    assert!(output.status.success(), "{name}: {output:?}");
    Some(output.stdout)
}
