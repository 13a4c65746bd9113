//! Which traffic is looked at. In: the policy's rules, and a request's method, host and path, or the host of a CONNECT.
//! Out: whether it is. What is out of scope passes, and is counted.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::globs::Globs;

/// `[scope]` of the policy. Without rules, everything is in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// If there are any, one of them has to fit.
    #[serde(default)]
    #[schemars(with = "Vec<Conditions>")]
    pub include: Vec<Rule>,
    /// None of them may fit, whatever else does.
    #[serde(default)]
    #[schemars(with = "Vec<Conditions>")]
    pub exclude: Vec<Rule>,
}

/// Some part of the traffic: what meets all of its conditions. A list that is not there is none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Conditions")]
pub struct Rule {
    hosts: Globs,
    paths: Globs,
    methods: Vec<Method>,
}

/// A rule as it is written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Conditions {
    /// Hosts, without the port: `*` is anything.
    #[serde(default)]
    hosts: Globs,
    /// Paths, without the query: `*` is anything.
    #[serde(default)]
    paths: Globs,
    /// Methods, in capitals.
    #[serde(default, deserialize_with = "methods")]
    #[schemars(with = "Vec<String>")]
    methods: Vec<Method>,
}

/// Whether a CONNECT's connection is worth to be looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostScope {
    /// Nothing in it would be in scope.
    Out,
    /// Something may be.
    In,
}

/// `[tls]` of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsPolicy {
    /// Hosts whose connections are tunnelled as they are: `*` is anything.
    #[serde(default)]
    pub passthrough: Globs,
}

impl Scope {
    /// Whether there are no rules.
    pub fn is_everything(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether a request is looked at. The host has no port, the path may have a query.
    pub fn judge(&self, method: &Method, host: &str, path: &str) -> bool {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let fits = |rule: &Rule| {
            (rule.methods.is_empty() || rule.methods.contains(method))
                && rule.fits_host(host)
                && (rule.paths.is_empty() || rule.paths.fit(path))
        };
        !self.exclude.iter().any(fits) && (self.include.is_empty() || self.include.iter().any(fits))
    }

    /// Whether anything that goes to a host can be in scope.
    pub fn judge_host(&self, host: &str) -> HostScope {
        let is_all = |rule: &Rule| rule.paths.is_empty() && rule.methods.is_empty() && rule.fits_host(host);
        let is_none = !self.include.is_empty() && !self.include.iter().any(|rule| rule.fits_host(host));
        if is_none || self.exclude.iter().any(is_all) { HostScope::Out } else { HostScope::In }
    }
}

impl Rule {
    fn fits_host(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.fit_host(host)
    }
}

impl TryFrom<Conditions> for Rule {
    type Error = &'static str;

    /// A rule without conditions is for everything: nobody who writes that means it.
    fn try_from(written: Conditions) -> Result<Self, Self::Error> {
        let Conditions { hosts, paths, methods } = written;
        if hosts.is_empty() && paths.is_empty() && methods.is_empty() {
            return Err("a rule needs hosts, paths or methods; [\"*\"] is anything");
        }
        Ok(Self { hosts, paths, methods })
    }
}

impl TlsPolicy {
    /// Whether the connections of that host are left alone.
    pub fn passes(&self, host: &str) -> bool {
        self.passthrough.fit_host(host)
    }
}

fn methods<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Method>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let method = |name: &String| match name.parse::<Method>() {
        Ok(method) if !name.bytes().any(|b| b.is_ascii_lowercase()) => Ok(method),
        _ => Err(de::Error::custom(format!("{name:?} is no method; expected for example \"GET\""))),
    };
    names.iter().map(method).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn without_rules_everything_is_in() {
        let all = Scope::default();
        assert!(all.judge(&Method::GET, "a.test", "/") && all.judge_host("a.test") == HostScope::In);
    }

    #[test]
    fn what_is_included_is_in_unless_it_is_excluded() {
        let scope = scope(
            "[[include]]\nhosts = [\"*.test\"]\n\
             [[include]]\nhosts = [\"b.example\"]\npaths = [\"/api/*\"]\nmethods = [\"POST\", \"PUT\"]\n\
             [[exclude]]\npaths = [\"*/health\"]\nmethods = [\"GET\"]\n\
             [[exclude]]\nhosts = [\"secret.test\"]\n",
        );
        for (method, host, path, want) in [
            (Method::GET, "a.test", "/", true),
            (Method::GET, "A.TEST", "/", true),
            (Method::POST, "b.example", "/api/x?y=/", true),
            (Method::GET, "b.example", "/api/x", false),
            (Method::POST, "b.example", "/other?x=/api/", false),
            (Method::GET, "c.example", "/", false),
            (Method::GET, "a.test", "/health", false),
            (Method::GET, "a.test", "/v1/health?full", false),
            (Method::GET, "a.test", "/x?y=/health", true),
            (Method::HEAD, "a.test", "/health", true),
            (Method::GET, "secret.test", "/", false),
        ] {
            assert_eq!(scope.judge(&method, host, path), want, "{method} {host} {path}");
        }
        for (host, want) in [
            ("a.test", HostScope::In),
            ("b.example", HostScope::In),
            ("c.example", HostScope::Out),
            ("secret.test", HostScope::Out),
            ("Secret.Test.", HostScope::Out),
        ] {
            assert_eq!(scope.judge_host(host), want, "{host}");
        }
    }

    #[test]
    fn a_host_is_out_only_if_nothing_of_it_can_be_in() {
        let partly = scope("[[exclude]]\nhosts = [\"a.test\"]\npaths = [\"/x\"]\n");
        assert_eq!(partly.judge_host("a.test"), HostScope::In);
        let by_path = scope("[[include]]\npaths = [\"/x\"]\n");
        assert_eq!(by_path.judge_host("any.test"), HostScope::In);
    }

    #[test]
    fn hosts_that_are_left_alone_are_named_by_globs() {
        let tls: TlsPolicy = toml::from_str("passthrough = [\"*.bank.test\", \"10.0.0.1\"]").unwrap();
        assert!(tls.passes("www.Bank.test") && tls.passes("10.0.0.1") && !tls.passes("10.0.0.2"));
        assert!(!TlsPolicy::default().passes("a.test"));
    }
}
