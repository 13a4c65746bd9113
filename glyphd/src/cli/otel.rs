//! OpenTelemetry's own variables, which count where a flag says nothing. What they say wrongly is told, and passed over, as the
//! specification has it; where spans would then go to a wrong place, it is an error.

use std::{borrow::Cow, env, ffi::OsString, path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;

use super::FlagError;
use crate::telemetry::TlsFiles;

/// What `OTEL_TRACES_SAMPLER_ARG` is without a value, and a ratio without a variable.
const ALL: f64 = 1.0;
/// What a variable calls no limit.
const NO_LIMIT: Duration = Duration::from_secs(3_600);

type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The variables of a process.
pub(super) struct Variables<'a> {
    lookup: Lookup<'a>,
    warnings: Vec<String>,
}

/// A variable that is set, and to what.
struct Set {
    name: String,
    value: String,
}

impl Set {
    fn error(&self, cause: impl Into<String>) -> FlagError {
        FlagError::Variable { name: self.name.clone(), cause: cause.into() }
    }
}

/// Those of this process.
pub(super) fn of_process(name: &str) -> Option<OsString> {
    env::var_os(name)
}

impl<'a> Variables<'a> {
    pub(super) fn new(lookup: Lookup<'a>) -> Self {
        Self { lookup, warnings: Vec::new() }
    }

