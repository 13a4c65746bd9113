//! Secrets that are known by their shape: a fixed beginning, and so many characters of an alphabet. The shapes are those
//! that the issuers publish, mostly for secret scanners (GitHub's "secret scanning patterns", the providers' own pages).

/// The characters that may follow a beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sanitize) enum Alphabet {
    /// `0-9a-f`
    Hex,
    /// `0-9A-Z`
    Upper,
    /// `0-9A-Za-z`
    Alnum,
    /// `0-9A-Za-z_-`
    Word,
    /// `0-9A-Za-z_-.`
    Dotted,
    /// `0-9A-Za-z+/=_-`
    Base64,
    /// `0-9A-Za-z_/-`
    Path,
}

impl Alphabet {
    pub(in crate::sanitize) fn has(self, byte: u8) -> bool {
        match self {
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Upper => matches!(byte, b'0'..=b'9' | b'A'..=b'Z'),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-'),
            Self::Path => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/'),
        }
    }
}

/// A key of some provider.
#[derive(Debug, Clone, Copy)]
pub(in crate::sanitize) struct Shape {
    pub(in crate::sanitize) beginning: &'static str,
    pub(in crate::sanitize) alphabet: Alphabet,
    /// How many characters follow, at least and at most. What goes on beyond the most is no such key.
    pub(in crate::sanitize) least: usize,
    pub(in crate::sanitize) most: usize,
    /// Whether a digit and both cases are among them: for beginnings that words have, too.
    pub(in crate::sanitize) mixed: bool,
}

impl Shape {
    /// Whether it begins with a setting's name, and what follows is the key.
    pub(in crate::sanitize) fn is_setting(&self) -> bool {
        self.beginning.ends_with('=')
    }
}

const fn shape(beginning: &'static str, alphabet: Alphabet, least: usize, most: usize) -> Shape {
    Shape { beginning, alphabet, least, most, mixed: false }
}

const fn mixed(shape: Shape) -> Shape {
    Shape { mixed: true, ..shape }
}

/// No provider's key is longer.
const LONG: usize = 512;

/// No key has fewer characters.
pub(in crate::sanitize) const SHORTEST: usize = {
    let (mut shortest, mut at) = (LONG, 0);
    while at < SHAPES.len() {
        let length = SHAPES[at].beginning.len() + SHAPES[at].least;
        if length < shortest {
            shortest = length;
        }
        at += 1;
    }
    shortest
};

use Alphabet::{Alnum, Base64, Dotted, Hex, Path, Upper, Word};

