//! Beside others' programs: Prometheus as a target, behind TLS and a password, and promtool, which makes blocks of what was
//! recorded.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustix::process::Signal;

use super::{Folder, Reply, Target, stop};
use crate::{
    harness::{glyphctl, have, piped, within},
    metrics_peer::Prometheus,
};

type Samples = BTreeMap<String, Vec<(i64, u64)>>;

/// What promtool makes of a file: series by their labels, with times and the bits of values.
fn by_promtool(folder: &Folder, file: &str) -> Samples {
    let made = Command::new("promtool")
        .current_dir(folder.path(""))
        .args(["tsdb", "create-blocks-from", "openmetrics", file, "blocks"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    // It looks for what a server would have.
    fs::create_dir(folder.path("blocks/wal")).unwrap();
    let dump = Command::new("promtool").args(["tsdb", "dump"]).arg(folder.path("blocks")).output().unwrap();
    assert!(dump.status.success(), "{dump:?}");
    let mut samples = Samples::new();
    for line in String::from_utf8(dump.stdout).unwrap().lines() {
        let (rest, time) = line.rsplit_once(' ').unwrap();
        let (labels, value) = rest.rsplit_once(' ').unwrap();
        let labels = labels.strip_prefix('{').unwrap().strip_suffix('}').unwrap().to_owned();
        let sample = (time.parse().unwrap(), bits(value.parse().unwrap()));
        samples.entry(labels).or_default().push(sample);
    }
    samples
}

/// What we make of it.
fn by_us(folder: &Folder, file: &str) -> Samples {
    let series = folder.samples(file, "{__name__!=\"\"}").into_iter();
    series.map(|(labels, samples)| (labels, samples.iter().map(|(t, v)| (*t, bits(*v))).collect())).collect()
}

fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

#[test]
fn promtool_and_we_find_the_same_in_the_files() {
    if !have("promtool") {
        return;
    }
    // The same names, of other types and with other help.
    let modern = Target::answering(|n| {
        Reply::OpenMetrics(format!(
            "# HELP work Jobs.\n# TYPE work counter\nwork_total{{kind=\"a\\\"b\\\\\"}} {n} # {{trace_id=\"ab\"}} 1 1.5\n\
             work_created{{kind=\"a\\\"b\\\\\"}} 1700000000.5\n\
             # TYPE load gauge\nload 1.5\n# TYPE build info\nbuild_info{{version=\"1\"}} 1\n\
             # TYPE mode stateset\nmode{{mode=\"a\"}} 1\n# EOF\n"
        ))
    });
    let old = Target::answering(|n| {
        Reply::Classic(format!(
            "# HELP work_total Things that were done.\n# TYPE work_total gauge\nwork_total {n} 1700000000000\n\
             # TYPE load histogram\nload_bucket{{le=\"1\"}} 1\nload_bucket{{le=\"+Inf\"}} 2\nload_sum 3e-5\nload_count 2\n\
             # TYPE build untyped\nbuild_info NaN\nodd -Inf\njob{{job=\"x\",instance=\"y\"}} +Inf\n"
        ))
    });
    let folder = Folder::new();
    let targets =
        [modern.address().to_string(), format!("old={}", old.address()), "gone=127.0.0.1:1".to_owned()];
    let mut command = glyphctl();
    command.current_dir(folder.path("")).args([
        "metrics",
        "record",
        "--interval",
        "100ms",
        "-o",
        "run.om.zst",
    ]);
    let child = piped(command.args(&targets));
    within("scrapes", || modern.asked().len() > 3 && old.asked().len() > 3);
    stop(child, Signal::TERM).fine();
    let packed = fs::read(folder.path("run.om.zst")).unwrap();
    fs::write(folder.path("run.om"), zstd::decode_all(&*packed).unwrap()).unwrap();
    let ours = by_us(&folder, "run.om.zst");
    assert_eq!(ours, by_promtool(&folder, "run.om"));
    assert_eq!(ours, by_us(&folder, "run.om"));
    assert!(ours.len() == 13 + 3 * 3 && ours.values().any(|samples| samples.len() > 3), "{ours:#?}");
}

/// A certificate for this machine in `cert.pem`, its key in `key.pem`, and in `ca.pem` that of who has signed it.
fn certify(folder: &Path) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let cert = CertificateParams::new(names).unwrap().signed_by(&key, &ca).unwrap();
    let pem = |name: &str, kind: &str, der: &[u8]| {
        let base64 = BASE64_STANDARD.encode(der);
        let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
        let text = format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"));
        fs::write(folder.join(name), text).unwrap();
    };
    pem("ca.pem", "CERTIFICATE", ca.der());
    pem("cert.pem", "CERTIFICATE", cert.der());
    pem("key.pem", "PRIVATE KEY", &key.serialize_der());
}

/// The hash is bcrypt's of `pass word`, with the least work; Python's `crypt` has made it.
const WEB: &str = "\
tls_server_config: {cert_file: cert.pem, key_file: key.pem}
basic_auth_users: {me: $2b$04$VfQZqnCU77Umg8js0sCJ7.iVAvMdp8XEkuYnBzitEdz/jWUzzweMC}
";

#[test]
fn prometheus_itself_is_recorded_through_tls_and_a_password() {
    if !have("prometheus") || !have("promtool") {
        return;
    }
    let folder = Folder::new();
    certify(&folder.path(""));
    fs::write(folder.path("web.yml"), WEB).unwrap();
    fs::write(folder.path("password"), "pass word\n").unwrap();
    let web = format!("--web.config.file={}", folder.path("web.yml").display());
    let server = Prometheus::start(&folder.path("data"), &[&web]);
    let url = format!("prom=https://{}", server.address);
    let record = |out: &str, more: &[&str]| {
        let args = [&url, "--interval", "1m", "--scrape-timeout", "10s", "--for", "100ms", "-o", out];
        folder.record(&[&args, more].concat())
    };
    let who = ["--scrape-user", "me", "--scrape-password", "@password"];
    let run = record("run.om", &[&who[..], &["--scrape-ca", "ca.pem"]].concat()).fine();
    assert!(run.stderr.contains("1 target, 2 scrapes (0 failed), "), "{}", run.stderr);
    let ours = by_us(&folder, "run.om");
    assert!(ours.len() > 100, "{}", ours.len());
    assert_eq!(ours, by_promtool(&folder, "run.om"));

    let run = record("a.om", &who).unable();
    assert!(
        run.stderr.contains("its certificate is signed by nobody we trust (UnknownIssuer); --scrape-ca FILE"),
        "{}",
        run.stderr
    );
    let run = record("b.om", &["--scrape-ca", "ca.pem"]).unable();
    assert!(
        run.stderr.contains("the answer is 401 Unauthorized\nhint: --scrape-token @FILE, or --scrape-user"),
        "{}",
        run.stderr
    );
    let run = record("c.om", &[&who[..], &["--scrape-insecure-skip-verify"]].concat()).fine();
    assert!(run.stderr.contains("any certificate of a target is taken"), "{}", run.stderr);
}
