//! What is asked before a closer look.

use super::{Rules, differs_always};

impl Rules {
    /// Whether a header of that name, in lower case, can make a difference; but for the length of an answer to HEAD.
    pub fn compares_header(&self, name: &str) -> bool {
        !differs_always(name) && !self.ignores_header(name)
    }
}
