//! The random module's algorithms: the same numbers as CPython for the same seed.
//! Sequences are seen as lengths and indices only; the caller maps them to values.

use super::gamma::lgamma;
use super::int::Integer;
use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{One, Signed, Zero};
use std::collections::HashSet;
use std::f64::consts::{E, PI};

pub use super::mersenne::Random;

const TWO_PI: f64 = 2.0 * PI;

/// Why there is no random number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RandomError {
    /// ValueError with this text.
    Value(&'static str),
    /// ZeroDivisionError: `float division by zero`.
    ZeroDivision,
    /// OverflowError: `math range error`.
    Range,
    /// OverflowError: `(34, 'Numerical result out of range')`, from `**`.
    PowRange,
    /// `randrange`'s ValueError: empty range (the caller writes the arguments into the text).
    EmptyRange,
}

const DOMAIN: RandomError = RandomError::Value("math domain error");

impl Random {
    /// `randrange(start, stop, step)`. `Value` is `zero step for randrange()`.
    pub fn randrange(&mut self, start: i64, stop: i64, step: i64) -> Result<Integer, RandomError> {
        let (width, wide_step) = (i128::from(stop) - i128::from(start), i128::from(step));
        let count = match step {
            0 => return Err(RandomError::Value("zero step for randrange()")),
            1.. => (width + wide_step - 1).div_euclid(wide_step),
            _ => (-(width + wide_step + 1)).div_euclid(-wide_step),
        };
        let Ok(count) = u64::try_from(count) else {
            return self.randrange_big(
                &BigInt::from(start),
                &BigInt::from(stop),
                &BigInt::from(step),
            );
        };
        if count == 0 {
            return Err(RandomError::EmptyRange);
        }
        let value = i128::from(start) + wide_step * i128::from(self.below(count));
        Ok(
            i64::try_from(value)
                .map_or_else(|_| Integer::from(BigInt::from(value)), Integer::Small),
        )
    }

    /// `randrange` for ints of any size.
    pub fn randrange_big(
        &mut self,
        start: &BigInt,
        stop: &BigInt,
        step: &BigInt,
    ) -> Result<Integer, RandomError> {
        if step.is_zero() {
            return Err(RandomError::Value("zero step for randrange()"));
        }
        let count = (stop - start + step - step.signum()).div_floor(step);
        if !count.is_positive() {
            return Err(RandomError::EmptyRange);
        }
        Ok(Integer::from(start + step * self.below_big(&count)))
    }

    /// `randint(a, b)`: both ends included.
    pub fn randint(&mut self, a: i64, b: i64) -> Result<Integer, RandomError> {
        match b.checked_add(1) {
            Some(stop) => self.randrange(a, stop, 1),
            None => self.randrange_big(&BigInt::from(a), &(BigInt::from(b) + 1), &BigInt::one()),
        }
    }

    /// `shuffle`: the swaps to make, in order.
    pub fn shuffle(&mut self, len: usize) -> Vec<(usize, usize)> {
        (1..len)
            .rev()
            .map(|at| (at, self.below_len(at + 1)))
            .collect()
    }

    /// `sample`: the indices of `k` items out of `len`.
    pub fn sample(&mut self, len: usize, k: usize) -> Result<Vec<usize>, RandomError> {
        if k > len {
            return Err(RandomError::Value(
                "Sample larger than population or is negative",
            ));
        }
        // A pool costs as much as a set of this many items.
        let mut set_size = 21.0;
        if k > 5 {
            set_size += 4f64.powf(((k as f64 * 3.0).ln() / 4f64.ln()).ceil());
        }
        Ok(if len as f64 <= set_size {
            self.sample_pool(len, k)
        } else {
            self.sample_set(len, k)
        })
    }

    fn sample_pool(&mut self, len: usize, k: usize) -> Vec<usize> {
        let mut pool: Vec<usize> = (0..len).collect();
        // Swapping the last one in is moving it to the vacancy.
        (0..k)
            .map(|_| {
                let at = self.below_len(pool.len());
                pool.swap_remove(at)
            })
            .collect()
    }

