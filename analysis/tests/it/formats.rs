//! Trace files of other tools: small ones written by hand, and the real ones where they are there.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use glyph_analysis::trace::{
    Keep, LoadError, Sources, Traces, load,
    waterfall::{Row, Waterfall},
};
use glyph_formats::span::{SpanKind, SpanStatus};

/// What was read of some files, and the warnings.
struct Read {
    traces: Traces,
    warnings: Vec<String>,
}

fn files(paths: &[PathBuf]) -> Result<Read, LoadError> {
    let sources = Sources::find(paths)?;
    let loaded = load(&sources, Keep::EVERYTHING, &sources.progress())?;
    let warnings = loaded.warnings.iter().map(|w| w.what.clone()).collect();
    Ok(Read { traces: Traces::resolve(loaded.spans, loaded.oddities), warnings })
}

fn bytes(bytes: &[u8]) -> Result<Read, LoadError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trace");
    fs::write(&path, bytes).unwrap();
    files(&[path])
}

fn text(text: &str) -> Read {
    bytes(text.as_bytes()).unwrap()
}

impl Read {
    /// Each kind of oddity and how many there are.
    fn odd(&self) -> Vec<(&'static str, u64)> {
        self.traces.oddities.iter().map(|(kind, count)| (kind.key(), count)).collect()
    }

    /// The spans of all traces, parents first.
    fn rows(&self) -> Vec<Row> {
        let path = self.traces.critical_path();
        let all = 0..self.traces.spans.trace_ids().len();
        all.flat_map(|t| Waterfall::of(&self.traces, t, &path).rows).collect()
    }

    fn row(&self) -> Row {
        let mut rows = self.rows();
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    fn traces(&self) -> Vec<u128> {
        self.traces.spans.trace_ids().iter().map(|id| id.get()).collect()
    }
}

fn attributes(row: &Row) -> String {
    row.attributes.0.iter().map(|(key, value)| format!("{key}={value} ")).collect()
}

const OTLP: &str = r#"{
  "resourceSpans": [{
    "scopeSpans": [{"spans": [
      {"traceId": "0AF7651916CD43DD8448EB211C80319C", "spanId": "b7ad6b7169203331", "name": "GET /", "kind": 2,
       "startTimeUnixNano": "1700000000000000001", "endTimeUnixNano": 1700000000000000009,
       "status": {"code": "STATUS_CODE_ERROR", "message": "no"},
       "attributes": [{"key": "n", "value": {"intValue": "9007199254740993"}},
                      {"key": "l", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"boolValue": true}]}}}],
       "events": [{"timeUnixNano": "1700000000000000003", "name": "hop"}]}
    ]}],
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
  }]
}
"#;

#[test]
fn otlp_is_read_whatever_the_order_of_its_keys() {
    let read = text(OTLP);
    let row = read.row();
    assert_eq!(read.traces(), [0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c]);
    assert_eq!(
        (row.service.as_str(), row.name.as_str(), row.span_id),
        ("shop", "GET /", 0xb7ad_6b71_6920_3331)
    );
    assert_eq!((row.kind, row.status), (SpanKind::Server, SpanStatus::Error));
    assert_eq!((row.start_unix_nano, row.duration_ns), (1_700_000_000_000_000_001, 8));
    assert_eq!(row.status_message.as_deref(), Some("no"));
    assert_eq!(attributes(&row), "l=a, true n=9007199254740993 ");
    assert_eq!(
        (row.events[0].name.as_ref(), row.events[0].time_unix_nano.0),
        ("hop", 1_700_000_000_000_000_003)
    );
    assert_eq!((read.odd(), read.warnings.len()), (vec![], 0));
}

