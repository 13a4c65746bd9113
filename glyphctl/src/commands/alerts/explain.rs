//! `--explain`: from the alerts that fired to the traces, flows, findings and decisions behind them.

use std::{collections::BTreeSet, path::PathBuf};

use glyph_analysis::{
    pivot::{
        Suspects,
        explain::{self, Explanation},
    },
    rules::Outcome,
    trace::{Keep, Oddities, Spans, Traces, load_only},
};
use glyph_formats::{Recording, TraceId};

use crate::{
    commands::{
        recording::Opened,
        trace::{
            beside::{has_spans, records},
            input,
        },
    },
    output::note,
};

/// What the recordings among `named` know of the alerts that fired.
pub(super) fn explain(outcome: &Outcome, named: &[PathBuf]) -> anyhow::Result<Vec<Explanation>> {
    if !outcome.fired {
        return Ok(Vec::new());
    }
    let mut recordings = Vec::new();
    for given in named {
        for path in input::matching(given)? {
            let opened = Opened::open(&path)?;
            if Recording::open(opened.path()).is_ok() {
                recordings.push((path.to_string_lossy().into_owned(), opened));
            }
        }
    }
    if recordings.is_empty() {
        note("--explain: no recording is named, so that nothing is known of the traces; --traces names one");
    }
    let with_spans = |(_, opened): &&(String, Opened)| has_spans(opened.path()).unwrap_or(false);
    let all = match explain::lacks_exemplars(outcome) {
        true => {
            let spans: Vec<_> = recordings.iter().filter(with_spans).map(|(_, opened)| opened).collect();
            if spans.is_empty() {
                None
            } else {
                Some(input::traces(&input::sources(&spans)?, Keep::NOTHING)?)
            }
        }
        false => None,
    };
    let suspects = all.as_ref().map(Suspects::among);
    let mut explanations = explain::explain(outcome, suspects.as_ref());
    let ids: BTreeSet<TraceId> = explanations.iter().flat_map(Explanation::trace_ids).collect();
    for (name, opened) in &recordings {
        let mut traces = Traces::resolve(Spans::default(), Oddities::default());
        if has_spans(opened.path())? {
            let sources = input::sources(std::slice::from_ref(opened))?;
            let progress = sources.progress();
            let loaded = load_only(&sources, ids.iter().copied(), Keep::EVERYTHING, &progress)?;
            traces = Traces::resolve(loaded.spans, Oddities::default());
        }
        let path = traces.critical_path();
        let wanted = ids.clone();
        let records = records(opened.path(), move |id| wanted.contains(&id))?;
        explanations.iter_mut().for_each(|one| one.fill(name, &traces, &path, &records));
    }
    Ok(explanations)
}
