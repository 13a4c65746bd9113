use super::*;
use crate::replay::{Preset, tests::sample};

fn alike(presets: &[Preset]) -> Alike {
    let mut rules = Rules::default();
    presets.iter().for_each(|preset| rules.add(*preset));
    let flow = sample::flow("", "");
    let mut later = flow.clone();
    later.start_time_unix_nano.0 += 3_600_000_000_000;
    Alike::new(&flow, &later, &rules)
}

const A: &str = "glyph-redacted-00000000000a";
const B: &str = "glyph-redacted-00000000000b";
const X: &str = "glyph-redacted-0000000000f1";
const Y: &str = "glyph-redacted-0000000000f2";

#[test]
fn tokens_are_alike_by_the_order_in_which_they_first_appear() {
    let text = |tokens: &[&str]| tokens.join(" and ");
    let table: [(&[&str], &[&str], bool); 6] = [
        (&[A, B, A], &[X, Y, X], true),
        (&[A, B, A], &[X, Y, Y], false),
        (&[A, A], &[X, Y], false),
        (&[A, B], &[X, X], false),
        (&[A, B], &[B, A], true),
        (&[A], &["glyph-redacted-00000000000"], false),
    ];
    for (recorded, new, are) in table {
        assert_eq!(alike(&[]).texts(&text(recorded), &text(new)).is_ok(), are, "{recorded:?} {new:?}");
    }
    // Equal tokens of runs with one key can have met others before.
    let mut alike = alike(&[]);
    assert!(alike.texts(A, X).is_ok() && alike.texts(A, A).is_err() && alike.texts(B, Y).is_ok());
}

#[test]
fn dates_and_ids_are_alike_if_they_are_of_one_kind() {
    use Preset::{Dates, Ids};
    let table: [(&[Preset], &str, &str, bool); 22] = [
        (&[], "2026-11-26", "2026-11-27", false),
        (&[Dates], "2026-11-26", "2026-11-27", true),
        (&[Dates], "2026-11-26T10:00:00Z", "2026-11-27T10:00:00.123+01:00", true),
        (&[Dates], "2026-11-26T10:00:00Z", "2026-11-27", false),
        (&[Dates], "2026-11-26T10:00:00Z", "2026-11-27T10:00:00", false),
        (&[Dates], "at 2026-11-26, by a", "at 2026-11-27, by a", true),
        (&[Dates], "at 2026-11-26, by a", "at 2026-11-27, by b", false),
        (&[Dates], "x2026-11-26", "x2026-11-27", false),
        (&[Dates], "2026-11-2600", "2026-11-2700", false),
        (
            &[Dates],
            "a; Expires=Thu, 26 Nov 2026 15:52:24 GMT; b",
            "a; Expires=Fri, 27 Nov 2026 15:52:24 GMT; b",
            true,
        ),
        (&[Dates], "1795370069", "1795373669", true),
        (&[Dates], "1795370069", "1795470069", false),
        (&[Dates], "1795370069", "1795370069123", false),
        (&[Dates], "t=1795370069123&u", "t=1795370069999&u", true),
        (&[Dates], "0123456789abcdef", "0123456789abcdee", false),
        (&[Ids], "0123456789abcdef", "0123456789abcdee", true),
        (&[Ids], "1234567890123456", "1234567890123457", false),
        (
            &[Ids],
            "/a/550e8400-e29b-41d4-a716-446655440000/b",
            "/a/650e8400-e29b-41d4-a716-446655440000/b",
            true,
        ),
        (
            &[Ids],
            "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
            "00-f123456789abcdef0123456789abcdef-f123456789abcdef-01",
            true,
        ),
        (&[Ids], "01M826ABXFMV57ARPDF274WWPH", "01M826ABXFMV57ARPDF274WWPJ", true),
        (&[Ids], "2026-11-26", "2026-11-27", false),
        (&[Dates, Ids], "1234567890123456", "a234567890123456", true),
    ];
    for (presets, recorded, new, are) in table {
        let mut alike = alike(presets);
        assert_eq!(alike.texts(recorded, new).is_ok(), are, "{presets:?} {recorded} {new}");
        if are {
            assert_eq!(alike.masked(recorded), alike.masked(recorded));
        }
    }
}

#[test]
fn where_texts_part_is_told() {
    let parting = |a: &str, b: &str| alike(&[Preset::Ids]).texts(a, b).map_err(|p| (p.recorded, p.new));
    assert_eq!(parting("abc", "abd"), Err((2, 2)));
    assert_eq!(parting("abc", "abcd"), Err((3, 3)));
    assert_eq!(parting("é1", "é2"), Err((2, 2)));
    assert_eq!(parting("é", "è"), Err((0, 0)));
    assert_eq!(parting("", "x"), Err((0, 0)));
    assert_eq!(parting(&format!("{A} x"), &format!("{X} y")), Err((A.len() + 1, A.len() + 1)));
}

#[test]
fn of_beginnings_one_may_be_shorter() {
    let mut alike = alike(&[]);
    assert!(alike.beginnings("abc", "abcdef").is_ok());
    assert!(alike.beginnings("abcdef", "abc").is_ok());
    assert!(alike.beginnings("abd", "abcdef").is_err());
    // The last word of what was cut is replaced if it may be the beginning of a secret.
    assert!(alike.beginnings(&format!("abc {A}"), "abc defgh").is_ok());
    assert!(alike.beginnings(&format!("abc {A}."), "abc defgh").is_err());
}
