//! What the command is told, by variables of its environment: the proxy, whom to trust, where its spans go, its place in the
//! trace, the recording.
//!
//! In: what the user's own environment says, and what there is to tell. Out: variables to set, and remarks for the user on
//! what of their own counts or does not. Not here: the files that some of these name, which are [`super::trust`]'s.

use std::{env, ffi::OsString, net::SocketAddr, path::Path};

use glyphd::telemetry::TraceContext;

/// The variables that name a proxy. curl reads only the lower one for HTTP, others only the upper one.
const PROXY: [&str; 4] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"];
/// The variables that name the hosts for which there is none. Most read the lower one first.
const EXEMPT: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// The variables that name a receiver of spans.
const COLLECTOR: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/// The variables that name its protocol.
const PROTOCOL: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];

/// What there is to tell.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) proxy: SocketAddr,
    /// Where spans are taken, unless the user has a place of their own for them.
    pub(super) otlp: Option<SocketAddr>,
    pub(super) span: TraceContext,
    pub(super) recording: &'a Path,
    /// The variables that name whom to trust.
    pub(super) trust: Vec<(&'static str, OsString)>,
}

/// What the command is told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Surroundings {
    pub(super) set: Vec<(&'static str, OsString)>,
    pub(super) removed: Vec<&'static str>,
}

/// A variable of the user's, unless it is empty.
pub(super) fn of_user(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn first_set(names: &[&'static str]) -> Option<(&'static str, OsString)> {
    names.iter().find_map(|name| Some((*name, of_user(name)?)))
}

/// The variable that exempts hosts from the proxy, if one does.
pub(super) fn exempt() -> Option<(&'static str, String)> {
    first_set(&EXEMPT).map(|(name, hosts)| (name, hosts.to_string_lossy().into_owned()))
}

/// The variable that names a proxy of the user's own. The value may hold a password.
pub(super) fn other_proxy() -> Option<&'static str> {
    first_set(&PROXY).map(|(name, _)| name)
}

/// The variable that names a receiver of spans of the user's own.
pub(super) fn other_collector() -> Option<&'static str> {
    first_set(&COLLECTOR).map(|(name, _)| name)
}

impl Surroundings {
    /// What a command is to be told, where the user's variables are these.
    pub(super) fn new(told: Told<'_>, user: impl Fn(&str) -> Option<OsString>) -> Self {
        let mut set: Vec<(_, OsString)> = Vec::new();
        let proxy = format!("http://{}", told.proxy);
        set.extend(PROXY.map(|name| (name, proxy.clone().into())));
        set.extend(told.trust);
        if let Some(address) = told.otlp {
            set.extend(collector(address, &user));
            set.extend(exempting(address, &user));
        }
        set.push(("TRACEPARENT", told.span.to_string().into()));
        set.push(("GLYPH_RECORDING", told.recording.into()));
        // Of the trace that TRACEPARENT named before.
        Self { set, removed: vec!["TRACESTATE"] }
    }
}

/// Where spans go, and how. A protocol that the user has chosen stays, if it is one of HTTP's.
fn collector(
    address: SocketAddr,
    user: impl Fn(&str) -> Option<OsString>,
) -> impl Iterator<Item = (&'static str, OsString)> {
    let speaks_http = |value: &OsString| value.to_string_lossy().trim().starts_with("http/");
    let [for_traces, for_all] = PROTOCOL.map(|name| (name, user(name)));
    let protocols = [
        for_traces.1.as_ref().is_some_and(|chosen| !speaks_http(chosen)).then_some(for_traces.0),
        (!for_all.1.as_ref().is_some_and(speaks_http)).then_some(for_all.0),
    ];
    let endpoint = (COLLECTOR[1], format!("http://{address}").into());
    let protocols = protocols.into_iter().flatten().map(|name| (name, "http/protobuf".into()));
    std::iter::once(endpoint).chain(protocols)
}

/// The hosts without a proxy: the user's, and that address. It stands there without its port, since not all clients know
/// ports there; where it is the loopback address that everybody uses, it must.
fn exempting(
    address: SocketAddr,
    user: impl Fn(&str) -> Option<OsString>,
) -> impl Iterator<Item = (&'static str, OsString)> {
    let own = match address.ip().to_string() {
        ip if ip == "127.0.0.1" => address.to_string(),
        ip => ip,
    };
    let mine = EXEMPT.map(|name| user(name).map(|hosts| hosts.to_string_lossy().into_owned()));
    let any = mine.iter().flatten().next().cloned();
    let each = EXEMPT.into_iter().zip(mine).map(move |(name, hosts)| {
        // A client that finds only ours under one name would not look under the other.
        let hosts = hosts.or_else(|| any.clone());
        let hosts = match hosts {
            // It means everything, if it stands there alone.
            Some(all) if all.trim() == "*" => all,
            Some(hosts) => format!("{},{own}", hosts.trim_end_matches([',', ' '])),
            None => own.clone(),
        };
        (name, OsString::from(hosts))
    });
    each.collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// What a command finds, where the user has set these.
    fn found(otlp: &str, user: &[(&str, &str)]) -> BTreeMap<String, String> {
        let span = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let told = Told {
            proxy: "127.0.0.1:1".parse().unwrap(),
            otlp: Some(otlp.parse().unwrap()),
            span: TraceContext::of_traceparent(span).unwrap(),
            recording: Path::new("/run1"),
            trust: Vec::new(),
        };
        let surroundings = Surroundings::new(told, |name| {
            user.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).into())
        });
        let text = |(name, value): (&str, OsString)| (name.to_owned(), value.into_string().unwrap());
        surroundings.set.into_iter().map(text).collect()
    }

    #[test]
    fn the_receiver_is_exempt_by_its_address_and_the_users_hosts_stay_under_both_names() {
        let hosts = |user: &[(&str, &str)]| {
            let found = found("127.0.0.2:4318", user);
            (found["NO_PROXY"].clone(), found["no_proxy"].clone())
        };
        let both = |hosts: &str| (hosts.to_owned(), hosts.to_owned());
        assert_eq!(hosts(&[]), both("127.0.0.2"));
        assert_eq!(hosts(&[("NO_PROXY", "a.test,b.test")]), both("a.test,b.test,127.0.0.2"));
        assert_eq!(hosts(&[("no_proxy", "a.test, ")]), both("a.test,127.0.0.2"));
        assert_eq!(
            hosts(&[("no_proxy", "a.test"), ("NO_PROXY", "b.test")]),
            ("b.test,127.0.0.2".to_owned(), "a.test,127.0.0.2".to_owned())
        );
        assert_eq!(hosts(&[("NO_PROXY", " * ")]), both(" * "));
        assert_eq!(found("127.0.0.1:4318", &[])["no_proxy"], "127.0.0.1:4318");
    }

    #[test]
    fn the_protocol_is_one_that_the_receiver_speaks() {
        let of = |user: &[(&str, &str)]| {
            let found = found("127.0.0.2:4318", user);
            assert_eq!(found["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://127.0.0.2:4318");
            PROTOCOL.map(|name| found.get(name).cloned())
        };
        let ours = || Some("http/protobuf".to_owned());
        assert_eq!(of(&[]), [None, ours()]);
        assert_eq!(of(&[(PROTOCOL[1], "grpc")]), [None, ours()]);
        assert_eq!(of(&[(PROTOCOL[1], "http/json")]), [None, None], "it is the user's own");
        assert_eq!(of(&[(PROTOCOL[0], "grpc")]), [ours(), ours()]);
        assert_eq!(of(&[(PROTOCOL[0], "http/json"), (PROTOCOL[1], "grpc")]), [None, ours()]);
    }
}
