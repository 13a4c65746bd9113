//! Content Security Policy, as far as the checks ask about it.

/// One policy. Several may hold at once: browsers then enforce all of them.
#[derive(Debug)]
pub(crate) struct Policy {
    lower: String,
}

impl Policy {
    /// The policies in the value of a header, which have commas between them.
    pub(crate) fn list(value: &str) -> impl Iterator<Item = Self> {
        value.split(',').map(|policy| Self { lower: policy.to_ascii_lowercase() })
    }

    /// The whole of it, in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.lower
    }

    /// What stands behind the name of a directive. Of two with one name the first counts.
    pub(crate) fn directive(&self, name: &str) -> Option<&str> {
        self.lower.split(';').map(str::trim).find_map(|directive| {
            let rest = directive.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
        })
    }

    /// Whether browsers fetch everything of the page over TLS, and send its forms so, whatever its URLs say.
    pub(crate) fn upgrades(&self) -> bool {
        self.directive("upgrade-insecure-requests").is_some()
    }

    /// Why the policy does not keep injected scripts from running; none if it does.
    pub(crate) fn script_fault(&self) -> Option<&'static str> {
        let Some(sources) = self.directive("script-src").or_else(|| self.directive("default-src")) else {
            return Some("neither script-src nor default-src limits scripts");
        };
        let has = |wanted: &[&str]| sources.split_ascii_whitespace().any(|source| wanted.contains(&source));
        let named = sources.split_ascii_whitespace().any(|source| {
            ["'nonce-", "'sha256-", "'sha384-", "'sha512-"].iter().any(|n| source.starts_with(n))
        });
        // With 'strict-dynamic' browsers pass over hosts and schemes, and 'unsafe-inline' already with a nonce or hash.
        let strict = has(&["'strict-dynamic'"]);
        if has(&["'unsafe-inline'"]) && !named && !strict {
            Some("'unsafe-inline' lets injected scripts run")
        } else if has(&["*", "http:", "https:"]) && !strict {
            Some("scripts may come from any host")
        } else if has(&["data:"]) && !strict {
            Some("data: in a URL lets injected scripts run")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(policy: &str) -> Option<&'static str> {
        Policy::list(policy).next().and_then(|policy| policy.script_fault())
    }

    #[test]
    fn what_lets_injected_scripts_run_is_a_fault() {
        for policy in [
            "",
            "img-src 'self'",
            "script-src-elem 'self'",
            "script-src 'self' 'unsafe-inline'",
            "default-src *",
            "script-src https:",
            "script-src 'nonce-abc' *",
            "default-src 'self' data:",
        ] {
            assert!(fault(policy).is_some(), "{policy}");
        }
    }

    #[test]
    fn strict_policies_have_none() {
        for policy in [
            "default-src 'none'",
            "SCRIPT-SRC 'self'; script-src *",
            "script-src 'nonce-abc' 'unsafe-inline'",
            "script-src 'sha256-abc=' 'unsafe-inline'",
            "script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'",
            "default-src *; script-src example.test",
        ] {
            assert_eq!(fault(policy), None, "{policy}");
        }
    }

    #[test]
    fn a_header_can_hold_several() {
        let policies: Vec<_> = Policy::list("img-src *, Upgrade-Insecure-Requests").collect();
        assert_eq!(policies.iter().map(Policy::upgrades).collect::<Vec<_>>(), [false, true]);
    }
}
