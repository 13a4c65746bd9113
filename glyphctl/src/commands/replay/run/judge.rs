//! Answers that are not the recorded ones at first sight, looked at closely: sanitised, and compared place by place.
//!
//! On threads of its own, so that nobody who is to send a request waits for it.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Instant, SystemTime},
};

use async_channel::{Receiver, Sender};
use glyph_analysis::replay::{Report, Rules, compare};
use glyph_formats::{
    Flow, UnixNanos, content,
    flow::{self, Timings},
};
use glyphd::sanitize::{Message, Sanitizer};
use http::Version;

use super::{
    answer::Answer,
    plan::{Prepared, PutBack},
    replaced::{Replacement, as_recorded, origin},
    send::Failure,
};

/// So many answers wait to be looked at.
const WAITING: usize = 64;

/// What came of a request.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) request: Arc<Prepared>,
    pub(super) sent: Instant,
    pub(super) ended: Instant,
    pub(super) answer: Result<Answer, Failure>,
}

/// Those who look.
pub(super) struct Judges {
    to: Sender<Outcome>,
    threads: Vec<JoinHandle<Report>>,
}

/// What they need.
#[derive(Debug)]
struct Bench {
    rules: Rules,
    sanitizer: Arc<Sanitizer>,
    /// Where it all goes, as a URL without a slash at its end.
    target: String,
    /// The same instant by both clocks.
    began: (Instant, SystemTime),
}

impl Judges {
    /// So many, who hold answers against the record by these rules.
    pub(super) fn start(
        threads: usize,
        rules: Rules,
        sanitizer: Arc<Sanitizer>,
        target: String,
    ) -> std::io::Result<Self> {
        let bench = Arc::new(Bench { rules, sanitizer, target, began: (Instant::now(), SystemTime::now()) });
        let (to, outcomes) = async_channel::bounded(WAITING);
        let judge = |_| {
            let (bench, outcomes) = (Arc::clone(&bench), outcomes.clone());
            thread::Builder::new().name("judge".to_owned()).spawn(move || bench.judge(&outcomes))
        };
        let threads = (0..threads).map(judge).collect::<Result<_, _>>()?;
        Ok(Self { to, threads })
    }

    /// Where outcomes go.
    pub(super) fn door(&self) -> Sender<Outcome> {
        self.to.clone()
    }

    /// What came of all, once nobody has a door any more.
    pub(super) fn finish(self) -> Report {
        drop(self.to);
        let mut all = Report::new();
        for thread in self.threads {
            match thread.join() {
                Ok(report) => all.absorb(report),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    }
}

impl Bench {
    fn judge(&self, outcomes: &Receiver<Outcome>) -> Report {
        let mut report = Report::new();
        while let Ok(outcome) = outcomes.recv_blocking() {
            // The line was read as a flow before.
            let Ok(mut recorded) = outcome.request.recorded() else { continue };
            if recorded.unredacted {
                // Equal secrets have equal tokens on both sides.
                recorded = self.sanitizer.imported(&recorded);
            }
            content::modernize(&mut recorded);
            let new = self.flow(&recorded, &outcome);
            let comparison = compare(&recorded, &new, &self.rules);
            report.add(&recorded, &new, &comparison);
        }
        report
    }

    /// The exchange as it was this time, sanitised.
    fn flow(&self, recorded: &Flow, outcome: &Outcome) -> Flow {
        let Outcome { request, sent, ended, answer } = outcome;
        let mut new = Flow {
            response: None,
            error: None,
            tunnel: None,
            websocket: None,
            timings: Timings::default(),
            redactions: Vec::new(),
            unredacted: false,
            start_time_unix_nano: self.wall(*sent),
            end_time_unix_nano: self.wall(*ended),
            ..recorded.clone()
        };
        match answer {
            Ok(answer) => self.take_answer(&mut new, answer, &request.put_back),
            Err(failure) => new.error = Some(failure.for_flow()),
        }
        new
    }

    fn take_answer(&self, new: &mut Flow, answer: &Answer, put_back: &PutBack) {
        let mut message = Message {
            headers: answer.headers.clone(),
            trailers: answer.trailers.clone(),
            content: answer.content.clone(),
            size: answer.size,
            complete: answer.broken.is_none(),
        };
        let replacements = self.replacements(new, put_back);
        if !replacements.is_empty() {
            as_recorded(&mut message, &replacements);
        }
        let clean = self.sanitizer.message("response", &message);
        new.response = Some(flow::Response {
            status: answer.status.as_u16(),
            version: if answer.version == Version::HTTP_2 { "HTTP/2" } else { "HTTP/1.1" }.to_owned(),
            headers: clean.headers,
            trailers: clean.trailers,
            body: clean.body,
        });
        new.redactions.extend(clean.redactions);
        new.timings.first_byte_ns = u64::try_from(answer.first_byte.as_nanos()).ok();
        if let Some(why) = &answer.broken {
            new.error = Some(Failure::broken_off(why).for_flow());
        }
    }

    /// What stood in the recorded answer where this stands now: tokens of secrets that were sent, and the address of the
    /// server.
    fn replacements(&self, new: &Flow, put_back: &PutBack) -> Vec<Replacement> {
        let secrets = put_back.iter().map(|(token, secret)| Replacement::of_text(secret, token));
        let origin = origin(&new.request.url).filter(|origin| *origin != self.target);
        secrets.chain(origin.map(|origin| Replacement::of_origin(&self.target, origin))).collect()
    }

    fn wall(&self, at: Instant) -> UnixNanos {
        let (instant, time) = self.began;
        let time = match at.checked_duration_since(instant) {
            Some(later) => time + later,
            None => time - instant.duration_since(at),
        };
        time.into()
    }
}
