//! What is found in JSON, and what is left alone.

use crate::sanitize::find::{Document, tests::clean};

#[test]
fn fields_go_by_name_at_any_depth_and_json_stays_json() {
    let text = r#"{"user": {"name": "joe", "password":"s3cr3t", "tokens": 3, "pin": 4711, "ok": true},
        "list": [{"api_key": "s3cr3t"}, {"api_key": "s3cr3t"}], "secret": ["s3cr3t", 12], "pass\u0077ord": "s3cr3t",
        "headers": [{"name": "Authorization", "value": "s3cr3t"}], "token": {"kind": "opaque", "id": "s3cr3ts3cr3ts3cr3t"}}"#;
    let (text, places) = clean(text, Document::Json);
    assert!(!text.contains("s3cr3t") && !text.contains("4711"), "{text}");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["user"]["name"], "joe");
    assert_eq!(value["user"]["tokens"], 3);
    assert_eq!(value["user"]["ok"], true);
    assert!(value["user"]["pin"].is_u64());
    assert_eq!(value["token"]["kind"], "opaque");
    assert_eq!(
        places,
        [
            "body/user/password",
            "body/user/pin",
            "body/list/*/api_key",
            "body/secret/*",
            "body/password",
            "body/headers/*/value",
            "body/token/id",
        ]
    );
}

#[test]
fn json_in_a_string_of_json_is_looked_into() {
    let inner = r#"{"password":"s3cr3t \"quoted\"","n":1}"#;
    let text = serde_json::json!({ "message": inner, "n": 2 }).to_string();
    let (text, places) = clean(&text, Document::Json);
    assert!(!text.contains("s3cr3t"), "{text}");
    let outer: serde_json::Value = serde_json::from_str(&text).unwrap();
    let inner: serde_json::Value = serde_json::from_str(outer["message"].as_str().unwrap()).unwrap();
    assert_eq!((&outer["n"], &inner["n"]), (&2.into(), &1.into()));
    assert_eq!(places, ["body/message/password"]);
}

#[test]
fn a_document_that_is_cut_or_none_is_read_as_far_as_it_goes() {
    for text in [
        r#"{"a": 1, "password": "s3cr"#,
        r#"{"a": 1, "password": "s3cr3t\"#,
        "{\"n\":1}\n{\"password\":\"s3cr3t\"}\n",
        r#")]}', {"password":"s3cr3t"}"#,
        r#"]]}}{"password" : "s3cr3t"}"#,
        r#"{"n": null, "password": 's3cr3t', "x": 'a'}"#,
        r#"{"password": s3cr3t, "secret": null}"#,
        r#"["n", "password": "s3cr3t"]"#,
    ] {
        let (text, places) = clean(text, Document::Json);
        assert!(!text.contains("s3cr") && places.len() == 1, "{text} {places:?}");
        assert!(["body/password", "body/*/password"].contains(&&*places[0]), "{places:?}");
    }
}

#[test]
fn ordinary_fields_stay_to_the_byte() {
    for text in [
        r#"{"id":"b7a53ed5-2b08-4f1c-8a39-3a9c4c3bb2a4","next_page_token":"CAUQAA==","password":"","token":null}"#,
        r#"{"password":"Password","type":"password","max_tokens":100,"x":"a \"token\": b","e":"caf\u00e9"}"#,
        r#"{"password":{"type":"string","description":"What you log in with"},"code":"USD","key":"name"}"#,
        r#"{"password": getPassword(), "secret": false, "token": 'token', "api_key": null}"#,
    ] {
        assert_eq!(clean(text, Document::Json), (text.to_owned(), vec![]));
    }
}
