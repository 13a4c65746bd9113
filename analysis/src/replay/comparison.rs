//! What is different between two exchanges.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// What came of comparing two exchanges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What differs, in the order of the message: the status first, the body last.
    pub differences: Vec<Difference>,
    /// How many more differences there are than are told here.
    pub more: u64,
    /// What could not be compared, or not all of it. It is counted and is no difference.
    pub left_out: Vec<LeftOut>,
}

impl Comparison {
    /// Whether nothing differs, as far as it could be compared.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
    }
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// Where: `status`, `error`, `headers.content-type`, `trailers.x`, `body`, `body $.items[3].price`,
    /// `body line 7 $.id`, `body form.sku`.
    pub place: String,
    /// In what way.
    pub kind: Kind,
    /// What was recorded, cut to a readable length; none if nothing was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
    /// What stands there now; none if nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// In what way two exchanges differ at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Another value stands there.
    Changed,
    /// What was recorded is not there.
    Missing,
    /// What is there was not recorded.
    Added,
    /// The same elements stand there in another order.
    Order,
    /// There was an answer, and now there is none, or it broke off.
    Failed,
    /// There was no answer, or it broke off, and now there is one.
    Answered,
}

impl Kind {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Added => "added",
            Self::Order => "order",
            Self::Failed => "failed",
            Self::Answered => "answered",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that could not be compared, or not all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct LeftOut {
    /// What: `body`, `response`.
    pub place: &'static str,
    /// Why.
    pub why: Why,
}

/// Why something could not be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A recording keeps only the beginning of the body; what both keep was compared where that is possible.
    Cut,
    /// A recording keeps a digest of the body, with a key of its own; only its length was compared.
    Digest,
    /// The body did not come to its end in one of the two.
    BrokenOff,
    /// The client of the recording did not wait for the answer.
    ClientGone,
    /// A tunnel: its bytes are not recorded.
    Tunnel,
}

impl Why {
    /// In words.
    pub fn told(self) -> &'static str {
        match self {
            Self::Cut => "only its beginning was recorded",
            Self::Digest => "only its digest was recorded, with another key",
            Self::BrokenOff => "it broke off",
            Self::ClientGone => "the client had not waited for it",
            Self::Tunnel => "what passes a tunnel is not recorded",
        }
    }
}
