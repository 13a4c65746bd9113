//! What the files in `deploy/` say of each other, of the dashboard, and of what glyphd writes. Not all of these programs can be
//! run where this is tested, so that a name that is wrong would be found by nobody else.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::{
    dashboard::{dashboard, peer},
    rules::at_root,
};

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(at_root(path)).unwrap()).unwrap()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap()).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

/// Of `http://host:port/path` or `host:port`: host and port.
fn host_and_port(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap().split_once(':').unwrap()
}

/// The text of a file, with `what` in it.
#[track_caller]
fn says(path: &str, what: &str) {
    assert!(fs::read_to_string(at_root(path)).unwrap().contains(what), "{path} does not say {what}");
}

#[test]
fn compose_files_have_a_schema_and_this_one_keeps_to_it() {
    let modules = std::env::var_os("GLYPH_NODE_MODULES")
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/node_modules").into());
    let program = Path::new(&modules).join("dclint/bin/dclint.cjs");
    let mut node = Command::new("node");
    // Errors alone: what it thinks of quotes and of the order of keys is no fault.
    node.arg(program).arg("--quiet").arg(at_root("deploy/compose.yaml"));
    peer("node with dclint", "Cannot find module", &mut node);
}

#[test]
fn services_are_pinned_private_and_mount_what_there_is() {
    let compose = yaml("deploy/compose.yaml");
    let (services, volumes) = (compose["services"].as_object().unwrap(), keys(&compose["volumes"]));
    for (name, service) in services {
        if let Some(image) = service["image"].as_str() {
            let (_, version) = image.rsplit_once(':').unwrap();
            assert!(version.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()), "{image}");
        }
        assert!(strings(&service["ports"]).iter().all(|port| port.starts_with("127.0.0.1:")), "{name}");
        assert!(strings(&service["depends_on"]).iter().all(|other| services.contains_key(*other)), "{name}");
        for mount in strings(&service["volumes"]) {
            let source = mount.split(':').next().unwrap();
            let there = volumes.contains(source) || at_root("deploy").join(source).exists();
            assert!(there && (!source.starts_with('.') || mount.ends_with(":ro")), "{name}: {mount}");
        }
    }
}

/// Where the files that glyphd is told to write lie for who mounts its volume, by their flags.
fn written(compose: &Value) -> BTreeMap<&str, String> {
    let flags = strings(&compose["services"]["glyphd"]["command"]);
    let files = flags.into_iter().filter_map(|flag| flag.split_once("-file="));
    files.map(|(flag, file)| (flag.trim_start_matches('-'), format!("/var/lib/glyph/{file}"))).collect()
}

/// That a collector's pipelines name what there is, and all of it.
#[track_caller]
fn all_is_used(collector: &Value) {
    let mut used = BTreeMap::<&str, BTreeSet<&str>>::new();
    for pipeline in collector["service"]["pipelines"].as_object().unwrap().values() {
        for kind in ["receivers", "processors", "exporters"] {
            used.entry(kind).or_default().extend(strings(&pipeline[kind]));
        }
    }
    used.insert("extensions", strings(&collector["service"]["extensions"]).into_iter().collect());
    for (kind, used) in used {
        assert_eq!(
            used,
            keys(&collector[kind]),
            "{kind}: those that the service uses, and those that there are"
        );
    }
}

#[test]
fn the_collector_of_many_daemons_takes_their_spans_and_keeps_them_on_its_disk() {
    let collector = yaml("deploy/scale/otel-collector.yaml");
    all_is_used(&collector);
    let taken = &collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"];
    says(
        "docs/scale.md",
        &format!("--trace-endpoint http://otel-collector:{} ", host_and_port(taken.as_str().unwrap()).1),
    );
    for (name, exporter) in collector["exporters"].as_object().unwrap() {
        let store = exporter["sending_queue"]["storage"].as_str();
        assert!(store.is_some_and(|store| keys(&collector["extensions"]).contains(store)), "{name}");
    }
    let table = collector["exporters"]["clickhouse"].as_object().unwrap();
    let name = format!(
        "FROM {}.{}\n",
        table["database"].as_str().unwrap(),
        table["traces_table_name"].as_str().unwrap()
    );
    says("docs/scale.md", &name);
}

