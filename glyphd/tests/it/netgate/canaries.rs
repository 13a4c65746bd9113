//! A network that the test makes for itself, in which every address there is leads to a server that writes down by which
//! address it was reached. Nothing that is forbidden is: not by its number in any spelling, not by a name, not by a redirect,
//! not by a name that changes its mind, not by a proxy of the environment.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    process::Command,
    sync::{Arc, Mutex},
};

use glyph_plugin::Capability;
use glyphd::netgate::Resolver;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

use super::Scene;
use crate::harness::{FakeOrigin, client, outlet::get, peers, plugin::this_binary_as, within};

/// In a namespace where it may: every address is this machine's.
const NETWORK: &str = "ip link set lo up\n\
                       ip route add local 0.0.0.0/0 dev lo\n\
                       ip -6 route add local ::/0 dev lo\n\
                       echo 'the network is there' >&2\n\
                       exec \"$@\"\n";
/// What is of the public internet, elsewhere.
const PUBLIC: &str = "93.184.216.34";

#[test]
fn no_canary_sees_a_packet() {
    let mut unshare = Command::new("unshare");
    unshare.args(["-rn", "sh", "-ec", NETWORK, "sh"]).args(this_binary_as("netgate::canaries::the_network"));
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        unshare.env(name, "http://10.99.99.99:80");
    }
    let Some(ended) = peers::found("unshare", unshare.output()) else { return };
    let told = String::from_utf8_lossy(&ended.stderr);
    if !told.contains("the network is there") {
        let why = std::io::Error::other(told.trim().to_owned());
        assert!(peers::found::<()>("a network of its own (unshare -rn, ip)", Err(why)).is_none());
        return;
    }
    assert!(ended.status.success(), "{told}{}", String::from_utf8_lossy(&ended.stdout));
}

/// By which addresses somebody came.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<IpAddr>>>);

impl Seen {
    fn take(&self) -> Vec<IpAddr> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A server at every address: it leads to where a path `/to/URL` says, and says ok to all else.
async fn everywhere() -> Seen {
    let seen = Seen::default();
    // IPv4 comes to it, too.
    let listener = TcpListener::bind("[::]:80").await.unwrap();
    let told = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            told.0.lock().unwrap().push(stream.local_addr().unwrap().ip().to_canonical());
            tokio::spawn(answer(stream));
        }
    });
    seen
}

async fn answer(mut stream: TcpStream) {
    let head = client::head(&mut stream).await;
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    let lead = path.strip_prefix("/to/").map(|url| format!("HTTP/1.1 302 Found\r\nlocation: {url}"));
    let head = lead.unwrap_or_else(|| "HTTP/1.1 200 OK".to_owned());
    let answer = format!("{head}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    drop(stream.write_all(answer.as_bytes()).await);
}

/// Names, and what each stands for when it is asked for the first time, the second, and so on.
fn names() -> Resolver {
    let asked = Mutex::new(BTreeMap::<String, usize>::new());
    Resolver::of(move |host| {
        let turns: &[&str] = match host {
            "private.example" => &["10.0.0.1"],
            "mixed.example" => &["93.184.216.34 10.0.0.2"],
            "six.example" => &["93.184.216.34 fd00::2"],
            "metadata.google.internal" => &["169.254.169.254"],
            "rebinding.example" => &[PUBLIC, "10.0.0.3"],
            _ => &[PUBLIC],
        };
        let mut asked = asked.lock().unwrap();
        let turn = asked.entry(host.to_owned()).or_default();
        let addresses = turns[(*turn).min(turns.len() - 1)];
        *turn += 1;
        Ok(addresses.split(' ').map(|address| address.parse().unwrap()).collect())
    })
}

const FORBIDDEN: [&str; 47] = [
    "127.0.0.1",
    "127.9.9.9",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "a.localhost",
    "0x7f.1",
    "0x7f000001",
    "017700000001",
    "2130706433",
    "127.1",
    "0",
    "0.0.0.0",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:0:0]",
    "[::10.0.0.1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::1]",
    "[2002:a00:1::1]",
    "[2001::1]",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "240.0.0.1",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[2001:db8::1]",
    "private.example",
    "PRIVATE.example.",
    "mixed.example",
    "six.example",
    "metadata.google.internal",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a network of its own, and is started there"]
async fn the_network() {
    let seen = everywhere().await;
    // The canaries sing.
    for address in ["10.0.0.1:80", "169.254.169.254:80", "[fd00::9]:80", "93.184.216.34:80"] {
        let address: SocketAddr = address.parse().unwrap();
        drop(within("a canary", TcpStream::connect(address)).await.unwrap());
        crate::harness::told::until("its song", async || seen.take() == [address.ip()]).await;
    }
    let scene = Scene::of(Capability::CapHttpActive, FakeOrigin::ok().await, |config| {
        config.policy.netgate.allow.clear();
        config.policy.netgate.resolver = names();
        config.policy.netgate.requests_per_host = 1;
        config.policy.netgate.window_ms = 6_000;
    })
    .await;
    let fetch = |url: String| scene.guest.outlet.fetch(get(url));
    for host in FORBIDDEN {
        let got = fetch(format!("http://{host}/")).await;
        assert_eq!(got.denied().0.as_str_name(), "DENIED_ADDRESS", "{host}");
    }
    for host in ["224.0.0.1", "255.255.255.255", "[ff02::1]"] {
        assert_eq!(
            fetch(format!("http://{host}/")).await.denied().0.as_str_name(),
            "DENIED_ADDRESS",
            "{host}"
        );
    }
    assert_eq!(seen.take(), [] as [IpAddr; 0]);

    let public: IpAddr = PUBLIC.parse().unwrap();
    for (n, host) in FORBIDDEN.iter().enumerate() {
        let got = fetch(format!("http://public-{n}.example/to/http://{host}/")).await;
        assert_eq!((got.denied().0.as_str_name(), got.end.attempts), ("DENIED_ADDRESS", 1), "{host}");
        assert_eq!(seen.take(), [public], "{host}");
    }
    // By NAT64 the public internet may be reached, and only that.
    fetch("http://[64:ff9b::8.8.8.8]/".to_owned()).await.fine();
    assert_eq!(seen.take(), ["64:ff9b::808:808".parse::<IpAddr>().unwrap()]);

    // The second fetch is judged, waits until what was found has been forgotten, and is judged again as it connects.
    fetch("http://rebinding.example/".to_owned()).await.fine();
    let got = fetch("http://rebinding.example/".to_owned()).await;
    assert_eq!(
        got.denied(),
        (glyph_plugin::DenialReason::DeniedAddress, "rebinding.example is 10.0.0.3, a private address")
    );
    assert!(got.limited().as_secs() >= 5, "it was to go, when it was judged first");
    assert_eq!(seen.take(), [public]);
    drop(scene.guest);
    scene.daemon.drain().await;
    assert_eq!(seen.take(), [] as [IpAddr; 0]);
}
