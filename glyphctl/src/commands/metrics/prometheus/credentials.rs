//! What a server wants to know of who asks, as flags.

use clap::Args;
use glyphd::credentials;
use http::HeaderMap;

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
        let credentials = credentials::Credentials {
            prefix: "prometheus",
            token: self.prometheus_token.as_deref(),
            user: self.prometheus_user.as_deref(),
            password: self.prometheus_password.as_deref(),
            headers: self.prometheus_headers.as_deref(),
        };
        credentials.into_headers().map_err(|error| {
            let hint = error.hint();
            anyhow::Error::new(error).maybe_hint(hint)
        })
    }
}
