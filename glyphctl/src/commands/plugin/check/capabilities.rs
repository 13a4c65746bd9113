//! What a plugin asks for, what its subscriptions need, and what it would get. In: the manifest and the policy. Out:
//! faults and warnings in words.

use glyph_plugin::Capability;
use glyphd::{plugin::manifest::Manifest, policy::Policy};

use crate::output::plugin::checked::Requested;

/// Subscriptions that come to nothing, as the plugin does not ask for what they need.
pub(super) fn lacking(manifest: &Manifest) -> impl Iterator<Item = String> {
    manifest.subscriptions.iter().filter_map(|subscription| {
        let needed = subscription.needs().iter().find(|needed| !manifest.capabilities.contains(needed))?;
        let (subscription, needed) = (subscription.as_str_name(), needed.as_str_name());
        Some(format!("{subscription} needs {needed}, which is not among the capabilities"))
    })
}

/// Each capability that the plugin asks for, and whether it is granted.
pub(super) fn requested(manifest: &Manifest, policy: &Policy) -> Vec<Requested> {
    let allowances = policy.allowances(std::slice::from_ref(manifest));
    let granted = allowances.get(&manifest.name).map(|a| a.capabilities.clone()).unwrap_or_default();
    let requested = manifest.capabilities.iter().map(|capability| Requested {
        capability: capability.as_str_name().to_owned(),
        granted: granted.contains(capability),
    });
    requested.collect()
}

/// What works, but hardly as it is meant.
pub(super) fn warnings(manifest: &Manifest, requested: &[Requested]) -> Vec<String> {
    let mut warnings = Vec::new();
    let refused: Vec<_> = requested.iter().filter(|r| !r.granted).map(|r| r.capability.as_str()).collect();
    if !refused.is_empty() {
        let refused = refused.join(", ");
        warnings.push(format!("not granted: {refused}; the lines below, in the file of --config, grant it"));
    }
    if !manifest.capabilities.contains(&Capability::CapEmitFindings) {
        warnings.push("without CAP_EMIT_FINDINGS it can report nothing".to_owned());
    }
    if manifest.subscriptions.is_empty() {
        warnings.push("there are no subscriptions: it may be shown nothing".to_owned());
    }
    warnings
}

#[cfg(test)]
mod tests {
    use glyph_plugin::Subscription;

    use super::*;

    fn manifest(subscriptions: &[Subscription], capabilities: &[Capability]) -> Manifest {
        Manifest {
            name: "a".to_owned(),
            version: "1".to_owned(),
            command: vec!["a".to_owned()],
            subscriptions: subscriptions.to_vec(),
            capabilities: capabilities.to_vec(),
            env: Default::default(),
            limits: Default::default(),
            read: Vec::new(),
            write: Vec::new(),
            dir: Default::default(),
        }
    }

    #[test]
    fn subscriptions_need_capabilities() {
        use Subscription::{FlowRequestRaw, FlowResponse};
        let all = [FlowResponse, FlowRequestRaw];
        let faults = |capabilities: &[_]| lacking(&manifest(&all, capabilities)).count();
        assert_eq!(faults(&[]), 2);
        assert_eq!(faults(&[Capability::CapFlowInspect]), 1);
        assert_eq!(faults(&[Capability::CapFlowInspect, Capability::CapFlowInspectRaw]), 0);
    }

    #[test]
    fn what_is_not_granted_is_told() {
        let asks = [Capability::CapEmitFindings, Capability::CapFlowInspect, Capability::CapFlowInspectRaw];
        let manifest = manifest(&[Subscription::FlowResponseRaw], &asks);
        let requested = requested(&manifest, &Policy::default());
        assert_eq!(requested.iter().map(|r| r.granted).collect::<Vec<_>>(), [true, true, false]);
        let warnings = warnings(&manifest, &requested);
        assert!(warnings.len() == 1 && warnings[0].contains("CAP_FLOW_INSPECT_RAW;"), "{warnings:?}");
    }
}
