//! What can be wrong with a line.

/// What is wrong with a line. Of its text no more than the beginning is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpositionError {
    /// It is not UTF-8.
    #[error("is not UTF-8")]
    NotText,
    /// Labels don't end, or are not written as they should be.
    #[error("the labels are not well formed: {0}")]
    Labels(&'static str),
    /// A series without a name.
    #[error("a sample without a metric name")]
    NoName,
    /// A name that is none without quotes.
    #[error("{0:?} is no metric name; one with other characters has to stand in braces and quotes")]
    MetricName(String),
    /// A label's name that is none without quotes.
    #[error("{0:?} is no label name; one with other characters has to stand in quotes")]
    LabelName(String),
    /// A label stands twice.
    #[error("the label {0:?} is there twice")]
    LabelTwice(String),
    /// What `# TYPE` says is no type.
    #[error("{0:?} is no type of metric")]
    Type(String),
    /// The value is no number.
    #[error("{0:?} is no value")]
    Value(String),
    /// The value is a native histogram.
    #[error("the sample is a native histogram; these are not supported")]
    NativeHistogram,
    /// The sample has no time.
    #[error("the sample has no timestamp; a recording has one on every sample")]
    NoTime,
    /// The time is no number.
    #[error("{0:?} is no timestamp")]
    Time(String),
    /// Something stands behind what should be the end.
    #[error("unexpected text at the end: {0:?}")]
    Trailing(String),
}

/// So much of a text that a message stays one line.
pub(super) fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
