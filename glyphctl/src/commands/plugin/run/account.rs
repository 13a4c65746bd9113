//! What is said of a run beside its findings: how much there was, and what was refused.

use glyph_analysis::text::counted;

use crate::{
    commands::showing::difference::Difference,
    output::{note, plugin::findings::Found, warn},
};

/// After a run.
pub(super) fn tell(found: &Found) {
    note(figures(found));
    reasons(found);
}

/// After a run that is not the first one.
pub(super) fn tell_again(found: &Found, difference: &Difference<'_>) {
    let Difference { new, gone, unchanged } = difference;
    let (new, gone) = (new.len(), gone.len());
    note(format_args!("{}: {new} new, {gone} gone, {unchanged} unchanged", figures(found)));
    reasons(found);
}

fn figures(found: &Found) -> String {
    let refused: u64 = found.refused.iter().map(|refused| refused.times).sum();
    format!(
        "{} shown to {}, {}, {refused} refused",
        counted(found.flows, "flow"),
        found.plugin,
        counted(found.findings.len() as u64, "finding"),
    )
}

fn reasons(found: &Found) {
    if !found.denied_subscriptions.is_empty() {
        let denied = found.denied_subscriptions.join(", ");
        warn(format_args!("not shown for want of a capability: {denied}"));
    }
    for refused in &found.refused {
        warn(format_args!("refused {}: {}", counted(refused.times, "time"), refused.reason));
    }
}