#[test]
fn otlp_is_one_document_or_one_a_line_of_either_age_and_in_either_style() {
    let line: String = OTLP.lines().map(str::trim).collect();
    let snake = line
        .replace("resourceSpans", "resource_spans")
        .replace("scopeSpans", "scope_spans")
        .replace("traceId", "trace_id")
        .replace("spanId", "span_id")
        .replace("startTimeUnixNano", "start_time_unix_nano")
        .replace("endTimeUnixNano", "end_time_unix_nano")
        .replace("stringValue", "string_value");
    let old = line.replace("scopeSpans", "instrumentationLibrarySpans");
    let base64 = line
        .replace("0AF7651916CD43DD8448EB211C80319C", "CvdlGRbNQ92ESOshHIAxnA==")
        .replace("b7ad6b7169203331", "t61rcWkgMzE=");
    let tempo = line.replace("resourceSpans", "batches");
    for (spans, trace) in [
        (1, line.clone()),
        (2, format!("{line}\n{line}\n")),
        (1, snake),
        (1, old),
        (1, base64),
        (1, tempo),
        (2, format!("{OTLP}{OTLP}")),
        (2, format!("[{line},\n{line}]")),
        (1, format!("\u{feff}{OTLP}")),
    ] {
        let read = text(&trace);
        assert_eq!(read.traces(), [0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c], "{trace}");
        let rows = read.rows();
        assert_eq!(rows.len(), spans, "{trace}");
        let same = |r: &Row| r.span_id == 0xb7ad_6b71_6920_3331 && r.service == "shop" && r.duration_ns == 8;
        assert!(rows.iter().all(same), "{trace}");
    }
}

const JAEGER: &str = r#"{"data":[{"traceID":"2b7","spans":[
  {"traceID":"2b7","spanID":"1","operationName":"root","references":[],"startTime":1500000000000000,"duration":30,
   "processID":"p1","tags":[{"key":"span.kind","type":"string","value":"client"},{"key":"error","type":"bool","value":true}],
   "logs":[{"timestamp":1500000000000005,"fields":[{"key":"event","value":"retry"},{"key":"n","value":2}]}]},
  {"traceID":"2b7","spanID":"2","operationName":"after","startTime":1500000000000001,"duration":"2","processID":"p2",
   "references":[{"refType":"FOLLOWS_FROM","traceID":"2b7","spanID":"1"}],"tags":null},
  {"traceID":"2b7","spanID":"3","operationName":"both","startTime":1500000000000002,"duration":1,"processID":"p9",
   "references":[{"refType":"FOLLOWS_FROM","traceID":"2b7","spanID":"1"},{"refType":"CHILD_OF","traceID":"2b7","spanID":"2"}]}
 ],"processes":{"p1":{"serviceName":"a","tags":[]},"p2":{"serviceName":"b"}}}],"total":0,"errors":null}"#;

#[test]
fn jaeger_traces_have_their_services_after_their_spans() {
    let bare = JAEGER.trim_start_matches("{\"data\":[").split("],\"total\"").next().unwrap().to_owned();
    let one_line: String = JAEGER.lines().collect();
    for trace in [JAEGER.to_owned(), bare, one_line] {
        let read = text(&trace);
        let rows = read.rows();
        let seen: Vec<_> =
            rows.iter().map(|r| (r.depth, r.service.as_str(), r.name.as_str(), r.duration_ns)).collect();
        let expected = [(0, "a", "root", 30_000), (1, "b", "after", 2_000), (2, "unknown", "both", 1_000)];
        assert_eq!(seen, expected);
        assert_eq!((rows[0].kind, rows[0].status), (SpanKind::Client, SpanStatus::Error));
        assert_eq!(rows[0].start_unix_nano, 1_500_000_000_000_000_000);
        assert_eq!((rows[0].events[0].name.as_ref(), rows[0].events[0].attributes.0.len()), ("retry", 1));
        assert_eq!(read.traces(), [0x2b7]);
        assert_eq!(read.odd(), [("spans_without_service", 1)]);
    }
}

