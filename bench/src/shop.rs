//! The invented shop: what its services do, how long it takes them, and what they ask of each other.
//!
//! Only data. Traces are grown out of it in `trace`.

use crate::attributes::Work;

pub(crate) const SERVICES: [&str; 6] = ["gateway", "catalog", "orders", "payments", "warehouse", "mailer"];
const GATEWAY: usize = 0;
const CATALOG: usize = 1;
const ORDERS: usize = 2;
const PAYMENTS: usize = 3;
const WAREHOUSE: usize = 4;
const MAILER: usize = 5;

/// A span's role between services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// What the spans of one name have in common.
#[derive(Debug)]
pub(crate) struct Operation {
    /// An index into [`SERVICES`].
    pub(crate) service: usize,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) work: Work,
    /// The median of what it does itself, in nanoseconds.
    pub(crate) median: u64,
    /// How wide that spreads: σ of its logarithm.
    pub(crate) sigma: f64,
    pub(crate) errors_permille: u64,
    /// What it asks of others, one after the other.
    pub(crate) steps: &'static [Step],
}

/// Something that an operation asks of another, a number of times at once.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) of: &'static Operation,
    pub(crate) permille: u64,
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Whether it is waited for.
    pub(crate) awaited: bool,
}

const fn one(of: &'static Operation) -> Step {
    Step { of, permille: 1000, from: 1, to: 1, awaited: true }
}

const fn many(from: u64, to: u64, of: &'static Operation) -> Step {
    Step { of, permille: 1000, from, to, awaited: true }
}

const fn maybe(permille: u64, of: &'static Operation) -> Step {
    Step { of, permille, from: 1, to: 1, awaited: true }
}

const fn unattended(of: &'static Operation) -> Step {
    Step { of, permille: 1000, from: 1, to: 1, awaited: false }
}

const fn operation(service: usize, name: &'static str, kind: Kind, work: Work, micros: u64) -> Operation {
    Operation { service, name, kind, work, median: micros * 1000, sigma: 0.7, errors_permille: 1, steps: &[] }
}

/// How traces begin: each up to this one of a thousand lots, from the one before on.
pub(crate) static ROOTS: [(u64, &Operation); 4] =
    [(600, &GET_PRODUCT), (850, &SEARCH), (998, &CHECKOUT), (1000, &REPRICE)];

static GET_PRODUCT: Operation = Operation {
    steps: &[one(&AUTHORIZE), one(&CALL_CATALOG), maybe(400, &RENDER)],
    ..operation(GATEWAY, "GET /products/{id}", Kind::Server, Work::Http, 400)
};
static SEARCH: Operation = Operation {
    steps: &[maybe(500, &AUTHORIZE), many(1, 6, &SEARCH_SHARD), one(&RANK)],
    ..operation(GATEWAY, "GET /search", Kind::Server, Work::Http, 600)
};
static CHECKOUT: Operation = Operation {
    steps: &[one(&AUTHORIZE), one(&PLACE_ORDER)],
    errors_permille: 12,
    ..operation(GATEWAY, "POST /checkout", Kind::Server, Work::Http, 700)
};
/// The trace that is much larger than the others: hundreds of spans.
static REPRICE: Operation = Operation {
    steps: &[many(40, 400, &REPRICE_ITEM)],
    ..operation(CATALOG, "reprice", Kind::Internal, Work::Compute, 20_000)
};

static AUTHORIZE: Operation = operation(GATEWAY, "authorize", Kind::Internal, Work::Cache, 250);
static RENDER: Operation = operation(GATEWAY, "render", Kind::Internal, Work::Compute, 1_500);
static RANK: Operation = operation(GATEWAY, "rank", Kind::Internal, Work::Compute, 900);
static CALL_CATALOG: Operation = Operation {
    steps: &[one(&CATALOG_GET)],
    sigma: 0.9,
    ..operation(GATEWAY, "shop.Catalog/Get", Kind::Client, Work::Call, 900)
};
static CATALOG_GET: Operation = Operation {
    steps: &[one(&CACHE), maybe(300, &SELECT)],
    errors_permille: 4,
    ..operation(CATALOG, "shop.Catalog/Get", Kind::Server, Work::Call, 500)
};
static SEARCH_SHARD: Operation = Operation {
    steps: &[maybe(600, &SELECT)],
    sigma: 1.1,
    errors_permille: 6,
    ..operation(CATALOG, "search shard", Kind::Client, Work::Call, 6_000)
};
static CACHE: Operation = operation(CATALOG, "HGETALL", Kind::Client, Work::Cache, 180);
static SELECT: Operation = Operation {
    sigma: 1.0,
    errors_permille: 3,
    ..operation(CATALOG, "SELECT products", Kind::Client, Work::Statement, 2_500)
};
static REPRICE_ITEM: Operation = Operation {
    steps: &[one(&SELECT)],
    ..operation(CATALOG, "reprice item", Kind::Internal, Work::Compute, 3_000)
};

static PLACE_ORDER: Operation = Operation {
    steps: &[many(1, 5, &RESERVE), one(&CHARGE), one(&INSERT), one(&PUBLISH)],
    ..operation(ORDERS, "shop.Orders/Place", Kind::Server, Work::Call, 1_200)
};
static INSERT: Operation = operation(ORDERS, "INSERT orders", Kind::Client, Work::Statement, 1_800);
static PUBLISH: Operation = Operation {
    steps: &[unattended(&SEND_MAIL)],
    ..operation(ORDERS, "orders.placed publish", Kind::Producer, Work::Message, 300)
};
static RESERVE: Operation = Operation {
    steps: &[one(&UPDATE)],
    ..operation(WAREHOUSE, "shop.Stock/Reserve", Kind::Server, Work::Call, 800)
};
static UPDATE: Operation = operation(WAREHOUSE, "UPDATE stock", Kind::Client, Work::Statement, 1_500);
static CHARGE: Operation = Operation {
    sigma: 1.0,
    errors_permille: 30,
    ..operation(PAYMENTS, "shop.Payments/Charge", Kind::Client, Work::Http, 45_000)
};
/// Goes on when nobody waits for it any longer: longer than its parent.
static SEND_MAIL: Operation = Operation {
    sigma: 1.2,
    errors_permille: 15,
    ..operation(MAILER, "orders.placed process", Kind::Consumer, Work::Message, 80_000)
};
