mod properties;

use super::*;

const SPAN: Subject<'_> = Subject {
    name: "GET /cart",
    service: "shop",
    kind: SpanKind::Server,
    status: SpanStatus::Error,
    status_message: "refused\nby peer",
    duration_ns: 100_000_000,
    attributes: r#"{"http.status_code":503,"http.route":"/cart","big":9007199254740993,"ratio":0.5,"hit":true,
        "miss":false,"none":null,"tags":["a","b"],"empty":[],"numbers":[1,2.5],"o":{"x":1},"a b":"\u00e9\"","x-y/z":1,
        "text":"200","503":"x","neg":-7,"long":2000000}"#,
};

#[track_caller]
fn parse(text: &str) -> Filter {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn matches(text: &str, span: &Subject<'_>) -> bool {
    parse(text).matches(span)
}

#[test]
fn spans_meet_conditions_on_their_fields() {
    let met = [
        "{ }",
        "{}",
        "true",
        "{ !false }",
        r#"{ name = "GET /cart" && duration >= 100ms }"#,
        r#"name="GET /cart"&&duration>=100ms"#,
        "name = `GET /cart`",
        r#"name =~ "GET .*""#,
        r#"name !~ "GET""#,
        r#"name != "get /cart""#,
        r#"name > "GET" && name <= "GET /cart""#,
        r#"service = "shop" && resource.service.name = "shop" && .service.name = "shop""#,
        "kind = server && span:kind != client",
        "status = error && status != ok && span:status != unset",
        r#"statusMessage =~ "refused.*" && statusMessage != """#,
        "duration < 1h30m && duration > 99.999999ms && duration = 100000us && span:duration != 0",
        "50ms < duration && 100ms = duration && 1s >= duration",
        ".http.status_code = 503 && span.http.status_code >= 500 && 600 > .http.status_code",
        ".http.status_code = 503.0 && .ratio < 1 && .ratio = 5e-1 && .neg = -7 && .neg < -6.5",
        r#".http.route = "/cart" && .text = "200" && .text < "3""#,
        ".big = 9007199254740993 && .big != 9007199254740992",
        ".hit && .hit = true && .hit != false && !.miss && .miss = false",
        ".nothing = nil && .none = nil && .hit != nil && .o != nil && .empty != nil",
        r#".tags = "a" && .tags =~ "b|c" && .tags != "c" && .tags !~ "c|d" && .tags > "a""#,
        r#".empty != "a" && .numbers = 2.5 && .numbers > 2 && .numbers != 3"#,
        r#"."a b" = "é\"" && span."a b" =~ `é"` && .a" "b != nil && .x-y/z = 1 && ."503" = "x""#,
        ".long = 2ms && .long < 1s",
        r#"!(name = "x" || duration < 1ms)"#,
        "!!.hit",
        // From left to right.
        "true || true && true",
        "!(true || false && false)",
        "false && true || true",
    ];
    for text in met {
        assert!(matches(text, &SPAN), "{text}");
        let inner = text.trim_matches(['{', '}', ' ']);
        assert!(inner.is_empty() || !matches(&format!("!({inner})"), &SPAN), "{text}");
    }
}

#[test]
fn what_is_missing_or_of_another_type_meets_no_comparison() {
    let unmet = [
        ".nothing = 1",
        ".nothing != 1",
        r#".nothing != "x""#,
        r#".nothing !~ "x""#,
        ".nothing",
        ".none != 1",
        r#".http.status_code = "503""#,
        r#".http.status_code != "503""#,
        ".text = 200",
        ".text != 200",
        ".text",
        ".hit != 1",
        ".hit = nil",
        ".o != 1",
        r#".tags != 1"#,
        r#".tags = "c""#,
        r#".tags != "a""#,
        r#".empty = "a""#,
        ".miss",
        r#"name =~ "cart""#,
        "true && false",
        ".service.name = nil",
        r#"span.service.name = "shop""#,
    ];
    for text in unmet {
        assert!(!matches(text, &SPAN), "{text}");
    }
    for attributes in ["", "[1]", "{", "{}"] {
        let span = Subject { attributes, ..SPAN };
        assert!(!matches(".hit", &span), "{attributes}");
        assert!(matches(".hit = nil", &span), "{attributes}");
    }
}

#[test]
fn the_canonical_text_is_what_tempo_understands() {
    let table = [
        ("{}", "{ true }"),
        ("service=`a`", r#"{ resource.service.name = "a" }"#),
        ("1.5s<duration", "{ duration > 1500ms }"),
        (".cache.hit||.a=1&&!.b", "{ .cache.hit = true || .a = 1 && !(.b = true) }"),
        (r#"(.a"x y"=1&&(.b=2.0||.c=nil))"#, r#"{ ."ax y" = 1 && (.b = 2.0 || .c = nil) }"#),
        (r#"span."5a\\" =~ `\.\n`"#, r#"{ span."5a\\" =~ "\\.\\n" }"#),
        (r#"name="\u001b\n\t""#, r#"{ name = "\u001b\n\t" }"#),
        ("span:kind=server && duration >= 0", "{ kind = server && duration >= 0h }"),
    ];
    for (text, canonical) in table {
        assert_eq!(parse(text).to_string(), canonical, "{text}");
        assert_eq!(parse(canonical), parse(text), "{text}");
    }
}

#[test]
fn faults_are_told_with_their_place() {
    let texts = [
        "",
        "   ",
        "{ duration > x }",
        "duration > 100",
        "duration > ",
        "duration >> 1s",
        "duration",
        "duration == 1s",
        "duration > 100mss",
        "duration =~ \"1s\"",
        "name = 5",
        "name = nil",
        "name = GET",
        "name = \"GET",
        "name = \"a\\q\"",
        "name =~ \"(\"",
        "name =~ 5",
        "\"x\" =~ name",
        "name = .a",
        "1 = 1",
        "kind = \"server\"",
        "kind < server",
        "kind = unspecified",
        "status = failed",
        "status > ok",
        ".a > true",
        ".a < nil",
        ".a = ok",
        ".a =~ 1",
        ".",
        "span. = 1",
        ".\"a",
        "!.a = 1",
        "!name = \"a\"",
        "{ .a",
        "(.a",
        ".a)",
        "{ .a } }",
        "{ .a } | count() > 2",
        "{ .a } >> { .b }",
        "{ .a } && { .b }",
        ".a | select(.b)",
        ".a + 1 = 2",
        ".a = 1 + 1",
        ".a = 1 ~ 2",
        "-.a = 1",
        "traceDuration > 1s",
        "rootName = \"a\"",
        "parent.a = 1",
        "event:name = \"x\"",
        "link.a = 1",
        "trace:id = \"1\"",
        "span:childCount > 1",
        "resource.k8s.pod = \"a\"",
        "count() > 1",
        "http.route = \"/\"",
        "colour = 1",
        ".a = 1 &&",
        ".a = 1 .b = 2",
        ".a = 1 and .b = 2",
        "name = 'a'",
        "é = 1",
        ".a = 1 ||\n  colour = 2",
        ".a = 99999999999999999999h",
    ];
    let told: String = texts
        .iter()
        .map(|text| {
            let error = text.parse::<Filter>().expect_err(text);
            format!("{error}\n{}\n\n", error.shown().unwrap_or_default())
        })
        .collect();
    insta::assert_snapshot!(told);
}

#[test]
fn hostile_nesting_ends_with_an_error() {
    for open in ["(", "!", "!(", "{", ".a && ("] {
        let text = format!("{} .a", open.repeat(100_000));
        let error = text.parse::<Filter>().unwrap_err();
        assert!(error.shown().is_none() && error.to_string().len() < 200, "{error}");
    }
    let deep = format!("{}.a{}", "(".repeat(100), ")".repeat(100));
    assert!(matches(&deep.replace(".a", ".hit"), &SPAN));
    // As long as one likes.
    assert!(matches(&["true"; 100_000].join(" && "), &SPAN));
    assert!(matches(&format!("{}true", ".miss || .hit && ".repeat(10_000)), &SPAN));
}

#[test]
fn only_attributes_are_looked_for_in_attributes() {
    for text in
        ["{}", "name = \"a\" && !(duration > 1s || statusMessage = \"\")", "service = \"a\" || kind = server"]
    {
        assert!(!parse(text).needs_attributes(), "{text}");
    }
    for text in [".a", "span.a = 1", "name = \"a\" || !(kind = server && .service.name = \"x\")"] {
        assert!(parse(text).needs_attributes(), "{text}");
    }
}
