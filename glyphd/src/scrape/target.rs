//! What is scraped: where, under which labels, and as whom. Pure: nothing is asked here.

use std::{collections::BTreeMap, fmt, io, path::PathBuf, str::FromStr, sync::Arc};

use http::{HeaderMap, Uri};
use url::Url;

use crate::capture::TlsFileError;

/// The label `job` of a target that was given none.
const JOB: &str = "app";
/// Where metrics are, if a URL has no path.
const PATH: &str = "/metrics";

/// A target of scrapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrapeTarget {
    /// With `job` and `instance`.
    labels: BTreeMap<String, String>,
    uri: Uri,
    access: Arc<Access>,
}

/// What a target wants to know of who asks, and how it is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// What goes along with each request: credentials, most of all.
    pub headers: HeaderMap,
    /// Certificates that are trusted beside the system's (PEM).
    pub ca: Option<PathBuf>,
    /// The certificate that a target is shown, and its key (PEM).
    pub client_cert: Option<(PathBuf, PathBuf)>,
    /// Whether any certificate is taken. The two before mean nothing then.
    pub insecure_skip_verify: bool,
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
    /// What is said to be a label is none.
    #[error("{text:?}: {cause}")]
    Label {
        /// What was given.
        text: String,
        /// What is wrong with it.
        cause: &'static str,
    },
    /// There is a target with the same labels.
    #[error("{0}: another target has the same job and instance")]
    Twice(String),
    /// A file that TLS needs can't be used.
    #[error(transparent)]
    TlsFile(#[from] TlsFileError),
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
            Self::Url { .. } | Self::Scheme(_) => {
                Some("for example localhost:8000, or api=https://10.1.2.3/metrics,env=ci")
            }
            Self::Credentials => {
                Some("--scrape-user with --scrape-password @FILE, or --scrape-token @FILE, takes them")
            }
            Self::Label { .. } => Some("for example env=ci: letters, digits and underscores, and a value"),
            Self::Twice(_) => Some("give one of them a job of its own: JOB=URL"),
            Self::TlsFile(_) | Self::Tls { .. } => None,
        }
    }
}

impl ScrapeTarget {
    /// The target under that job. A URL without a scheme means `http://`, one without a path `/metrics`.
    ///
    /// # Errors
    /// If the URL is none that can be scraped.
    pub fn new(job: &str, url: &str) -> Result<Self, TargetError> {
        // Before anything of it could be shown.
        let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
        if authority.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@')) {
            return Err(TargetError::Credentials);
        }
        let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let mut parsed: Url =
            whole.parse().map_err(|source| TargetError::Url { text: url.to_owned(), source })?;
        let scheme = || TargetError::Scheme(url.to_owned());
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(scheme());
        }
        if parsed.path() == "/" {
            parsed.set_path(PATH);
        }
        parsed.set_fragment(None);
        let (host, port) = parsed.host_str().zip(parsed.port_or_known_default()).ok_or_else(scheme)?;
        let own = [("job", job.to_owned()), ("instance", format!("{host}:{port}"))];
        let uri = parsed.as_str().parse().map_err(|_| scheme())?;
        let labels = own.map(|(name, value)| (name.to_owned(), value)).into();
        Ok(Self { labels, uri, access: Arc::default() })
    }

    /// The same with a label more, or with another value of one that it has.
    #[must_use]
    pub fn with_label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same with these labels more; those that it has stay.
    #[must_use]
    pub fn with_labels_of_all(mut self, labels: &[(String, String)]) -> Self {
        for (name, value) in labels {
            self.labels.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }

    /// The same, asked in that way.
    #[must_use]
    pub fn with_access(self, access: Arc<Access>) -> Self {
        Self { access, ..self }
    }

    /// The labels of its samples, by their names.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The label `job` of its samples.
    pub fn job(&self) -> &str {
        self.labels.get("job").map_or(JOB, String::as_str)
    }

    /// The label `instance`: host and port, unless it was given another.
    pub fn instance(&self) -> &str {
        self.labels.get("instance").map_or("", String::as_str)
    }

    /// What is asked for.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// How it is asked.
    pub fn access(&self) -> &Access {
        &self.access
    }
}

impl fmt::Display for ScrapeTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.job(), self.uri)
    }
}