    fn sample_set(&mut self, len: usize, k: usize) -> Vec<usize> {
        let mut seen = HashSet::new();
        let mut chosen = Vec::with_capacity(k);
        while chosen.len() < k {
            let at = self.below_len(len);
            if seen.insert(at) {
                chosen.push(at);
            }
        }
        chosen
    }

    /// `choices` without weights: one index.
    pub fn choices_index(&mut self, len: usize) -> usize {
        (self.random() * len as f64).floor() as usize
    }

    /// `choices` with cumulative weights: `k` indices.
    pub fn choices_weighted(
        &mut self,
        cumulative: &[f64],
        k: usize,
    ) -> Result<Vec<usize>, RandomError> {
        let total = cumulative.last().copied().unwrap_or(0.0);
        if total <= 0.0 {
            return Err(RandomError::Value(
                "Total of weights must be greater than zero",
            ));
        }
        if !total.is_finite() {
            return Err(RandomError::Value("Total of weights must be finite"));
        }
        let all_but_last = cumulative.get(..cumulative.len() - 1).unwrap_or(&[]);
        Ok((0..k)
            .map(|_| {
                let target = self.random() * total;
                all_but_last.partition_point(|weight| *weight <= target)
            })
            .collect())
    }

    /// `uniform(a, b)`.
    pub fn uniform(&mut self, a: f64, b: f64) -> f64 {
        a + (b - a) * self.random()
    }

    /// `triangular(low, high, mode)`; `None` where `low` itself is the result because `high` equals it.
    pub fn triangular(
        &mut self,
        low: f64,
        high: f64,
        mode: Option<f64>,
    ) -> Result<Option<f64>, RandomError> {
        let mut u = self.random();
        let mut c = match mode {
            None => 0.5,
            Some(_) if high - low == 0.0 => return Ok(None),
            Some(mode) => (mode - low) / (high - low),
        };
        let (mut from, mut to) = (low, high);
        if u > c {
            u = 1.0 - u;
            c = 1.0 - c;
            (from, to) = (high, low);
        }
        if u * c < 0.0 {
            return Err(DOMAIN);
        }
        Ok(Some(from + (to - from) * (u * c).sqrt()))
    }

    /// `normalvariate(mu, sigma)`.
    pub fn normalvariate(&mut self, mu: f64, sigma: f64) -> f64 {
        let magic = 4.0 * (-0.5f64).exp() / 2f64.sqrt();
        loop {
            let u1 = self.random();
            let u2 = 1.0 - self.random();
            let z = magic * (u1 - 0.5) / u2;
            if z * z / 4.0 <= -u2.ln() {
                return mu + z * sigma;
            }
        }
    }

    /// `gauss(mu, sigma)`.
    pub fn gauss(&mut self, mu: f64, sigma: f64) -> f64 {
        let z = self.gauss_next.take().unwrap_or_else(|| {
            let angle = self.random() * TWO_PI;
            let radius = (-2.0 * (1.0 - self.random()).ln()).sqrt();
            self.gauss_next = Some(angle.sin() * radius);
            angle.cos() * radius
        });
        mu + z * sigma
    }

    /// `lognormvariate(mu, sigma)`.
    pub fn lognormvariate(&mut self, mu: f64, sigma: f64) -> Result<f64, RandomError> {
        let exponent = self.normalvariate(mu, sigma);
        finite(exponent.exp(), &[exponent], RandomError::Range)
    }

    /// `expovariate(lambd)`.
    pub fn expovariate(&mut self, lambd: f64) -> Result<f64, RandomError> {
        let size = -(1.0 - self.random()).ln();
        if lambd == 0.0 {
            Err(RandomError::ZeroDivision)
        } else {
            Ok(size / lambd)
        }
    }

