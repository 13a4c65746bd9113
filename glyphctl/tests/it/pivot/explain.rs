use std::fs;

use serde_json::Value;

use super::{FAILED, FOUND, Shop, run_commands};
use crate::harness::{Run, run};

/// An alert about a histogram with exemplars, and one about a gauge that has none.
const RULES: &str = r#"groups:
- name: shop
  interval: 5s
  rules:
  - alert: Slow
    expr: increase(shop_seconds_count[10s]) > 0
    labels: {severity: page}
    annotations: {summary: "too slow"}
  - alert: Full
    expr: shop_queue > 5
"#;

/// When the shop's flows were.
const AT: u64 = 1_795_370_070;

impl Shop {
    /// Adds metrics and rules: both alerts fire twice, the second time of `Slow` with a trace that is nowhere.
    fn watched() -> Self {
        let shop = Self::copy();
        let elsewhere = "0af7651916cd43dd8448eb211c80319c";
        let mut text = String::from("# TYPE shop_seconds histogram\n# TYPE shop_queue gauge\n");
        let bucket = |at: u64, count: u64, exemplar: &str| {
            let labels = "job=\"shop\",instance=\"a:1\"";
            format!(
                "shop_seconds_bucket{{{labels},le=\"+Inf\"}} {count} {at}{exemplar}\nshop_seconds_count{{{labels}}} {count} {at}\n"
            )
        };
        let exemplar = |trace: &str, value: f64, at: u64| format!(" # {{trace_id=\"{trace}\"}} {value} {at}");
        for (after, count, exemplar, queue) in [
            (0, 1, String::new(), 9),
            (5, 2, exemplar(FAILED, 0.5, AT + 1), 9),
            (10, 3, exemplar(FOUND, 0.25, AT + 8), 0),
            (25, 3, String::new(), 0),
            (30, 4, exemplar(elsewhere, 0.75, AT + 29), 9),
            (60, 4, String::new(), 0),
        ] {
            text += &bucket(AT + after, count, &exemplar);
            text += &format!("shop_queue{{job=\"shop\",instance=\"a:1\"}} {queue} {}\n", AT + after);
        }
        fs::write(shop.path.join("metrics.om"), text + "# EOF\n").unwrap();
        fs::write(shop.path.join("rules.yaml"), RULES).unwrap();
        shop
    }

    fn explain(&self, more: &[&str]) -> Run {
        let rules = self.path.join("rules.yaml");
        let args = ["alerts", "check", "--rules", rules.to_str().unwrap(), "--data", self.arg(), "--explain"];
        let run = run(args.iter().chain(more));
        assert_eq!(run.code, 1, "{run:#?}");
        run
    }

