//! The files of a new plugin. In: its name. Out: the files, which stand under `rust/` and `python/` as they are to be,
//! but for the name, and for where the SDK comes from.

use std::{borrow::Cow, fs, io, path::Path};

use anyhow::Context;

/// The name in the templates.
const NAME: &str = "plugin-name";
/// In `Cargo.toml`, what says where the SDK comes from.
const SDK: &str = "plugin-sdk";

/// What gRPC's compiler makes of the protocol, for Python.
pub(crate) const STUBS: [(&str, &str); 2] = [
    ("glyph_plugin_v1_pb2.py", include_str!("../../../../../plugins/secret-scan/glyph_plugin_v1_pb2.py")),
    (
        "glyph_plugin_v1_pb2_grpc.py",
        include_str!("../../../../../plugins/secret-scan/glyph_plugin_v1_pb2_grpc.py"),
    ),
];

/// A plugin's files, by their paths in its folder.
#[derive(Debug)]
pub(super) struct Template(Vec<(&'static str, Cow<'static, str>)>);

impl Template {
    /// One with the SDK, from that folder or from the repository.
    pub(super) fn rust(name: &str, sdk: Option<&Path>) -> anyhow::Result<Self> {
        let source = match sdk {
            None => format!("git = {:?}", env!("CARGO_PKG_REPOSITORY")),
            // A string of JSON is one of TOML.
            Some(path) => {
                let path = path.to_str().with_context(|| format!("{}: is no UTF-8", path.display()))?;
                format!("path = {}", serde_json::to_string(path)?)
            }
        };
        let cargo = include_str!("rust/Cargo.toml.template").replace(SDK, &source);
        let files = [
            ("Cargo.toml", cargo.as_str()),
            ("plugin.toml", include_str!("rust/plugin.toml")),
            ("src/main.rs", include_str!("rust/main.rs")),
            (".gitignore", include_str!("rust/gitignore")),
            ("README.md", include_str!("rust/README.md")),
        ];
        Ok(Self(files.map(|(path, text)| (path, text.replace(NAME, name).into())).into()))
    }

    /// One with the stubs that gRPC's compiler makes.
    pub(super) fn python(name: &str) -> Self {
        let files = [
            ("plugin.toml", include_str!("python/plugin.toml")),
            ("plugin.py", include_str!("python/plugin.py")),
            ("glyph_bus.py", include_str!("python/glyph_bus.py")),
            ("requirements.txt", include_str!("python/requirements.txt")),
            (".gitignore", include_str!("python/gitignore")),
            ("README.md", include_str!("python/README.md")),
        ];
        let files = files.map(|(path, text)| (path, text.replace(NAME, name).into()));
        let stubs = STUBS.map(|(path, text)| (path, text.into()));
        Self(files.into_iter().chain(stubs).collect())
    }

    /// Writes them into a folder.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        for (path, text) in &self.0 {
            let path = dir.join(path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text.as_bytes())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sources_are_filled_in_everywhere() {
        let rust = Template::rust("hello", Some(Path::new("/a \"b\""))).unwrap();
        for (path, text) in rust.0.iter().chain(&Template::python("hello").0) {
            assert!(!text.contains(NAME) && !text.contains(SDK), "{path}");
        }
        let cargo = &rust.0.iter().find(|(path, _)| *path == "Cargo.toml").unwrap().1;
        assert!(cargo.contains(r#"glyph-plugin = { path = "/a \"b\"" }"#), "{cargo}");
        let fetched = Template::rust("hello", None).unwrap();
        assert!(fetched.0[0].1.contains("glyph-plugin = { git = \"https://"), "{}", fetched.0[0].1);
    }
}
