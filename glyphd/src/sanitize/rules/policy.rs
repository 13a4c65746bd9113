//! `[redaction]` of the policy: what the operator adds to the rules, and takes from them.

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::globs::Globs;

/// The table's content. A list that is not there is empty.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedactionPolicy {
    /// `"off"`: secrets are recorded as they pass.
    #[serde(default)]
    pub redact: Switch,
    /// More headers whose value is a secret.
    #[serde(default)]
    pub headers: Vec<String>,
    /// More names of query parameters, and of fields in JSON and forms.
    #[serde(default)]
    pub names: Vec<String>,
    /// Whether e-mail addresses are secrets.
    #[serde(default)]
    pub email: bool,
    /// What is kept of bodies that are no text.
    #[serde(default)]
    pub binary_bodies: BinaryBodies,
    /// More shapes of secrets: `[[redaction.patterns]]`.
    #[serde(default)]
    pub patterns: Vec<Pattern>,
    /// What is no secret: `[redaction.allow]`.
    #[serde(default)]
    pub allow: Allow,
    /// Where other rules hold: `[[redaction.scopes]]`. The first that fits counts.
    #[serde(default)]
    pub scopes: Vec<Scope>,
}

/// Whether secrets are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// They are.
    #[default]
    On,
    /// They are recorded as they pass.
    Off,
}

/// What is kept of bodies that are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BinaryBodies {
    /// Their length, and a digest with the recording's key.
    #[default]
    Digest,
    /// Their bytes.
    Full,
}

/// A shape of the operator's own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// Under which it is told; lower-case letters, digits and `-`.
    #[serde(deserialize_with = "name")]
    pub name: String,
    /// What matches is a secret; if the expression has a group, what that matches.
    #[serde(deserialize_with = "regex")]
    #[schemars(with = "String")]
    pub regex: Regex,
}

/// What is no secret, whatever the rules say.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    /// Headers.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Query parameters, and fields in JSON and forms.
    #[serde(default)]
    pub names: Vec<String>,
    /// Cookies.
    #[serde(default)]
    pub cookies: Vec<String>,
    /// Values that one of these expressions matches from beginning to end.
    #[serde(default, deserialize_with = "whole_regexes")]
    #[schemars(with = "Vec<String>")]
    pub values: Vec<Regex>,
}

/// Some part of the traffic.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Hosts, without the port: `*` is anything. All, if there are none.
    #[serde(default)]
    pub hosts: Globs,
    /// Paths: `*` is anything. All, if there are none.
    #[serde(default)]
    pub paths: Globs,
    /// Whether secrets are replaced there.
    pub redact: Switch,
}

impl RedactionPolicy {
    /// Whether secrets are replaced in what goes to that host and path.
    pub(in crate::sanitize) fn switch(&self, host: &str, url: &str) -> Switch {
        if self.scopes.is_empty() {
            return self.redact;
        }
        let path = url.split_once("://").map_or("", |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let scope = self.scopes.iter().find(|scope| {
            (scope.hosts.is_empty() || scope.hosts.fit_host(host))
                && (scope.paths.is_empty() || scope.paths.fit(path))
        });
        scope.map_or(self.redact, |scope| scope.redact)
    }
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 40 || !name.chars().all(fine) {
        return Err(de::Error::custom("expected 1 to 40 lower-case letters, digits and -"));
    }
    Ok(name)
}

fn compile<E: de::Error>(text: &str) -> Result<Regex, E> {
    let regex = Regex::new(text).map_err(E::custom)?;
    if regex.is_match("") {
        return Err(E::custom(format!(
            "{text:?} matches nothing at all, so that it would be found everywhere"
        )));
    }
    Ok(regex)
}

fn regex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Regex, D::Error> {
    compile(&String::deserialize(deserializer)?)
}

fn whole_regexes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Regex>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| compile(&format!("^(?:{text})$"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_scope_that_fits_counts() {
        let policy: RedactionPolicy = toml::from_str(
            "[[scopes]]\nhosts = [\"*.test\"]\npaths = [\"/open/*\"]\nredact = \"off\"\n\
             [[scopes]]\nhosts = [\"dev.*\"]\nredact = \"off\"\n",
        )
        .unwrap();
        assert_eq!(policy.switch("a.test", "http://a.test/open/x?y=/closed"), Switch::Off);
        assert_eq!(policy.switch("a.test", "http://a.test/closed?x=/open/"), Switch::On);
        assert_eq!(policy.switch("dev.box", "http://dev.box/"), Switch::Off);
        assert_eq!(policy.switch("DEV.box.", "http://DEV.box./"), Switch::Off);
        assert_eq!(policy.switch("b.example", "http://b.example/open/x"), Switch::On);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, what) in [
            ("email = true\n[[patterns]]\nname = \"Mine\"\nregex = \"x\"", "lower-case"),
            ("email = true\nnames = []\npatterns = [{ name = \"mine\", regex = \"(\" }]", "unclosed group"),
            ("[allow]\nheaders = []\nvalues = [\"a*\"]", "matches nothing at all"),
            ("email = true\nnames = []\nredact = \"maybe\"", "`on` or `off`"),
            ("[[scopes]]\nredact = \"off\"\nhosts = [\"a***\"]", "wildcards"),
        ] {
            let error = toml::from_str::<RedactionPolicy>(text).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains("line 3"), "{error}");
        }
    }
}
