//! Findings as the gate sees them: how severe, and whether they are new.

use std::fs;

use serde_json::{Value, json};

use super::{Place, named};

/// A leak, as a plugin tells it.
fn leak(port: u16, path: &str, severity: &str) -> String {
    let finding = json!({
        "id": "01M826AC314KP224GDE1VAC0SR", "time_unix_nano": 1_795_370_070_113_893_498_u64, "plugin": "secret-scan",
        "type": "secret-scan.aws", "severity": severity, "message": "an access key stands in the response",
        "target": format!("http://127.0.0.1:{port}{path}?page=1"), "flow_id": "01M826AC30YM12MQZFJ2DEC71S",
        "trace_id": "81dd40a6b1b7d614f6e1205d70e7fdb5", "span_id": "f6c418789d58131d",
    });
    format!("{finding}\n")
}

impl Place {
    fn add_finding(&self, line: &str) {
        let path = "run/findings.jsonl";
        let text = fs::read_to_string(self.path(path)).unwrap_or_default();
        self.write(path, &(text + line));
    }
}

const HIGH: &str = "[findings]\nseverity = \"high\"\n";
const LEAK: &str = "secret-scan.aws http://127.0.0.1/orders/{number}";

#[test]
fn a_severe_finding_fails_and_names_its_cause() {
    let place = Place::shop();
    let (code, json) = place.judge(HIGH);
    assert_eq!(code, 0, "{json:#}");
    assert_eq!(named(&json, "high and above")["message"], "0 findings, limit 0; 6 less severe");

    place.add_finding(&leak(4711, "/orders/42", "high"));
    let (code, json) = place.judge(HIGH);
    assert_eq!(code, 1);
    let check = named(&json, LEAK);
    assert_eq!((&check["value"], &check["limit"]), (&json!(1), &json!(0)));
    assert_eq!(
        check["message"],
        "1 finding of severity high by secret-scan: an access key stands in the response \
         (http://127.0.0.1:4711/orders/42?page=1)"
    );
    assert_eq!(check["trace_ids"], json!(["81dd40a6b1b7d614f6e1205d70e7fdb5"]));
    assert_eq!(place.follow(&place.check(HIGH, &[]).stdout), 1);

    assert_eq!(place.judge("[findings]\nseverity = \"critical\"\n").0, 0);
    assert_eq!(place.judge(&format!("{HIGH}fail = false\n")).0, 0);
    let (code, json) = place.judge(&format!("{HIGH}allow = [\"secret-scan.*\"]\n"));
    assert_eq!(code, 0);
    assert_eq!(named(&json, "high and above")["message"], "0 findings, limit 0; 6 less severe; 1 allowed");
    let (_, json) = place.judge("[findings]\nseverity = \"med\"\n");
    let severities: Vec<&str> = json["checks"].as_array().unwrap().iter().filter_map(severity).collect();
    assert_eq!(severities.first(), Some(&"high"), "the worst comes first: {severities:?}");
}

fn severity(check: &Value) -> Option<&str> {
    check["message"].as_str()?.split_once(" of severity ")?.1.split(' ').next()
}

#[test]
fn what_the_baseline_has_too_is_not_new() {
    let place = Place::shop();
    place.add_finding(&leak(4711, "/orders/42", "high"));
    place.run(&["baseline", "save", "run"]).fine();
    let config = format!("{HIGH}[baseline]\ndir = \"baseline\"\n");
    let (code, json) = place.judge(&config);
    assert_eq!(code, 0, "{json:#}");
    let message = &named(&json, "high and above")["message"];
    assert_eq!(message, "0 new findings, limit 0; 6 less severe; 1 in the baseline, too");

    place.add_finding(&leak(999, "/orders/7", "high"));
    assert_eq!(place.judge(&config).0, 0, "another port and another order are the same place");
    place.add_finding(&leak(4711, "/orders/42", "crit"));
    let (code, json) = place.judge(&config);
    assert_eq!(code, 1, "it is worse than it was");
    assert!(
        named(&json, LEAK)["message"].as_str().unwrap().starts_with("1 new finding of severity crit by ")
    );
}

#[test]
fn without_plugins_nothing_can_be_found() {
    let place = Place::empty();
    let (code, json) = place.judge(HIGH);
    assert_eq!((code, &named(&json, "high and above")["state"]), (2, &json!("undecided")), "{json:#}");
}
