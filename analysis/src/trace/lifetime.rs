//! Spans that last as long as something lives, of those that Glyph itself makes. No limit says anything of them, and
//! they run through every incident: who asks for the slowest does not mean them.

use super::Traces;

/// Their names, and how long each lasts.
pub const LIFETIMES: [(&str, &str); 4] = [
    ("plugin.supervisor.task", "lasts as long as the plugin is supervised"),
    ("plugin.runner.exec", "lasts as long as the plugin's process"),
    ("plugin_bus.EventStream", "is the plugin's connection"),
    ("glyphctl.record", "lasts as long as the command"),
];

/// A request that passed the proxy.
const EXCHANGE: &str = "proxy.capture_flow";

impl Traces {
    /// Whether trace `t` has such a span, and no request: a recorded command whose requests are below it is what is looked
    /// for, and often all that there is.
    pub(crate) fn is_lifetime(&self, t: usize) -> bool {
        let name = |i: &u32| self.spans.names.text(self.spans.name[*i as usize]);
        let spans = self.tree.trace(t);
        spans.iter().any(|i| LIFETIMES.iter().any(|(lifetime, _)| *lifetime == name(i)))
            && !spans.iter().any(|i| name(i) == EXCHANGE)
    }
}
