//! What is scraped: where, and under which labels. Pure: nothing is asked here.

use std::{fmt, io, str::FromStr};

use http::Uri;
use url::Url;

/// The label `job` of a target that was given none.
const JOB: &str = "app";
/// Where metrics are, if a URL has no path.
const PATH: &str = "/metrics";

/// A target of scrapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrapeTarget {
    job: String,
    instance: String,
    uri: Uri,
}

/// Why something is no target.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is no URL.
    #[error("{text:?}: {source}")]
    Url {
        /// What was given.
        text: String,
        /// What is wrong with it.
        source: url::ParseError,
    },
    /// It is a URL, but none that can be scraped.
    #[error("{0:?}: not an http:// or https:// URL")]
    Scheme(String),
    /// It has a user or a password, which is not shown.
    #[error("the URL has credentials in it, which other users of the machine can see")]
    Credentials,
    /// There is a target with the same labels.
    #[error("{0}: another target has the same job and instance")]
    Twice(String),
    /// The machine has no certificates to trust.
    #[error("{target}: {source}")]
    Tls {
        /// The target.
        target: String,
        /// What the system said.
        source: io::Error,
    },
}

impl TargetError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Url { .. } | Self::Scheme(_) => Some("for example api=http://localhost:8000/metrics"),
            Self::Credentials => Some("scraping with credentials is not supported"),
            Self::Twice(_) => Some("give one of them a job of its own: JOB=URL"),
            Self::Tls { .. } => None,
        }
    }
}

impl ScrapeTarget {
    /// The target under that job. A URL without a path means `/metrics`.
    ///
    /// # Errors
    /// If the URL is none that can be scraped.
    pub fn new(job: &str, url: &str) -> Result<Self, TargetError> {
        let mut parsed: Url =
            url.parse().map_err(|source| TargetError::Url { text: url.to_owned(), source })?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(TargetError::Credentials);
        }
        let scheme = || TargetError::Scheme(url.to_owned());
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(scheme());
        }
        if parsed.path() == "/" {
            parsed.set_path(PATH);
        }
        parsed.set_fragment(None);
        let (host, port) = parsed.host_str().zip(parsed.port_or_known_default()).ok_or_else(scheme)?;
        let instance = format!("{host}:{port}");
        let uri = parsed.as_str().parse().map_err(|_| scheme())?;
        Ok(Self { job: job.to_owned(), instance, uri })
    }

    /// The label `job` of its samples.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// The label `instance`: host and port.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// What is asked for.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl fmt::Display for ScrapeTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.job, self.uri)
    }
}

impl FromStr for ScrapeTarget {
    type Err = TargetError;

    /// `[JOB=]URL`. What stands before the first `=` is a job, unless it is part of a URL.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        match text.split_once('=') {
            Some((job, url)) if !job.is_empty() && !job.contains([':', '/']) => Self::new(job, url),
            _ => Self::new(JOB, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_told_in_one_word() {
        for (text, job, instance, uri) in [
            ("http://localhost:8000", "app", "localhost:8000", "http://localhost:8000/metrics"),
            ("api=http://a/m?x=y#z", "api", "a:80", "http://a/m?x=y"),
            ("http://a/m?x=y", "app", "a:80", "http://a/m?x=y"),
            ("https://[::1]/", "app", "[::1]:443", "https://[::1]/metrics"),
        ] {
            let target: ScrapeTarget = text.parse().unwrap();
            assert_eq!((target.job(), target.instance()), (job, instance), "{text}");
            assert_eq!(target.uri().to_string(), uri);
        }
    }

    #[test]
    fn what_is_no_target_is_told_as_such() {
        let fault = |text: &str| text.parse::<ScrapeTarget>().unwrap_err();
        assert!(matches!(fault("localhost:8000/metrics"), TargetError::Scheme(_)));
        assert!(matches!(fault("file:///etc/passwd"), TargetError::Scheme(_)));
        assert!(matches!(fault("api="), TargetError::Url { .. }));
        assert!(matches!(fault("http://"), TargetError::Url { .. }));
        let error = fault("http://joe:s3cret@a/");
        assert!(matches!(error, TargetError::Credentials) && !error.to_string().contains("s3cret"));
    }
}