    /// `vonmisesvariate(mu, kappa)`.
    pub fn vonmisesvariate(&mut self, mu: f64, kappa: f64) -> f64 {
        if kappa <= 1e-6 {
            return TWO_PI * self.random();
        }
        let s = 0.5 / kappa;
        let r = s + (1.0 + s * s).sqrt();
        let z = loop {
            let z = (PI * self.random()).cos();
            let d = z / (r + z);
            let u = self.random();
            if u < 1.0 - d * d || u <= (1.0 - d) * d.exp() {
                break z;
            }
        };
        let q = 1.0 / r;
        let angle = ((q + z) / (1.0 + q * z)).acos();
        let theta = if self.random() > 0.5 {
            mu + angle
        } else {
            mu - angle
        };
        float_mod(theta, TWO_PI)
    }

    /// `gammavariate(alpha, beta)`.
    pub fn gammavariate(&mut self, alpha: f64, beta: f64) -> Result<f64, RandomError> {
        if alpha <= 0.0 || beta <= 0.0 {
            return Err(RandomError::Value(
                "gammavariate: alpha and beta must be > 0.0",
            ));
        }
        Ok(if alpha > 1.0 {
            self.gamma_large(alpha) * beta
        } else if alpha == 1.0 {
            -(1.0 - self.random()).ln() * beta
        } else {
            self.gamma_small(alpha) * beta
        })
    }

    fn gamma_large(&mut self, alpha: f64) -> f64 {
        let magic = 1.0 + 4.5f64.ln();
        let inverse = (2.0 * alpha - 1.0).sqrt();
        let (b, c) = (alpha - 4f64.ln(), alpha + inverse);
        loop {
            let u1 = self.random();
            if !(1e-7 < u1 && u1 < 0.9999999) {
                continue;
            }
            let u2 = 1.0 - self.random();
            let v = (u1 / (1.0 - u1)).ln() / inverse;
            let x = alpha * v.exp();
            let z = u1 * u1 * u2;
            let r = b + c * v - x;
            if r + magic - 4.5 * z >= 0.0 || r >= z.ln() {
                return x;
            }
        }
    }

    fn gamma_small(&mut self, alpha: f64) -> f64 {
        loop {
            let u = self.random();
            let b = (E + alpha) / E;
            let p = b * u;
            let x = if p <= 1.0 {
                p.powf(1.0 / alpha)
            } else {
                -((b - p) / alpha).ln()
            };
            let u1 = self.random();
            let accepted = if p > 1.0 {
                u1 <= x.powf(alpha - 1.0)
            } else {
                u1 <= (-x).exp()
            };
            if accepted {
                return x;
            }
        }
    }

    /// `betavariate(alpha, beta)`.
    pub fn betavariate(&mut self, alpha: f64, beta: f64) -> Result<f64, RandomError> {
        let y = self.gammavariate(alpha, 1.0)?;
        if y == 0.0 {
            Ok(0.0)
        } else {
            Ok(y / (y + self.gammavariate(beta, 1.0)?))
        }
    }

    /// `paretovariate(alpha)`.
    pub fn paretovariate(&mut self, alpha: f64) -> Result<f64, RandomError> {
        let u = 1.0 - self.random();
        if alpha == 0.0 {
            return Err(RandomError::ZeroDivision);
        }
        finite(u.powf(-1.0 / alpha), &[u, alpha], RandomError::PowRange)
    }

    /// `weibullvariate(alpha, beta)`.
    pub fn weibullvariate(&mut self, alpha: f64, beta: f64) -> Result<f64, RandomError> {
        let u = 1.0 - self.random();
        if beta == 0.0 {
            return Err(RandomError::ZeroDivision);
        }
        Ok(alpha
            * finite(
                (-u.ln()).powf(1.0 / beta),
                &[u, beta],
                RandomError::PowRange,
            )?)
    }

