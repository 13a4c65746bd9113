//! Texts with actions in them: `{{ $labels.instance }} is at {{ $value | humanizePercentage }}`.
//!
//! In: the text of an alert's label or annotation, later the alert's labels and value. Out: what Prometheus 3 makes of it,
//! errors included; these are Go's, word for word. A small interpreter of Go's text/template: [`parse`] makes trees,
//! [`eval`] expands them with [`functions`], [`fmt`] prints values.
//!
//! Not done: what only consoles have (`tmpl`, HTML that escapes itself), native histograms, methods of Go's types but for
//! the usual ones of times and durations. What never ends in Go ends here: see [`eval`].

// From a text to trees.
mod number;
mod parse;
mod node;
mod print;

// What can be said of them as they are.
mod reads;

// From trees to a text.
mod value;
mod time;
mod fmt;
mod functions;
mod eval;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use self::node::List;
use crate::{metrics::Labels, promql::Sample};

/// What stands before each text.
const DEFINITIONS: &str = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
                           {{$externalURL := .ExternalURL}}{{$value := .Value}}";

/// A text with actions in it, parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    text: String,
    /// Nothing if there is no action in it.
    parsed: Option<Arc<Parsed>>,
}

#[derive(Debug, PartialEq)]
struct Parsed {
    /// The text with the definitions before it.
    source: String,
    /// What errors call it.
    name: String,
    trees: BTreeMap<String, List>,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct TemplateError {
    /// In Go's words: `template: __alert_X:1: unexpected "}" in operand`.
    pub what: String,
    /// The line in the text, from 1.
    pub line: u32,
    /// The function that was probably meant, if there is none of the name.
    pub hint: Option<&'static str>,
}

/// What a text is filled with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The alert's labels; the metric's name may be among them.
    pub labels: &'a Labels,
    /// The value of its expression.
    pub value: f64,
    /// When it was evaluated, in milliseconds since 1970.
    pub time: i64,
    /// `external_labels` of Prometheus' configuration.
    pub external_labels: &'a Labels,
    /// Where Prometheus is reached.
    pub external_url: &'a str,
    /// Evaluates an expression at that time; the error is PromQL's text.
    pub query: &'a dyn Fn(&str) -> Result<Vec<Sample>, String>,
}

impl Template {
    /// Parses a text of the alert `name`.
    ///
    /// # Errors
    /// If Prometheus would not load a rule with it.
    pub fn parse(text: &str, name: &str) -> Result<Self, TemplateError> {
        if !text.contains("{{") {
            return Ok(Self::plain(text));
        }
        let source = format!("{DEFINITIONS}{text}");
        let name = format!("__alert_{name}");
        let trees = parse::parse(&source, &name).map_err(|fault| {
            let unknown = fault.what.split_once(": function \"").and_then(|(_, rest)| rest.split_once('"'));
            let hint = unknown.and_then(|(unknown, _)| functions::most_like(unknown));
            TemplateError { what: fault.what, line: fault.line, hint }
        })?;
        Ok(Self { text: text.to_owned(), parsed: Some(Arc::new(Parsed { source, name, trees })) })
    }

    /// A text into which nothing is filled.
    pub fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), parsed: None }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing is filled in: expanding gives the text.
    pub fn is_plain(&self) -> bool {
        self.parsed.is_none()
    }

    /// Whether what it gives may depend on more than the labels. It may say so although it does not.
    pub fn uses_value(&self) -> bool {
        self.reads().value
    }

    /// Whether it asks for an expression.
    pub fn queries(&self) -> bool {
        self.reads().queries
    }

    /// The labels that it reads by their names, and on which line.
    pub fn labels_read(&self) -> Vec<(String, u32)> {
        let source = self.parsed.as_ref().map_or("", |parsed| &parsed.source);
        let line = |pos: usize| {
            let before = source.as_bytes().get(..pos).unwrap_or_default();
            let newlines = before.iter().filter(|byte| **byte == b'\n').count();
            u32::try_from(newlines + 1).unwrap_or(u32::MAX)
        };
        self.reads().labels.into_iter().map(|(name, pos)| (name, line(pos))).collect()
    }

    fn reads(&self) -> reads::Reads {
        let of = |parsed: &Arc<Parsed>| reads::of(&parsed.trees, &parsed.name, DEFINITIONS.len());
        self.parsed.as_ref().map(of).unwrap_or_default()
    }

    /// What Prometheus makes of it: an error is a text too.
    pub fn expand(&self, context: &Context<'_>) -> String {
        self.try_expand(context).unwrap_or_else(|what| format!("<error expanding template: {what}>"))
    }

    /// What it gives.
    ///
    /// # Errors
    /// If something in it can't be done with what there is, in Prometheus' words.
    pub fn try_expand(&self, context: &Context<'_>) -> Result<String, String> {
        let Some(parsed) = &self.parsed else { return Ok(self.text.clone()) };
        let source = eval::Source { text: &parsed.source, name: &parsed.name, trees: &parsed.trees };
        match eval::expand(&source, context) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(what) => Err(format!("error executing template {}: {what}", parsed.name)),
        }
    }
}
