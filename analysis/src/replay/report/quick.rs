//! What is the same at first sight.

use super::Report;

impl Report {
    /// Takes a pair of which it is known already that nothing differs, by how long each took.
    pub fn add_same(&mut self, recorded_ns: u64, new_ns: u64) {
        self.compared += 1;
        self.latency.add_ns(recorded_ns, new_ns);
    }
}