    /// `binomialvariate(n, p)`.
    pub fn binomialvariate(&mut self, n: i64, p: f64) -> Result<i64, RandomError> {
        if n < 0 {
            return Err(RandomError::Value("n must be non-negative"));
        }
        if p == 0.0 || p == 1.0 {
            return Ok(if p == 0.0 { 0 } else { n });
        }
        if !(0.0..=1.0).contains(&p) && !p.is_nan() {
            return Err(RandomError::Value("p must be in the range 0.0 <= p <= 1.0"));
        }
        if n == 1 {
            return Ok(i64::from(self.random() < p));
        }
        if p > 0.5 {
            return Ok(n - self.binomialvariate(n, 1.0 - p)?);
        }
        Ok(if n as f64 * p < 10.0 {
            self.binomial_gaps(n, p)
        } else {
            self.binomial_transformed(n, p)
        })
    }

    /// Adds up the gaps between successes.
    fn binomial_gaps(&mut self, n: i64, p: f64) -> i64 {
        let c = (1.0 - p).log2();
        let (mut successes, mut trials) = (0, 0i64);
        if c == 0.0 {
            return 0;
        }
        loop {
            trials = trials
                .saturating_add((self.random().log2() / c).floor() as i64)
                .saturating_add(1);
            if trials > n {
                return successes;
            }
            successes += 1;
        }
    }

    /// Transformed rejection (Hörmann's BTRS).
    fn binomial_transformed(&mut self, n: i64, p: f64) -> i64 {
        let log_gamma = |x: i64| lgamma(x as f64).unwrap_or(0.0);
        let count = n as f64;
        let spread = (count * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * spread;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let c = count * p + 0.5;
        let vr = 0.92 - 4.2 / b;
        let alpha = (2.83 + 5.1 / b) * spread;
        let odds = (p / (1.0 - p)).ln();
        let mode = ((count + 1.0) * p).floor() as i64;
        let h = log_gamma(mode.saturating_add(1)) + log_gamma((n - mode).saturating_add(1));
        loop {
            let u = self.random() - 0.5;
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + c).floor();
            if k < 0.0 || k > count || k.is_nan() {
                continue;
            }
            let k = k as i64;
            let v = self.random();
            if us >= 0.07 && v <= vr {
                return k;
            }
            let bound = h - log_gamma(k.saturating_add(1)) - log_gamma((n - k).saturating_add(1))
                + (k - mode) as f64 * odds;
            if (v * (alpha / (a / (us * us) + b))).ln() <= bound {
                return k;
            }
        }
    }
}

/// Refuses an infinity that comes from finite numbers.
fn finite(value: f64, from: &[f64], error: RandomError) -> Result<f64, RandomError> {
    if value.is_infinite() && from.iter().all(|x| x.is_finite()) {
        Err(error)
    } else {
        Ok(value)
    }
}

