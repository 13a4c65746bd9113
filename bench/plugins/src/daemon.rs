//! A glyphd process to be measured.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, ensure};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

/// One that records, with what is in its directory.
pub(crate) struct Glyphd {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    pub(crate) proxy: String,
    pub(crate) control: PathBuf,
    dir: TempDir,
}

impl Glyphd {
    /// With that policy, and a folder for each of the manifests.
    pub(crate) async fn start(
        program: &str,
        policy: &str,
        manifests: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        Self::start_with(program, policy, manifests, &[]).await
    }

    /// The same, with further arguments.
    pub(crate) async fn start_with(
        program: &str,
        policy: &str,
        manifests: &[(&str, String)],
        args: &[&str],
    ) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let at = |name: &str| dir.path().join(name);
        fs::write(at("glyph.toml"), policy)?;
        fs::create_dir(at("plugins"))?;
        for (name, manifest) in manifests {
            fs::create_dir(at("plugins").join(name))?;
            fs::write(at("plugins").join(name).join("plugin.toml"), manifest)?;
        }
        let mut child = Command::new(program)
            .args(["--proxy-addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--record"])
            .arg(at("recording"))
            .arg("--config")
            .arg(at("glyph.toml"))
            .arg("--plugins-dir")
            .arg(at("plugins"))
            .arg("--control-addr")
            .arg(at("control.sock"))
            .args(args)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| program.to_owned())?;
        let log = BufReader::new(child.stderr.take().context("its log")?).lines();
        let (control, proxy) = (at("control.sock"), String::new());
        let mut daemon = Self { child, log, proxy, control, dir };
        let line = daemon.line("glyphd listens").await?;
        let (_, rest) = line.split_once("proxy=").context("its address")?;
        daemon.proxy = rest.split(' ').next().unwrap_or_default().to_owned();
        for _ in manifests {
            daemon.line("a plugin is connected").await?;
        }
        Ok(daemon)
    }

    /// The next log line with that text.
    pub(crate) async fn line(&mut self, text: &str) -> anyhow::Result<String> {
        while let Some(line) = self.log.next_line().await? {
            if line.contains(text) {
                return Ok(line);
            }
        }
        anyhow::bail!("the log ended without {text:?}")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Ends it at once, with `kill -9`; returns what has its recording.
    pub(crate) async fn kill(mut self) -> anyhow::Result<TempDir> {
        self.child.kill().await?;
        Ok(self.dir)
    }

    /// Ends it; returns what has its recording.
    pub(crate) async fn stop(mut self) -> anyhow::Result<TempDir> {
        let pid = rustix::process::Pid::from_raw(self.pid().cast_signed()).context("its id")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        while self.log.next_line().await?.is_some() {}
        ensure!(self.child.wait().await?.success(), "glyphd failed");
        Ok(self.dir)
    }
}

/// The manifest of a plugin that is this program.
pub(crate) fn manifest(name: &str, plugin: &str) -> anyhow::Result<String> {
    let program = std::env::current_exe()?;
    let program: &Path = &program;
    Ok(format!(
        "name = {name:?}\nversion = \"1\"\ncommand = [{program:?}, \"plugin\", {plugin:?}]\n\
         subscriptions = [\"FLOW_RESPONSE\"]\ncapabilities = [\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\"]\n"
    ))
}
