use super::*;

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer::new(text);
    let mut all = Vec::new();
    loop {
        let (token, range) = lexer.next();
        assert!(range.start <= range.end && range.end <= text.len(), "{text}");
        all.push(token);
        if matches!(all.last(), Some(Token::End | Token::Fault(_))) {
            return all;
        }
    }
}

fn fault(text: &str) -> String {
    match tokens(text).pop() {
        Some(Token::Fault(fault)) => fault.what,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn numbers_and_durations() {
    let table = [
        ("1", Token::Number(1.0)),
        (".5", Token::Number(0.5)),
        ("5.", Token::Number(5.0)),
        ("5.e1", Token::Number(50.0)),
        ("1e-3", Token::Number(0.001)),
        ("0x1F", Token::Number(31.0)),
        ("1_000", Token::Number(1000.0)),
        ("010", Token::Number(8.0)),
        ("08", Token::Number(8.0)),
        ("18446744073709551616", Token::Number(18_446_744_073_709_551_616.0)),
        ("5m", Token::Duration(300_000)),
        ("1h30m", Token::Duration(5_400_000)),
        ("0s", Token::Duration(0)),
    ];
    for (text, expected) in table {
        assert_eq!(tokens(text), [expected, Token::End], "{text}");
    }
    let faults = [
        ("1x", "bad number or duration syntax: \"1x\""),
        ("0xg", "bad number or duration syntax: \"0xg\""),
        ("1__0", "bad number or duration syntax: \"1__0\""),
        ("1_", "bad number or duration syntax: \"1_\""),
        ("1.2.3", "bad number or duration syntax: \"1.2.3\""),
        ("1m1h", "not a valid duration string: \"1m1h\""),
        ("1.5h", "not a valid duration string: \"1.5h\""),
        ("30sd", "bad number or duration syntax: \"30sd\""),
        ("300y", "duration out of range"),
        ("0x", "error parsing number: strconv.ParseFloat: parsing \"0x\": invalid syntax"),
        ("1e999", "error parsing number: strconv.ParseFloat: parsing \"1e999\": value out of range"),
    ];
    for (text, expected) in faults {
        assert_eq!(fault(text), expected, "{text}");
    }
}

#[test]
fn a_colon_is_what_its_place_makes_of_it() {
    assert_eq!(tokens("a:b[5m:1m]")[..2], [Token::Word("a:b"), Token::Sign("[")]);
    assert_eq!(tokens("a[5m:1m]")[3..5], [Token::Sign(":"), Token::Duration(60_000)]);
    assert_eq!(tokens(":a"), [Token::Word(":a"), Token::End]);
    assert_eq!(fault("a{b:"), "unexpected character inside braces: ':'");
    assert_eq!(fault("a[5m:1m:"), "unexpected colon ':'");
    assert_eq!(fault("a[5m x"), "unexpected character: 'x', expected ':'");
    assert_eq!(fault("a[x"), "unexpected character in duration expression: 'x'");
}

#[test]
fn texts_are_unescaped() {
    assert_eq!(tokens(r#""a\"\n\x41\u00e9\101""#)[0], Token::Text("a\"\nAéA".into()));
    assert_eq!(tokens(r"`a\n`")[0], Token::Text(r"a\n".into()));
    assert_eq!(tokens("'a' # \"\r'b'")[1], Token::Text("b".into()));
    let faults = [
        ("\"a", "unterminated quoted string"),
        ("\"a\nb\"", "unterminated quoted string"),
        ("`a", "unterminated raw string"),
        ("\"\\q\"", "unknown escape sequence U+0071 'q'"),
        ("\"\\xg\"", "illegal character U+0067 'g' in escape sequence"),
        ("\"\\ud800\"", "escape sequence is an invalid Unicode code point"),
        ("\"\\400\"", "escape sequence is an invalid Unicode code point"),
        ("\"\\xff\"", "unsupported: a text that is not UTF-8"),
        ("\"\\", "escape sequence not terminated"),
    ];
    for (text, expected) in faults {
        assert_eq!(fault(text), expected, "{text}");
    }
}

#[test]
fn brackets_are_closed() {
    let faults = [
        ("(a", "unclosed left parenthesis, expected \")\""),
        ("a)", "unexpected right parenthesis ')'"),
        ("a{", "unexpected end of input inside braces, expected \"}\""),
        ("a[", "unexpected end of input in duration expression"),
        ("a[5m", "unclosed left bracket, expected \"]\""),
        ("a]", "unexpected right bracket ']'"),
        ("a[5m[", "unexpected left bracket '['"),
        ("a{{", "unexpected left brace '{'"),
        ("a =~", "unexpected character after '=': '~'"),
        ("a ? b", "unexpected character: '?'"),
        ("a\u{a0}b", "unexpected character: '\\u{a0}'"),
    ];
    for (text, expected) in faults {
        assert_eq!(fault(text), expected, "{text}");
    }
}
