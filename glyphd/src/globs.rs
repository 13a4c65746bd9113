//! Globs in the policy: `*` is anything, `?` one character, `[…]` one of some.

use std::borrow::Cow;

use glob::{MatchOptions, Pattern};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, de};

/// Some of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Globs(Vec<Pattern>);

impl Globs {
    /// Of their texts.
    ///
    /// # Errors
    /// If one is none.
    pub fn of(texts: &[String]) -> Result<Self, String> {
        let globs = texts.iter().map(|text| Pattern::new(text).map_err(|e| format!("{text:?}: {e}")));
        globs.collect::<Result<_, _>>().map(Self)
    }

    /// Takes those in, too.
    pub fn add(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// Whether there are none, which for most rules is no condition.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them fits all of that text.
    pub fn fit(&self, text: &str) -> bool {
        self.0.iter().any(|glob| glob.matches(text))
    }

    /// Whether one of them fits that host, which is the same in capitals and with a dot behind it. An IPv6 address has no
    /// brackets.
    pub fn fit_host(&self, host: &str) -> bool {
        let options = MatchOptions { case_sensitive: false, ..MatchOptions::new() };
        let host = host.strip_suffix('.').unwrap_or(host);
        self.0.iter().any(|glob| glob.matches_with(host, options))
    }
}

impl JsonSchema for Globs {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Globs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<String>::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Globs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&Vec::<String>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(texts: &[&str]) -> Globs {
        Globs(texts.iter().map(|text| Pattern::new(text).unwrap()).collect())
    }

    #[test]
    fn hosts_are_the_same_in_capitals_and_with_the_root() {
        let some = globs(&["*.bank.test", "10.0.0.?", "::1"]);
        for host in ["www.bank.test", "WWW.Bank.TEST", "a.b.bank.test.", "10.0.0.1", "::1"] {
            assert!(some.fit_host(host), "{host}");
        }
        for host in ["bank.test", "www.bank.test.evil", "10.0.0.10", ""] {
            assert!(!some.fit_host(host), "{host}");
        }
        assert!(!some.fit("WWW.BANK.TEST") && globs(&["/a/*"]).fit("/a/b/c"));
        assert!(!globs(&[]).fit("x") && globs(&[]).is_empty());
    }
}
