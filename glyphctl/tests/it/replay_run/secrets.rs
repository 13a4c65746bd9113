//! A secret goes to the host that it was seen at, and to no other one unless the user says so.

use glyphd::sanitize::{RedactionPolicy, Switch};

use super::{
    command,
    origin::{Origin, answer},
    recording::{Ask, Recording},
    replay,
};
use crate::harness;

const SECRET: &str = "mB3kQ9vXw7LpZr2TnYc5";

fn ask() -> Ask {
    let ask = Ask::new("POST", "/a?api_key=mB3kQ9vXw7LpZr2TnYc5", r#"{"password":"mB3kQ9vXw7LpZr2TnYc5"}"#);
    let ask = ask.with("content-type", "application/json");
    ask.with("authorization", "Bearer mB3kQ9vXw7LpZr2TnYc5").with("cookie", "session=mB3kQ9vXw7LpZr2TnYc5")
}

fn recorded(origin: &Origin) -> Recording {
    let settings = |config: &mut glyphd::Config, folder: &std::path::Path| {
        config.secrets_file = Some(folder.join("secrets"));
    };
    Recording::with(origin, settings, [ask()])
}

/// What the server was sent, in one text.
fn sent(origin: &Origin) -> String {
    format!("{:?}", origin.take())
}

#[test]
fn secrets_are_put_back_for_the_host_that_they_were_seen_at_and_for_no_other() {
    let origin = Origin::plain(|_| answer(200, "text/plain", "welcome"));
    let recording = recorded(&origin);
    let (recorded, secrets) = (recording.path(), recording.beside("secrets"));
    let flags = ["--secrets", &secrets];

    let (code, report, stderr) = replay(&recorded, &origin.url(), &flags);
    assert_eq!((code, sent(&origin).matches(SECRET).count()), (0, 4), "{report:#}\n{stderr}");
    assert_eq!(report["sending"]["secrets"]["put_back"], 1);

    let (code, report, stderr) = replay(&recorded, &origin.url_as("localhost"), &flags);
    let told = sent(&origin);
    assert_eq!(
        (code, told.contains(SECRET), told.matches("glyph-redacted-").count()),
        (0, false, 4),
        "{told}"
    );
    assert_eq!(report["sending"]["secrets"]["held_back"], 1);
    assert!(stderr.contains("hint: --send-secrets-to"), "{stderr}");

    let flags = ["--secrets", &secrets, "--send-secrets-to", "LOCALHOST"];
    replay(&recorded, &origin.url_as("localhost"), &flags);
    assert_eq!(sent(&origin).matches(SECRET).count(), 4);
    let flags = ["--secrets", &secrets, "--send-secrets-to", "other.test"];
    replay(&recorded, &origin.url_as("localhost"), &flags);
    assert!(!sent(&origin).contains(SECRET));
}

#[test]
fn tokens_that_are_not_known_are_sent_as_they_are() {
    let origin = Origin::plain(|_| answer(200, "text/plain", "welcome"));
    let recording = recorded(&origin);
    let (code, report, stderr) = replay(&recording.path(), &origin.url(), &[]);
    assert_eq!((code, sent(&origin).matches("glyph-redacted-").count()), (0, 4));
    assert_eq!(report["sending"]["secrets"]["unknown"], 1);
    assert!(stderr.contains("hint: --secrets takes"), "{stderr}");
}

#[test]
fn a_secret_can_come_from_a_variable() {
    let origin = Origin::plain(|_| answer(200, "text/plain", "welcome"));
    let recording = recorded(&origin);
    let header = recording.flows()[0]["request"]["headers"].to_string();
    let token = &header[header.find("glyph-redacted-").unwrap()..][..27];
    let flag = format!("{token}=THE_SECRET");
    let mut command = command(&recording.path(), &origin.url(), &["--secret-env", &flag]);
    let run = harness::ended(harness::piped(command.env("THE_SECRET", SECRET)));
    assert_eq!((run.code, sent(&origin).matches(SECRET).count()), (0, 4), "{run:#?}");
    let run = harness::ended(harness::piped(command.env_remove("THE_SECRET"))).unable();
    assert!(run.stderr.contains("--secret-env: THE_SECRET"), "{}", run.stderr);
}

#[test]
fn what_was_recorded_without_redaction_goes_to_no_other_host_either() {
    let origin = Origin::plain(|asked| answer(200, "application/json", asked.body.clone()));
    let settings = |config: &mut glyphd::Config, _: &std::path::Path| {
        config.policy.redaction = RedactionPolicy { redact: Switch::Off, ..RedactionPolicy::default() };
    };
    let recording = Recording::with(&origin, settings, [ask()]);
    let (code, report, _) = replay(&recording.path(), &origin.url(), &[]);
    assert_eq!((code, sent(&origin).matches(SECRET).count()), (0, 4), "{report:#}");
    let (code, report, _) = replay(&recording.path(), &origin.url_as("localhost"), &[]);
    assert_eq!(code, 0, "{report:#}");
    let told = sent(&origin);
    assert!(!told.contains(SECRET) && told.contains("glyph-redacted-"), "{told}");
    assert_eq!(report["sending"]["secrets"]["held_back"], 1);
    // Nor is it printed where something differs.
    let changed = Origin::plain(|_| answer(200, "application/json", "{}"));
    let (code, report, _) = replay(&recording.path(), &changed.url(), &[]);
    assert_eq!((code, report.to_string().contains(SECRET)), (1, false), "{report:#}");
}

#[test]
fn an_answer_that_repeats_a_secret_is_the_same_and_shows_it_to_nobody() {
    let echo = |asked: &super::origin::Asked| answer(200, "application/json", asked.body.clone());
    let origin = Origin::plain(echo);
    let recording = recorded(&origin);
    let (code, report, _) =
        replay(&recording.path(), &origin.url(), &["--secrets", &recording.beside("secrets")]);
    assert_eq!(code, 0, "{report:#}");
    let changed =
        Origin::plain(|asked| answer(200, "application/json", asked.body.replace("password", "passwort")));
    let (code, report, _) =
        replay(&recording.path(), &changed.url(), &["--secrets", &recording.beside("secrets")]);
    assert_eq!(code, 1);
    assert!(!report.to_string().contains(SECRET), "{report:#}");
}
