//! What a recording says of the plugins that were there.

use std::{collections::BTreeMap, path::Path};

use glyph_formats::recording::RecordedPlugin;

use super::{
    Allowance, digests,
    manifest::{self, Manifest},
};

/// The plugins with the digests of their files, as these are now. What can't be read has none: who starts the plugin says so.
pub(crate) fn recorded(
    manifests: &[Manifest],
    allowances: &BTreeMap<String, Allowance>,
) -> Vec<RecordedPlugin> {
    let plugin = |manifest: &Manifest| {
        let allowance = allowances.get(&manifest.name);
        let pinned = allowance.into_iter().flat_map(|allowance| allowance.sha256.keys());
        // What an argument names may also be no file.
        let named = manifest.command.iter().skip(1).map(Path::new).filter(|name| name.is_relative());
        let digest = |name: &Path| {
            let path = manifest.dir.join(name).canonicalize().ok().filter(|path| path.is_file())?;
            let inside = path.strip_prefix(&manifest.dir).ok()?;
            Some((inside.to_str()?.to_owned(), digests::of(&path).ok()?))
        };
        // The program may lie elsewhere: where, is of this machine alone.
        let program = manifest.own_program().and_then(|program| {
            let name = program.strip_prefix(&manifest.dir).ok().or(program.file_name().map(Path::new))?;
            Some((name.to_str()?.to_owned(), digests::of(&program).ok()?))
        });
        let asked = manifest.capabilities.iter().map(|c| c.as_str_name().to_owned());
        let granted = allowance.into_iter().flat_map(|allowance| allowance.capabilities.iter());
        RecordedPlugin {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            manifest_sha256: digests::of(&manifest.dir.join(manifest::FILE)).unwrap_or_default(),
            subscriptions: manifest.subscriptions.iter().map(|s| s.as_str_name().to_owned()).collect(),
            capabilities: asked.collect(),
            granted: granted.map(|c| c.as_str_name().to_owned()).collect(),
            files: program
                .into_iter()
                .chain(pinned.map(AsRef::as_ref).chain(named).filter_map(digest))
                .collect(),
        }
    };
    let mut plugins: Vec<_> = manifests.iter().map(plugin).collect();
    plugins.sort_by(|a, b| a.name.cmp(&b.name));
    plugins
}
