//! What a check says, before it becomes a finding.

use std::borrow::Cow;

use glyph_plugin::Severity;

/// The most bytes of evidence, and of a value in the metadata.
const TEXT_LIMIT: usize = 200;

/// What kind of weakness it is: the closed set of words in the middle of a finding's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `missing`: a header that protects is not there.
    Missing,
    /// `weak`: it is there, but protects little or nothing.
    Weak,
    /// `cookie`: a cookie lacks an attribute, or browsers refuse it.
    Cookie,
    /// `leak`: the response tells which version of which software made it.
    Leak,
    /// `mixed-content`: a page that came over TLS loads or sends something without.
    MixedContent,
    /// `cors`: other origins are let in that should not be.
    Cors,
    /// `cache`: a shared cache may keep what is for one user.
    Cache,
}

impl Fault {
    /// The word, as it stands in a finding's type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Weak => "weak",
            Self::Cookie => "cookie",
            Self::Leak => "leak",
            Self::MixedContent => "mixed-content",
            Self::Cors => "cors",
            Self::Cache => "cache",
        }
    }
}

/// One weakness of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What kind of weakness.
    pub fault: Fault,
    /// Of what: a header in lower case, or a word from the check's own closed set.
    pub subject: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Why it matters.
    pub message: &'static str,
    /// What the claim rests on: short, and never the value of a cookie.
    pub evidence: Option<String>,
    /// More about it, for programs.
    pub metadata: Vec<(&'static str, String)>,
}

impl Claim {
    pub(crate) fn new(
        fault: Fault,
        subject: &'static str,
        severity: Severity,
        message: &'static str,
    ) -> Self {
        Self { fault, subject, severity, message, evidence: None, metadata: Vec::new() }
    }

    /// That header is not there.
    pub(crate) fn missing(header: &'static str, severity: Severity, message: &'static str) -> Option<Self> {
        Some(Self::new(Fault::Missing, header, severity, message))
    }

    /// That header is there, with a value that does not help.
    pub(crate) fn weak(
        header: &'static str,
        severity: Severity,
        message: &'static str,
        value: &str,
    ) -> Option<Self> {
        Some(Self::new(Fault::Weak, header, severity, message).with_evidence(value))
    }

    pub(crate) fn with_evidence(mut self, evidence: &str) -> Self {
        self.evidence = Some(shorten(evidence).into_owned());
        self
    }

    pub(crate) fn with_metadata(mut self, key: &'static str, value: &str) -> Self {
        self.metadata.push((key, shorten(value).into_owned()));
        self
    }

    /// The finding's type, for example `passive-headers.missing.content-security-policy`.
    pub fn kind(&self) -> String {
        format!("passive-headers.{}.{}", self.fault.as_str(), self.subject)
    }
}

/// The text, cut between two characters if it is long; the cut shows.
fn shorten(text: &str) -> Cow<'_, str> {
    const CUT: char = '\u{2026}';
    if text.len() <= TEXT_LIMIT {
        return Cow::Borrowed(text);
    }
    let kept = text.floor_char_boundary(TEXT_LIMIT - CUT.len_utf8());
    Cow::Owned(format!("{}{CUT}", &text[..kept]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shorten("short"), "short");
        assert_eq!(shorten(&"x".repeat(200)).len(), 200);
        let cut = shorten(&"\u{e9}".repeat(150)).into_owned();
        assert!(cut.len() <= TEXT_LIMIT && cut.ends_with("\u{e9}\u{2026}"), "{cut}");
    }
}
