//! What most would write: regular expressions for the keys of providers, for tokens, credentials, URLs with a password, and
//! for what stands behind a secret's name. One search tells which of them match, and these are replaced.
//!
//! They look for less than the sanitizer does: not into strings of JSON, escapes and percent-encoding, and by names only
//! where `=`, `:` or quotes are between.

use std::borrow::Cow;

use regex::{Regex, RegexSet};

const SHAPES: [&str; 36] = [
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",
    r"\bAIza[\w-]{35}",
    r"\bya29\.[\w.-]{20,}",
    r"\bGOCSPX-[\w-]{28}",
    r"AccountKey=[A-Za-z0-9+/=]{40,100}",
    r"\bgh[pousr]_[0-9A-Za-z]{36,}",
    r"\bgithub_pat_\w{50,120}",
    r"\bgl(?:pat|dt|rt|ptt|cbt|soat|ft)-[\w.-]{20,100}",
    r"\bATATT3[\w+/=-]{100,}",
    r"\bnpm_[0-9A-Za-z]{36}\b",
    r"\bpypi-AgEI[\w-]{50,}",
    r"\brubygems_[0-9a-f]{48}\b",
    r"\bdckr_pat_[\w-]{27,40}",
    r"\bhvs\.[\w-]{24,}",
    r"\bdo[por]_v1_[0-9a-f]{64}\b",
    r"\bxox[bpars]-[\w-]{20,250}",
    r"hooks\.slack\.com/services/[\w/-]{20,100}",
    r"/api/webhooks/[\w/-]{60,120}",
    r"\bSG\.[\w.-]{66,70}",
    r"\bkey-[0-9a-f]{32}\b",
    r"\bSK[0-9a-f]{32}\b",
    r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{16,250}",
    r"\bwhsec_[\w+/=-]{24,80}",
    r"\bshp(?:at|ca|pa|ss)_[0-9a-f]{32}\b",
    r"\bsk-(?:ant|proj|svcacct)-[\w-]{40,250}",
    r"\bsk-[\w-]{40,250}",
    r"\bhf_[0-9A-Za-z]{34,40}",
    r"\bgsk_[0-9A-Za-z]{48,60}",
    r"\bglsa_\w{41,50}",
    r"\bNRAK-[0-9A-Z]{27}\b",
    r"\bdapi[0-9a-f]{32,34}\b",
    r"\b[0-9]{8,10}:AA[\w-]{32,36}",
    r"\beyJ[\w-]{13,}\.[\w.-]{4,}",
    r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END",
    r"(?i)\b(?:bearer|basic) +[A-Za-z0-9._~+/=-]{12,}",
    r"://[^/\s:@]+:[^/\s@]+@",
];

const NAMED: &str = r#"(?i)(?-u:\b)[0-9A-Za-z_.-]*(?:password|passwd|secret|token|api_?key|access_?key|private_?key)["']?\s*[:=]\s*["']?[^\s"'&,;<>]{6,}"#;

pub(crate) struct Expressions {
    set: RegexSet,
    each: Vec<Regex>,
}

impl Expressions {
    pub(crate) fn new() -> Result<Self, regex::Error> {
        let all = || SHAPES.iter().copied().chain([NAMED]).map(ascii);
        let set = RegexSet::new(all())?;
        let each = all().map(|expression| Regex::new(&expression)).collect::<Result<_, _>>()?;
        Ok(Self { set, each })
    }

    /// The text with what matches replaced.
    pub(crate) fn replace<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        for at in self.set.matches(text) {
            if let Cow::Owned(replaced) = self.each[at].replace_all(&clean, "redacted") {
                clean = Cow::Owned(replaced);
            }
        }
        clean
    }
}

/// Unicode's word characters would cost them time for nothing. What says "anything but" has to keep to characters.
fn ascii(expression: &str) -> String {
    if expression.contains("[^") || expression.contains(".*") {
        expression.to_owned()
    } else {
        format!("(?-u){expression}")
    }
}
