//! Which secrets go out. In: a recorded flow. Out: the flow with what may be sent put back.
//!
//! A secret goes to the host that it was seen at, and to those that the user names; to every other one its token goes.

use std::{env, sync::Arc};

use anyhow::{Context, anyhow};
use bytes::Bytes;
use clap::Args;
use glyph_formats::{
    Flow,
    flow::Request,
    secrets::{Secrets, TOKEN_PREFIX},
};
use glyphd::sanitize::Sanitizer;

use super::target::Target;
use crate::commands::flows::secrets::SecretsArgs;

/// Flags on secrets.
#[derive(Debug, Args)]
#[command(next_help_heading = "Secrets")]
pub(in super::super) struct SecretFlags {
    #[command(flatten)]
    file: SecretsArgs,
    /// What a token stands for is in that environment variable; may be given more than once
    #[arg(long, value_name = "TOKEN=VARIABLE", value_parser = pair)]
    secret_env: Vec<(String, String)>,
    /// Send secrets to this host, too, though they were seen at another one; may be given more than once
    #[arg(long, value_name = "HOST")]
    send_secrets_to: Vec<String>,
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (token, variable) = text.split_once('=').ok_or("expected TOKEN=VARIABLE")?;
    match glyph_formats::secrets::is_token(token) || is_number(token) {
        true => Ok((token.to_owned(), variable.to_owned())),
        false => Err("a token is glyph-redacted- and 12 hexadecimal digits, or 15 digits"),
    }
}

fn is_number(token: &str) -> bool {
    token.len() == 15 && token.bytes().all(|b| b.is_ascii_digit())
}

/// What is known, and who may get it.
#[derive(Debug)]
pub(super) struct Vault {
    secrets: Secrets,
    /// Whether the target may get secrets of every host.
    is_named: bool,
    /// For recordings in which secrets stand as they passed.
    sanitizer: Arc<Sanitizer>,
}

/// Shorter secrets could be part of anything.
const LEAST: usize = 8;

/// The tokens of a flow, and the secrets that they stand for and that were sent: no answer may show them to anybody.
#[derive(Debug, Default)]
pub(in super::super) struct PutBack(Vec<(String, String)>);

impl PutBack {
    /// What is to stand in an answer in place of what, if it is to be told to anybody.
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(token, secret)| (token.as_str(), secret.as_str()))
    }
}

/// What became of the secrets of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Secrecy {
    /// There are none.
    None,
    /// They were put back, or stood there.
    Sent,
    /// They are known, and not for this host.
    HeldBack,
    /// What its tokens stand for is not known.
    Unknown,
}

impl SecretFlags {
    pub(super) fn vault(&self, target: &Target, sanitizer: &Arc<Sanitizer>) -> anyhow::Result<Vault> {
        let mut secrets = self.file.load()?.unwrap_or_default();
        for (token, variable) in &self.secret_env {
            let secret = env::var(variable).map_err(|e| anyhow!("{variable}: {e}"));
            secrets.insert(token.clone(), secret.context("--secret-env")?);
        }
        let is_named = self.send_secrets_to.iter().any(|host| host.eq_ignore_ascii_case(target.host()));
        Ok(Vault { secrets, is_named, sanitizer: Arc::clone(sanitizer) })
    }
}

impl Vault {
    /// The line with what may be sent in its request; and what was put back.
    pub(super) fn put_back(
        &self,
        line: &Bytes,
        target: &Target,
    ) -> anyhow::Result<(Bytes, Secrecy, PutBack)> {
        let mut flow: Flow = serde_json::from_slice(line)?;
        let secrecy = self.put_back_in(&mut flow, target);
        let mut put_back = PutBack::default();
        if secrecy == Secrecy::Sent || secrecy == Secrecy::Unknown {
            let found = self.secrets.found_in(std::str::from_utf8(line)?);
            let long = found.filter(|(_, secret)| secret.len() >= LEAST);
            put_back.0 = long.map(|(token, secret)| (token.to_owned(), secret.to_owned())).collect();
            put_back.0.sort_unstable();
            put_back.0.dedup();
        }
        Ok((serde_json::to_vec(&flow)?.into(), secrecy, put_back))
    }

    fn put_back_in(&self, flow: &mut Flow, target: &Target) -> Secrecy {
        let may_be_sent = self.is_named || flow.request.host.eq_ignore_ascii_case(target.host());
        if flow.unredacted {
            return if may_be_sent { Secrecy::Sent } else { self.replace(flow) };
        }
        let response = flow.response.take();
        let mut restored = flow.clone();
        flow.response = response;
        self.secrets.put_back(&mut restored);
        if restored.request == flow.request {
            return Secrecy::Unknown;
        }
        if !may_be_sent {
            return Secrecy::HeldBack;
        }
        flow.request = restored.request;
        if has_token(flow) { Secrecy::Unknown } else { Secrecy::Sent }
    }

    /// Replaces what the operator's policy had left as it was.
    fn replace(&self, flow: &mut Flow) -> Secrecy {
        // Of the request alone.
        let (response, error) = (flow.response.take(), flow.error.take());
        let clean = self.sanitizer.imported(flow);
        (flow.response, flow.error) = (response, error);
        if clean.redactions.is_empty() {
            return Secrecy::None;
        }
        let body = if clean.request.body.redacted { clean.request.body } else { flow.request.body.clone() };
        flow.request = Request { body, ..clean.request };
        Secrecy::HeldBack
    }
}

fn has_token(flow: &Flow) -> bool {
    let request = &flow.request;
    request.url.contains(TOKEN_PREFIX)
        || request.headers.iter().any(|(_, value)| value.contains(TOKEN_PREFIX))
        || request.body.utf8.as_ref().is_some_and(|text| text.contains(TOKEN_PREFIX))
}
