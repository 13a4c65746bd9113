//! A rule on its way through its times.

use super::{
    History, Plan, Times, World,
    alerting::Alerting,
    history::Refused,
    recording::Recording,
    results::{NOT_A_VECTOR, Results, vector_of},
};
use crate::{
    metrics::{Refusal, Store},
    promql::{EvalErrorKind, Evaluator, RangeSeries, ValueType},
    rules::rule::{Group, Kind, Rule},
};

/// A rule on its way.
pub(super) struct Running<'r> {
    rule: &'r Rule,
    group: &'r Group,
    times: Times,
    evaluator: Evaluator<'r>,
    output: Output<'r>,
    error: Option<(i64, String)>,
}

enum Output<'r> {
    Alerting(Alerting<'r>),
    Recording(Recording<'r>),
}

impl<'r> Running<'r> {
    pub(super) fn new(
        rule: &'r Rule,
        group: &'r Group,
        times: Times,
        plan: &Plan<'_>,
        world: &'r World,
    ) -> Self {
        let output = match rule.kind {
            Kind::Recording => Output::Recording(Recording::new(rule)),
            Kind::Alerting { hold, keep_firing, .. } => {
                Output::Alerting(Alerting::new(rule, hold, keep_firing, plan.reads_alerts, world))
            }
        };
        let evaluator = Evaluator::new(&rule.query, world.settings);
        Self { rule, group, times, evaluator, output, error: None }
    }

    /// All evaluations.
    pub(super) fn whole(&mut self, store: &mut Store) {
        self.some(self.times, false, store);
    }

    /// One evaluation.
    pub(super) fn step(&mut self, k: usize, store: &mut Store) {
        self.some(Times { first: self.times.at(k), count: 1, ..self.times }, true, store);
    }

    /// Evaluations that follow each other. Where one has an error the others are done without it: they are halved until
    /// it stands alone. So are those that are too many to be held. `in_order` says that the store is as it is at that time.
    fn some(&mut self, times: Times, in_order: bool, store: &mut Store) {
        if times.count == 0 {
            return;
        }
        match self.evaluate(times, store) {
            Ok(results) => self.take(times, in_order, &results, store),
            Err(_) if times.count > 1 => {
                let half = times.count / 2;
                self.some(Times { count: half, ..times }, in_order, store);
                let rest = Times { first: times.at(half), count: times.count - half, ..times };
                self.some(rest, in_order, store);
            }
            Err(what) => self.fail(times.first, what),
        }
    }

    fn evaluate(&mut self, times: Times, store: &Store) -> Result<Results, String> {
        if !matches!(self.rule.query.expr.value_type(), ValueType::Vector | ValueType::Scalar) {
            return Err(NOT_A_VECTOR.to_owned());
        }
        // Samples are those of the time at which the query looks.
        let first = times.first - self.group.query_offset;
        let looked = Times { first, ..times };
        let told = |e: crate::promql::EvalError| match e.kind {
            EvalErrorKind::Cancelled => "it was stopped".to_owned(),
            kind => kind.to_string(),
        };
        let series = if times.count == 1 {
            let one = |labels, value| RangeSeries { labels, samples: vec![(first, value)] };
            let samples = vector_of(self.evaluator.instant(store, first).map_err(told)?)?;
            samples.into_iter().map(|s| one(s.labels, s.value)).collect()
        } else {
            let last = looked.at(looked.count - 1);
            self.evaluator.range(store, first, last, times.step).map_err(told)?
        };
        Ok(Results::of(series, looked))
    }

    fn take(&mut self, times: Times, in_order: bool, results: &Results, store: &mut Store) {
        let (group, offset) = (self.group, self.group.query_offset);
        let errors = match &mut self.output {
            Output::Alerting(alerts) => alerts.take(times, in_order, (offset, group.limit), results, store),
            Output::Recording(recording) => {
                let looked = Times { first: times.first - offset, ..times };
                recording.take(looked, group.limit, results, store)
            }
        };
        if let Some((k, what)) = errors.into_iter().next() {
            self.fail(times.at(k), what);
        }
    }

    /// Input that can't be taken since there is a sample of a rule.
    pub(super) fn refuse(&mut self, time: i64, why: Refusal) {
        self.fail(time, why.to_string());
    }

    fn fail(&mut self, time: i64, what: String) {
        if self.error.as_ref().is_none_or(|(first, _)| time < *first) {
            self.error = Some((time, what));
        }
    }

    pub(super) fn finish(self) -> History {
        let notes = self.evaluator.notes();
        let (alerts, refused) = match self.output {
            Output::Alerting(alerting) => (alerting.finish(), None),
            Output::Recording(recording) => {
                let at = |r: Refused| Refused { first: r.first + self.group.query_offset, ..r };
                (Vec::new(), recording.refused.map(at))
            }
        };
        History { alerts, error: self.error, notes, refused }
    }
}
