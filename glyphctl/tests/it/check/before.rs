//! A run against those before it: traces, responses, and what is said where there are none.

use std::fs;

use serde_json::{Value, json};

use super::{GENEROUS, Place, named};
use crate::trace_diff::{SHOP, Shop};

impl Place {
    /// A recording with the spans of a shop.
    fn with_spans(&self, name: &str, shop: Shop, start: u64) {
        fs::create_dir_all(self.path(name)).unwrap();
        let info = format!(
            r#"{{"format":1,"glyph_version":"0.1.0","service_name":"shop","start_time_unix_nano":{start},
                "end_time_unix_nano":{}}}"#,
            start + 60_000_000_000
        );
        self.write(&format!("{name}/recording.json"), &info);
        self.write(&format!("{name}/traces.jsonl"), &shop.lines());
    }

    /// Three runs of a shop in the baseline, and one beside it.
    fn of_shops(new: Shop) -> Self {
        let place = Self::empty();
        for run in 0..3 {
            let shop = Shop { first: 1 + 1_000 * run, ..SHOP };
            place.with_spans(&format!("baseline/{run}"), shop, 1_760_000_000_000_000_000 + run);
        }
        place.with_spans("run", new, 1_760_000_000_000_000_009);
        place
    }

    /// Changes what the recording's flows say.
    fn change_flows(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("run/flows.jsonl")).unwrap();
        assert!(text.contains(from), "{text}");
        self.write("run/flows.jsonl", &text.replace(from, to));
    }
}

const TRACES: &str =
    "[baseline]\ndir = \"baseline\"\n[traces]\nfail-on = [\"p50 > 10% and > 100us\", \"new\"]\n";
const REPLAY: &str = "[baseline]\ndir = \"baseline\"\n[replay]\n";

#[test]
fn traces_that_got_slower_fail_with_number_limit_and_commands() {
    let place = Place::of_shops(Shop { slower: 2.0, first: 9_000, ..SHOP });
    let (code, json) = place.judge(TRACES);
    assert_eq!(code, 1, "{json:#}");
    let check = named(&json, "shop db.query p50");
    assert_eq!((&check["section"], &check["unit"]), (&json!("traces"), &json!("ns")));
    let (value, limit) = (check["value"].as_f64().unwrap(), check["limit"].as_f64().unwrap());
    // Twice as slow, of which a tenth was allowed.
    assert!((value / limit * 1.1 - 2.0).abs() < 0.3, "{check:#}");
    assert!(check["message"].as_str().unwrap().ends_with("rule: p50 > 10% and > 100us"), "{check:#}");
    assert_eq!(named(&json, "new")["message"], "holds for 3 span names");
    let printed = place.check(TRACES, &[]).stdout;
    assert!(printed.contains("\n    glyphctl trace diff baseline run\n"), "{printed}");
    assert!(place.follow(&printed) > 3, "{printed}");
    assert_eq!(place.judge(&format!("{TRACES}fail = false\n")).0, 0);
    assert_eq!(place.judge(&format!("{TRACES}where = 'service = \"mail\"'\n")).0, 0);
}

#[test]
fn the_same_traces_pass() {
    let place = Place::of_shops(Shop { first: 9_000, ..SHOP });
    let (code, json) = place.judge(TRACES);
    assert_eq!(code, 0, "{json:#}");
    assert_eq!(named(&json, "p50 > 10% and > 100us")["state"], "pass");
}

#[test]
fn too_few_traces_are_undecided_unless_that_is_allowed() {
    let place = Place::of_shops(Shop { traces: 5, first: 9_000, ..SHOP });
    let (code, json) = place.judge(TRACES);
    let check = named(&json, "p50 > 10% and > 100us");
    assert_eq!((code, &check["state"]), (2, &json!("undecided")));
    assert!(
        check["message"].as_str().unwrap().starts_with("can't be judged: p50: not enough: 5 traces"),
        "{check:#}"
    );
    assert_eq!(place.judge(&format!("{TRACES}allow-undecided = true\n")).0, 0);
    let none = Place::of_shops(Shop { traces: 0, ..SHOP });
    let (code, json) = none.judge(TRACES);
    assert_eq!((code, &named(&json, "spans")["message"]), (2, &json!("the new side has no span")));
}

