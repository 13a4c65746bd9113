//! Templates of alerts, filled in with always the same.

use glyph_analysis::{
    metrics::Labels,
    promql::Sample,
    rules::template::{Context, Template},
};

/// Words that mutations put in.
pub const WORDS: [&str; 72] = [
    "{{",
    "}}",
    "{{-",
    "-}}",
    "{{/*",
    "*/}}",
    "|",
    "(",
    ")",
    " ",
    ".",
    ",",
    ":=",
    "=",
    "$",
    "$labels",
    "$labels.a",
    "$value",
    ".Value",
    ".Labels",
    "$x",
    "$i, $e := ",
    "{{if ",
    "{{else}}",
    "{{else if ",
    "{{end}}",
    "{{with ",
    "{{range ",
    "{{break}}",
    "{{continue}}",
    "{{define \"t\"}}",
    "{{template \"t\" .}}",
    "{{block \"b\" .}}",
    "query \"a\"",
    "query \"b\"",
    "first",
    "value",
    "label \"a\"",
    "strvalue",
    "sortByLabel \"a\"",
    "args",
    "reReplaceAll \"(a)\" \"$1\"",
    "match \".\"",
    "title",
    "toUpper",
    "safeHtml",
    "stripPort",
    "stripDomain",
    "humanize",
    "humanize1024",
    "humanizeDuration",
    "humanizePercentage",
    "humanizeTimestamp",
    "toTime",
    "parseDuration \"1h\"",
    "printf \"%v %5.2f %q\" ",
    "printf \"%*[2]d\" ",
    "println",
    "len",
    "index",
    "slice",
    "and",
    "or",
    "not",
    "eq",
    "lt",
    "nil",
    "true",
    "1e30",
    "-0x1f",
    "'x'",
    "`raw`",
];

/// Parses, and expands.
pub fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let template = match Template::parse(&text, "Fuzz") {
        Ok(template) => template,
        Err(error) => {
            let lines = text.matches('\n').count() as u32 + 1;
            assert!(!error.what.is_empty() && (1..=lines).contains(&error.line), "{error:?}");
            return;
        }
    };
    assert_eq!(template.text(), text);
    let labels = Labels::of([("__name__", "m"), ("a", "host.domain:80"), ("b", "2.5")]);
    let external = Labels::of([("region", "r")]);
    let query = |expr: &str| match expr {
        "a" => Ok(vec![Sample::new(labels.clone(), 1.5), Sample::new(Labels::empty(), f64::NAN)]),
        _ => Err("no".to_owned()),
    };
    for value in [0.0, 1234.5, f64::INFINITY] {
        let context = Context {
            labels: &labels,
            value,
            time: 1_700_000_000_000,
            external_labels: &external,
            external_url: "http://example.org/x",
            query: &query,
        };
        let filled = template.expand(&context);
        assert!(!template.is_plain() || filled == text);
        if !template.uses_value() && value > 0.0 {
            assert_eq!(filled, template.expand(&Context { value: 0.0, ..context }));
        }
    }
    for (_, line) in template.labels_read() {
        assert!(line as usize <= text.matches('\n').count() + 1);
    }
}
