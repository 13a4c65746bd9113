//! In which order rules can be evaluated so that each sees what it would see in Prometheus.
//!
//! There, at each time one rule follows the other, and a rule sees what those before it have just recorded, and of those behind
//! it what they recorded the time before. Evaluating a rule at all its times at once gives the same as long as all that it
//! reads was recorded by rules before it, as of the same time. What is not so is a knot, whose rules go time by time.

use rustc_hash::FxHashMap;

use super::alerting::{ALERT_NAME, ALERTS, FOR_STATE};
use crate::{
    metrics::{MatchOp, Store, labels::NAME},
    promql::{
        Expr, ExprKind, Query,
        ast::{At, Selector, Shift},
    },
    rules::rule::{Group, Kind, Rule},
};

/// Groups in the order of their evaluation, and what their rules need of each other.
pub(crate) struct Plan<'r> {
    pub(crate) groups: Vec<&'r Group>,
    /// Whether somebody reads the series that tell of alerts.
    pub(super) reads_alerts: bool,
    /// Whether samples in the store arrive as time goes on, so that what a rule records may stand in their way.
    arrives: bool,
    looks_ahead: bool,
    stages: Vec<Stage>,
}

/// What can be done in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// A rule, by its group's place and its own, at all its times.
    Whole(usize, usize),
    /// Rules time by time.
    Steps(Vec<(usize, usize)>),
}

/// A rule and what it reads.
struct Node<'r> {
    place: (usize, usize),
    rule: &'r Rule,
    offset: i64,
    reads: Vec<&'r Selector>,
    /// Texts of it that ask for expressions.
    asks: Vec<&'r str>,
    /// It has to be evaluated time by time, whatever it reads.
    is_instant: bool,
}

impl<'r> Plan<'r> {
    /// A plan for groups that are evaluated in this order, and for expressions that are evaluated afterwards.
    pub(crate) fn new(groups: Vec<&'r Group>, readers: &[&Query]) -> Self {
        let mut nodes = Vec::new();
        let mut looks_ahead = false;
        for (g, group) in groups.iter().enumerate() {
            for (r, rule) in group.rules.iter().enumerate() {
                let mut walk = Walk::default();
                walk.expr(&rule.query.expr);
                looks_ahead |= walk.looks_ahead;
                let texts = rule.labels.iter().chain(match &rule.kind {
                    Kind::Alerting { annotations, .. } => annotations.as_slice(),
                    Kind::Recording => &[],
                });
                let asks = texts.into_iter().filter(|text| text.template.queries());
                nodes.push(Node {
                    place: (g, r),
                    rule,
                    offset: group.query_offset,
                    reads: walk.selectors,
                    asks: asks.map(|text| text.template.text()).collect(),
                    is_instant: walk.is_instant,
                });
            }
        }
        let mut outside = Walk::default();
        readers.iter().for_each(|query| outside.expr(&query.expr));
        let of_alerts = |selector: &&Selector| named(selector, ALERTS) || named(selector, FOR_STATE);
        let reads_alerts = nodes.iter().any(|node| {
            node.reads.iter().any(of_alerts) || node.asks.iter().any(|text| may_ask(text, ALERTS))
        }) || outside.selectors.iter().any(of_alerts);
        let stages = stages(&nodes, reads_alerts);
        Self { groups, reads_alerts, arrives: false, looks_ahead, stages }
    }

    /// The same, for samples that arrive as time goes on, as promtool has it.
    pub(crate) fn arriving(self) -> Self {
        Self { arrives: true, ..self }
    }

    /// Whether rules must not see samples before their time.
    pub(super) fn needs_order(&self, store: &Store) -> bool {
        let records = || self.groups.iter().flat_map(|g| &g.rules).filter(|rule| !rule.is_alert());
        let stands_in_the_way = || {
            records().any(|rule| store.has_metric(&rule.name))
                || (self.reads_alerts && (store.has_metric(ALERTS) || store.has_metric(FOR_STATE)))
        };
        self.looks_ahead || (self.arrives && stands_in_the_way())
    }

    pub(super) fn stages(&self, in_order: bool) -> Vec<Stage> {
        if !in_order {
            return self.stages.clone();
        }
        let places = self.groups.iter().enumerate();
        let all = places.flat_map(|(g, group)| (0..group.rules.len()).map(move |r| (g, r)));
        vec![Stage::Steps(all.collect())]
    }
}

/// What stands in an expression.
#[derive(Default)]
struct Walk<'r> {
    selectors: Vec<&'r Selector>,
    /// It means something else over a range of times.
    is_instant: bool,
    /// It may look at a later time than its own.
    looks_ahead: bool,
}

impl<'r> Walk<'r> {
    fn expr(&mut self, expr: &'r Expr) {
        match &expr.kind {
            ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => {
                self.shift(selector.shift);
                self.selectors.push(selector);
            }
            ExprKind::Subquery(subquery) => self.shift(subquery.shift),
            ExprKind::Call(call) => {
                // What they give is of the query as a whole; sorting is for nothing over a range, and says so.
                let name = call.function.name;
                self.is_instant |=
                    matches!(name, "start" | "end" | "range" | "step") || name.starts_with("sort");
            }
            _ => {}
        }
        expr.children().into_iter().for_each(|child| self.expr(child));
    }

    fn shift(&mut self, shift: Shift) {
        self.is_instant |= matches!(shift.at, Some(At::Start | At::End));
        self.looks_ahead |= shift.offset < 0 || matches!(shift.at, Some(At::Time(_)));
    }
}

