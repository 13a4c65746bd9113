//! Many comparisons at once: how far a difference has to be from none so that, of two samples of the same, hardly ever any is.
//!
//! The critical value is that of the greatest of all differences, each divided by its standard error, over the resamples
//! (Westfall, Young: "Resampling-Based Multiple Testing", 1993, the single-step max-T). It knows how rows and figures hang
//! together, since all are resampled with the same weights, and so finds more than Bonferroni's would.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::{
    estimate::{Estimate, Runs},
    weights::RESAMPLES,
};

/// How probable it may be that anything is found between two samples of the same.
pub(super) const ALPHA: f64 = 0.03;

/// Between figures that are always the same there is no noise, but rounding.
const LEAST_ERROR: f64 = 1e-9;

/// How two estimates of a figure differ, on its scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Difference {
    pub(super) value: f64,
    /// Of other traces.
    variance: f64,
    /// What runs vary beyond that.
    excess: f64,
    /// How many degrees of freedom the excess has.
    freedom: f64,
}

/// The greatest standardised difference of each resample so far.
#[derive(Debug, Clone)]
pub(super) struct Greatest(Vec<f64>);

/// How many standard errors it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Critical(f64);

impl Difference {
    pub(super) fn between(base: &Estimate, new: &Estimate) -> Self {
        let value = new.scaled - base.scaled;
        let variances = [variance(&base.draws), variance(&new.draws)];
        let (excess, freedom) = excess(variances, [base.of_runs, new.of_runs]);
        Self { value, variance: variances[0] + variances[1], excess, freedom }
    }

    /// From where to where it may be.
    pub(super) fn interval(&self, critical: Critical) -> (f64, f64) {
        let all = self.variance + self.excess;
        // Welch and Satterthwaite: of what resamples say the degrees of freedom have no end.
        let freedom = all.powi(2) * self.freedom / self.excess.powi(2);
        let half = critical.of_freedom(freedom) * all.sqrt().max(LEAST_ERROR);
        (self.value - half, self.value + half)
    }
}

/// How much runs vary beyond what other traces would, and by how many degrees of freedom one knows that. Of a side with one run
/// it is taken to be as much as on the other.
fn excess(variances: [f64; 2], runs: [Option<Runs>; 2]) -> (f64, f64) {
    let of_side = |side: usize| {
        let (of_runs, count) = match (runs[side], runs[1 - side]) {
            (Some(runs), _) => (runs, runs.count),
            (None, Some(other)) => (other, 1),
            (None, None) => return (0.0, f64::INFINITY),
        };
        let excess = (of_runs.variance / count as f64 - variances[side]).max(0.0);
        (excess, (of_runs.count - 1) as f64)
    };
    let [(a, freedom_a), (b, freedom_b)] = [of_side(0), of_side(1)];
    let both = a + b;
    let freedom = match runs {
        _ if both == 0.0 => f64::INFINITY,
        [Some(_), Some(_)] => both.powi(2) / (a.powi(2) / freedom_a + b.powi(2) / freedom_b),
        _ => freedom_a.min(freedom_b),
    };
    (both, freedom)
}

fn variance(draws: &[f64]) -> f64 {
    let mean = draws.iter().sum::<f64>() / draws.len() as f64;
    draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / (draws.len() - 1) as f64
}

impl Default for Greatest {
    fn default() -> Self {
        Self(vec![f64::NEG_INFINITY; RESAMPLES])
    }
}

impl Greatest {
    /// Takes a comparison among the many. With `both_ways`, a difference downwards is one, too.
    pub(super) fn add(&mut self, base: &Estimate, new: &Estimate, difference: &Difference, both_ways: bool) {
        let error = difference.variance.sqrt().max(LEAST_ERROR);
        let draws = base.draws.iter().zip(&new.draws);
        for (greatest, (base, new)) in self.0.iter_mut().zip(draws) {
            let t = (new - base - difference.value) / error;
            *greatest = greatest.max(if both_ways { t.abs() } else { t });
        }
    }

    /// The greater of both in each resample.
    pub(super) fn join(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(greatest, other)| *greatest = greatest.max(*other));
        self
    }

    /// Beyond which value only so few resamples are as [`ALPHA`] says; no less than of a single comparison.
    pub(super) fn critical(&self) -> Critical {
        let mut greatest = self.0.clone();
        greatest.sort_unstable_by(f64::total_cmp);
        let at = ((1.0 - ALPHA) * greatest.len() as f64).ceil() as usize - 1;
        Critical(greatest[at].max(Normal::standard().inverse_cdf(1.0 - ALPHA)))
    }
}

impl Critical {
    /// The same with so many degrees of freedom: as improbable in Student's distribution as in the normal one.
    fn of_freedom(self, freedom: f64) -> f64 {
        if freedom.is_nan() || freedom > 1e4 {
            return self.0;
        }
        let beyond = Normal::standard().sf(self.0);
        let student = StudentsT::new(0.0, 1.0, freedom.max(1.0));
        student.map_or(f64::INFINITY, |student| -student.inverse_cdf(beyond))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(scaled: f64, spread: f64, of_runs: Option<Runs>) -> Estimate {
        let draws =
            (0..RESAMPLES).map(|i| scaled + spread * f64::from((i % 2) as u32 * 2) - spread).collect();
        Estimate { value: scaled, scaled, draws, of_runs }
    }

    #[test]
    fn one_comparison_is_that_of_the_normal_distribution_at_least() {
        let (base, new) = (estimate(1.0, 0.0, None), estimate(1.5, 0.0, None));
        let difference = Difference::between(&base, &new);
        let mut greatest = Greatest::default();
        greatest.add(&base, &new, &difference, false);
        let critical = greatest.critical();
        assert!((critical.0 - 1.880_79).abs() < 1e-4);
        let (low, high) = difference.interval(critical);
        assert!(low < 0.5 && high > 0.5 && high - low < 1e-6, "{low} {high}");
    }

    #[test]
    fn runs_that_vary_widen_the_interval_and_few_of_them_more() {
        let critical = Critical(2.0);
        let width = |of_runs: Option<Runs>| {
            let (base, new) = (estimate(0.0, 0.01, of_runs), estimate(0.0, 0.01, of_runs));
            let (low, high) = Difference::between(&base, &new).interval(critical);
            high - low
        };
        let runs = |count, variance| Some(Runs { count, variance });
        let alone = width(None);
        // 2·2·√(2·0.01²), the draws being ±0.01.
        assert!((alone - 0.0566).abs() < 1e-3, "{alone}");
        assert!((width(runs(5, 1e-6)) - alone).abs() < 1e-9);
        assert!(width(runs(5, 1e-2)) > 3.0 * alone);
        assert!(width(runs(2, 4e-3)) > 1.5 * width(runs(5, 1e-2)));
    }

    #[test]
    fn one_run_is_taken_to_vary_as_those_of_the_other_side() {
        let several = estimate(0.0, 0.01, Some(Runs { count: 4, variance: 1e-2 }));
        let (one, none) = (estimate(0.0, 0.01, None), estimate(0.0, 0.01, None));
        let width = |base, new| {
            let (low, high) = Difference::between(base, new).interval(Critical(2.0));
            high - low
        };
        assert!(width(&one, &several) > width(&several, &several));
        assert!(width(&one, &none) < width(&several, &several));
    }
}
