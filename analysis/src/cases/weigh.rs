//! How bad a case is, and how sure. The formulas stand with the fields of [`glyph_formats::case::Case`].

use glyph_formats::Severity;

use super::join::Counted;

/// Points that each severity has to itself.
const BAND: f64 = 20.0;
/// How sure one plugin makes it, without evidence and with it.
const SURE: [f64; 2] = [0.5, 0.75];
const SEVERITIES: [Severity; 5] =
    [Severity::Info, Severity::Low, Severity::Med, Severity::High, Severity::Crit];

/// How many claims there are of each severity.
#[derive(Debug, Default)]
pub(super) struct Weights([u64; SEVERITIES.len()]);

impl Weights {
    pub(super) fn add(&mut self, severity: Severity) {
        self.0[rank(severity)] += 1;
    }

    pub(super) fn claims(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The worst.
    pub(super) fn severity(&self) -> Severity {
        let worst = self.0.iter().rposition(|claims| *claims > 0);
        SEVERITIES[worst.unwrap_or_default()]
    }

    pub(super) fn risk(&self) -> f64 {
        let worst = rank(self.severity());
        let mut left = 1.0;
        for (milder, claims) in self.0[..=worst].iter().rev().enumerate() {
            // All but one of the worst, and all of the others.
            let others = claims.saturating_sub(u64::from(milder == 0));
            let stays = 1.0 - 0.5_f64.powi(1 + milder as i32);
            left *= stays.powi(i32::try_from(others).unwrap_or(i32::MAX));
        }
        round(BAND * worst as f64 + BAND * (1.0 - left), 10.0)
    }
}

fn rank(severity: Severity) -> usize {
    SEVERITIES.iter().position(|s| *s == severity).unwrap_or_default()
}

pub(super) fn confidence<'a>(sources: impl Iterator<Item = &'a Counted>) -> f64 {
    let doubt: f64 = sources.map(|source| 1.0 - SURE[usize::from(source.has_evidence)]).product();
    round(1.0 - doubt, 1_000.0)
}

fn round(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