const ZIPKIN: &str = r#"[
{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2","kind":"CLIENT","name":"get","timestamp":1556604172355737,"duration":1431,"localEndpoint":{"serviceName":"front"},"tags":{"http.path":"/api"},"annotations":[{"timestamp":1556604172355740,"value":"sent"}]},
{"traceId":"5af7183fb1d4cf5f","parentId":"352bff9a74ca9ad2","id":"6b221d5bc9e6496c","kind":"SERVER","timestamp":1556604172355800,"tags":{"error":""}},
{"traceId":"5af7183fb1d4cf5f","parentId":"6b221d5bc9e6496c","id":"6b221d5bc9e6496d","name":"early"}
]"#;

#[test]
fn zipkin_spans_may_lack_almost_everything() {
    let lines: String =
        ZIPKIN.lines().filter(|l| l.len() > 1).map(|l| format!("{}\n", l.trim_end_matches(','))).collect();
    for trace in [ZIPKIN.to_owned(), lines, format!("[{ZIPKIN}]")] {
        let read = text(&trace);
        let rows = read.rows();
        let seen: Vec<_> =
            rows.iter().map(|r| (r.depth, r.service.as_str(), r.name.as_str(), r.duration_ns)).collect();
        assert_eq!(seen, [(0, "front", "get", 1_431_000), (1, "unknown", "unknown", 0)], "{trace}");
        assert_eq!((rows[0].kind, rows[0].status), (SpanKind::Client, SpanStatus::Unset));
        assert_eq!((rows[1].kind, rows[1].status), (SpanKind::Server, SpanStatus::Error));
        assert_eq!(attributes(&rows[0]), "http.path=/api ");
        assert_eq!(rows[0].events[0].name, "sent");
        let odd = [
            ("spans_without_start", 1),
            ("spans_without_end", 1),
            ("spans_without_service", 1),
            ("spans_without_name", 1),
        ];
        assert_eq!(read.odd(), odd, "{trace}");
    }
}

#[test]
fn flat_spans_are_read_beside_glyphs_own() {
    let read = text(concat!(
        r#"{"trace_id":"a1","span_id":"1","parent_span_id":null,"name":"root","kind":2,"start_time_unix_nano":10,"end_time_unix_nano":"30","status":{"message":null,"code":1},"attributes":{"x":1,"y":null},"resource":{"service.name":"res"}}"#,
        "\n",
        r#"{"trace_id":"000000000000000000000000000000a1","span_id":"0000000000000002","parent_span_id":"0000000000000001","name":"own","service_name":"glyph","start_time_unix_nano":11,"end_time_unix_nano":12}"#,
        "\n",
        r#"{"traceId":"a1","spanId":"3","parentSpanId":"1","name":"camel","kind":"robot","status":"odd","startTimeUnixNano":13,"durationNano":4,"serviceName":"c"}"#,
        "\noops\n",
    ));
    let rows = read.rows();
    let seen: Vec<_> =
        rows.iter().map(|r| (r.depth, r.service.as_str(), r.name.as_str(), r.duration_ns)).collect();
    assert_eq!(seen, [(0, "res", "root", 20), (1, "glyph", "own", 1), (1, "c", "camel", 4)]);
    assert_eq!((rows[0].kind, rows[0].status), (SpanKind::Server, SpanStatus::Ok));
    assert_eq!(attributes(&rows[0]), "x=1 ");
    assert_eq!(read.odd(), [("unreadable_lines", 1), ("unknown_kinds", 1), ("unknown_statuses", 1)]);
}

/// Found by fuzzing: the fast reader took such a line for glyph's, and the span for one without an end.
#[test]
fn a_flat_span_like_glyphs_own_may_have_a_duration_instead_of_an_end() {
    let read = text(concat!(
        r#"{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","name":"n","service_name":"s","#,
        r#""start_time_unix_nano":5,"duration_ns":9}"#,
        "\n",
    ));
    assert_eq!((read.row().duration_ns, read.odd()), (9, vec![]));
}