    fn explanations(&self) -> Value {
        serde_json::from_str::<Value>(&self.explain(&["--format", "json"]).stdout).unwrap()
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

#[test]
fn each_time_has_the_exemplars_inside_it_and_what_the_recording_has_of_their_traces() {
    let shop = Shop::watched();
    let outcome = shop.explanations();
    let explained = &list(&outcome["explanations"])[0];
    assert_eq!(explained["alert"], "Slow");
    let alert = list(&outcome["alerts"]).iter().find(|one| one["alert"] == "Slow").unwrap();
    let firing: Vec<_> = list(&alert["intervals"]).iter().filter(|one| one["state"] == "firing").collect();
    let episodes = list(&explained["intervals"]);
    assert_eq!((episodes.len(), firing.len()), (2, 2));
    for (episode, interval) in episodes.iter().zip(&firing) {
        assert_eq!((&episode["start"], &episode["end"]), (&interval["start"], &interval["end"]));
        for witness in list(&episode["traces"]) {
            let at = witness["exemplar"]["timestamp"].as_f64().unwrap();
            // The range looks 10 s back.
            assert!(
                episode["start"].as_f64().unwrap() - 10.0 <= at && at <= episode["end"].as_f64().unwrap()
            );
        }
    }
    // The greatest first.
    let ids = |episode: &Value| -> Vec<String> {
        list(&episode["traces"]).iter().map(|one| one["trace_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&episodes[0]), [FAILED, FOUND]);
    for witness in list(&episodes[0]["traces"]) {
        let trace = witness["trace_id"].as_str().unwrap();
        assert_eq!(witness["recording"], shop.arg());
        assert_eq!(witness["trace"]["spans"], shop.records("traces.jsonl", trace).len());
        assert_eq!(witness["findings"], Value::Array(shop.records("findings.jsonl", trace)));
        assert_eq!(witness["audit"], Value::Array(shop.records("audit.jsonl", trace)));
        let flows = shop.records("flows.jsonl", trace);
        let numbers: Vec<_> = flows.iter().map(|flow| &flow["sequence"]).collect();
        assert_eq!(list(&witness["flows"]).iter().map(|one| &one["sequence"]).collect::<Vec<_>>(), numbers);
    }
    let failed = &list(&episodes[0]["traces"])[0]["trace"]["failed"];
    let in_file: Vec<Value> = shop.records("traces.jsonl", FAILED);
    let in_file = in_file.iter().filter(|span| span["status"] == "error").count();
    assert_eq!(list(failed).len(), in_file);
    // The second time's trace is in no file.
    let elsewhere = &list(&episodes[1]["traces"])[0];
    assert_eq!((&elsewhere["recording"], &elsewhere["trace"]), (&Value::Null, &Value::Null));
}

#[test]
fn without_exemplars_it_is_the_traces_of_that_time() {
    let shop = Shop::watched();
    let outcome = shop.explanations();
    let full = list(&outcome["explanations"]).iter().find(|one| one["alert"] == "Full").unwrap();
    let episodes = list(&full["intervals"]);
    assert_eq!(episodes.len(), 2);
    // All of the shop's traces but the one that ended before the first evaluation; the second time has none.
    let traces: Vec<_> = list(&episodes[0]["traces"]).iter().map(|one| &one["trace_id"]).collect();
    assert!(traces.contains(&&Value::from(FOUND)) && !traces.contains(&&Value::from(FAILED)), "{traces:?}");
    assert!(list(&episodes[0]["traces"]).iter().all(|one| one["exemplar"].is_null()));
    assert_eq!(list(&episodes[1]["traces"]), [Value::Null; 0]);
}

#[test]
fn people_get_it_in_lines_with_commands_that_work() {
    let shop = Shop::watched();
    let text = shop.explain(&[]).stdout;
    assert!(
        text.contains("Slow{instance=\"a:1\",job=\"shop\",severity=\"page\"} fired at 5.00s for 10.0s\n"),
        "{text}"
    );
    assert!(text.contains(&format!("in trace {FAILED}  7 spans, ")), "{text}");
    assert!(text.contains("    waited for  proxy.upstream_request "), "{text}");
    assert!(text.contains("    failed      proxy.capture_flow: "), "{text}");
    assert!(text.contains("in trace 0af7651916cd43dd8448eb211c80319c  not in the recording\n"), "{text}");
    assert!(
        text.contains("no exemplar has a trace, and no trace is there that ran at that time\n"),
        "{text}"
    );
    assert!(run_commands(&text) >= 4, "{text}");
}

#[test]
fn every_format_has_it() {
    let shop = Shop::watched();
    let markdown = shop.explain(&["--format", "markdown"]).stdout;
    assert!(markdown.contains("\n    - `$ glyphctl trace show '"), "{markdown}");
    for format in ["junit", "github"] {
        let text = shop.explain(&["--format", format]).stdout;
        assert!(text.contains("glyphctl trace show "), "{text}");
        assert!(text.contains("waited for"), "{text}");
    }
}

#[test]
fn traces_may_lie_elsewhere_than_the_metrics() {
    let shop = Shop::watched();
    let metrics = shop.path.parent().unwrap().join("metrics.om");
    fs::rename(shop.path.join("metrics.om"), &metrics).unwrap();
    let rules = shop.path.join("rules.yaml");
    let args = |more: &[&'static str]| {
        let mut args = vec!["alerts", "check", "--rules", rules.to_str().unwrap(), "--explain"];
        args.extend(["--data", metrics.to_str().unwrap()]);
        args.extend(more);
        args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()
    };
    let alone = run(args(&[]));
    assert!(alone.stderr.contains("--traces names one"), "{}", alone.stderr);
    assert!(alone.stdout.contains("not in the recording"), "{}", alone.stdout);
    let mut with = args(&["--traces"]);
    with.push(shop.arg().to_owned());
    let with = run(with);
    assert!(with.stdout.contains(&format!("in trace {FAILED}  7 spans, ")), "{}", with.stdout);
}
