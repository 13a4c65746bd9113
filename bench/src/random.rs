//! Numbers that look random and are the same everywhere.
//!
//! Only integers and the basic operations on doubles, which IEEE 754 fixes to the bit; the logarithms and
//! exponentials of C libraries differ in the last one.

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to below `end`, which is not 0 and far below 2⁶⁴.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// True in so many of a thousand cases.
    pub fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of some.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// A duration around a median, as latencies are: e^(σ·x) times the median, with x about normal.
    pub fn around(&mut self, median: u64, sigma: f64) -> u64 {
        // The sum of four uniform numbers has a variance of ⅓; that makes 1/√⅓ the scale.
        let bits = self.number();
        let sum: f64 = (0..4).map(|n| ((bits >> (16 * n)) & 0xffff) as f64 / 65_535.0 - 0.5).sum();
        let x = sum * 1.732_050_807_568_877_2 * sigma;
        // e^x as (1 + x/1024)^1024.
        let factor = (0..10).fold(1.0 + x / 1024.0, |y: f64, _| y * y);
        ((median as f64 * factor) as u64).max(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_median() {
        let mut random = Random::new(7);
        let below = (0..100_000).filter(|_| random.around(1_000_000, 0.9) < 1_000_000).count();
        assert!((49_000..51_000).contains(&below), "{below}");
    }

    #[test]
    fn the_numbers_are_splitmix64() {
        // The first of the reference implementation for the seed 1234567.
        assert_eq!(Random::new(1_234_567).number(), 6_457_827_717_110_365_317);
    }
}