pub(in crate::sanitize) static SHAPES: [Shape; 82] = [
    // Amazon Web Services: ids of access keys, long-lived and temporary.
    shape("AKIA", Upper, 16, 16),
    shape("ASIA", Upper, 16, 16),
    shape("ABIA", Upper, 16, 16),
    shape("ACCA", Upper, 16, 16),
    shape("bedrock-api-key-", Base64, 40, LONG),
    // Google: API keys, OAuth access tokens, client secrets, refresh tokens.
    shape("AIza", Word, 35, 35),
    shape("ya29.", Dotted, 20, LONG),
    shape("GOCSPX-", Word, 28, 28),
    shape("1//0", Word, 40, 120),
    // Azure: keys in connection strings.
    shape("AccountKey=", Base64, 40, 100),
    shape("SharedAccessKey=", Base64, 40, 100),
    // Alibaba, Tencent, DigitalOcean, Heroku, Fly, Cloudflare, Netlify.
    shape("LTAI", Alnum, 12, 26),
    shape("AKID", Alnum, 32, 32),
    shape("dop_v1_", Hex, 64, 64),
    shape("doo_v1_", Hex, 64, 64),
    shape("dor_v1_", Hex, 64, 64),
    shape("HRKU-", Word, 36, 80),
    shape("fm2_", Base64, 60, LONG),
    shape("fo1_", Word, 40, 50),
    shape("nfp_", Alnum, 36, 40),
    shape("v1.0-", Word, 150, 180),
    // Code: GitHub, GitLab, Bitbucket and Atlassian, npm, PyPI, RubyGems, Docker, Terraform.
    shape("ghp_", Alnum, 36, LONG),
    shape("gho_", Alnum, 36, LONG),
    shape("ghu_", Alnum, 36, LONG),
    shape("ghs_", Alnum, 36, LONG),
    shape("ghr_", Alnum, 36, LONG),
    shape("github_pat_", Word, 50, 120),
    shape("glpat-", Dotted, 20, 100),
    shape("gldt-", Dotted, 20, 100),
    shape("glrt-", Dotted, 20, 100),
    shape("glptt-", Dotted, 20, 100),
    shape("glcbt-", Dotted, 20, 100),
    shape("glsoat-", Dotted, 20, 100),
    shape("glft-", Dotted, 20, 100),
    shape("ATATT3", Base64, 100, LONG),
    shape("ATCTT3", Base64, 100, LONG),
    shape("npm_", Alnum, 36, 36),
    shape("pypi-AgEI", Word, 50, LONG),
    shape("rubygems_", Hex, 48, 48),
    shape("dckr_pat_", Word, 27, 40),
    shape(".atlasv1.", Base64, 60, 80),
    shape("hvs.", Word, 24, LONG),
    shape("hvb.", Word, 24, LONG),
    // Messages: Slack, Discord, SendGrid, Mailgun, Twilio.
    shape("xoxb-", Word, 20, 250),
    shape("xoxp-", Word, 20, 250),
    shape("xoxa-", Word, 20, 250),
    shape("xoxr-", Word, 20, 250),
    shape("xoxs-", Word, 20, 250),
    shape("xoxe.", Dotted, 20, LONG),
    shape("xapp-", Word, 20, 250),
    shape("hooks.slack.com/services/", Path, 20, 100),
    shape("/api/webhooks/", Path, 60, 120),
    shape("SG.", Dotted, 66, 70),
    shape("key-", Hex, 32, 32),
    shape("SK", Hex, 32, 32),
    // Payment: Stripe, Square, Shopify. (Stripe's `pk_` keys are public.)
    shape("sk_live_", Alnum, 16, 250),
    shape("sk_test_", Alnum, 16, 250),
    shape("rk_live_", Alnum, 16, 250),
    shape("rk_test_", Alnum, 16, 250),
    shape("whsec_", Base64, 24, 80),
    shape("sq0atp-", Word, 22, 60),
    shape("sq0csp-", Word, 43, 60),
    shape("shpat_", Hex, 32, 32),
    shape("shpca_", Hex, 32, 32),
    shape("shppa_", Hex, 32, 32),
    shape("shpss_", Hex, 32, 32),
    // Language models: OpenAI, Anthropic, Hugging Face, Replicate, Groq, xAI.
    shape("sk-ant-", Word, 40, 200),
    shape("sk-proj-", Word, 40, 250),
    shape("sk-svcacct-", Word, 40, 250),
    mixed(shape("sk-", Word, 40, 250)),
    shape("hf_", Alnum, 34, 40),
    shape("r8_", Alnum, 37, 40),
    shape("gsk_", Alnum, 48, 60),
    shape("xai-", Alnum, 70, 90),
    // Observability and tools: Grafana, New Relic, Sentry, Databricks, Linear, Notion, Postman, age.
    shape("glsa_", Word, 41, 50),
    shape("glc_", Base64, 60, LONG),
    shape("NRAK-", Upper, 27, 27),
    shape("sntrys_", Base64, 60, LONG),
    shape("dapi", Hex, 32, 34),
    shape("lin_api_", Alnum, 40, 48),
    shape("PMAK-", Word, 59, 59),
    shape("AGE-SECRET-KEY-1", Upper, 58, 58),
];
