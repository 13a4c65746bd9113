//! `--check-config`: what a start would find wrong, and what it would do. In: the flags. Out: every fault, and a line for
//! each thing that would be done.
//!
//! Nothing is created, started, listened on or connected to. So it is not known here whether an address is free, whom a
//! name leads to, and which of the sandbox's walls the machine has.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

use glyph_formats::recording::RecordingError;
use rustix::fs::{Access, access};

use super::{StartError, log, sockets::bus_identity};
use crate::{
    capture::{Ca, Mode, Tls, tls::CertificateAuthority},
    cli::{Args, FlagError},
    config::{AuditTarget, Config},
    plugin::{
        Allowance, BusAddress, digests,
        manifest::{self, Manifest},
    },
    scrape::Scrapers,
    telemetry,
};

/// The longest path that a Unix socket can have, in bytes.
const SOCKET_PATH: usize = 107;

/// What was found.
#[derive(Debug, Default)]
pub struct Preflight {
    /// What is wrong, in the order in which a start would meet it.
    pub faults: Vec<Fault>,
    /// What would be done, a line each: a word, and what it is about.
    pub plan: Vec<(&'static str, String)>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What: with the flag, and where there is one the file and the line.
    pub what: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

impl Preflight {
    /// Looks at everything that the flags say and name.
    pub fn of(args: Args) -> Self {
        let mut found = Self::default();
        if let Err(error) = log::filter(args.log_filter()) {
            found.fault(format!("--log {error}"), Some("for example --log debug"));
        }
        let policy_file = args.config.clone();
        let (config, faults) = args.into_config_and_faults();
        for fault in &faults {
            found.flag(fault);
        }
        let manifests = found.manifests(config.plugins_dir.as_deref());
        let allowances = config.policy.allowances(&manifests);
        found.programs(&manifests, &allowances);
        found.note(Scrapers::new(&config.scrape));
        found.tls(&config);
        found.addresses(&config);
        found.sockets(&config);
        found.files(&config);
        found.note(telemetry::check(&config.trace));
        found.plan = plan(&config, policy_file.as_deref(), &allowances);
        found
    }

    fn fault(&mut self, what: String, hint: Option<&'static str>) {
        let fault = Fault { what, hint };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn flag(&mut self, error: &FlagError) {
        self.fault(error.to_string(), error.hint());
    }

    fn start(&mut self, error: &StartError) {
        self.fault(error.to_string(), error.hint());
    }

    /// The value, or none if a start would fail there.
    fn note<T>(&mut self, result: Result<T, impl Into<StartError>>) -> Option<T> {
        result.map_err(|error| self.start(&error.into())).ok()
    }

    fn manifests(&mut self, dir: Option<&Path>) -> Vec<Manifest> {
        let Some(all) = dir.and_then(|dir| self.note(manifest::load_each(dir))) else { return Vec::new() };
        all.into_iter().filter_map(|manifest| self.note(manifest)).collect()
    }

    /// Whether what plugins are started with is there, and is what the operator pinned.
    fn programs(&mut self, manifests: &[Manifest], allowances: &BTreeMap<String, Allowance>) {
        let hint = Some("glyphctl plugin check says more of a plugin");
        for manifest in manifests {
            let Some(allowance) = allowances.get(&manifest.name).filter(|a| a.start) else { continue };
            let place = manifest.dir.join(manifest::FILE);
            if let Some(program) = manifest.own_program().filter(|path| !path.is_file()) {
                self.fault(format!("{}: command: there is no {}", place.display(), program.display()), hint);
            }
            for (name, fault) in digests::faults(&manifest.dir, &allowance.sha256) {
                self.fault(format!("{}: {fault}", manifest.dir.join(name).display()), hint);
            }
        }
    }

    fn tls(&mut self, config: &Config) {
        if let Some(Ca::InDir(dir)) = &config.capture.ca {
            match CertificateAuthority::is_there(dir) {
                Ok(true) => {}
                Ok(false) => self.parent("--ca-dir", &dir.join("ca.pem")),
                Err(error) => self.start(&StartError::Tls(error.into())),
            }
        }
        self.note(Tls::check(&config.capture));
        match (&config.plugin_addr, &config.plugin_tls) {
            (Some(BusAddress::Tcp(_)), None) => self.start(&StartError::BusTlsMissing),
            (_, Some(tls)) => {
                self.note(bus_identity(tls));
            }
            _ => {}
        }
    }

    fn addresses(&mut self, config: &Config) {
        let bus = match config.plugin_addr {
            Some(BusAddress::Tcp(address)) => Some(("--plugin-addr", address)),
            _ => None,
        };
        let all = [("--proxy-addr", config.proxy_addr), ("--metrics-addr", config.metrics_addr)];
        let otlp = config.otlp_addr.map(|address| ("--otlp-addr", address));
        let all: Vec<(&str, SocketAddr)> = all.into_iter().chain(otlp).chain(bus).collect();
        for (at, (flag, address)) in all.iter().enumerate() {
            let other = all[..at].iter().find(|(_, other)| meet(*other, *address));
            if let Some((other, _)) = other {
                let hint = Some("choose another port, or 0 for any that is free");
                self.fault(format!("{flag} {address}: is that of {other}, too"), hint);
            }
        }
    }

    fn sockets(&mut self, config: &Config) {
        let bus = match &config.plugin_addr {
            Some(BusAddress::Unix(path)) => Some(("--plugin-addr", path)),
            _ => None,
        };
        for (flag, path) in bus.into_iter().chain(config.control_addr.iter().map(|p| ("--control-addr", p))) {
            let told = format!("{flag} {}", path.display());
            if path.as_os_str().len() > SOCKET_PATH {
                self.fault(told, Some("a socket's path has at most 107 bytes"));
            } else if fs::symlink_metadata(path).is_ok_and(|there| !there.file_type().is_socket()) {
                self.fault(format!("{told}: is no socket"), Some("choose another path"));
            } else if !parent_of(path).is_dir() {
                self.fault(format!("{told}: {} is no directory", parent_of(path).display()), None);
            }
        }
    }

    fn files(&mut self, config: &Config) {
        let audit = match &config.audit_file {
            Some(AuditTarget::File(path)) => Some(path),
            _ => None,
        };
        let trace = config.trace.file.as_ref().filter(|_| config.trace.sample_ratio > 0.0);
        for (flag, path) in [
            ("--flow-file", config.flow_file.as_ref()),
            ("--findings-file", config.findings_file.as_ref()),
            ("--audit-file", audit),
            ("--trace-file", trace),
        ] {
            if let Some(path) = path {
                self.appended(flag, path);
            }
        }
        if let Some(path) = &config.secrets_file {
            match path.symlink_metadata() {
                Ok(_) => self.fault(
                    format!("--secrets {}: exists already", path.display()),
                    Some("it is never written over; choose a new file"),
                ),
                Err(_) => self.parent("--secrets", path),
            }
        }
        if let Some(dir) = &config.record {
            match dir.symlink_metadata() {
                Ok(_) => self.start(&StartError::Recording(RecordingError::Exists(dir.clone()))),
                Err(_) => self.parent("--record", dir),
            }
        }
    }

    /// Whether a file can be appended to, or made.
    fn appended(&mut self, flag: &'static str, path: &Path) {
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => {
                let hint = Some("the flag wants a file, and a directory stands there");
                self.fault(format!("{flag} {}: is a directory", path.display()), hint);
            }
            Ok(_) => self.access(flag, path, path, Access::WRITE_OK),
            Err(_) => self.parent(flag, path),
        }
    }

    /// Whether something can be made there, with the folders that it needs.
    fn parent(&mut self, flag: &'static str, path: &Path) {
        let mut folder = parent_of(path);
        while !folder.exists() {
            folder = parent_of(&folder);
        }
        if folder.is_dir() {
            self.access(flag, path, &folder, Access::WRITE_OK | Access::EXEC_OK);
        } else {
            self.fault(format!("{flag} {}: {} is no directory", path.display(), folder.display()), None);
        }
    }

    fn access(&mut self, flag: &'static str, path: &Path, what: &Path, rights: Access) {
        if let Err(source) = access(what, rights) {
            self.start(&StartError::Open { flag, path: path.to_owned(), source: source.into() });
        }
    }
}

/// Whether who listens on one can't listen on the other.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let everywhere = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && one.port() != 0 && (one.ip() == other.ip() || everywhere)
}

/// The folder in which something stands, or is to stand.
fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => PathBuf::from("/"),
    }
}