    /// What was wrong with those that were asked for.
    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings
    }

    /// The variable, if it is set; empty is as good as unset.
    fn get(&mut self, name: &str) -> Option<Set> {
        let value = (self.lookup)(name).filter(|value| !value.is_empty())?;
        match value.into_string() {
            Ok(value) => Some(Set { name: name.to_owned(), value: value.trim().to_owned() }),
            Err(_) => {
                self.warn(name, "it is no text");
                None
            }
        }
    }

    /// The variable of OTLP for traces, else that for all signals.
    fn otlp(&mut self, name: &str) -> Option<Set> {
        let of_traces = self.get(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"));
        of_traces.or_else(|| self.get(&format!("OTEL_EXPORTER_OTLP_{name}")))
    }

    fn warn(&mut self, name: &str, what: impl std::fmt::Display) {
        self.warnings.push(format!("{name}: {what}; it is passed over"));
    }

    /// Where spans go.
    pub(super) fn endpoint(&mut self) -> Result<Option<String>, FlagError> {
        if self.is_off() {
            return Ok(None);
        }
        let whole = self.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        let is_whole = whole.is_some();
        let Some(set) = whole.or_else(|| self.get("OTEL_EXPORTER_OTLP_ENDPOINT")) else { return Ok(None) };
        if let Some(protocol) = self.otlp("PROTOCOL").filter(|set| set.value != "http/protobuf") {
            return Err(protocol.error(format!("only http/protobuf is spoken, not {:?}", protocol.value)));
        }
        let mut url = super::trace::url(&set.value).map_err(|cause| set.error(cause))?;
        if !is_whole {
            let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
            url.set_path(&path);
        }
        Ok(Some(url.into()))
    }

    /// Whether the variables turn off what other variables turn on.
    fn is_off(&mut self) -> bool {
        if let Some(set) = self.get("OTEL_SDK_DISABLED") {
            match set.value.to_ascii_lowercase().as_str() {
                "true" => return true,
                "false" => {}
                _ => self.warn(&set.name, "expected true or false"),
            }
        }
        let Some(set) = self.get("OTEL_TRACES_EXPORTER") else { return false };
        let exporters: Vec<_> = set.value.split(',').map(str::trim).collect();
        if exporters == ["none"] {
            return true;
        }
        if exporters.iter().any(|exporter| *exporter != "otlp") {
            self.warn(&set.name, format_args!("there are otlp and none, not {:?}", set.value));
        }
        false
    }

    /// Headers for the endpoint, their values without percent-encoding.
    pub(super) fn headers(&mut self) -> Vec<(String, String)> {
        let Some(set) = self.otlp("HEADERS") else { return Vec::new() };
        let pairs = set.value.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let mut headers = Vec::new();
        for pair in pairs {
            let decoded = pair.split_once('=').and_then(|(name, value)| {
                super::trace::header(&format!("{name}={}", decoded(value.trim())?)).ok()
            });
            match decoded {
                Some(header) => headers.push(header),
                // What it is may be a secret.
                None => self.warn(&set.name, "one of them is no header, K=V"),
            }
        }
        headers
    }

    /// How long a post may take.
    pub(super) fn timeout(&mut self) -> Option<Duration> {
        let set = self.otlp("TIMEOUT")?;
        match set.value.parse() {
            Ok(0) => Some(NO_LIMIT),
            Ok(millis) => Some(Duration::from_millis(millis).min(NO_LIMIT)),
            Err(_) => {
                self.warn(&set.name, format_args!("expected milliseconds, not {:?}", set.value));
                None
            }
        }
    }

    /// Whether posts are compressed.
    pub(super) fn gzip(&mut self) -> Option<bool> {
        let set = self.otlp("COMPRESSION")?;
        match set.value.to_ascii_lowercase().as_str() {
            "gzip" => Some(true),
            "none" => Some(false),
            _ => {
                self.warn(&set.name, format_args!("there are gzip and none, not {:?}", set.value));
                None
            }
        }
    }

    /// Whom the endpoint is believed by, and what it is shown.
    pub(super) fn tls(&mut self) -> Result<TlsFiles, FlagError> {
        let path = |set: Set| PathBuf::from(set.value);
        let authorities = self.otlp("CERTIFICATE").map(path);
        let identity = match (self.otlp("CLIENT_CERTIFICATE"), self.otlp("CLIENT_KEY")) {
            (Some(certificate), Some(key)) => Some((path(certificate), path(key))),
            (None, None) => None,
            (Some(set), None) => return Err(set.error("the key is missing, …_CLIENT_KEY")),
            (None, Some(set)) => return Err(set.error("the certificate is missing, …_CLIENT_CERTIFICATE")),
        };
        Ok(TlsFiles { authorities, identity })
    }

    /// The service's name, and what else is said of it.
    pub(super) fn resource(&mut self) -> (Option<String>, Vec<(String, String)>) {
        let mut attributes = Vec::new();
        if let Some(set) = self.get("OTEL_RESOURCE_ATTRIBUTES") {
            let pair = |pair: &str| {
                let (key, value) = pair.split_once('=')?;
                let (key, value) = (decoded(key.trim())?, decoded(value.trim())?);
                (!key.is_empty()).then(|| (key.into_owned(), value.into_owned()))
            };
            let pairs = set.value.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(pair);
            match pairs.collect() {
                Some(pairs) => attributes = pairs,
                None => self.warn(&set.name, "expected K=V,K=V with %XX for other characters"),
            }
        }
        let name = self.get("OTEL_SERVICE_NAME").map(|set| set.value);
        let of_attributes = attributes.iter().rev().find(|(key, _)| key == "service.name");
        (name.or_else(|| of_attributes.map(|(_, value)| value.clone())), attributes)
    }

    /// Which share of the traces is recorded.
    pub(super) fn ratio(&mut self) -> Option<f64> {
        let sampler = self.get("OTEL_TRACES_SAMPLER")?;
        let ratio = match sampler.value.as_str() {
            "always_on" | "parentbased_always_on" => ALL,
            "always_off" | "parentbased_always_off" => 0.0,
            "traceidratio" | "parentbased_traceidratio" => self.ratio_argument(),
            other => {
                self.warn(&sampler.name, format_args!("{other:?} is none of the samplers here"));
                return None;
            }
        };
        if !sampler.value.starts_with("parentbased_") && ratio > 0.0 {
            let what = "a request that is part of a trace keeps that trace's choice all the same";
            self.warnings.push(format!("{}={}: {what}", sampler.name, sampler.value));
        }
        Some(ratio)
    }

    fn ratio_argument(&mut self) -> f64 {
        let Some(set) = self.get("OTEL_TRACES_SAMPLER_ARG") else { return ALL };
        super::trace::ratio(&set.value).unwrap_or_else(|wanted| {
            self.warn(&set.name, format_args!("{wanted}, not {:?}", set.value));
            ALL
        })
    }
}

/// Without percent-encoding, if that is text.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
#[path = "otel_tests.rs"]
mod tests;
