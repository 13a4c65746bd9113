//! Writes the seeds of one target into a folder: `seeds TESTDATA TARGET CORPUS`. The committed traces of that format, and
//! a small sample with every field that its reader looks at.

use std::{env, fs, io, path::Path};

const OTLP: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"t61rcWkgMzE=","parentSpanId":"1","name":"n","kind":2,"startTimeUnixNano":"1700000000000000001","endTimeUnixNano":9,"status":{"code":2,"message":"m"},"attributes":[{"key":"l","value":{"arrayValue":{"values":[{"intValue":"1"},{"kvlistValue":{"values":[]}}]}}}],"events":[{"timeUnixNano":"3","name":"e","attributes":[]}]}]}]}]}"#;
const OTLP_LATE: &str = r#"{"batches":[{"scope_spans":[{"spans":[{"trace_id":"a","span_id":"1","start_time_unix_nano":"1"}]}],"resource":{"attributes":[{"key":"service.name","value":{"string_value":"s"}}]}}]}"#;
const JAEGER: &str = r#"{"data":[{"traceID":"a","spans":[{"traceID":"a","spanID":"1","operationName":"n","startTime":1,"duration":2,"processID":"p","references":[{"refType":"CHILD_OF","traceID":"a","spanID":"2"},{"refType":"FOLLOWS_FROM","spanID":"3"}],"tags":[{"key":"error","value":true},{"key":"span.kind","value":"server"}],"logs":[{"timestamp":1,"fields":[{"key":"event","value":"e"}]}]}],"processes":{"p":{"serviceName":"s","tags":[]}}}]}"#;
const JAEGER_LINE: &str = r#"{"traceID":"a","spanID":"1","operationName":"n","startTime":"1","parentSpanID":"2","process":{"serviceName":"s"}}"#;
const ZIPKIN: &str = r#"[{"traceId":"a","id":"1","kind":"CLIENT","name":"n","timestamp":1,"duration":9,"localEndpoint":{"serviceName":"s"},"tags":{"error":"x"},"annotations":[{"timestamp":2,"value":"v"}]},{"traceId":"a","id":"1","kind":"SERVER","shared":true,"timestamp":2,"duration":3,"localEndpoint":{"serviceName":"t"}},{"traceId":"a","parentId":"1","id":"2","timestamp":3}]"#;
const FLAT: &str = r#"{"traceId":"a1","spanId":"3","parentSpanId":"1","name":"n","kind":"client","startTimeUnixNano":13,"durationNano":4,"serviceName":"c","status":{"code":1},"attributes":{"x":1},"events":[{"name":"e","time":14}],"resource":{"service.name":"r"}}"#;
const OPENMETRICS: &str = "# HELP a x\n# TYPE a histogram\nup{job=\"j\",instance=\"i\"} 1 1\na_bucket{job=\"j\",instance=\"i\",le=\"+Inf\"} 1 1 # {trace_id=\"t\"} 0.5 0.9\nb{x=\"\\\"\\n\"} -1.5e3 1\n{\"c.d\",\"e f\"=\"g\"} NaN 1\nup{job=\"j\",instance=\"i\"} 1 2.005\na_bucket{job=\"j\",instance=\"i\",le=\"+Inf\"} 2 2.005 # {trace_id=\"t\"} 0.5 0.9\n# EOF\n";
const MILLISECONDS: &str = "a 1 1700000000123\na 2 1700000015123\nb{c=\"d\", } +Inf 1700000015123\n";
const MATRIX: &str = r#"{"status":"success","warnings":["w"],"data":{"resultType":"matrix","result":[{"metric":{"__name__":"a","b":"c"},"values":[[1.5,"1"],[2,"+Inf"]]},{"metric":{},"value":[1,"NaN"]}]}}"#;
const SCALAR: &str = r#"{"resultType":"scalar","result":[1,"2"]}"#;
const EXEMPLARS: &str = r#"{"status":"success","data":[{"seriesLabels":{"__name__":"a"},"exemplars":[{"labels":{"t":"1"},"value":"1","timestamp":1.5}]}]}"#;

