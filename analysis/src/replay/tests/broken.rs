//! What failed, was cut, or is known by its digest only.

use glyph_formats::{
    Flow,
    flow::{ErrorOrigin, FlowError},
};

use super::sample::{flow, set_body};
use crate::replay::{Comparison, Kind, LeftOut, Rules, Why, compare};

fn failed(kind: &str, origin: ErrorOrigin) -> Flow {
    let error = FlowError { kind: kind.to_owned(), origin, message: "it did".to_owned() };
    Flow { response: None, error: Some(error), ..flow("text/plain", "x") }
}

/// One of which only so many bytes were kept.
fn cut(body: &str, kept: usize) -> Flow {
    let mut flow = flow("text/plain", body);
    set_body(&mut flow, &body[..kept]);
    flow.response.as_mut().unwrap().body.size = body.len() as u64;
    flow
}

fn compared(recorded: &Flow, new: &Flow) -> Comparison {
    compare(recorded, new, &Rules::default())
}

fn left_out(comparison: &Comparison) -> Vec<Why> {
    comparison.left_out.iter().map(|LeftOut { why, .. }| *why).collect()
}

#[test]
fn a_failure_on_one_side_is_a_difference_of_its_own_kind() {
    let (fine, refused) = (flow("text/plain", "x"), failed("connect_refused", ErrorOrigin::Upstream));
    let told = |old: &Flow, new: &Flow| {
        let differences = compared(old, new).differences;
        differences
            .into_iter()
            .map(|d| (d.place, d.kind, d.recorded.unwrap(), d.new.unwrap()))
            .collect::<Vec<_>>()
    };
    let (status, error) = ("status 200".to_owned(), "connect_refused: it did".to_owned());
    assert_eq!(told(&fine, &refused), [("error".to_owned(), Kind::Failed, status.clone(), error.clone())]);
    assert_eq!(told(&refused, &fine), [("error".to_owned(), Kind::Answered, error, status)]);
    assert!(compared(&refused, &refused).is_same());
    assert_eq!(told(&refused, &failed("timeout", ErrorOrigin::Upstream))[0].1, Kind::Changed);
}

#[test]
fn an_answer_that_the_client_did_not_wait_for_is_left_out() {
    let comparison = compared(&failed("client_gone", ErrorOrigin::Client), &flow("text/plain", "x"));
    assert!(comparison.is_same());
    assert_eq!(left_out(&comparison), [Why::ClientGone]);
}

#[test]
fn a_body_that_broke_off_is_one_difference() {
    let (whole, mut broken) = (flow("text/plain", "abcdef"), flow("text/plain", "abc"));
    broken.response.as_mut().unwrap().body.complete = false;
    broken.error = failed("reset", ErrorOrigin::Upstream).error;
    let comparison = compared(&whole, &broken);
    assert_eq!(comparison.differences.len(), 1);
    assert_eq!((comparison.differences[0].kind, left_out(&comparison)), (Kind::Failed, vec![Why::BrokenOff]));
}

#[test]
fn of_a_body_that_was_cut_its_beginning_and_length_are_compared() {
    let same = compared(&cut("abcdefgh", 4), &cut("abcdefgh", 4));
    assert!(same.is_same());
    assert_eq!(left_out(&same), [Why::Cut]);
    let same = compared(&cut("abcdefgh", 4), &flow("text/plain", "abcdefgh"));
    assert!(same.is_same());
    assert_eq!(left_out(&same), [Why::Cut]);
    let other = compared(&cut("abcdefgh", 4), &cut("abxdefgh", 4));
    assert_eq!(other.differences[0].place, "body line 1");
    let longer = compared(&cut("abcdefgh", 4), &cut("abcdefghi", 4));
    assert_eq!(longer.differences[0].recorded.as_deref(), Some("8 bytes"));
    // What was coded can have any length.
    let mut coded = cut("abcdefghi", 4);
    coded.response.as_mut().unwrap().body.content_encoding = vec!["gzip".to_owned()];
    assert!(compared(&cut("abcdefgh", 4), &coded).is_same());
}

#[test]
fn of_json_that_was_cut_what_is_there_is_compared_as_json() {
    let body = |id: u32, last: u32| {
        let items: Vec<_> = (0..50).map(|n| format!(r#"{{"n":{n},"v":"abc"}}"#)).collect();
        format!(r#"{{"id":{id},"items":[{}],"last":{last}}}"#, items.join(","))
    };
    let places = |old: &Flow, new: &Flow, ignore: &str| {
        let mut rules = Rules::default();
        rules.ignore(ignore).unwrap();
        let comparison = compare(old, new, &rules);
        assert_eq!(left_out(&comparison), [Why::Cut]);
        comparison.differences.into_iter().map(|d| d.place).collect::<Vec<_>>()
    };
    let whole = flow("text/plain", &body(2, 2));
    for kept in [200, 203, 211, 217] {
        assert_eq!(places(&cut(&body(1, 1), kept), &whole, "status"), ["body $.id"]);
        assert!(places(&cut(&body(1, 1), kept), &cut(&body(2, 2), kept + 30), "$.id").is_empty());
        let changed = body(1, 1).replace(r#""n":3,"v":"abc""#, r#""n":3,"v":"abd""#);
        assert_eq!(places(&cut(&body(1, 1), kept), &cut(&changed, kept), "status"), ["body $.items[3].v"]);
    }
}

#[test]
fn of_a_digest_only_the_length_is_compared_unless_it_is_of_one_recording() {
    let digest = |digest: &str, size: u64| {
        let mut flow = flow("image/png", "");
        let body = &mut flow.response.as_mut().unwrap().body;
        (body.utf8, body.sha256, body.size, body.captured_size) = (None, None, size, size);
        body.digest = Some(digest.to_owned());
        flow
    };
    assert_eq!(compared(&digest("a", 9), &digest("a", 9)), Comparison::default());
    assert_eq!(left_out(&compared(&digest("a", 9), &digest("b", 9))), [Why::Digest]);
    let longer = compared(&digest("a", 9), &digest("b", 10));
    assert_eq!(longer.differences[0].place, "body");
    assert!(longer.left_out.is_empty());
}
