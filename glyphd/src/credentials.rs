//! What an HTTP server wants to know of who asks, as headers. It comes from files or the environment, never from a flag
//! itself, which others can see.
//!
//! In: what the flags say, and what they are called. Out: headers that are not shown where requests are.

use std::{env, fs, io};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What a program's flags say of it.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// What the flags begin with: `scrape` for `--scrape-token`. The variables do, too: `GLYPH_SCRAPE_TOKEN`.
    pub prefix: &'static str,
    /// `--…-token @FILE`: a bearer token.
    pub token: Option<&'a str>,
    /// `--…-user NAME`: for basic authentication.
    pub user: Option<&'a str>,
    /// `--…-password @FILE`
    pub password: Option<&'a str>,
    /// `--…-headers @FILE`: a header a line.
    pub headers: Option<&'a str>,
}

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// A flag does not name a file. What it says may be a secret and is not shown.
    #[error("--{0}: expected @ and the name of a file")]
    NoFile(String),
    /// A file can't be read.
    #[error("--{flag}: {path}: can't be read: {source}")]
    Unreadable {
        /// The flag.
        flag: String,
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// What was read is not what goes into a header.
    #[error("--{flag}: {cause}")]
    Wrong {
        /// The flag.
        flag: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Two ways of saying who asks.
    #[error("--{0}-user and a token exclude each other")]
    Both(&'static str),
    /// A user without a password.
    #[error("--{0}-user needs --{0}-password @FILE or {variable}", variable = variable(.0, "password"))]
    NoPassword(&'static str),
}

impl CredentialsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoFile(_) => {
                Some("a secret in a flag can be seen by others; it belongs in a file or the environment")
            }
            _ => None,
        }
    }
}

impl Credentials<'_> {
    /// The headers to send.
    ///
    /// # Errors
    /// If a file can't be read or has not in it what is looked for.
    pub fn into_headers(self) -> Result<HeaderMap, CredentialsError> {
        let mut headers = self.lines()?;
        if let Some(value) = self.authorization()? {
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(headers)
    }

    fn lines(&self) -> Result<HeaderMap, CredentialsError> {
        let mut headers = HeaderMap::new();
        let lines = self.secret(self.headers, "headers")?.unwrap_or_default();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let wrong = |cause| CredentialsError::Wrong { flag: self.flag("headers"), cause };
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| wrong("expected `Name: value` on each line".to_owned()))?;
            let name = name.trim();
            let name =
                HeaderName::try_from(name).map_err(|_| wrong(format!("{name:?} is no name of a header")))?;
            headers.append(name, self.hidden(value.trim(), "headers")?);
        }
        Ok(headers)
    }

    fn authorization(&self) -> Result<Option<HeaderValue>, CredentialsError> {
        match (self.secret(self.token, "token")?, self.user) {
            (Some(_), Some(_)) => Err(CredentialsError::Both(self.prefix)),
            (Some(token), None) => self.hidden(&format!("Bearer {}", token.trim()), "token").map(Some),
            (None, Some(user)) => {
                let password = self.secret(self.password, "password")?;
                let password = password.ok_or(CredentialsError::NoPassword(self.prefix))?;
                let pair = format!("{user}:{}", password.trim_end_matches(['\r', '\n']));
                self.hidden(&format!("Basic {}", BASE64_STANDARD.encode(pair)), "user").map(Some)
            }
            (None, None) => Ok(None),
        }
    }

    /// A header's value that is not shown.
    fn hidden(&self, value: &str, what: &str) -> Result<HeaderValue, CredentialsError> {
        let mut value = HeaderValue::try_from(value).map_err(|_| CredentialsError::Wrong {
            flag: self.flag(what),
            cause: "there is a value that no header can have".to_owned(),
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// What a flag's file or a variable says.
    fn secret(&self, flag: Option<&str>, what: &str) -> Result<Option<String>, CredentialsError> {
        let Some(text) = flag else { return Ok(env::var(variable(self.prefix, what)).ok()) };
        let path = text.strip_prefix('@').ok_or_else(|| CredentialsError::NoFile(self.flag(what)))?;
        fs::read_to_string(path).map(Some).map_err(|source| CredentialsError::Unreadable {
            flag: self.flag(what),
            path: path.to_owned(),
            source,
        })
    }

    fn flag(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }
}

fn variable(prefix: &str, what: &str) -> String {
    format!("GLYPH_{prefix}_{what}").to_ascii_uppercase()
}