#[test]
fn times_and_ids_that_make_no_sense_are_counted() {
    let span = |more: &str| {
        format!(
            "{{\"traceId\":\"a\",\"id\":\"b\",\"name\":\"n\",\"localEndpoint\":{{\"serviceName\":\"s\"}},{more}}},\n"
        )
    };
    let all = [
        span("\"timestamp\":-5"),
        span("\"timestamp\":18446744073709551615"),
        span("\"timestamp\":\"soon\""),
        span("\"timestamp\":5,\"duration\":1e300"),
        span("\"timestamp\":5,\"duration\":-6"),
        span("\"timestamp\":5,\"duration\":1").replace("\"b\"", "\"\""),
        span("\"timestamp\":5,\"duration\":1").replace("\"a\"", "\"xyz\""),
    ];
    let read = text(&format!("[\n{}1]", all.concat()));
    assert_eq!((read.row().start_unix_nano, read.row().duration_ns), (5_000, 0));
    assert_eq!(read.odd(), [("unreadable_spans", 3), ("times_beyond_range", 4), ("end_before_start", 1)]);
}

#[test]
fn a_document_cut_short_is_read_up_to_there() {
    let read = text(&ZIPKIN[..ZIPKIN.len() - 20]);
    assert_eq!((read.rows().len(), read.odd()[0]), (2, ("broken_documents", 1)));
    assert!(
        read.warnings[0].starts_with("can't be read any further: EOF while parsing"),
        "{:?}",
        read.warnings
    );
    assert!(matches!(bytes(b"[\n{\"traceId\":1}\n]"), Err(LoadError::NotATrace { line: 1, .. })));
}

#[test]
fn files_of_several_formats_and_compressed_ones_are_read_together() {
    let dir = tempfile::tempdir().unwrap();
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(OTLP.as_bytes()).unwrap();
    let paths = ["a", "b", "c"].map(|name| dir.path().join(name));
    for (path, bytes) in paths.iter().zip([&gz.finish().unwrap()[..], JAEGER.as_bytes(), ZIPKIN.as_bytes()]) {
        fs::write(path, bytes).unwrap();
    }
    let read = files(&paths).unwrap();
    assert_eq!((read.rows().len(), read.traces().len()), (6, 3));
}

#[test]
fn a_long_document_comes_in_many_chunks() {
    let span = |id: u64| {
        format!(
            "{{\"traceId\":\"a\",\"id\":\"{id:x}\",\"timestamp\":{id},\"duration\":1,\"name\":\"n\",\"localEndpoint\":{{\"serviceName\":\"s\"}}}}"
        )
    };
    let n = 150_000;
    let read = text(&format!("[{}]", (1..=n).map(span).collect::<Vec<_>>().join(",")));
    assert_eq!((read.traces.spans.len() as u64, read.odd()), (n, vec![]));
    assert_eq!(read.traces.spans.extent(), Some((1_000, (n + 1) * 1_000)));
}

/// What a real file holds, worked out from it with Python's json module.
struct Expected {
    file: &'static str,
    spans: usize,
    traces: usize,
    first_trace: u128,
    extent: (u64, u64),
    total_ns: u64,
    errors: u64,
    services: &'static [&'static str],
    rows: usize,
    servers: usize,
    odd: &'static [(&'static str, u64)],
}