/// An expression a line.
const PROMQL: &str = r#"rate(b_total{l=~"1|3",x!="y"}[5m] offset 1m @ end())
sum by (l, "x.y") (a) / on (l) group_left (x) max without (le) (h_bucket)
histogram_quantile(0.9, sum(rate(h_bucket[5m])) by (le))
topk(2, a) or bottomk(1, b_total) unless count_values("v", odd)
max_over_time(deriv(a[2m])[5m:30s] offset -1m)
label_replace({"a", l!~`2`}, "x", "$1-\u00e9", "l", '(.*)') == bool 1e3 ^ -0x1F
-a atan2 +5m > scalar(quantile(0.5, a)) % .5 # all of it
absent_over_time(c{l="1"}[1m]) and ignoring(l) absent(c) or vector(time())
limitk(1, a) + limit_ratio(-0.5, a) + predict_linear(b_total[3m], 60)"#;

/// A template a line.
const TEMPLATES: &str = r#"{{ $labels.a }} is at {{ $value | humanizePercentage }}.
{{ if gt $value 90.0 }}high{{ else if eq .Labels.b "2.5" }}{{ .Value | printf "%.2f" }}{{ end }}
{{ with query "a" }}{{ . | first | value | humanize }} {{ len . }}{{ else }}none{{ end }}
{{ range $i, $s := query "a" | sortByLabel "a" -}} {{ $i }}:{{ $s.Labels.a }}={{ .Value }} {{- end }}
{{ define "t" }}{{ .arg0 }}-{{ .arg1 }}{{ end }}{{ template "t" (args 1 $labels.a) }}
{{ reReplaceAll "(.*):.*" "$1" $labels.a | stripDomain | toUpper }} {{ printf "%q %5d|%-6s|%+.1e" "x" 3 "y" 1.5 }}
{{/* no */}}{{ humanizeTimestamp 1.7e9 }} {{ (toTime $value).Year }} {{ externalURL }}{{ pathPrefix }} {{ $externalLabels.region }}"#;

const RULES: &str = "groups:\n- name: g\n  interval: 1m\n  limit: 3\n  rules:\n  - record: a:b\n    expr: sum by (x) (rate(a[5m]))\n  - alert: A\n    expr: a:b > 5\n    for: 1m\n    keep_firing_for: 2m\n    labels: {severity: 'page {{ $labels.x }}'}\n    annotations: {summary: '{{ $value }}'}\n";
const TESTS: &str = "rule_files: []\nevaluation_interval: 1m\nfuzzy_compare: true\ntests:\n- name: t\n  interval: 30s\n  external_labels: {a: b}\n  input_series:\n  - {series: 'up{job=\"a\"}', values: '1 _x2 0+1x3 stale'}\n  alert_rule_test:\n  - {eval_time: 1m, alertname: A, exp_state: pending, exp_alerts: [{exp_labels: {a: b}, exp_annotations: {c: d}}]}\n  promql_expr_test:\n  - {expr: up, eval_time: 2m, exp_samples: [{labels: 'up{job=\"a\"}', value: 1}]}\n";

/// Messages for `sanitize`, each after four bytes that say what is done with it.
const MESSAGES: [&str; 8] = [
    "0000{\"user\":\"joe\",\"password\":\"hunter2-hunter2\",\"in\":[{\"token\":12}],\"payload\":\"{\\\"api_key\\\":\\\"x\\\"}\"}",
    "1a20user=joe&password=a%20b&next=https%3A%2F%2Fa.test%2F%3Ftoken%3Dx#id_token=1",
    "2b40--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--b--\r\n",
    "3c60curl -H 'Authorization: Bearer 0123456789abcdef' http://joe:pass@a.test/?sig=1",
    "4d80<input type=\"hidden\" name=\"csrf_token\" value=\"0123456789abcdef\"><script>x={apiKey:\"abc\"}</script>",
    "5ea0-----BEGIN X PRIVATE KEY-----\nAAAA\n-----END X PRIVATE KEY-----\n",
    "6fc0DB_PASSWORD=x\nurl: postgres://a:b@c/d\neyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x 12345678:AAx\n",
    "7gf0sid=1; theme=dark; Path=/; \u{e9}",
];

