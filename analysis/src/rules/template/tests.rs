//! Templates as users write them.

use super::*;

fn expand(text: &str) -> String {
    let labels = Labels::of([("__name__", "up"), ("instance", "a.example:9090"), ("job", "node")]);
    let external_labels = Labels::of([("region", "eu")]);
    let query = |expression: &str| match expression {
        "up" => Ok(vec![
            Sample::new(Labels::of([("__name__", "up"), ("instance", "b")]), 1.0),
            Sample::new(Labels::of([("__name__", "up"), ("instance", "a")]), 0.0),
        ]),
        "none" => Ok(Vec::new()),
        _ => Err("1:1: parse error: no".to_owned()),
    };
    let context = Context {
        labels: &labels,
        value: 0.9375,
        time: 1_500,
        external_labels: &external_labels,
        external_url: "http://prom:9090/x",
        query: &query,
    };
    match Template::parse(text, "A") {
        Ok(template) => template.expand(&context),
        Err(e) => format!("line {}: {e}", e.line),
    }
}

#[test]
fn labels_and_values_are_filled_in() {
    let table = [
        ("plain", "plain"),
        ("{{ $labels.job }}: {{$value}}s", "node: 0.9375s"),
        ("{{ .Labels.job }} {{ .Value }} {{ $externalLabels.region }}", "node 0.9375 eu"),
        ("a {{- $labels.job -}} b", "anodeb"),
        ("{{ $labels.missing }}.", "."),
        ("{{ $value | humanizePercentage }}", "93.75%"),
        ("{{ printf \"%.1f of %s\" $value $labels.job }}", "0.9 of node"),
        ("{{ if gt $value 0.5 }}much{{ else }}little{{ end }}", "much"),
        ("{{ range query \"up\" }}{{ .Labels.instance }}={{ .Value }} {{ end }}", "b=1 a=0 "),
        ("{{ range query \"up\" | sortByLabel \"instance\" }}{{ label \"instance\" . }}{{ end }}", "ab"),
        ("{{ with query \"none\" }}{{ . | first | value }}{{ else }}nothing{{ end }}", "nothing"),
        (
            "{{ range $k, $v := $labels }}{{ $k }}:{{ $v }},{{ end }}",
            "__name__:up,instance:a.example:9090,job:node,",
        ),
        ("{{ define \"x\" }}<{{ . }}>{{ end }}{{ template \"x\" $labels.job }}", "<node>"),
        ("{{ externalURL }} {{ pathPrefix }} {{ now }}", "http://prom:9090/x /x 1.5"),
        ("{{ $labels.instance | stripPort }} {{ stripDomain $labels.instance }}", "a.example a:9090"),
        ("{{/* a comment */}}x", "x"),
        ("{{ (toTime 0).Year }} {{ toDuration 90 }}", "1970 1m30s"),
        ("{{ range $i := 3 }}{{ $i }}{{ end }}", "012"),
    ];
    for (text, expected) in table {
        assert_eq!(expand(text), expected, "{text}");
    }
}

#[test]
fn errors_are_gos() {
    const EXECUTING: &str =
        "<error expanding template: error executing template __alert_A: template: __alert_A:";
    let table = [
        (
            "{{ humanize \"x\" }}",
            "1:115: executing \"__alert_A\" at <humanize \"x\">: error calling humanize: strconv.ParseFloat: parsing \"x\": invalid syntax>",
        ),
        (
            "a\n{{ .Nope }}",
            "2:3: executing \"__alert_A\" at <.Nope>: can't evaluate field Nope in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }>",
        ),
        (
            "{{ query \"bad\" }}",
            "1:115: executing \"__alert_A\" at <query \"bad\">: error calling query: 1:1: parse error: no>",
        ),
        (
            "{{ query \"none\" | first }}",
            "1:130: executing \"__alert_A\" at <first>: error calling first: first() called on vector with no elements>",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(expand(text), format!("{EXECUTING}{expected}"), "{text}");
    }
    let table = [
        ("{{ $value }", "line 1: template: __alert_A:1: unexpected \"}\" in operand"),
        ("\n{{ humanise $value }}", "line 2: template: __alert_A:2: function \"humanise\" not defined"),
        ("{{ $x }}", "line 1: template: __alert_A:1: undefined variable \"$x\""),
        ("{{ if 1 }}", "line 1: template: __alert_A:1: unexpected EOF"),
        ("{{ end }}", "line 1: template: __alert_A:1: unexpected {{end}}"),
    ];
    for (text, expected) in table {
        assert_eq!(expand(text), expected, "{text}");
    }
    assert_eq!(Template::parse("{{ humanizeduration 1 }}", "A").unwrap_err().hint, Some("humanizeDuration"));
}

#[test]
fn what_never_ends_ends() {
    let deep = "(".repeat(50_000) + "1" + &")".repeat(50_000);
    let blocks = "{{if 1}}".repeat(50_000) + &"{{end}}".repeat(50_000);
    let chain = "{{if 1}}".to_owned() + &"{{else if 1}}".repeat(50_000) + "{{end}}";
    let table = [
        "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}".to_owned(),
        "{{define \"a\"}}{{if 1}}{{with 1}}{{template \"a\"}}{{end}}{{end}}{{end}}{{template \"a\"}}"
            .to_owned(),
        "{{range 9000000000000}}{{end}}".to_owned(),
        "{{range 9000000}}{{printf \"%10000d\" 1}}{{end}}".to_owned(),
        "{{$x := \"ab\"}}{{range 100}}{{$x = print $x $x}}{{end}}".to_owned(),
        format!("{{{{{deep}}}}}"),
        blocks,
        chain,
    ];
    for text in table {
        let expanded = expand(&text);
        let ends = ["exceeded maximum template depth (250)", "max expression depth exceeded", "more than"];
        assert!(ends.iter().any(|end| expanded.contains(end)), "{}", &expanded[..expanded.len().min(300)]);
    }
}

#[test]
fn what_is_read_is_known() {
    let of = |text| {
        let template = Template::parse(text, "A").unwrap();
        let labels = template.labels_read().into_iter().map(|(name, line)| format!("{name}:{line}"));
        (labels.collect::<Vec<_>>().join(" "), template.uses_value(), template.queries())
    };
    let table = [
        ("plain", "", false, false),
        (
            "{{ $labels.a }}\n{{ .Labels.b }} {{ index $labels \"c\" }} {{ $.Labels.d }}",
            "a:1 b:2 c:2 d:2",
            false,
            false,
        ),
        ("{{ $value }}", "", true, false),
        ("{{ .Value | humanize }}", "", true, false),
        ("{{ printf \"%v\" . }}", "", true, false),
        ("{{ with $labels.a }}{{ . }}{{ end }}", "a:1", false, false),
        ("{{ range query \"up\" }}{{ .Labels.x }}{{ end }}", "", true, true),
        ("{{ $labels := args 1 }}{{ $labels.x }}", "", false, false),
        ("{{ $externalLabels.x }}{{ .ExternalURL }}", "", false, false),
        ("{{ if $ }}{{ end }}", "", true, false),
    ];
    for (text, labels, value, queries) in table {
        assert_eq!(of(text), (labels.to_owned(), value, queries), "{text}");
    }
}
