//! What the operator says about plugins' requests: `[netgate]` in the policy, and `--netgate-allow`.

use std::{ops::RangeInclusive, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::{Allow, Budget, Resolver, limiter::Rates};

/// How many requests may wait for the rate limits.
const WAITING: usize = 10_000;

/// What plugins' requests are held to.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NetgateOptions {
    /// What may be reached beside the public internet: addresses (`10.1.0.0/16`, `::1`) and hosts' names.
    #[schemars(with = "Vec<String>")]
    pub allow: Vec<Allow>,
    /// How long the window of the rate limits is, in milliseconds.
    #[serde(deserialize_with = "window_ms")]
    pub window_ms: u64,
    /// Requests to all hosts together within a window.
    #[serde(deserialize_with = "rate")]
    pub requests: usize,
    /// Requests to one host within a window.
    #[serde(deserialize_with = "rate")]
    pub requests_per_host: usize,
    /// What a plugin may send within a minute.
    pub plugin_requests_per_minute: u64,
    /// How many bytes of bodies a plugin may move within a minute.
    pub plugin_bytes_per_minute: u64,
    /// Requests of one plugin that may be under way at a time.
    #[serde(deserialize_with = "concurrency")]
    pub plugin_concurrency: usize,
    /// How long a fetch may take at most, with all its waits, in milliseconds.
    #[serde(deserialize_with = "timeout_ms")]
    pub timeout_ms: u64,
    /// The most that a response's body may have, in bytes.
    pub max_response_bytes: u64,
    /// How often a request may be sent: once, and again.
    #[serde(deserialize_with = "attempts")]
    pub attempts: u32,
    /// How many redirects are followed.
    #[serde(deserialize_with = "redirects")]
    pub redirects: u32,
    /// Who says which addresses a name has.
    #[serde(skip)]
    pub resolver: Resolver,
}

impl Default for NetgateOptions {
    /// The public internet, at the pace of a considerate visitor.
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            window_ms: 1_000,
            requests: 100,
            requests_per_host: 10,
            plugin_requests_per_minute: 600,
            plugin_bytes_per_minute: 256 << 20,
            plugin_concurrency: 64,
            timeout_ms: 30_000,
            max_response_bytes: 16 << 20,
            attempts: 3,
            redirects: 10,
            resolver: Resolver::default(),
        }
    }
}

impl NetgateOptions {
    pub(super) fn rates(&self) -> Rates {
        Rates {
            window: Duration::from_millis(self.window_ms),
            global: self.requests,
            host: self.requests_per_host,
            waiting: WAITING,
        }
    }

    pub(super) fn budget(&self) -> Budget {
        Budget { requests: self.plugin_requests_per_minute, bytes: self.plugin_bytes_per_minute }
    }

    /// The longest that a fetch may take: what was asked for, or all there is.
    pub(super) fn timeout(&self, asked: Option<Duration>) -> Duration {
        let most = Duration::from_millis(self.timeout_ms);
        asked.map_or(most, |asked| asked.min(most))
    }
}

fn within<'de, D: Deserializer<'de>, N: TryFrom<u64>>(
    deserializer: D,
    range: RangeInclusive<u64>,
) -> Result<N, D::Error> {
    let number = u64::deserialize(deserializer)?;
    let expected = || de::Error::custom(format!("expected {} to {}", range.start(), range.end()));
    if range.contains(&number) { N::try_from(number).map_err(|_| expected()) } else { Err(expected()) }
}

fn window_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(deserializer, 100..=3_600_000)
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(deserializer, 1..=1_000_000)
}

fn concurrency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(deserializer, 1..=10_000)
}

fn timeout_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(deserializer, 100..=600_000)
}

fn attempts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 1..=10)
}

fn redirects<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, 0..=20)
}
