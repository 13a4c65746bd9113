//! What is wrong with the flags: all of it, not just the first.

use super::FlagError;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FlagError>);

impl Faults {
    /// Notes a fault.
    pub(super) fn add(&mut self, fault: FlagError) {
        // What several flags share is told once.
        if !self.0.iter().any(|known| known.to_string() == fault.to_string()) {
            self.0.push(fault);
        }
    }

    /// The value; none if it is a fault, which is noted.
    pub(super) fn note<T>(&mut self, result: Result<T, FlagError>) -> Option<T> {
        result.map_err(|fault| self.add(fault)).ok()
    }

    pub(super) fn into_vec(self) -> Vec<FlagError> {
        self.0
    }
}
