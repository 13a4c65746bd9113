//! Every command in the documents does, as it is typed, what it is there for.
//!
//! A page is followed from its first block to its last, in a sandbox of its own. [`plan`] has what the info strings of blocks
//! mean, `stages/` what a page takes for granted, `run.sh` how blocks are run.

mod page;
mod plan;
mod sandbox;
mod jobs;
mod files;
mod links;

use std::{collections::BTreeSet, fs, path::Path};

use page::Page;
use plan::Plan;
use sandbox::{Sandbox, root};

/// Pages of commands that are not followed here, each with the reason on the page.
///
/// `ci`: `.ci/run` runs them. `docker`, `systemd`: they change the machine, or need what no test can bring. `download`: they
/// fetch from where a test has no way to. `long`: they take from minutes to hours.
const NOT_RUN: &[&str] = &[
    "CONTRIBUTING.md: ci",
    "README.md: ci",
    "README.md: docker",
    "bench/README.md: long",
    "bench/README.md: long",
    "deploy/README.md: docker",
    "deploy/README.md: docker",
    "deploy/README.md: systemd",
    "docs/observability.md: docker",
    "docs/observability.md: docker",
    "docs/performance.md: long",
    "fuzz/README.md: long",
    "testdata/flows/ordinary/README.md: download",
];

/// Each page, and the test that follows it.
macro_rules! pages {
    ($($test:ident: $path:literal,)*) => {
        const PAGES: &[&str] = &[$($path),*];
        $(#[test] fn $test() { follow($path) })*
    };
}

pages! {
    the_readme: "README.md",
    alerts: "docs/alerts.md",
    ci: "docs/ci.md",
    comparing: "docs/comparing.md",
    flows: "docs/flows.md",
    the_gate: "docs/gate.md",
    looking: "docs/look.md",
    metrics: "docs/metrics.md",
    observability: "docs/observability.md",
    operating: "docs/operate.md",
    plugins: "docs/plugins.md",
    promql: "docs/promql.md",
    proxy: "docs/proxy.md",
    recording: "docs/record.md",
    replay: "docs/replay.md",
    report: "docs/report.md",
    scale: "docs/scale.md",
    tls: "docs/tls.md",
    traces: "docs/traces.md",
    alerts_themselves: "alerts/README.md",
    deploy: "deploy/README.md",
    passive_headers: "plugins/passive-headers/README.md",
    secret_scan: "plugins/secret-scan/README.md",
    the_ci_job: "testdata/ci/README.md",
    a_recorded_pytest: "testdata/pytest/README.md",
}

fn read(path: &str) -> Page {
    Page::read(path, &fs::read_to_string(root().join(path)).unwrap())
}

fn follow(path: &str) {
    follow_plan(path, &Plan::of(&read(path)));
}

/// Does what a plan says, on the stage of that page.
fn follow_plan(path: &str, plan: &Plan) {
    let sandbox = Sandbox::new(path, plan);
    let Some(run) = sandbox.follow() else { return };
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    for (line, block, expected) in &plan.printed {
        let printed = sandbox.printed(*block);
        let missing = plan::missing(expected, &printed);
        assert!(
            missing.is_none(),
            "{path}:{line}: not printed: {}\n\n{printed}",
            missing.unwrap_or_default()
        );
    }
}

/// All pages of the repository but the changes, what plugins are made from, and the reference, which is made of the code.
fn all() -> Vec<String> {
    fn look(folder: &Path, pages: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap();
            let beside = ["target", "node_modules", "CHANGELOG.md", "src", "reference"];
            if name.starts_with('.') || beside.contains(&name.as_str()) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                look(&path, pages);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut pages = Vec::new();
    look(&root(), &mut pages);
    pages.sort();
    pages
}

#[test]
fn every_page_with_commands_is_followed() {
    let with_commands = all().into_iter().filter(|path| Plan::of(&read(path)).runs > 0);
    let followed: BTreeSet<String> = PAGES.iter().map(|&path| path.to_owned()).collect();
    assert_eq!(with_commands.collect::<BTreeSet<_>>(), followed);
}

#[test]
fn every_block_says_what_it_is() {
    for path in all() {
        assert_eq!(read(&path).indented, [0; 0], "{path}: lines of blocks without a fence");
    }
}

#[test]
fn what_is_not_run_is_known() {
    let not_run: Vec<String> = all().iter().flat_map(|path| Plan::of(&read(path)).not_run).collect();
    assert_eq!(not_run, NOT_RUN);
}
