//! The flags `--trace-*`: where spans go. `glyphctl` has the same.

use std::{fs, path::PathBuf};

use clap::Args;

use super::{
    FlagError,
    otel::{self, Variables},
};
use crate::telemetry::TraceConfig;

/// Where spans go.
#[derive(Debug, Default, Args)]
pub struct TraceArgs {
    /// Send spans to this OTLP/HTTP endpoint; without a path, to its /v1/traces [default: OTEL_EXPORTER_OTLP_ENDPOINT]
    #[arg(long, value_name = "URL", help_heading = "Tracing", value_parser = endpoint)]
    pub trace_endpoint: Option<String>,

    /// Append spans to this JSONL file
    #[arg(long, value_name = "FILE", help_heading = "Tracing")]
    pub trace_file: Option<PathBuf>,

    /// The name under which the spans stand [default: OTEL_SERVICE_NAME, else the program's]
    #[arg(long, value_name = "NAME", help_heading = "Tracing")]
    pub trace_service_name: Option<String>,

    /// Which share of the traces is recorded, 0 to 1; a request that is part of a trace keeps that trace's choice
    /// [default: OTEL_TRACES_SAMPLER, else 1]
    #[arg(long, value_name = "RATIO", help_heading = "Tracing", value_parser = ratio, allow_negative_numbers = true)]
    pub trace_sample_ratio: Option<f64>,

    /// Headers for the endpoint, K=V,… or @FILE with one K=V a line; secrets belong in the file or the variable
    /// [default: OTEL_EXPORTER_OTLP_HEADERS]
    #[arg(
        long,
        value_name = "K=V,…|@FILE",
        env = "GLYPH_TRACE_HEADERS",
        hide_env_values = true,
        help_heading = "Tracing"
    )]
    pub trace_headers: Option<String>,

    /// Take any certificate of the endpoint
    #[arg(long, help_heading = "Tracing")]
    pub trace_insecure_skip_verify: bool,
}

impl TraceArgs {
    /// What the flags mean, for a program of that name, and OpenTelemetry's variables where a flag is absent; and what is
    /// wrong with these, to be told.
    ///
    /// # Errors
    /// If a header for the endpoint is none, or its file can't be read; if the variables name an endpoint that is none.
    pub fn into_config(self, program: &str) -> Result<(TraceConfig, Vec<String>), FlagError> {
        let mut variables = Variables::new(&otel::of_process);
        let config = self.resolve(program, &mut variables)?;
        Ok((config, variables.into_warnings()))
    }

    pub(super) fn resolve(
        self,
        program: &str,
        variables: &mut Variables<'_>,
    ) -> Result<TraceConfig, FlagError> {
        let (service, resource) = variables.resource();
        let mut config = TraceConfig {
            endpoint: self.trace_endpoint.map_or_else(|| variables.endpoint(), |url| Ok(Some(url)))?,
            headers: self.trace_headers.as_deref().map(headers).transpose()?.unwrap_or_default(),
            insecure_skip_verify: self.trace_insecure_skip_verify,
            service_name: self.trace_service_name.or(service).unwrap_or_else(|| program.to_owned()),
            resource,
            sample_ratio: self.trace_sample_ratio.or_else(|| variables.ratio()).unwrap_or(1.0),
            file: self.trace_file,
            ..TraceConfig::default()
        };
        if config.endpoint.is_some() {
            if self.trace_headers.is_none() {
                config.headers = variables.headers();
            }
            config.timeout = variables.timeout().unwrap_or(config.timeout);
            config.gzip = variables.gzip().unwrap_or(config.gzip);
            config.tls = variables.tls()?;
        }
        Ok(config)
    }
}

fn endpoint(text: &str) -> Result<String, String> {
    let mut url = url(text)?;
    if url.path() == "/" {
        url.set_path("/v1/traces");
    }
    Ok(url.into())
}

/// Of an endpoint.
pub(super) fn url(text: &str) -> Result<url::Url, String> {
    let url: url::Url =
        text.parse().map_err(|e| format!("{e}; expected for example http://localhost:4318"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("expected http:// or https://, for example http://localhost:4318".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a secret in a URL can be seen by others; credentials belong in --trace-headers @FILE".to_owned()
        );
    }
    Ok(url)
}

pub(super) fn ratio(text: &str) -> Result<f64, String> {
    let ratio: f64 = text.parse().map_err(|_| "expected a number from 0 to 1".to_owned())?;
    if (0.0..=1.0).contains(&ratio) { Ok(ratio) } else { Err("expected a number from 0 to 1".to_owned()) }
}

fn headers(text: &str) -> Result<Vec<(String, String)>, FlagError> {
    let pairs = match text.strip_prefix('@') {
        // One a line, so that a value may have commas.
        Some(path) => fs::read_to_string(path)
            .map_err(|e| FlagError::Headers(format!("{path}: {e}")))?
            .lines()
            .map(str::to_owned)
            .collect(),
        None => text.split(',').map(str::to_owned).collect::<Vec<_>>(),
    };
    pairs.iter().map(|pair| pair.trim()).filter(|pair| !pair.is_empty()).map(header).collect()
}

/// One header. Its value, or all of it where it is no pair, may be a secret and is not shown.
pub(super) fn header(pair: &str) -> Result<(String, String), FlagError> {
    let wrong = |what: String| Err(FlagError::Headers(what));
    let Some((name, value)) = pair.split_once('=') else { return wrong("expected K=V,K=V".to_owned()) };
    let (name, value) = (name.trim(), value.trim());
    if http::HeaderName::try_from(name).is_err() {
        return wrong(format!("{name:?} is no name of a header"));
    }
    if http::HeaderValue::try_from(value).is_err() {
        return wrong(format!("the value of {name} is none that a header can have"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_without_a_path_gets_the_one_of_otlp() {
        assert_eq!(endpoint("http://c:4318").unwrap(), "http://c:4318/v1/traces");
        assert_eq!(endpoint("https://c/custom").unwrap(), "https://c/custom");
        assert!(endpoint("c:4318").is_err());
        assert!(endpoint("http://joe:s3cret@c:4318").is_err());
    }

    #[test]
    fn headers_come_from_the_flag_or_from_a_file() {
        let want = vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), "x=y".to_owned())];
        assert_eq!(headers("a=1,b=x=y").unwrap(), want);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "a=1\n\nb=x=y\n").unwrap();
        assert_eq!(headers(&format!("@{}", file.path().display())).unwrap(), want);
        fs::write(file.path(), "a=1, 2").unwrap();
        assert_eq!(
            headers(&format!("@{}", file.path().display())).unwrap(),
            [("a".to_owned(), "1, 2".to_owned())]
        );
        for wrong in ["s3cret", "a=s3cret\u{7}"] {
            let error = headers(wrong).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert!(headers("a b=1").is_err());
    }
}
