//! The flags `--scrape-*`: how other programs are asked for their metrics. `glyphctl` has the same.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;

use super::record::time;
use crate::{
    credentials::{Credentials, CredentialsError},
    scrape::{Access, Pace, ScrapeTarget, TargetError, label as parse_label},
};

const HEADING: &str = "Metrics of other programs";

/// How other programs are asked for their metrics.
#[derive(Debug, Clone, Args)]
pub struct ScrapeArgs {
    /// A label of all that is scraped; can be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = label, help_heading = HEADING)]
    pub scrape_label: Vec<(String, String)>,

    /// How long a scrape may take before it has failed [default: the interval, 10s at most]
    #[arg(long, value_name = "DURATION", value_parser = timeout, help_heading = HEADING)]
    pub scrape_timeout: Option<Duration>,

    /// A file with a bearer token, for each target [env: GLYPH_SCRAPE_TOKEN has the token itself]
    #[arg(long, value_name = "@FILE", help_heading = HEADING)]
    pub scrape_token: Option<String>,

    /// The user's name for basic authentication
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    pub scrape_user: Option<String>,

    /// A file with the user's password [env: GLYPH_SCRAPE_PASSWORD has the password itself]
    #[arg(long, value_name = "@FILE", help_heading = HEADING)]
    pub scrape_password: Option<String>,

    /// A file with headers, one `Name: value` a line [env: GLYPH_SCRAPE_HEADERS has the lines themselves]
    #[arg(long, value_name = "@FILE", help_heading = HEADING)]
    pub scrape_headers: Option<String>,

    /// Trust these certificates of targets, too (PEM): their CA's, or their own
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub scrape_ca: Option<PathBuf>,

    /// Show this certificate to targets that ask for one (PEM)
    #[arg(long, value_name = "FILE", requires = "scrape_key", help_heading = HEADING)]
    pub scrape_cert: Option<PathBuf>,

    /// The key of --scrape-cert (PEM)
    #[arg(long, value_name = "FILE", requires = "scrape_cert", help_heading = HEADING)]
    pub scrape_key: Option<PathBuf>,

    /// Take any certificate of a target
    #[arg(long, conflicts_with_all = ["scrape_ca", "scrape_cert"], help_heading = HEADING)]
    pub scrape_insecure_skip_verify: bool,
}

/// Why targets can't be scraped as the flags say.
#[derive(Debug, thiserror::Error)]
pub enum ScrapeFlagError {
    /// There is something else than a target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Who asks can't be said.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A scrape would not have ended when the next one begins.
    #[error("--scrape-timeout: {timeout:?} is longer than the interval, {every:?}")]
    Timeout {
        /// What was asked for.
        timeout: Duration,
        /// How often targets are scraped.
        every: Duration,
    },
}

impl ScrapeFlagError {
    /// The flag that it is about, where targets come with `--scrape`; none if it says so itself.
    pub fn flag(&self) -> Option<&'static str> {
        matches!(self, Self::Target(_)).then_some("--scrape")
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Target(error) => error.hint(),
            Self::Credentials(error) => error.hint(),
            Self::Timeout { .. } => Some("a scrape ends before the next one begins"),
        }
    }
}

impl ScrapeArgs {
    /// The targets, each `[JOB=]URL[,LABEL=VALUE]…`, asked as the flags say. They are not read with the flags: what is
    /// wrong with these is shown with all that they say, and that may be a secret.
    ///
    /// # Errors
    /// If one is none, or a file with a secret can't be used.
    pub fn targets(&self, targets: &[String]) -> Result<Vec<ScrapeTarget>, ScrapeFlagError> {
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let credentials = Credentials {
            prefix: "scrape",
            token: self.scrape_token.as_deref(),
            user: self.scrape_user.as_deref(),
            password: self.scrape_password.as_deref(),
            headers: self.scrape_headers.as_deref(),
        };
        let access = Arc::new(Access {
            headers: credentials.into_headers()?,
            ca: self.scrape_ca.clone(),
            client_cert: self.scrape_cert.clone().zip(self.scrape_key.clone()),
            insecure_skip_verify: self.scrape_insecure_skip_verify,
        });
        if self.scrape_insecure_skip_verify {
            tracing::warn!("--scrape-insecure-skip-verify: any certificate of a target is taken");
        }
        let asked = |target: &String| {
            let target = target.parse::<ScrapeTarget>()?;
            Ok(target.with_labels_of_all(&self.scrape_label).with_access(Arc::clone(&access)))
        };
        targets.iter().map(asked).collect()
    }

    /// How often, and how long each scrape may take.
    ///
    /// # Errors
    /// If a scrape may take longer than the interval.
    pub fn pace(&self, every: Duration) -> Result<Pace, ScrapeFlagError> {
        match self.scrape_timeout {
            None => Ok(Pace::every(every)),
            Some(timeout) if timeout <= every => Ok(Pace { every, timeout }),
            Some(timeout) => Err(ScrapeFlagError::Timeout { timeout, every }),
        }
    }
}

fn timeout(text: &str) -> Result<Duration, String> {
    match time(text)? {
        Duration::ZERO => Err("expected more than nothing".to_owned()),
        timeout => Ok(timeout),
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    parse_label(text).map_err(|error| error.to_string())
}
