use super::*;
use crate::metrics::Labels;

fn taken(json: &str) -> (Store, Answer) {
    let mut store = Store::new();
    let answer = read_into(&mut store, json.as_bytes()).unwrap_or_else(|e| panic!("{json}: {e}"));
    (store, answer)
}

fn refused(json: &str) -> String {
    read_into(&mut Store::new(), json.as_bytes()).unwrap_err().to_string()
}

/// Each series with its samples.
fn told(store: &Store) -> Vec<(String, Vec<(i64, f64)>)> {
    let samples =
        |s: &crate::metrics::Series| s.times.iter().copied().zip(s.values.iter().copied()).collect();
    store.series().iter().map(|s| (s.labels.to_string(), samples(s))).collect()
}

#[test]
fn results_of_every_type_are_taken() {
    let matrix = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"up","job":"a"},"values":[[1435781430.781,"1"],[1435781445.781,"1e+3"]]},
        {"metric":{"job":"b"},"values":[[1435781430,"0.5"]]}]}}"#;
    let (store, answer) = taken(matrix);
    assert_eq!(answer, Answer::default());
    assert_eq!(
        told(&store),
        [
            (r#"up{job="a"}"#.to_owned(), vec![(1_435_781_430_781, 1.0), (1_435_781_445_781, 1000.0)]),
            (r#"{job="b"}"#.to_owned(), vec![(1_435_781_430_000, 0.5)]),
        ]
    );
    let vector =
        r#"{"data":{"result":[{"value":[1.5,"+Inf"],"metric":{"__name__":"a"}}],"resultType":"vector"}}"#;
    assert_eq!(told(&taken(vector).0), [("a".to_owned(), vec![(1500, f64::INFINITY)])]);
    let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[-2,"-4"]}}"#;
    assert_eq!(told(&taken(scalar).0), [("{}".to_owned(), vec![(-2000, -4.0)])]);
    let nothing = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
    assert_eq!(told(&taken(nothing).0), []);
}

#[test]
fn data_may_stand_alone() {
    let bare = r#" {"resultType":"vector","result":[{"metric":{"__name__":"a"},"value":[1,"NaN"]}]} "#;
    assert!(taken(bare).0.series()[0].values[0].is_nan());
}

#[test]
fn exemplars_are_taken() {
    let json = r#"{"status":"success","data":[{"seriesLabels":{"__name__":"a_bucket","le":"1"},
        "exemplars":[{"labels":{"trace_id":"t"},"value":"6","timestamp":1600096945.479}]}]}"#;
    let (store, _) = taken(json);
    let [exemplar] = store.exemplars(0) else { panic!("{store:?}") };
    assert_eq!(exemplar.labels, Labels::of([("trace_id", "t")]));
    assert_eq!((exemplar.value, exemplar.time), (6.0, 1_600_096_945_479));
    assert_eq!(store.series()[0].labels.to_string(), r#"a_bucket{le="1"}"#);
}

#[test]
fn what_is_odd_is_told() {
    let json = r#"{"status":"success","warnings":["PromQL warning: w"],"infos":["PromQL info: i"],
        "data":{"result":[{"metric":{"__name__":"a"},"values":[[2,"1"],[1,"1"],[2,"2"],[2,"1"],[3,"1"]]}]}}"#;
    let (store, answer) = taken(json);
    assert_eq!(answer.warnings, ["PromQL warning: w", "PromQL info: i"]);
    assert_eq!((answer.out_of_order, answer.duplicates), (1, 1));
    assert_eq!(store.series()[0].times, [2000, 3000]);
}

#[test]
fn what_is_no_answer_is_refused_with_its_place() {
    let error = r#"{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\""}"#;
    assert_eq!(refused(error), r#"the server answered with an error: bad_data: invalid parameter "query""#);
    let timeout = r#"{"status":"error","errorType":"timeout","error":"too slow","data":null}"#;
    assert!(refused(timeout).contains("timeout: too slow"));
    for json in ["{}", r#"{"status":"success"}"#, r#"{"status":"success","data":{"resultType":"vector"}}"#] {
        assert!(refused(json).contains("no result"), "{json}");
    }
    for key in ["histogram", "histograms"] {
        let json = format!("{{\"result\":[\n{{\"metric\":{{}},\"{key}\":[1,{{}}]}}]}}");
        let told = refused(&json);
        assert!(told.starts_with("native histograms are not supported at line 2 column "), "{told}");
    }
    let table = [
        (r#"{"result":[{"metric":{},"value":[1,"x"]}]}"#, "invalid value: string \"x\""),
        (r#"{"result":[{"metric":{},"value":[1e300,"1"]}]}"#, "a time in seconds"),
        (r#"{"result":[{"metric":{},"value":["1","1"]}]}"#, "invalid type"),
        (r#"{"result":[{"value":[1,"1"]}]}"#, "missing field `metric`"),
        (r#"{"result":[1,"text"]}"#, "string \"text\""),
        (r#"{"result":[1]}"#, "a scalar without a value"),
        (r#"{"result":[1,2]}"#, "neither a list of series nor a scalar"),
        (r#"{"status":"success","data":["job","instance"]}"#, "neither a list of series nor a scalar"),
        (r#"{"status":"success","data":{"result":[]}"#, "EOF while parsing"),
        (r#"{"result":[]} x"#, "trailing characters"),
    ];
    for (json, expected) in table {
        let told = refused(json);
        assert!(told.contains(expected) && told.contains(" line 1 column "), "{json}: {told}");
    }
}

#[test]
fn json_is_told_from_text_that_begins_with_a_brace() {
    for json in [r#"{"status":"success"}"#, " \n{ \"a\\\"b\" : 1", r#"{"resultType" :"#] {
        assert!(looks_like_json(json.as_bytes()), "{json}");
    }
    for text in [r#"{"a.b"} 1 1"#, r#"{"a\":b", c="d"} 1 1"#, "{}", "{", "", "a 1 1", r#"{"unfinished"#] {
        assert!(!looks_like_json(text.as_bytes()), "{text}");
    }
}