#[test]
fn spans_go_through_the_collector_to_tempo_and_records_to_loki() {
    let (compose, collector, tempo) =
        (yaml("deploy/compose.yaml"), yaml("deploy/otel-collector.yaml"), yaml("deploy/tempo.yaml"));
    let services = keys(&compose["services"]);
    all_is_used(&collector);
    let glyphd = strings(&compose["services"]["glyphd"]["command"]);
    let endpoint = glyphd.iter().find_map(|flag| flag.strip_prefix("--trace-endpoint=")).unwrap();
    let taken = &collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"];
    let (host, port) = host_and_port(endpoint);
    assert_eq!((host, port), ("otel-collector", host_and_port(taken.as_str().unwrap()).1));
    for exporter in collector["exporters"].as_object().unwrap().values() {
        if let Some(endpoint) = exporter["endpoint"].as_str() {
            assert!(services.contains(host_and_port(endpoint).0), "{endpoint}");
        }
    }
    let sent = host_and_port(collector["exporters"]["otlp/tempo"]["endpoint"].as_str().unwrap()).1;
    let taken = tempo["distributor"]["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"].as_str().unwrap();
    assert_eq!(sent, host_and_port(taken).1);

    // The collector reads what glyphd writes, as the user who may, and speaks of fields that it has.
    let user = compose["services"]["otel-collector"]["user"].as_str().unwrap();
    says("deploy/Dockerfile", &format!("--uid {user} "));
    let written = written(&compose);
    for (record, flag) in [("audit", "audit"), ("finding", "findings"), ("flow", "flow")] {
        let receivers = collector["receivers"].as_object().unwrap().values();
        let mut reading = receivers.filter(|receiver| receiver["attributes"]["glyph.record"] == record);
        let receiver = reading.next().unwrap();
        assert_eq!(strings(&receiver["include"]), [&*written[flag]]);
        assert_eq!(receiver["resource"]["service.name"], "glyphd");
        let schema = fs::read_to_string(at_root(&format!("docs/schemas/{record}.json"))).unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let operators = receiver["operators"].to_string();
        let fields = operators.split("attributes.parsed.").skip(1);
        let fields: BTreeSet<_> = fields
            .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
            .collect();
        assert!(fields.len() > 2 && fields.is_subset(&keys(&schema["properties"])), "{record}: {fields:?}");
    }
}

#[test]
fn a_panel_leads_to_its_trace_and_a_trace_to_its_audit() {
    let (compose, provisioned) = (yaml("deploy/compose.yaml"), yaml("deploy/grafana/datasources.yaml"));
    let sources = provisioned["datasources"].as_array().unwrap();
    let by_uid: BTreeMap<_, _> =
        sources.iter().map(|source| (source["uid"].as_str().unwrap(), source)).collect();
    let services = keys(&compose["services"]);
    for source in sources {
        assert!(services.contains(host_and_port(source["url"].as_str().unwrap()).0), "{source}");
    }
    let port = yaml("deploy/tempo.yaml")["server"]["http_listen_port"].to_string();
    assert_eq!(host_and_port(by_uid["tempo"]["url"].as_str().unwrap()).1, port);

    let prometheus = by_uid["0xgen"];
    assert_eq!((&prometheus["name"], &prometheus["isDefault"]), (&"0xgen".into(), &true.into()));
    let scraped = yaml("deploy/prometheus.yml");
    assert_eq!(prometheus["jsonData"]["timeInterval"], scraped["global"]["scrape_interval"]);
    let to_trace = &prometheus["jsonData"]["exemplarTraceIdDestinations"][0];
    assert_eq!(
        (&to_trace["name"], by_uid[to_trace["datasourceUid"].as_str().unwrap()]["type"].as_str()),
        (&"trace_id".into(), Some("tempo"))
    );
    let to_logs = &by_uid["tempo"]["jsonData"]["tracesToLogsV2"];
    assert_eq!(by_uid[to_logs["datasourceUid"].as_str().unwrap()]["type"], "loki");
    // Grafana takes $$ for a $ that is not the environment's.
    let query = to_logs["query"].as_str().unwrap();
    assert!(
        query.contains("{service_name=\"glyphd\"}") && query.contains("\"$${__trace.traceId}\""),
        "{query}"
    );
    let back = &by_uid["loki"]["jsonData"]["derivedFields"][0];
    assert_eq!((&back["matcherRegex"], &back["datasourceUid"]), (&"trace_id".into(), &"tempo".into()));
    says("deploy/compose.yaml", "--enable-feature=exemplar-storage");

    // Whatever in the dashboard is a link into Grafana leads to one of these.
    let text = dashboard().to_string();
    let links: Vec<_> =
        text.split("\"/explore?").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links.len(), 3);
    for link in links {
        let panes = link.split_once("panes=").unwrap().1;
        let panes: Value = serde_json::from_str(&decoded(panes)).unwrap_or_else(|e| panic!("{link}: {e}"));
        let pane = &panes["a"];
        let source = by_uid[pane["datasource"].as_str().unwrap()];
        assert_eq!(
            (&pane["queries"][0]["datasource"]["uid"], &pane["queries"][0]["datasource"]["type"]),
            (&source["uid"], &source["type"])
        );
    }
}

/// A query's text without percent-encoding.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

#[test]
fn each_alert_has_a_place_in_the_guide() {
    let guide = fs::read_to_string(at_root("docs/observability.md")).unwrap();
    let rules = yaml("alerts/alerts.yaml");
    let groups = rules["groups"].as_array().unwrap().iter();
    let alerts =
        groups.flat_map(|group| group["rules"].as_array().unwrap()).filter(|rule| !rule["alert"].is_null());
    for rule in alerts {
        let name = rule["alert"].as_str().unwrap();
        let place = format!("docs/observability.md#{}", name.to_lowercase());
        assert_eq!(rule["annotations"]["runbook"], *place, "{name}");
        assert!(
            guide.lines().any(|line| line == format!("### {name}")),
            "{name} has no heading in the guide"
        );
    }
}