/// `x % y` for `y > 0`, never negative.
fn float_mod(x: f64, y: f64) -> f64 {
    let rest = x % y;
    match rest {
        _ if rest < 0.0 => rest + y,
        _ if rest == 0.0 => 0.0,
        _ => rest,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]
mod tests {
    use super::*;

    fn seeded(seed: i64) -> Random {
        let mut random = Random::new();
        random.seed_int(&BigInt::from(seed));
        random
    }

    #[test]
    fn ranges() {
        let mut random = seeded(3);
        assert_eq!(random.randrange(-5, 100, 7), Ok(Integer::Small(16)));
        assert_eq!(random.randrange(100, -5, -7), Ok(Integer::Small(37)));
        assert_eq!(
            random.randint(i64::MIN, i64::MAX),
            Ok(Integer::Small(-6817496105948636342))
        );
        let big = random
            .randrange_big(&BigInt::zero(), &BigInt::from(10).pow(30), &BigInt::from(3))
            .unwrap();
        assert_eq!(big.to_string(), "143941615562496252818092468983");
        assert_eq!(random.randrange(5, 5, 1), Err(RandomError::EmptyRange));
        assert_eq!(random.randrange(5, 6, -1), Err(RandomError::EmptyRange));
    }

    #[test]
    fn sequences() {
        let mut items: Vec<usize> = (0..10).collect();
        for (a, b) in seeded(4).shuffle(10) {
            items.swap(a, b);
        }
        assert_eq!(items, [8, 2, 0, 7, 6, 9, 5, 1, 4, 3]);
        let mut random = seeded(5);
        assert_eq!(random.sample(20, 5).unwrap(), [19, 8, 11, 16, 0]);
        assert_eq!(random.sample(1000, 5).unwrap(), [860, 476, 794, 965, 255]);
        assert_eq!(
            random.sample(100, 10).unwrap(),
            [83, 6, 20, 14, 47, 60, 31, 48, 69, 13]
        );
        assert_eq!(
            random.sample(30, 30).unwrap().get(..5).unwrap(),
            [18, 7, 0, 23, 6]
        );
        assert!(random.sample(0, 1).is_err());
        let mut random = seeded(6);
        let plain: Vec<usize> = (0..5).map(|_| random.choices_index(10)).collect();
        assert_eq!(plain, [7, 8, 4, 2, 0]);
        assert_eq!(
            random.choices_weighted(&[1.0, 3.0, 6.0, 10.0], 6).unwrap(),
            [3, 2, 3, 2, 3, 1]
        );
    }

    #[test]
    fn distributions() {
        let mut random = seeded(7);
        assert_eq!(random.uniform(-1.0, 1.0), -0.35233447033367526);
        assert_eq!(
            random.triangular(0.0, 1.0, None),
            Ok(Some(0.27463537092343177))
        );
        assert_eq!(
            random.triangular(0.0, 10.0, Some(2.0)),
            Ok(Some(4.7155660514288105))
        );
        let mut random = seeded(8);
        assert_eq!(random.normalvariate(1.0, 2.0), -3.343336524317108);
        assert_eq!(
            [random.gauss(0.0, 1.0), random.gauss(0.0, 1.0)],
            [0.6485726314142313, 0.3845845316208495]
        );
        assert_eq!(random.lognormvariate(0.0, 1.0), Ok(1.5682815462331934));
        let mut random = seeded(9);
        assert_eq!(random.expovariate(2.0), Ok(0.31088544313554606));
        assert_eq!(random.vonmisesvariate(1.0, 4.0), 1.3285430809192034);
        assert_eq!(random.vonmisesvariate(0.0, 1e-7), 0.04043263725342011);
        assert_eq!(random.paretovariate(3.0), Ok(1.2622665566190376));
        assert_eq!(random.weibullvariate(2.0, 3.0), Ok(2.6345326151004977));
        let mut random = seeded(10);
        assert_eq!(random.gammavariate(2.5, 2.0), Ok(5.773196499762258));
        assert_eq!(random.gammavariate(1.0, 2.0), Ok(1.7259326835062343));
        assert_eq!(random.gammavariate(0.5, 2.0), Ok(0.11907969429580903));
        assert_eq!(random.betavariate(2.0, 3.0), Ok(0.7729363346272267));
    }

    #[test]
    fn binomials() {
        let mut random = seeded(11);
        let cases = [
            (10, 0.3),
            (1, 0.5),
            (1000, 0.5),
            (1000, 0.7),
            (100000, 0.01),
            (50, 0.9),
        ];
        let drawn = cases.map(|(n, p)| random.binomialvariate(n, p).unwrap());
        assert_eq!(drawn, [4, 0, 484, 694, 951, 47]);
    }

    #[test]
    fn errors() {
        assert_eq!(seeded(1).expovariate(0.0), Err(RandomError::ZeroDivision));
        assert_eq!(seeded(1).lognormvariate(1e10, 1.0), Err(RandomError::Range));
        assert_eq!(seeded(1).paretovariate(1e-5), Err(RandomError::PowRange));
        assert_eq!(seeded(1).triangular(1.0, 1.0, Some(1.0)), Ok(None));
    }
}
