//! Another parser of PromQL, the crate promql-parser, for the tests of ours to be held beside.
//!
//! In: expressions as JSON texts, one a line. Out: a line for each, `= ` and its tree as the tests write ours, or `! ` and
//! why it is none.

use std::io::{self, BufRead, Write};

use promql_parser::{
    label::{MatchOp, Matchers},
    parser::{AtModifier, BinaryExpr, Expr, LabelModifier, Offset, VectorMatchCardinality, parse},
};

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        match parse(&text) {
            Ok(expr) => writeln!(out, "= {}", shape(&expr))?,
            Err(why) => writeln!(out, "! {}", why.replace('\n', " "))?,
        }
    }
    out.flush()
}

fn shape(expr: &Expr) -> String {
    match expr {
        Expr::NumberLiteral(n) => n.val.to_string(),
        Expr::StringLiteral(s) => format!("{:?}", s.val),
        Expr::VectorSelector(v) => {
            format!("{}{}", selector(v.name.as_deref(), &v.matchers), shift(v.offset.as_ref(), v.at.as_ref()))
        }
        Expr::MatrixSelector(m) => format!(
            "{}[{}]{}",
            selector(m.vs.name.as_deref(), &m.vs.matchers),
            m.range.as_millis(),
            shift(m.vs.offset.as_ref(), m.vs.at.as_ref())
        ),
        Expr::Subquery(s) => format!(
            "{}[{}:{}]{}",
            shape(&s.expr),
            s.range.as_millis(),
            s.step.map_or(0, |step| step.as_millis()),
            shift(s.offset.as_ref(), s.at.as_ref())
        ),
        Expr::Aggregate(a) => {
            let args: Vec<String> = a.param.iter().chain([&a.expr]).map(|arg| shape(arg)).collect();
            let (kind, labels) = match &a.modifier {
                Some(LabelModifier::Exclude(labels)) => ("without", labels.labels.clone()),
                Some(LabelModifier::Include(labels)) => ("by", labels.labels.clone()),
                None => ("by", Vec::new()),
            };
            format!("{}({}) {kind} {labels:?}", a.op, args.join(", "))
        }
        Expr::Call(c) => {
            let args: Vec<String> = c.args.args.iter().map(|arg| shape(arg)).collect();
            format!("{}({})", c.func.name, args.join(", "))
        }
        Expr::Binary(b) => format!("({} {} {})", shape(&b.lhs), operator(b), shape(&b.rhs)),
        Expr::Unary(u) => format!("(-{})", shape(&u.expr)),
        Expr::Paren(p) => shape(&p.expr),
        Expr::Extension(_) => "an extension".to_owned(),
    }
}

fn selector(name: Option<&str>, matchers: &Matchers) -> String {
    let mut conditions: Vec<String> = matchers
        .matchers
        .iter()
        .map(|m| {
            let op = match m.op {
                MatchOp::Equal => "=",
                MatchOp::NotEqual => "!=",
                MatchOp::Re(_) => "=~",
                MatchOp::NotRe(_) => "!~",
            };
            format!("{:?}{op}{:?}", m.name, m.value)
        })
        .chain(name.map(|name| format!("\"__name__\"={name:?}")))
        .collect();
    conditions.sort_unstable();
    format!("{{{}}}", conditions.join(","))
}

fn shift(offset: Option<&Offset>, at: Option<&AtModifier>) -> String {
    let at = match at {
        Some(AtModifier::Start) => " @start".to_owned(),
        Some(AtModifier::End) => " @end".to_owned(),
        Some(AtModifier::At(time)) => match time.duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => format!(" @{}", since.as_millis()),
            Err(before) => format!(" @-{}", before.duration().as_millis()),
        },
        None => String::new(),
    };
    match offset {
        Some(Offset::Pos(by)) if !by.is_zero() => format!("{at} offset {}", by.as_millis()),
        Some(Offset::Neg(by)) if !by.is_zero() => format!("{at} offset -{}", by.as_millis()),
        _ => at,
    }
}

fn operator(b: &BinaryExpr) -> String {
    let name = b.op;
    let Some(modifier) = &b.modifier else { return format!("{name} ignoring []") };
    let is_bool = if modifier.return_bool { " bool" } else { "" };
    let (on, labels) = match &modifier.matching {
        Some(LabelModifier::Include(labels)) => ("on", labels.labels.clone()),
        Some(LabelModifier::Exclude(labels)) => ("ignoring", labels.labels.clone()),
        None => ("ignoring", Vec::new()),
    };
    let many = match &modifier.card {
        VectorMatchCardinality::ManyToOne(include) => format!(" left {:?}", include.labels),
        VectorMatchCardinality::OneToMany(include) => format!(" right {:?}", include.labels),
        _ => String::new(),
    };
    format!("{name}{is_bool} {on} {labels:?}{many}")
}
