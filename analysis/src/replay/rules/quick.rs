//! What is asked before a closer look.

use super::Rules;

impl Rules {
    /// Whether a header of that name, in lower case, can make a difference.
    pub fn compares_header(&self, name: &str) -> bool {
        !self.all_headers && !self.headers.iter().any(|ignored| ignored.eq_ignore_ascii_case(name))
    }
}