fn plan(
    config: &Config,
    policy: Option<&Path>,
    allowances: &BTreeMap<String, Allowance>,
) -> Vec<(&'static str, String)> {
    let mut plan = Vec::new();
    let mode = match &config.capture.mode {
        Mode::Reverse(_) => ", a reverse proxy",
        _ => "",
    };
    plan.push(("proxy", format!("{}{mode}", config.proxy_addr)));
    let tls = match &config.capture.ca {
        None => "passes as it is".to_owned(),
        Some(Ca::OfThisRun) => "is looked into, with a CA of this run alone".to_owned(),
        Some(Ca::InDir(dir)) => {
            let made =
                if CertificateAuthority::is_there(dir).unwrap_or(true) { "" } else { ", which is made" };
            format!("is looked into, with the CA in {}{made}", dir.display())
        }
    };
    plan.push(("tls", tls));
    plan.push(("metrics", config.metrics_addr.to_string()));
    plan.extend(config.otlp_addr.map(|address| ("spans of others", address.to_string())));
    let mut named =
        |word, path: Option<&PathBuf>| plan.extend(path.map(|path| (word, path.display().to_string())));
    named("record", config.record.as_ref());
    named("flows", config.flow_file.as_ref());
    named("findings", config.findings_file.as_ref());
    match &config.audit_file {
        Some(AuditTarget::File(path)) => named("audit", Some(path)),
        Some(AuditTarget::Stderr) => plan.push(("audit", "standard error".to_owned())),
        None if config.record.is_none() => plan.push(("audit", "standard error".to_owned())),
        None => {}
    }
    let spans = config.trace.endpoint.iter().cloned();
    let spans: Vec<_> =
        spans.chain(config.trace.file.iter().map(|file| file.display().to_string())).collect();
    if !spans.is_empty() {
        plan.push(("spans", format!("{}, of {} of the traces", spans.join(", "), config.trace.sample_ratio)));
    }
    plan.extend(config.scrape.iter().map(|target| ("scrape", target.to_string())));
    plan.extend(policy.map(|file| ("policy", file.display().to_string())));
    for (name, allowance) in allowances {
        let started = if allowance.start { "started" } else { "not started, gets in with a token" };
        let granted: Vec<_> = allowance.capabilities.iter().map(|c| c.as_str_name()).collect();
        let granted = if granted.is_empty() { "nothing".to_owned() } else { granted.join(", ") };
        plan.push(("plugin", format!("{name}, {started}; granted: {granted}")));
    }
    plan
}
