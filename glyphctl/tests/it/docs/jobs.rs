//! The jobs of `deploy/ci/`, step by step in a clean directory, with the release that `deploy/release/pack` makes of the
//! programs here.
//!
//! Of the services there is what a job sees of them: a checkout, a cache, a shell for each step (GitHub) or job (GitLab). An
//! action or a condition that is not known here fails the test.

use std::fs;

use serde_json::Value;

use super::{follow_plan, page::Page, plan::Plan, sandbox::root};

/// A job that is run.
struct Run {
    /// Whether it is main's, and its run becomes part of the baseline.
    of_main: bool,
    /// A fault of the shop's, `NAME=VALUE`.
    fault: &'static str,
}

impl Run {
    /// What the shell is told of it.
    fn planted(&self) -> String {
        if self.fault.is_empty() { String::new() } else { format!("export {}\n", self.fault) }
    }
}

/// What becomes of a project: main passes and is saved, so does a request, and one with a fault is stopped.
const HISTORY: [Run; 3] = [
    Run { of_main: true, fault: "" },
    Run { of_main: false, fault: "" },
    Run { of_main: false, fault: "SHOP_FAILS=1" },
];

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The plan, with the limits of `docs/ci.md` in their place.
fn limits() -> Plan {
    let page = Page::read("docs/ci.md", &read("docs/ci.md"));
    let mut plan = Plan::default();
    plan.put_as("glyph.toml", page.block_for("glyph.toml"));
    plan
}

/// The lines of one string, or of several.
fn lines(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap()).collect(),
        value => value.as_str().map(str::lines).into_iter().flatten().collect(),
    }
}

#[test]
fn the_job_for_github_saves_a_baseline_passes_and_stops_a_fault() {
    let path = "deploy/ci/github.yml";
    let workflow = yaml(path);
    let steps = workflow["jobs"]["glyph"]["steps"].as_array().unwrap();
    let mut plan = limits();
    let variables = workflow["env"].as_object().unwrap();
    let exports: String = variables
        .iter()
        .map(|(name, value)| format!("export {name}='{}'\n", value.as_str().unwrap()))
        .collect();
    plan.run(path, "", &exports);
    for run in HISTORY {
        let begin = "checkout\nrm -f \"$GITHUB_PATH\" \"$GITHUB_STEP_SUMMARY\"\n".to_owned();
        plan.run(path, "", &(begin + &run.planted()));
        let mut failed = false;
        for step in steps {
            let always = match step["if"].as_str() {
                None if failed => continue,
                None => false,
                Some("${{ !cancelled() }}") => true,
                Some("${{ github.ref == 'refs/heads/main' }}") if !run.of_main => continue,
                Some("${{ github.ref == 'refs/heads/main' }}") => false,
                other => panic!("{other:?}"),
            };
            assert!(always || !failed);
            if let Some(script) = step["run"].as_str() {
                assert!(!script.contains("${{"), "{script}: is put into a shell unquoted");
                let fails = !run.fault.is_empty() && step["name"] == "Gate";
                failed |= fails;
                let number = plan.keep(script);
                plan.run(path, if fails { "1" } else { "" }, &format!("step {number}\n"));
            } else {
                plan.run(path, "", &action(step));
            }
        }
        let limit = "grep -q '<testsuite' glyph.xml\ngrep -q 'proxy.capture_flow' \"$GITHUB_STEP_SUMMARY\"\n";
        plan.run(path, "", limit);
    }
    plan.run(path, "", "[ \"$(ls \"$SANDBOX/cache\")\" = \"$GITHUB_SHA.glyph.tar.zst\" ]\n");
    follow_plan(path, &plan);
}

/// What an action does, for a shell.
fn action(step: &Value) -> String {
    let (name, _) = step["uses"].as_str().unwrap().split_once('@').unwrap();
    let path = || lines(&step["with"]["path"]);
    match name {
        "actions/checkout" => ":\n".to_owned(),
        "actions/cache/restore" => format!("restore {}\n", path().concat()),
        "actions/cache/save" => format!("save {}\n", path().concat()),
        "actions/upload-artifact" => format!("ls {}\n", path().join(" ")),
        other => panic!("{other}: what does it do?"),
    }
}

#[test]
fn the_jobs_for_gitlab_save_a_baseline_pass_and_stop_a_fault() {
    let path = "deploy/ci/gitlab.yml";
    let file = yaml(path);
    let common = &file[".glyph"];
    let mut plan = limits();
    for run in HISTORY {
        let job = &file[if run.of_main { "glyph-baseline" } else { "glyph" }];
        assert_eq!(job["extends"], ".glyph");
        let of_job = |key: &str| if job[key].is_null() { &common[key] } else { &job[key] };
        let cached = lines(&job["cache"]["paths"]).concat();
        plan.run(path, "", &format!("checkout\nrestore {cached}\n"));
        let mut script = "set -eo pipefail\n".to_owned() + &run.planted();
        for (name, value) in file["variables"].as_object().unwrap() {
            script += &format!("export {name}='{}'\n", value.as_str().unwrap());
        }
        for line in [of_job("before_script"), of_job("script")].into_iter().flat_map(lines) {
            script += &format!("{line}\n");
        }
        let number = plan.keep(&script);
        let code = if run.fault.is_empty() { "" } else { "1" };
        plan.run(path, code, &format!("bash \"$SANDBOX/blocks/{number}\"\n"));
        let artifacts = of_job("artifacts");
        let kept = lines(&artifacts["paths"]).join(" ");
        let report = artifacts["reports"]["junit"].as_str().unwrap();
        plan.run(path, "", &format!("ls {kept}\ngrep -q '<testsuite' {report}\n"));
        if job["cache"]["policy"] == "pull-push" {
            plan.run(path, "", &format!("save {cached}\n"));
        }
    }
    plan.run(path, "", "[ \"$(ls \"$SANDBOX/cache\")\" = \"$CI_COMMIT_SHA.glyph.tar.zst\" ]\n");
    follow_plan(path, &plan);
}

#[test]
fn the_page_shows_the_jobs_as_they_are() {
    let page = read("docs/ci.md");
    for file in ["deploy/ci/github.yml", "deploy/ci/gitlab.yml"] {
        assert!(page.contains(&format!("\n```yaml\n{}```\n", read(file))), "docs/ci.md has another {file}");
    }
}