impl FromStr for ScrapeTarget {
    type Err = TargetError;

    /// `[JOB=]URL[,LABEL=VALUE]…`. What stands before the first `=` is a job, unless it is part of a URL; what stands
    /// behind the last commas is a label, unless it is part of a selector that the URL asks for.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (mut rest, mut labels) = (text, Vec::new());
        while let Some((before, last)) = rest.rsplit_once(',')
            && last.contains('=')
            && !last.contains(['"', '\'', '{', '}', '/', '?', '&'])
        {
            labels.push(label(last)?);
            rest = before;
        }
        let mut target = match rest.split_once('=') {
            Some((job, url)) if !job.is_empty() && !job.contains([':', '/', '?', ',']) => Self::new(job, url),
            _ => Self::new(JOB, rest),
        }?;
        for (name, value) in labels.iter().rev() {
            target = target.with_label(name, value);
        }
        Ok(target)
    }
}

/// `NAME=VALUE`, as a label.
///
/// # Errors
/// If it is none.
pub fn label(text: &str) -> Result<(String, String), TargetError> {
    let wrong = |cause| TargetError::Label { text: text.to_owned(), cause };
    let (name, value) = text.split_once('=').ok_or_else(|| wrong("expected NAME=VALUE"))?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_part) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(wrong("that is no name of a label"));
    }
    if name.starts_with("__") {
        return Err(wrong("labels that begin with __ are Prometheus' own"));
    }
    if value.is_empty() {
        return Err(wrong("a label without a value is none"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_told_in_one_word() {
        for (text, labels, uri) in [
            ("http://localhost:8000", "instance=localhost:8000 job=app", "http://localhost:8000/metrics"),
            ("localhost:8000", "instance=localhost:8000 job=app", "http://localhost:8000/metrics"),
            ("api=h/own", "instance=h:80 job=api", "http://h/own"),
            ("api=http://a/m?x=y#z", "instance=a:80 job=api", "http://a/m?x=y"),
            ("http://a/m?x=y", "instance=a:80 job=app", "http://a/m?x=y"),
            ("https://[::1]/", "instance=[::1]:443 job=app", "https://[::1]/metrics"),
            ("http://a:1,job=api,env=ci", "env=ci instance=a:1 job=api", "http://a:1/metrics"),
            ("api=a:1/m?x=y,zone=b c,instance=i", "instance=i job=api zone=b c", "http://a:1/m?x=y"),
            (
                "prom:9090/federate?match[]={job=\"x\",env=\"y\"},env=ci",
                "env=ci instance=prom:9090 job=app",
                "http://prom:9090/federate?match[]={job=%22x%22,env=%22y%22}",
            ),
        ] {
            let target: ScrapeTarget = text.parse().unwrap();
            let told: Vec<_> = target.labels().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!((&*told.join(" "), &*target.uri().to_string()), (labels, uri), "{text}");
        }
    }

    #[test]
    fn labels_of_all_targets_give_way_to_those_of_one() {
        let all = [("env", "ci"), ("zone", "a")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let target = "a:1,env=dev".parse::<ScrapeTarget>().unwrap().with_labels_of_all(&all);
        let told: Vec<_> = target.labels().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(told, ["env=dev", "instance=a:1", "job=app", "zone=a"]);
    }

    #[test]
    fn what_is_no_target_is_told_as_such() {
        let fault = |text: &str| text.parse::<ScrapeTarget>().unwrap_err();
        assert!(matches!(fault("file:///etc/passwd"), TargetError::Scheme(_)));
        assert!(matches!(fault("api="), TargetError::Url { .. }));
        assert!(matches!(fault("http://"), TargetError::Url { .. }));
        assert!(matches!(fault("localhost:port"), TargetError::Url { .. }));
        for wrong in ["a:1,1x=2", "a:1,__name__=x", "a:1,env="] {
            assert!(matches!(fault(wrong), TargetError::Label { .. }), "{wrong}");
        }
        for secret in ["http://joe:s3cret@a/", "joe:s3cret@a:port/m", "api=s3cret@a,env=ci"] {
            let error = fault(secret);
            assert!(matches!(error, TargetError::Credentials) && !error.to_string().contains("s3cret"));
        }
    }
}
