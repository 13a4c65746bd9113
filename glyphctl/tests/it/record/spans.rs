//! The command's own spans: where it is told to send them, they come past the proxy, and stand in the recording.

use std::{fs, path::Path};

use super::{Folder, OUT};
use crate::{
    harness::{ended, have, in_path, node_modules, peer, piped, python_packages},
    server::Server,
};

/// The trace of the committed post.
const TRACE: &str = "bf6fb313b4707038fe7b5dea1d07baae";

fn post() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/otlp/basket.json");
    path.to_str().unwrap().to_owned()
}

/// What is recorded of a command that gets `/page` of that server and sends the committed post.
#[track_caller]
fn assert_both(folder: &Folder, server: &Server) {
    let made = folder.run();
    let urls: Vec<_> = made.flows().into_iter().map(|flow| flow.request.url).collect();
    assert_eq!(urls, [server.url("/page")], "the one comes through the proxy, the other goes past it");
    let mut names: Vec<_> = made.spans().into_iter().filter(|s| s.trace_id.to_string() == TRACE).collect();
    names.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<_> = names.iter().map(|span| (&*span.name, &*span.service_name)).collect();
    assert_eq!(names, [("GET /basket", "basket"), ("SELECT basket", "basket")]);
}

#[test]
fn curl_sends_spans_past_the_proxy_and_all_else_through_it() {
    if !have("curl") {
        return;
    }
    let (folder, server) = (Folder::new(), Server::text("hello\n"));
    let script = "curl -sS \"$0\"; curl -sS -H 'content-type: application/json' --data-binary \"@$1\" \
                  $OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces";
    let run = folder.record(&OUT, &["sh", "-c", script, &server.url("/page"), &post()]).fine();
    assert_eq!(run.stdout, "hello\n{}");
    assert!(run.stderr.contains(" (2 of the command's own)"), "{}", run.stderr);
    assert_both(&folder, &server);
}

#[test]
fn pythons_clients_do_so_too() {
    let prelude = "import os, sys, urllib.request\npage, post = sys.argv[1], open(sys.argv[2], 'rb').read()\n\
                   to = os.environ['OTEL_EXPORTER_OTLP_ENDPOINT'] + '/v1/traces'\n\
                   kind = {'content-type': 'application/json'}\n";
    let scripts = [
        ("requests", "requests.get(page); print(requests.post(to, data=post, headers=kind).status_code)"),
        ("httpx", "httpx.get(page); print(httpx.post(to, content=post, headers=kind).status_code)"),
        (
            "urllib",
            "urllib.request.urlopen(page).read(); \
             print(urllib.request.urlopen(urllib.request.Request(to, post, kind)).status)",
        ),
    ];
    for (module, script) in scripts {
        let Some(packages) = peer(python_packages(&[module])) else { continue };
        let (folder, server) = (Folder::new(), Server::text("hello\n"));
        let script = format!("{prelude}import {module}\n{script}");
        let command = ["python3", "-c", &script, &server.url("/page"), &post()];
        let mut command = folder.recording(&OUT, &command);
        let run = ended(piped(command.env("PYTHONPATH", packages))).fine();
        assert_eq!(run.stdout, "200\n", "{module}: {}", run.stderr);
        assert_both(&folder, &server);
    }
}

#[test]
fn node_does_so_too() {
    let modules = node_modules().join("undici");
    let found = in_path("node").and_then(|_| match modules.exists() {
        true => Ok(modules.clone()),
        false => Err("undici".to_owned()),
    });
    let Some(undici) = peer(found) else { return };
    let script = "const { EnvHttpProxyAgent, request } = require(process.argv[1]);\
        const dispatcher = new EnvHttpProxyAgent();\
        const to = process.env.OTEL_EXPORTER_OTLP_ENDPOINT + '/v1/traces';\
        const headers = { 'content-type': 'application/json' };\
        const body = require('fs').readFileSync(process.argv[3]);\
        (async () => {\
          await (await request(process.argv[2], { dispatcher })).body.text();\
          console.log((await request(to, { dispatcher, method: 'POST', headers, body })).statusCode);\
        })();";
    let (folder, server) = (Folder::new(), Server::text("hello\n"));
    let command = ["node", "-e", script, undici.to_str().unwrap(), &server.url("/page"), &post()];
    let run = folder.record(&OUT, &command).fine();
    assert_eq!(run.stdout, "200\n", "{}", run.stderr);
    assert_both(&folder, &server);
}

#[test]
fn who_has_a_place_for_spans_keeps_it() {
    for name in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] {
        let folder = Folder::new();
        let mut command = folder.recording(&OUT, &["env"]);
        let run = ended(piped(command.env(name, "http://collector.test:4318"))).fine();
        let set: Vec<_> = run.stdout.lines().filter(|line| line.starts_with("OTEL_")).collect();
        assert_eq!(set, [format!("{name}=http://collector.test:4318")]);
        assert!(!run.stdout.to_lowercase().contains("no_proxy="), "{}", run.stdout);
        let said = format!("{name} is set: the command's own spans go there and are not recorded");
        assert!(run.stderr.contains(&said), "{}", run.stderr);
        assert!(!folder.run().0.info.addresses.contains_key("otlp-addr"));
    }
}

#[test]
fn what_is_no_post_of_spans_is_one_line_however_often_it_comes() {
    if !have("curl") {
        return;
    }
    let folder = Folder::new();
    fs::write(folder.path("bad.json"), "{\"resourceSpans\":\x1b[31m").unwrap();
    let script = "for n in 1 2 3; do curl -sS -H 'content-type: application/json' --data-binary @bad.json \
                  $OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces >/dev/null; done";
    let run = folder.record(&OUT, &["sh", "-c", script]).fine();
    assert_eq!(run.stderr.matches("a post of spans was refused").count(), 1, "{}", run.stderr);
    assert!(!run.stderr.contains("\x1b[31m"), "{}", run.stderr);
}