#[test]
fn spans_that_are_gone_are_shown_where_they_still_were() {
    let place = Place::empty();
    place.with_spans("before", SHOP, 1);
    let without: String = SHOP
        .lines()
        .lines()
        .filter(|line| !line.contains("\"mail\""))
        .map(|line| format!("{line}\n"))
        .collect();
    place.with_spans("run", SHOP, 2);
    place.write("run/traces.jsonl", &without);
    let config = "[baseline]\ndir = \"before\"\n[traces]\nfail-on = [\"gone\"]\n";
    let (code, json) = place.judge(config);
    assert_eq!(code, 1, "{json:#}");
    let commands = named(&json, "mail send gone")["commands"].clone();
    assert!(commands[0].as_str().unwrap().starts_with("glyphctl trace show before "), "{commands}");
    assert_eq!(place.follow(commands[0].as_str().unwrap()), 1);
}

#[test]
fn another_response_fails_and_names_its_cause() {
    let place = Place::shop();
    place.run(&["baseline", "save", "run"]).fine();
    assert_eq!(place.judge(REPLAY).0, 0, "it is what it was");
    place.change_flows("\"status\":200", "\"status\":500");
    let (code, json) = place.judge(REPLAY);
    assert_eq!(code, 1, "{json:#}");
    let check = named(&json, "differences");
    assert_eq!(check["section"], "replay");
    let message = check["message"].as_str().unwrap();
    assert!(message.contains("status changed (200 → 500, "), "{message}");
    assert!(!check["trace_ids"].as_array().unwrap().is_empty(), "{check:#}");
    assert!(place.follow(&place.check(REPLAY, &[]).stdout) > 1);
    assert_eq!(place.judge(&format!("{REPLAY}ignore = [\"status\"]\n")).0, 0);
    assert_eq!(place.judge(&format!("{REPLAY}fail-on = [\"missing\"]\n")).0, 0);
}

#[test]
fn missing_and_extra_exchanges_are_told() {
    let place = Place::shop();
    place.run(&["baseline", "save", "run"]).fine();
    place.change_flows("/health", "/healthz");
    let (code, json) = place.judge(REPLAY);
    assert_eq!(code, 1, "{json:#}");
    let message = |name| named(&json, name)["message"].as_str().unwrap().to_owned();
    assert!(message("missing").starts_with("1 missing exchange, over the limit of 0; GET "), "{json:#}");
    assert!(message("missing").ends_with("/health") && message("extra").ends_with("/healthz"), "{json:#}");
    assert_eq!(message("differences"), "0 different exchanges, limit 0; 2 exchanges compared");
    assert!(place.follow(&place.check(REPLAY, &[]).stdout) >= 2);
}

#[test]
fn a_baseline_that_is_not_there_is_an_error_unless_it_may_be_missing() {
    let place = Place::shop();
    let none = place.check(TRACES, &[]).unable();
    assert!(
        none.stderr.contains("baseline: there is no baseline\nhint: glyphctl baseline save "),
        "{}",
        none.stderr
    );
    let unnamed = place.check("[traces]\n", &[]).unable();
    assert!(
        unnamed.stderr.contains("glyph.toml: names nothing to compare with\nhint: "),
        "{}",
        unnamed.stderr
    );
    let optional = format!("{GENEROUS}{}", TRACES.replace("[traces]", "required = false\n[traces]"));
    let run = place.check(&optional, &[]).fine();
    assert!(run.stderr.contains("traces: skipped, there is no baseline in baseline yet\n"), "{}", run.stderr);
    let json: Value = serde_json::from_str(&place.check(&optional, &["--format", "json"]).stdout).unwrap();
    let skipped = json["skipped"].as_array().unwrap();
    assert!(skipped.iter().any(|skipped| skipped["section"] == "traces"), "{json:#}");
    let named = place.check(&optional, &["--baseline", "elsewhere"]).unable();
    assert!(named.stderr.contains("elsewhere: there is no baseline"), "{}", named.stderr);
    place.run(&["replay", "write", "run", "-o", "one.glyph.tar.zst"]).fine();
    let one = place.check("[replay]\n", &["--baseline", "one.glyph.tar.zst"]);
    assert_eq!(one.code, 0, "an artifact is a baseline of one run: {one:#?}");
}
