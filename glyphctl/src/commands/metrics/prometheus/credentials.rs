//! What a server wants to know of who asks: from files or the environment, never from a flag itself, which others can
//! see.

use std::{env, fs};

use anyhow::{Context, anyhow, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::output::failure::HintExt;

/// Flags for credentials.
#[derive(Debug, Args)]
pub(super) struct Credentials {
    /// A file with a bearer token [env: GLYPH_PROMETHEUS_TOKEN has the token itself]
    #[arg(long, value_name = "@FILE", help_heading = "Server", requires = "prometheus")]
    prometheus_token: Option<String>,
    /// The user's name for basic authentication
    #[arg(long, value_name = "NAME", help_heading = "Server", requires = "prometheus")]
    prometheus_user: Option<String>,
    /// A file with the user's password [env: GLYPH_PROMETHEUS_PASSWORD has the password itself]
    #[arg(long, value_name = "@FILE", help_heading = "Server", requires = "prometheus")]
    prometheus_password: Option<String>,
    /// A file with headers, one `Name: value` a line [env: GLYPH_PROMETHEUS_HEADERS has the lines themselves]
    #[arg(long, value_name = "@FILE", help_heading = "Server", requires = "prometheus")]
    prometheus_headers: Option<String>,
}

impl Credentials {
    /// The headers to send.
    pub(super) fn headers(&self) -> anyhow::Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        let lines = secret(self.prometheus_headers.as_deref(), "headers")?.unwrap_or_default();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| anyhow!("--prometheus-headers: expected `Name: value` on each line"))?;
            let name = HeaderName::try_from(name.trim())
                .map_err(|_| anyhow!("--prometheus-headers: {:?} is no name of a header", name.trim()))?;
            headers.append(name, hidden(value.trim(), "--prometheus-headers")?);
        }
        let token = secret(self.prometheus_token.as_deref(), "token")?;
        let authorization = match (token, &self.prometheus_user) {
            (Some(_), Some(_)) => bail!("--prometheus-user and a token exclude each other"),
            (Some(token), None) => Some(format!("Bearer {}", token.trim())),
            (None, Some(user)) => {
                let password = secret(self.prometheus_password.as_deref(), "password")?.ok_or_else(|| {
                    anyhow!(
                        "--prometheus-user needs --prometheus-password @FILE or GLYPH_PROMETHEUS_PASSWORD"
                    )
                })?;
                let pair = format!("{user}:{}", password.trim_end_matches(['\r', '\n']));
                Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
            }
            (None, None) => None,
        };
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, hidden(&value, "the credentials")?);
        }
        Ok(headers)
    }
}

/// A header's value that is not shown.
fn hidden(value: &str, origin: &str) -> anyhow::Result<HeaderValue> {
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| anyhow!("{origin}: there is a value that no header can have"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// What a flag's file or a variable says.
fn secret(flag: Option<&str>, what: &str) -> anyhow::Result<Option<String>> {
    let Some(flag) = flag else {
        return Ok(env::var(format!("GLYPH_PROMETHEUS_{}", what.to_ascii_uppercase())).ok());
    };
    let path = flag.strip_prefix('@').ok_or_else(|| {
        anyhow!("--prometheus-{what}: expected @ and the name of a file")
            .hint("a secret in a flag can be seen by others; it belongs in a file or the environment")
    })?;
    fs::read_to_string(path).map(Some).with_context(|| format!("--prometheus-{what}: {path}: can't be read"))
}
