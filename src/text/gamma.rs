//! The gamma function and its logarithm, computed as CPython does, bit for bit.
//! Knows nothing of the rest of the math module.

use super::math::{MathError, MathResult};
use std::f64::consts::PI;

/// The constant of Lanczos' approximation.
const G: f64 = 6.02468004077673;
const G_MINUS_HALF: f64 = 5.52468004077673;
const LOG_PI: f64 = 1.1447298858494002;

/// Coefficients of the rational function in Lanczos' approximation (N = 13), lowest power first.
const NUMERATOR: [f64; 13] = [
    23531376880.41076,
    42919803642.6491,
    35711959237.35567,
    17921034426.03721,
    6039542586.352028,
    1439720407.3117216,
    248874557.86205417,
    31426415.585400194,
    2876370.6289353725,
    186056.26539522348,
    8071.672002365816,
    210.82427775157936,
    2.5066282746310002,
];
const DENOMINATOR: [f64; 13] = [
    0.0,
    39916800.0,
    120543840.0,
    150917976.0,
    105258076.0,
    45995730.0,
    13339535.0,
    2637558.0,
    357423.0,
    32670.0,
    1925.0,
    66.0,
    1.0,
];

/// The rational function at `x > 0`; in `1/x` for large `x`, where powers of `x` would overflow.
fn lanczos_sum(x: f64) -> f64 {
    let step = |(top, bottom): (f64, f64), (a, b): (&f64, &f64)| {
        if x < 5.0 {
            (top * x + a, bottom * x + b)
        } else {
            (top / x + a, bottom / x + b)
        }
    };
    let pairs = NUMERATOR.iter().zip(&DENOMINATOR);
    let (top, bottom) = if x < 5.0 {
        pairs.rev().fold((0.0, 0.0), step)
    } else {
        pairs.fold((0.0, 0.0), step)
    };
    top / bottom
}

/// `sin(πx)`, exact where it is zero.
fn sin_pi(x: f64) -> f64 {
    let y = x.abs() % 2.0;
    let value = match (2.0 * y).round() as i32 {
        0 => (PI * y).sin(),
        1 => (PI * (y - 0.5)).cos(),
        // Not the negated sine of y − 1, which would be −0.0 at y = 1.
        2 => (PI * (1.0 - y)).sin(),
        3 => -(PI * (y - 1.5)).cos(),
        _ => (PI * (y - 2.0)).sin(),
    };
    value.copysign(value * x.signum())
}

/// `math.gamma`.
pub fn gamma(x: f64) -> MathResult {
    if x.is_nan() || x == f64::INFINITY {
        return Ok(x);
    }
    if x == f64::NEG_INFINITY || x == 0.0 {
        return Err(MathError::Domain);
    }
    if x == x.floor() {
        if x < 0.0 {
            return Err(MathError::Domain);
        }
        if x <= 23.0 {
            // The factorials up to 22! are exact.
            return Ok((1..x as u128).product::<u128>() as f64);
        }
    }
    let size = x.abs();
    let value = match size {
        _ if size < 1e-20 => 1.0 / x,
        _ if size > 200.0 && x < 0.0 => return Ok(0.0 / sin_pi(x)),
        _ if size > 200.0 => f64::INFINITY,
        _ => gamma_by_lanczos(x),
    };
    if value.is_infinite() {
        Err(MathError::Range)
    } else {
        Ok(value)
    }
}

fn gamma_by_lanczos(x: f64) -> f64 {
    let size = x.abs();
    let y = size + G_MINUS_HALF;
    // What the sum above lost in rounding.
    let lost = if size > G_MINUS_HALF {
        (y - size) - G_MINUS_HALF
    } else {
        (y - G_MINUS_HALF) - size
    };
    let z = lost * G / y;
    // The power is taken in two halves where it would overflow.
    let (power, times) = if size < 140.0 {
        (y.powf(size - 0.5), 1)
    } else {
        (y.powf(size / 2.0 - 0.25), 2)
    };
    if x < 0.0 {
        let mut value = -PI / sin_pi(size) / size * y.exp() / lanczos_sum(size);
        value -= z * value;
        (0..times).fold(value, |value, _| value / power)
    } else {
        let mut value = lanczos_sum(size) / y.exp();
        value += z * value;
        (0..times).fold(value, |value, _| value * power)
    }
}

/// `math.lgamma`.
pub fn lgamma(x: f64) -> MathResult {
    if !x.is_finite() {
        return Ok(x.abs());
    }
    if x == x.floor() && x <= 2.0 {
        return if x <= 0.0 {
            Err(MathError::Domain)
        } else {
            Ok(0.0)
        };
    }
    let size = x.abs();
    if size < 1e-20 {
        return Ok(-size.ln());
    }
    let mut value = lanczos_sum(size).ln() - G;
    value += (size - 0.5) * ((size + G - 0.5).ln() - 1.0);
    if x < 0.0 {
        // Reflection.
        value = LOG_PI - sin_pi(size).abs().ln() - size.ln() - value;
    }
    if value.is_infinite() {
        Err(MathError::Range)
    } else {
        Ok(value)
    }
}
