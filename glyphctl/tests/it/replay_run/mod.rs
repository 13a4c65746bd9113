//! `replay run`: recorded requests sent again, to servers that are as they were or not.

mod origin;
mod recording;
mod answers;
mod connections;
mod order;
mod requests;
mod secrets;
mod ways_to_end;

use std::process::Command;

use serde_json::Value;

use crate::harness::{self, Run, glyphctl};

/// Sends a recording to a target, and has the report as JSON.
fn replay(recording: &str, target: &str, flags: &[&str]) -> (i32, Value, String) {
    let Run { code, stdout, stderr } = replayed(recording, target, flags);
    let report = serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}: {stdout}\n{stderr}"));
    (code, report, stderr)
}

fn replayed(recording: &str, target: &str, flags: &[&str]) -> Run {
    harness::ended(harness::piped(&mut command(recording, target, flags)))
}

fn command(recording: &str, target: &str, flags: &[&str]) -> Command {
    let mut command = glyphctl();
    command.args(["replay", "run", recording, "--target", target, "--format", "json", "--speed", "max"]);
    command.args(flags);
    command
}

/// The places in which something differs.
fn places(report: &Value) -> Vec<String> {
    let groups = report["groups"].as_array().unwrap();
    groups.iter().map(|group| group["place"].as_str().unwrap().to_owned()).collect()
}
