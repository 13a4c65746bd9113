//! The stages know of each other what the data's way needs, and no more.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// What each module may import; `app` and the flags that end in it may import everything.
const TABLE: [(&str, &[&str]); 27] = [
    ("capture", &["causes", "globs", "listeners", "pooled", "sanitize::Intake", "telemetry"]),
    ("sanitize", &["capture", "dispatch", "flow_log", "globs", "room", "telemetry"]),
    ("room", &[]),
    ("allocator", &[]),
    ("flow_log", &["room", "sanitize::Flow", "telemetry"]),
    ("dispatch", &["sanitize::Flow", "sanitize::Raw", "telemetry"]),
    (
        "plugin",
        &[
            "dispatch",
            "sanitize::Flow",
            "sanitize::Message",
            "sanitize::Sanitizer",
            "sanitize::Secrets",
            "findings",
            "netgate",
            "audit",
            "launcher",
            "telemetry",
            "toml_file",
        ],
    ),
    ("netgate", &["audit", "listeners", "pooled", "sanitize::Sanitizer", "sanitize::Secrets", "telemetry"]),
    ("findings", &["telemetry"]),
    ("receive", &["room", "sanitize::Sanitizer", "telemetry"]),
    ("launcher", &[]),
    ("audit", &["sanitize::Sanitizer", "telemetry"]),
    ("telemetry", &[]),
    ("exposition", &[]),
    ("scrape", &["capture::TlsFileError", "capture::tls", "exposition", "telemetry"]),
    ("metrics_log", &["exposition", "scrape", "telemetry"]),
    ("control", &["audit", "exposition", "plugin", "telemetry"]),
    (
        "policy",
        &["capture::scope", "dispatch", "netgate", "plugin", "sanitize::RedactionPolicy", "toml_file"],
    ),
    (
        "config",
        &[
            "capture",
            "launcher",
            "netgate",
            "plugin",
            "policy",
            "sanitize::BODY_BYTES",
            "scrape",
            "telemetry",
        ],
    ),
    (
        "cli",
        &[
            "capture",
            "config",
            "credentials",
            "globs",
            "netgate",
            "policy",
            "sanitize::BODY_BYTES",
            "scrape",
            "telemetry",
            "toml_file",
        ],
    ),
    ("credentials", &[]),
    ("toml_file", &[]),
    ("globs", &[]),
    ("causes", &[]),
    ("listeners", &[]),
    ("pooled", &[]),
    ("lib", &[]),
];

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The files under `src/` by their module.
fn modules() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = BTreeMap::<_, Vec<_>>::new();
    for path in sources(&src) {
        let below = path.strip_prefix(&src).unwrap();
        let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.strip_suffix(".rs").unwrap_or(first).to_owned();
        let text = fs::read_to_string(&path).unwrap();
        modules.entry(module).or_default().push((path, text));
    }
    modules
}

/// The paths of a `use` tree, without `crate::`.
fn expand(tree: &str) -> Vec<String> {
    let Some((before, braced)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inner = braced.trim().strip_suffix('}').unwrap();
    let (mut items, mut depth, mut item) = (Vec::new(), 0, String::new());
    for c in inner.chars() {
        match c {
            ',' if depth == 0 => items.push(std::mem::take(&mut item)),
            c => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                item.push(c);
            }
        }
    }
    items.push(item);
    let items = items.iter().map(|i| i.trim()).filter(|i| !i.is_empty());
    items.flat_map(expand).map(|path| format!("{before}{path}")).collect()
}

/// Every path of the crate that a source names, imported or in place.
fn imports(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let code: String =
        source.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let is_use = code[..at].trim_end().ends_with("use");
        let end = if is_use {
            rest.find(';')
        } else {
            rest.find(|c: char| !c.is_alphanumeric() && !":_".contains(c))
        };
        found.extend(expand(&rest[..end.unwrap()]));
    }
    found
}

#[test]
fn the_reader_of_imports_reads_them() {
    let source = "use crate::{\n    capture::{Exchange, exchange::RawBody},\n    telemetry::Span,\n};\n\
                  // use crate::hidden;\nfn f() -> Result<(), crate::policy::PolicyError> {}";
    let want = ["capture::Exchange", "capture::exchange::RawBody", "policy::PolicyError", "telemetry::Span"];
    assert!(imports(source).iter().eq(want.iter()), "{:?}", imports(source));
}

#[test]
fn stages_import_the_next_stage_and_what_all_speak_to() {
    let modules = modules();
    for (module, files) in &modules {
        if ["app", "main"].contains(&module.as_str()) {
            continue;
        }
        let (_, allowed) =
            TABLE.iter().find(|(name, _)| name == module).unwrap_or_else(|| panic!("{module} is new"));
        for (path, text) in files {
            for import in imports(text) {
                let may = |allowed: &&str| import == **allowed || import.starts_with(&format!("{allowed}::"));
                let own = import.split("::").next() == Some(module);
                assert!(own || allowed.iter().any(may), "{}: crate::{import}", path.display());
            }
        }
    }
    for (module, _) in TABLE {
        assert!(modules.contains_key(module), "{module} is in the table, but not there");
    }
}

#[test]
fn raw_exchanges_are_known_to_capture_and_sanitize_alone() {
    let mut known = BTreeSet::new();
    for (module, files) in modules() {
        for (_, text) in files {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let words = code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric()));
            if words
                .into_iter()
                .any(|word| ["Exchange", "RawBody", "RawRequest", "RawResponse"].contains(&word))
            {
                known.insert(module.clone());
            }
        }
    }
    assert_eq!(known, BTreeSet::from(["capture".to_owned(), "sanitize".to_owned()]));
}

#[test]
fn files_stay_short_enough_to_be_read() {
    for (_, files) in modules() {
        for (path, text) in files {
            assert!(text.lines().count() <= 500, "{}: split it", path.display());
            assert!(text.starts_with("//! "), "{}: a file begins with what it is for", path.display());
        }
    }
}

#[test]
fn each_test_that_the_threat_model_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let doc = fs::read_to_string(root.join("../docs/security.md")).unwrap();
    let (_, claims) = doc.split_once("## How each claim is tested").unwrap();
    let tests = sources(&root.join("tests/it")).into_iter().map(|path| fs::read_to_string(path).unwrap());
    let tests: String = tests.collect();
    let names = claims
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| !name.contains(['/', '.', '-']) && name.len() > 20);
    let mut named = 0;
    for name in names {
        assert!(tests.contains(&format!("fn {name}(")), "{name} is not there");
        named += 1;
    }
    assert!(named > 20, "{named}");
}
