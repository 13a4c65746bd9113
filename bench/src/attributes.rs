//! What a span says of its work: keys and values as OpenTelemetry's conventions have them.
//!
//! In: the kind of work, and a seed. Out: the same attributes for the same seed, so that spans can wait for being
//! written without them. Not here: any format.

use span_gen::random::Random;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Name(&'static str),
    Text(String),
    Whole(u64),
    /// In thousandths.
    Ratio(u64),
    Flag(bool),
}

pub(crate) type Attributes = Vec<(&'static str, Value)>;

/// What kind of work a span is, which decides what it says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    Http,
    Call,
    Statement,
    Cache,
    Message,
    Compute,
}

const HOSTS: [&str; 4] = ["shop.example.com", "api.example.com", "www.example.com", "m.example.com:8443"];
const METHODS: [&str; 4] = ["GET", "GET", "GET", "POST"];
const STATUSES: [u64; 8] = [200, 200, 200, 200, 200, 204, 302, 404];
const AGENTS: [&str; 3] = ["Mozilla/5.0 (X11; Linux x86_64)", "okhttp/4.12.0", "python-requests/2.32"];
const QUERIES: [&str; 4] = ["caf\u{e9} cr\u{e8}me", "running shoes", "\u{9ed2}\u{8336}", "usb-c cable 2m"];
const QUEUES: [&str; 3] = ["orders.placed", "mail.outbound", "stock.changed"];

impl Work {
    pub(crate) fn attributes(self, seed: u64) -> Attributes {
        let r = &mut Random::new(seed);
        match self {
            Self::Http => vec![
                ("http.request.method", Value::Name(r.pick(&METHODS))),
                ("url.full", Value::Text(url(r))),
                ("http.response.status_code", Value::Whole(r.pick(&STATUSES))),
                ("user_agent.original", Value::Name(r.pick(&AGENTS))),
            ],
            Self::Call => vec![
                ("rpc.system", Value::Name("grpc")),
                ("server.address", Value::Text(format!("10.12.{}.{}", r.below(16), r.between(1, 254)))),
                ("server.port", Value::Whole(r.between(30_000, 32_767))),
            ],
            Self::Statement => vec![
                ("db.system.name", Value::Name("postgresql")),
                ("db.query.text", Value::Text(statement(r))),
                ("db.response.returned_rows", Value::Whole(r.below(50))),
            ],
            Self::Cache => vec![
                ("db.system.name", Value::Name("redis")),
                ("db.operation.name", Value::Name("HGETALL")),
                ("cache.key", Value::Text(format!("product:{}:v3", r.below(400_000)))),
                ("cache.hit", Value::Flag(r.chance(700))),
            ],
            Self::Message => vec![
                ("messaging.system", Value::Name("kafka")),
                ("messaging.destination.name", Value::Name(r.pick(&QUEUES))),
                ("messaging.message.id", Value::Text(format!("{:016x}-{:04x}", r.number(), r.below(65_536)))),
                ("messaging.kafka.offset", Value::Whole(r.below(100_000_000))),
            ],
            Self::Compute => vec![
                ("thread.name", Value::Text(format!("worker-{}", r.below(16)))),
                ("code.function.name", Value::Name("pricing::Rules::apply")),
                ("shop.items", Value::Whole(r.below(200))),
                ("shop.load", Value::Ratio(r.below(1000))),
            ],
        }
    }
}

fn url(r: &mut Random) -> String {
    let host = r.pick(&HOSTS);
    match r.below(3) {
        0 => format!("https://{host}/v2/products/{}", r.below(400_000)),
        1 => format!("https://{host}/v2/carts/{:08x}/items?page={}", r.below(1 << 32), r.below(9)),
        _ => format!("https://{host}/search?q={}", r.pick(&QUERIES)),
    }
}

fn statement(r: &mut Random) -> String {
    match r.below(2) {
        0 => format!("SELECT id, price FROM products WHERE shard = {} AND id = $1", r.below(64)),
        _ => {
            format!("UPDATE \"stock\" SET reserved = reserved + $1 WHERE sku = 'A{:06}'", r.below(1_000_000))
        }
    }
}