fn stages(nodes: &[Node<'_>], reads_alerts: bool) -> Vec<Stage> {
    let producers = producers(nodes);
    let mut is_knot: Vec<bool> = nodes.iter().map(|node| node.is_instant).collect();
    let mut needs: Vec<Vec<usize>> = Vec::with_capacity(nodes.len());
    for (i, node) in nodes.iter().enumerate() {
        let needed = needed(node, nodes, &producers);
        for j in &needed {
            // Recorded behind it, or as of a time that it does not see yet.
            if *j >= i || nodes[*j].offset > node.offset {
                is_knot[i] = true;
                is_knot[*j] = true;
            }
        }
        needs.push(needed);
    }
    for (i, j) in twins(nodes, &producers, reads_alerts) {
        is_knot[i] = true;
        is_knot[j] = true;
    }
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (i, needed) in needs.iter().enumerate() {
        needed.iter().for_each(|j| needed_by[*j].push(i));
    }
    let above = reachable(&is_knot, &needs);
    let below = reachable(&is_knot, &needed_by);
    let in_knot = |i: usize| is_knot[i] || (above[i] && below[i]);
    let whole = |i: usize| Stage::Whole(nodes[i].place.0, nodes[i].place.1);
    let before = (0..nodes.len()).filter(|i| !in_knot(*i) && !below[*i]).map(whole);
    let knot: Vec<_> = (0..nodes.len()).filter(|i| in_knot(*i)).map(|i| nodes[i].place).collect();
    let behind = (0..nodes.len()).filter(|i| !in_knot(*i) && below[*i]).map(whole);
    let knot = (!knot.is_empty()).then_some(Stage::Steps(knot));
    before.chain(knot).chain(behind).collect()
}

/// Which rules record what is called so.
fn producers<'r>(nodes: &[Node<'r>]) -> FxHashMap<&'r str, Vec<usize>> {
    let mut producers: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (i, node) in nodes.iter().enumerate() {
        let names: &[&str] = if node.rule.is_alert() { &[ALERTS, FOR_STATE] } else { &[&node.rule.name] };
        names.iter().for_each(|name| producers.entry(name).or_default().push(i));
    }
    producers
}

/// The rules whose series a rule may read.
fn needed(node: &Node<'_>, nodes: &[Node<'_>], producers: &FxHashMap<&str, Vec<usize>>) -> Vec<usize> {
    let mut needed = Vec::new();
    for text in &node.asks {
        let names = producers.iter().filter(|(name, _)| may_ask(text, name));
        needed.extend(names.flat_map(|(_, rules)| rules));
    }
    for selector in &node.reads {
        let exact = selector.matchers.iter().find(|m| *m.name == *NAME && m.op == MatchOp::Equal);
        let names: Vec<&str> = match exact {
            Some(name) => vec![&*name.value],
            None => producers.keys().copied().filter(|name| named(selector, name)).collect(),
        };
        let found = names.iter().filter_map(|name| producers.get(name)).flatten();
        needed.extend(found.filter(|i| may_have(selector, nodes[**i].rule)));
    }
    needed.sort_unstable();
    needed.dedup();
    needed
}

/// Whether a text with `query` in it may ask for series of that name. What it asks is known when it is filled in; until then
/// it may be any name that stands in the text, or any at all if it selects without a name or has no text in quotes.
fn may_ask(text: &str, name: &str) -> bool {
    if text.contains(name) || text.contains(NAME) || !text.contains(['"', '`']) {
        return true;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    text.match_indices('{').any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        !before.ends_with('{') && !after.starts_with('{') && !before.ends_with(is_name)
    })
}

/// Whether a selector takes series of that name.
fn named(selector: &Selector, name: &str) -> bool {
    selector.matchers.iter().filter(|m| *m.name == *NAME).all(|m| m.accepts(name))
}

/// Whether a selector may take series of a rule, by the labels that the rule always sets.
fn may_have(selector: &Selector, rule: &Rule) -> bool {
    selector.matchers.iter().all(|matcher| {
        if rule.is_alert() && *matcher.name == *ALERT_NAME {
            return matcher.accepts(&rule.name);
        }
        set_to(rule, &matcher.name).is_none_or(|value| matcher.accepts(value))
    })
}

/// The value that a rule always gives to a label.
fn set_to<'r>(rule: &'r Rule, label: &str) -> Option<&'r str> {
    let text = rule.labels.iter().find(|text| text.name == label)?;
    text.template.is_plain().then(|| text.template.text())
}

/// Pairs of rules that may write the same series.
fn twins(
    nodes: &[Node<'_>],
    producers: &FxHashMap<&str, Vec<usize>>,
    reads_alerts: bool,
) -> Vec<(usize, usize)> {
    let mut twins = Vec::new();
    for (name, writers) in producers {
        if *name == FOR_STATE || (*name == ALERTS && !reads_alerts) {
            continue;
        }
        for (at, i) in writers.iter().enumerate() {
            let others = writers[at + 1..].iter().filter(|j| !differ(nodes[*i].rule, nodes[**j].rule));
            twins.extend(others.map(|j| (*i, *j)));
        }
    }
    twins
}

/// Whether the series of two rules differ for certain.
fn differ(a: &Rule, b: &Rule) -> bool {
    if a.is_alert() && a.name != b.name {
        return true;
    }
    let differs = |text: &crate::rules::rule::Text| {
        let (a, b) = (set_to(a, &text.name), set_to(b, &text.name));
        a.is_some() && b.is_some() && a != b
    };
    a.labels.iter().any(differs)
}

/// What can be reached from the marked ones, these not among it unless they are reached again.
fn reachable(marked: &[bool], ways: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; marked.len()];
    let mut open: Vec<usize> = (0..marked.len()).filter(|i| marked[*i]).collect();
    while let Some(i) = open.pop() {
        for j in &ways[i] {
            if !std::mem::replace(&mut reached[*j], true) {
                open.push(*j);
            }
        }
    }
    reached
}
