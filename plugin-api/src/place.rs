//! Where a plugin's process stands: what the daemon told it by its environment, and the tokens that come later.

use std::{io::BufRead, thread};

use tokio::sync::mpsc;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::{RunError, env, run::KEEPALIVE};

/// What the environment says.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    endpoint: Endpoint,
    address: String,
}

impl Place {
    /// This process's place, and its tokens.
    pub(crate) fn of_environment() -> Result<(Self, Tokens), RunError> {
        let (address, name, token) = (var(env::BUS)?, var(env::NAME)?, var(env::TOKEN)?);
        let connect = |source| RunError::Connect { address: address.clone(), source };
        let mut endpoint = Endpoint::from_shared(address.clone())
            .map_err(connect)?
            .http2_keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE)
            .keep_alive_while_idle(true);
        if address.starts_with("https:") {
            let path = var(env::CA)?;
            let pem = std::fs::read(&path).map_err(|source| RunError::Ca { path, source })?;
            let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
            endpoint = endpoint.tls_config(tls).map_err(connect)?;
        }
        let more = std::env::var(env::TOKENS_FD).is_ok_and(|fd| fd == "0");
        Ok((Self { name, endpoint, address }, Tokens { first: Some(token), more, lines: None }))
    }

    pub(crate) async fn connect(&self) -> Result<Channel, RunError> {
        let address = || self.address.clone();
        self.endpoint.connect().await.map_err(|source| RunError::Connect { address: address(), source })
    }
}

fn var(name: &'static str) -> Result<String, RunError> {
    std::env::var(name).map_err(|_| RunError::NoEnvironment(name))
}

/// Each good for one session.
#[derive(Debug)]
pub(crate) struct Tokens {
    first: Option<String>,
    /// Whether the daemon writes further ones to standard input.
    more: bool,
    lines: Option<mpsc::UnboundedReceiver<String>>,
}

impl Tokens {
    /// The next one; none if there will be none. Of those that wait, the newest: the others may have expired.
    pub(crate) async fn next(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if !self.more {
            return None;
        }
        let lines = self.lines.get_or_insert_with(standard_input);
        let mut token = lines.recv().await?;
        while let Ok(newer) = lines.try_recv() {
            token = newer;
        }
        Some(token)
    }
}

/// Its lines. The thread that reads them ends with the process.
fn standard_input() -> mpsc::UnboundedReceiver<String> {
    let (send, lines) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if send.send(line.trim().to_owned()).is_err() {
                break;
            }
        }
    });
    lines
}