/// What tunnels begin with.
const BEGINNINGS: [&[u8]; 6] = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"OPTIONS * HTTP/1.1\r\n",
    b"VERSION-CONTROL https://a.test/ HTTP/1.1\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x24\x04",
    b"SSH-2.0-OpenSSH_9.2p1\r\n",
    b"\x00\x00\x00\x08\x04\xd2\x16\x2f",
];

/// Of HTTP/2, each part behind its side and length: a preface, a head, and what comes of it.
const STREAMS: [&[u8]; 2] = [
    b"\x30PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x12\0\0\0\x01\x05\0\0\0\x01\x1b\0\0\x04\x03\0\0\0\0\x01\0\0\0\x01",
    b"\x30PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x26\0\0\0\x01\x04\0\0\0\x03\0\0\x01\0\x01\0\0\0\x03x\x13\0\0\0\x01\x05\0\0\0\x03",
];

/// Frames, after a byte that says how they are cut.
const FRAMES: [&[u8]; 4] = [
    b"0\x81\x85\x01\x02\x03\x04igohn\x89\x00\x88\x82\x01\x02\x03\x04\x02\xeb",
    b"1\x01\x03abc\x8a\x02xy\x80\x7e\x00\x7eabc",
    b"2\xc2\xff\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00hello\x88\x02\x03\xe8",
    b"3\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffabc",
];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [testdata, target, corpus] = &arguments[..] else {
        return Err(io::Error::other("usage: seeds TESTDATA TARGET CORPUS"));
    };
    let file = |name: &str| fs::read(Path::new(testdata).join(name));
    let text = |text: &str| Ok(text.as_bytes().to_vec());
    let seeds: Vec<io::Result<Vec<u8>>> = match target.as_str() {
        "glyph" => vec![
            file("checkout/input.jsonl"),
            file("odd/input.jsonl"),
            file("hostile/input.jsonl"),
            text(FLAT),
        ],
        "otlp" => vec![text(OTLP), text(OTLP_LATE), text(&format!("{OTLP}\n{OTLP_LATE}\n"))],
        "jaeger" => vec![text(JAEGER), text(JAEGER_LINE)],
        "zipkin" => vec![text(ZIPKIN), file("zipkin-shared/input.json")],
        "flat" => vec![text(FLAT), text(&format!("[{FLAT},{FLAT}]"))],
        "python" => vec![file("python-console/input.json"), file("node-console/input.txt")],
        "metrics" => [OPENMETRICS, MILLISECONDS, MATRIX, SCALAR, EXEMPLARS].map(text).into(),
        "template" => TEMPLATES.lines().map(text).collect(),
        "rules" => [RULES, TESTS].map(text).into(),
        "promql" => PROMQL.lines().map(text).collect(),
        "sanitize" => MESSAGES.map(text).into(),
        "sniff" => BEGINNINGS.map(|bytes| Ok(bytes.to_vec())).into(),
        "http2" => STREAMS.map(|bytes| Ok(bytes.to_vec())).into(),
        "websocket" => FRAMES.map(|bytes| Ok(bytes.to_vec())).into(),
        "flows" => {
            let plain = file("../recordings/shop/flows.jsonl")?;
            vec![Ok(zstd::encode_all(&plain[..], 1)?), Ok(gzip(&plain)?), Ok(plain)]
        }
        "compressed" => {
            let plain = file("checkout/input.jsonl")?;
            let halves = plain.split_at(plain.len() / 2);
            vec![
                Ok([gzip(halves.0)?, gzip(halves.1)?].concat()),
                Ok([zstd::encode_all(halves.0, 1)?, zstd::encode_all(halves.1, 1)?].concat()),
                Ok(gzip(ZIPKIN.as_bytes())?),
            ]
        }
        other => return Err(io::Error::other(format!("{other}: no such target"))),
    };
    for (i, seed) in seeds.into_iter().enumerate() {
        let seed = seed?;
        // Lines too: a mutation of one span is not lost among nine.
        if let Some(line) = seed.split(|b| *b == b'\n').find(|line| line.starts_with(b"{\"")) {
            fs::write(Path::new(corpus).join(format!("seed-{i}-line")), line)?;
        }
        fs::write(Path::new(corpus).join(format!("seed-{i}")), seed)?;
    }
    Ok(())
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut encoder, bytes)?;
    encoder.finish()
}
