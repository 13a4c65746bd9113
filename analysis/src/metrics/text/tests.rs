use super::*;

fn sample(text: &str) -> Sample<'_> {
    match line(text.as_bytes()) {
        Ok(Line::Sample(sample)) => sample,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn samples_are_taken_apart() {
    let s = sample(r#"a_bucket{le="+Inf",p="x } # \"y\\"} 3 1.5 # {trace_id="t"} 0.25 1.25"#);
    assert_eq!((s.value, s.time), (3.0, "1.5"));
    assert_eq!(labels(s.series).unwrap().get("p"), "x } # \"y\\");
    let exemplar = s.exemplar.unwrap();
    assert_eq!((exemplar.value, exemplar.time), (0.25, Some(1250)));
    assert_eq!(exemplar_labels(exemplar.labels).unwrap().get("trace_id"), "t");
    assert!(sample("a NaN 1").value.is_nan());
    assert_eq!(sample("a{} -Inf 1").value, f64::NEG_INFINITY);
    assert_eq!(sample(" \ta\t1  1 ").series, "a");
    assert_eq!(sample("a{b=\"c\"}1 1").value, 1.0);
    assert_eq!(labels(sample("a {b=\"c\",} 1 1").series).unwrap().to_string(), r#"a{b="c"}"#);
    assert_eq!(labels(sample(r#"{"a.b", "c d"="e\nf"} 1 1"#).series).unwrap().get("c d"), "e\nf");
}

#[test]
fn other_lines_are_known() {
    let family = |family, kind| Ok(Line::Type { family: Cow::Borrowed(family), kind });
    assert_eq!(line(b"# EOF"), Ok(Line::Eof));
    assert_eq!(line(b"# TYPE a counter"), family("a", Kind::Counter));
    assert_eq!(line(b"#\tTYPE  a\tuntyped"), family("a", Kind::Other));
    assert_eq!(line(b"# TYPE \"a b\" gauge"), family("a b", Kind::Gauge));
    for comment in ["# HELP a is EOF", "#TYPE a nothing", "# TYPES", "#", "# EOF ", "#EOF", "", "  "] {
        assert_eq!(line(comment.as_bytes()), Ok(Line::Nothing), "{comment}");
    }
}

#[test]
fn faults_have_names() {
    let table: [(&[u8], ExpositionError); 20] = [
        (b"a 1", ExpositionError::NoTime),
        (b"a x 1", ExpositionError::Value("x".into())),
        (b"a 1e400 1", ExpositionError::Value("1e400".into())),
        (b"a 1\r 1", ExpositionError::Value("1\r".into())),
        (b"a", ExpositionError::Value(String::new())),
        (b"a 1 1 1", ExpositionError::Trailing("1".into())),
        (b"a{b=\"c\" 1 1", ExpositionError::Labels("they have no closing brace")),
        (b"a{b=\"c 1 1", ExpositionError::Labels("a value has no closing quote")),
        (b"a{b=\"c\\", ExpositionError::Labels("a value has no closing quote")),
        (b"a 1 1 # {x", ExpositionError::Labels("they have no closing brace")),
        (b"a 1 1 # x{} 1", ExpositionError::Labels("those of an exemplar stand in braces")),
        (b"a 1 1 # {} 1 x", ExpositionError::Time("x".into())),
        (b"a\xff 1 1", ExpositionError::NotText),
        (b"a {count:5,sum:12.1,schema:0} 1", ExpositionError::NativeHistogram),
        (b"a{b=\"c\"} {count:5,sum:12.1} 1", ExpositionError::NativeHistogram),
        (b"a {{schema:0 count:1}} 1", ExpositionError::NativeHistogram),
        (b"# TYPE a", ExpositionError::Type(String::new())),
        (b"# TYPE a counters", ExpositionError::Type("counters".into())),
        (b"# TYPE 1 counter", ExpositionError::MetricName("1".into())),
        (b"# TYPE \"a", ExpositionError::Labels("a value has no closing quote")),
    ];
    for (text, expected) in table {
        assert_eq!(line(text), Err(expected), "{}", String::from_utf8_lossy(text));
    }
    for text in ["-1", "1.5", "+1", "", "1e3"] {
        assert!(time_in_milliseconds(text).is_err(), "{text}");
    }
}

#[test]
fn messages_stay_short() {
    let long = format!("a {} 1", "x".repeat(1 << 20));
    let told = line(long.as_bytes()).unwrap_err().to_string();
    assert!(told.len() < 200, "{told}");
}
