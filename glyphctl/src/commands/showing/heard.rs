//! What a plugin's process writes, on its way to the user. In: the daemon's log lines. Out: the plugin's own lines on
//! standard error, each after the plugin's name; and the last of them, for whoever tells why it ended.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use glyph_analysis::text::visible;
use indicatif::{ProgressBar, ProgressStyle};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::{output::progress, telemetry};

/// Listens. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Heard {
    bar: ProgressBar,
    last: Arc<Mutex<Option<String>>>,
}

impl Heard {
    /// From now on. With `GLYPH_LOG` or `-vv` the daemon's log is shown instead, plugins' lines among it.
    pub(in crate::commands) fn listen() -> anyhow::Result<Self> {
        let bar = if progress::is_seen() { ProgressBar::no_length() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: {pos} flows, {per_sec}") {
            bar.set_style(style);
        }
        let heard = Self { bar, last: Arc::default() };
        match telemetry::asked_log() {
            Some(filter) => telemetry::log(&filter)?,
            None => {
                let plugins = Targets::new().with_target("glyphd", Level::INFO);
                let subscriber = tracing_subscriber::registry().with(plugins).with(heard.clone());
                subscriber.try_init().context("the plugin's lines can't be shown")?;
            }
        }
        Ok(heard)
    }

    /// A run begins: what was said before is forgotten.
    pub(in crate::commands) fn begin(&self, what: &str) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.bar.reset();
        self.bar.set_message(what.to_owned());
    }

    /// A flow was shown.
    pub(in crate::commands) fn shown(&self) {
        self.bar.inc(1);
    }

    /// The run is over.
    pub(in crate::commands) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// The last thing that the plugin said on standard error.
    pub(in crate::commands) fn last(&self) -> Option<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn said(&self, said: Said) {
        let Some(line) = said.line else { return };
        self.bar.suspend(|| eprintln!("{}| {}", visible(&said.plugin), visible(&line)));
        if said.stream == "stderr" && !line.trim().is_empty() {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
        }
    }
}

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        self.said(said);
    }
}

/// A log line's fields, if it is about a plugin's line.
#[derive(Debug, Default)]
struct Said {
    plugin: String,
    stream: String,
    line: Option<String>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "plugin" => value.clone_into(&mut self.plugin),
            "stream" => value.clone_into(&mut self.stream),
            "line" => self.line = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