const REAL: [Expected; 7] = [
    Expected {
        file: "otlp-official-example.json",
        spans: 1,
        traces: 1,
        first_trace: 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c,
        extent: (1_544_712_660_000_000_000, 1_544_712_661_000_000_000),
        total_ns: 1_000_000_000,
        errors: 0,
        services: &["my.service"],
        rows: 1,
        servers: 1,
        odd: &[("orphans", 1)],
    },
    Expected {
        file: "otlp-jaeger-fixture.json",
        spans: 5,
        traces: 1,
        first_trace: 0x11,
        extent: (1_485_449_191_639_875_000, 1_485_449_191_639_975_000),
        total_ns: 500_000,
        errors: 0,
        services: &["example-service-1", "example-service-2", "example-service-3"],
        rows: 5,
        servers: 1,
        odd: &[],
    },
    Expected {
        file: "otlp-demo-base64.jsonl",
        spans: 19,
        traces: 19,
        first_trace: 0x6984_2a97_9911_036c_f3e8_2208_6eca_a007,
        extent: (1_760_738_064_624_180_000, 1_760_738_083_067_180_000),
        total_ns: 4_834_000_000,
        errors: 0,
        services: &[
            "analytics-service",
            "api-gateway",
            "cart",
            "frontend-proxy",
            "kafka",
            "payment-service",
            "product-catalog",
            "recommendation",
        ],
        rows: 15,
        servers: 3,
        odd: &[("orphans", 13)],
    },
    Expected {
        file: "flat-snake-case.jsonl",
        spans: 35,
        traces: 9,
        first_trace: 0x9385_1674_2885_8b3d_2f9d_31b8_9475_50ea,
        extent: (1_626_371_667_388_918_000, 1_626_371_668_062_106_000),
        total_ns: 349_606_000,
        errors: 0,
        services: &["unknown"],
        rows: 15,
        servers: 7,
        odd: &[("spans_without_service", 35), ("orphans", 3)],
    },
    Expected {
        file: "zipkin-messaging-kafka.json",
        spans: 28,
        traces: 1,
        first_trace: 0x0562_8094_6707_8eab,
        extent: (1_541_405_397_200_002_000, 1_541_405_397_849_067_000),
        total_ns: 763_953_000,
        errors: 3,
        services: &["servicea", "serviceb"],
        rows: 6,
        servers: 0,
        odd: &[],
    },
    Expected {
        file: "zipkin-yelp.json",
        spans: 16,
        traces: 1,
        first_trace: 0xa03e_e8ff_f1dc_d9b9,
        extent: (1_571_896_375_237_354_000, 1_571_896_375_369_202_000),
        total_ns: 471_102_000,
        errors: 0,
        services: &["mobile_api", "routing", "spectre", "unknown", "yelp-main", "yelp_main/api_proxy"],
        rows: 16,
        servers: 4,
        odd: &[("shared_span_ids", 3)],
    },
    Expected {
        file: "jaeger-span-longer-than-parent.json",
        spans: 8,
        traces: 1,
        first_trace: 0x9ced_3050_3c58_dab8_94a2_d759_8b01_a87a,
        extent: (1_573_196_810_396_000_000, 1_573_196_810_409_940_000),
        total_ns: 42_424_000,
        errors: 0,
        services: &["api-gateway", "customers-service"],
        rows: 4,
        servers: 5,
        odd: &[],
    },
];

#[test]
fn real_files_of_other_tools_hold_what_they_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora/traces");
    if !folder.exists() {
        eprintln!("skipped: {} is not here", folder.display());
        return;
    }
    for expected in REAL {
        let read = files(&[folder.join(expected.file)]).unwrap();
        let file = expected.file;
        assert_eq!(read.traces.spans.len(), expected.spans, "{file}");
        assert_eq!(
            (read.traces().len(), read.traces()[0]),
            (expected.traces, expected.first_trace),
            "{file}"
        );
        assert_eq!(read.traces.spans.extent(), Some(expected.extent), "{file}");
        let mut services: Vec<_> = read.traces.spans.services().iter().collect();
        services.sort_unstable();
        assert_eq!(services, expected.services, "{file}");
        let servers = read.rows().iter().filter(|r| r.kind == SpanKind::Server).count();
        assert_eq!(servers, expected.servers, "{file}");
        assert_eq!(read.odd(), expected.odd, "{file}");
        assert_eq!(read.warnings.len(), 0, "{file}");
        let summary = read.traces.summarize();
        assert_eq!(summary.rows.len(), expected.rows, "{file}");
        assert_eq!(summary.rows.iter().map(|r| r.total_ns).sum::<u64>(), expected.total_ns, "{file}");
        assert_eq!(summary.rows.iter().map(|r| r.errors).sum::<u64>(), expected.errors, "{file}");
    }
}
