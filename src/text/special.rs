//! Functions that the C library gives CPython and Rust's standard library lacks: the error function, the inverse
//! hyperbolic functions and the cube root. They are computed step by step as glibc does, so that every bit agrees.
//! Knows nothing of the math module's errors.

use std::f64::consts::LN_2;

/// erf(1), shortened.
const ERX: f64 = 0.8450629115104675;
/// 2/√π − 1.
const EFX: f64 = 0.1283791670955126;
/// Rational approximation of erf on [0, 0.84375]: above.
const PP: [f64; 5] = [
    0.12837916709551256,
    -0.3250421072470015,
    -0.02848174957559851,
    -0.005770270296489442,
    -2.3763016656650163e-05,
];
/// … and below.
const QQ: [f64; 6] = [
    1.0,
    0.39791722395915535,
    0.0650222499887673,
    0.005081306281875766,
    0.00013249473800432164,
    -3.960228278775368e-06,
];
/// The same on [0.84375, 1.25], around 1.
const PA: [f64; 7] = [
    -0.0023621185607526594,
    0.41485611868374833,
    -0.3722078760357013,
    0.31834661990116175,
    -0.11089469428239668,
    0.035478304325618236,
    -0.002166375594868791,
];
/// … and below.
const QA: [f64; 7] = [
    1.0,
    0.10642088040084423,
    0.540397917702171,
    0.07182865441419627,
    0.12617121980876164,
    0.01363708391202905,
    0.011984499846799107,
];
/// The logarithm of x·erfc(x) on [1.25, 1/0.35], in 1/x².
const RA: [f64; 8] = [
    -0.009864944034847148,
    -0.6938585727071818,
    -10.558626225323291,
    -62.375332450326006,
    -162.39666946257347,
    -184.60509290671104,
    -81.2874355063066,
    -9.814329344169145,
];
/// … and below.
const SA: [f64; 9] = [
    1.0,
    19.651271667439257,
    137.65775414351904,
    434.56587747522923,
    645.3872717332679,
    429.00814002756783,
    108.63500554177944,
    6.570249770319282,
    -0.0604244152148581,
];
/// The same on [1/0.35, 28].
const RB: [f64; 7] = [
    -0.0098649429247001,
    -0.799283237680523,
    -17.757954917754752,
    -160.63638485582192,
    -637.5664433683896,
    -1025.0951316110772,
    -483.5191916086514,
];
/// … and below.
const SB: [f64; 8] = [
    1.0,
    30.33806074348246,
    325.7925129965739,
    1536.729586084437,
    3199.8582195085955,
    2553.0504064331644,
    474.52854120695537,
    -22.44095244658582,
];

/// A polynomial, lowest coefficient first, summed in pairs as glibc does for speed: the order of rounding shows.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    let square = x * x;
    let fourth = square * square;
    let powers = [1.0, square, fourth, fourth * square, fourth * fourth];
    let mut sum = 0.0;
    for (at, (pair, power)) in coefficients.chunks(2).zip(powers).enumerate() {
        let part = match pair {
            [a, b] => a + x * b,
            [a, ..] => *a,
            [] => 0.0,
        };
        sum = if at == 0 { part } else { sum + power * part };
    }
    sum
}

/// What erf adds to `x` near 0, divided by `x`.
fn near_zero(x: f64) -> f64 {
    let z = x * x;
    polynomial(&PP, z) / polynomial(&QQ, z)
}

/// erf(|x|) − erf(1) near 1.
fn near_one(x: f64) -> f64 {
    let s = x.abs() - 1.0;
    polynomial(&PA, s) / polynomial(&QA, s)
}

/// erfc(`size`) for sizes above 1.25.
fn tail(size: f64) -> f64 {
    let s = 1.0 / (size * size);
    let (r, q) = if size < 1.0 / 0.35 {
        (polynomial(&RA, s), polynomial(&SA, s))
    } else {
        (polynomial(&RB, s), polynomial(&SB, s))
    };
    // The square of the number's upper half is exact.
    let upper = f64::from_bits(size.to_bits() & 0xffff_ffff_0000_0000);
    (-upper * upper - 0.5625).exp() * ((upper - size) * (upper + size) + r / q).exp() / size
}

/// The error function.
pub fn erf(x: f64) -> f64 {
    let size = x.abs();
    let magnitude = match size {
        _ if x.is_nan() => return x,
        _ if size < 2f64.powi(-1015) => return 0.0625 * (16.0 * x + (16.0 * EFX) * x),
        _ if size < 2f64.powi(-28) => return x + EFX * x,
        _ if size < 0.84375 => return x + x * near_zero(x),
        _ if size < 1.25 => ERX + near_one(x),
        _ if size >= 6.0 => 1.0,
        _ => 1.0 - tail(size),
    };
    magnitude.copysign(x)
}

/// The complementary error function, 1 − erf.
pub fn erfc(x: f64) -> f64 {
    let size = x.abs();
    match size {
        _ if x.is_nan() => x,
        _ if size < 2f64.powi(-56) => 1.0 - x,
        _ if size < 0.84375 => {
            let rest = x * near_zero(x);
            if x < 0.25 {
                1.0 - (x + rest)
            } else {
                0.5 - (rest + (x - 0.5))
            }
        }
        _ if size < 1.25 && x > 0.0 => (1.0 - ERX) - near_one(x),
        _ if size < 1.25 => 1.0 + (ERX + near_one(x)),
        _ if x <= -6.0 => 2.0,
        _ if size >= 28.0 => 0.0,
        _ if x < 0.0 => 2.0 - tail(size),
        _ => tail(size),
    }
}

/// Above this, squares plus one are squares.
const LARGE: f64 = 268_435_456.0;

/// The inverse hyperbolic sine.
pub fn asinh(x: f64) -> f64 {
    let size = x.abs();
    let magnitude = match size {
        _ if !x.is_finite() || size < 1.0 / LARGE => return x,
        _ if size > LARGE => size.ln() + LN_2,
        _ if size > 2.0 => (2.0 * size + 1.0 / ((x * x + 1.0).sqrt() + size)).ln(),
        _ => (size + x * x / (1.0 + (1.0 + x * x).sqrt())).ln_1p(),
    };
    magnitude.copysign(x)
}

/// The inverse hyperbolic cosine; NaN below 1.
pub fn acosh(x: f64) -> f64 {
    match x {
        _ if x.is_nan() || x < 1.0 => f64::NAN,
        _ if x.is_infinite() => x,
        _ if x >= LARGE => x.ln() + LN_2,
        _ if x > 2.0 => (2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt())).ln(),
        _ => {
            let t = x - 1.0;
            (t + (2.0 * t + t * t).sqrt()).ln_1p()
        }
    }
}

/// The inverse hyperbolic tangent; NaN beyond ±1.
pub fn atanh(x: f64) -> f64 {
    let size = x.abs();
    let magnitude = match size {
        _ if size < 1.0 / LARGE => return x,
        _ if size < 0.5 => {
            let t = size + size;
            0.5 * (t + t * size / (1.0 - size)).ln_1p()
        }
        _ if size < 1.0 => 0.5 * ((size + size) / (1.0 - size)).ln_1p(),
        _ if size == 1.0 => f64::INFINITY,
        _ => return f64::NAN,
    };
    magnitude.copysign(x)
}

/// The cube root of a number in [1/2, 1), roughly; lowest power first.
const GUESS: [f64; 7] = [
    0.35489576504391984,
    1.508191937815849,
    -2.114994941673713,
    2.4469312256353444,
    -1.8346927748361308,
    0.7849323449766392,
    -0.14526389938548637,
];

/// The cube root.
pub fn cbrt(x: f64) -> f64 {
    const ROOT2: f64 = 1.259_921_049_894_873_2;
    const ROOT4: f64 = 1.587_401_051_968_199_5;
    const FACTORS: [f64; 5] = [1.0 / ROOT4, 1.0 / ROOT2, 1.0, ROOT2, ROOT4];
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let (m, exponent) = libm::frexp(x.abs());
    // A polynomial close to the root of the mantissa, then one step of Halley's method.
    let guess = GUESS
        .iter()
        .rev()
        .fold(0.0, |sum, coefficient| coefficient + sum * m);
    let cube = guess * guess * guess;
    let factor = usize::try_from(2 + exponent % 3)
        .ok()
        .and_then(|at| FACTORS.get(at))
        .copied()
        .unwrap_or(1.0);
    let root = guess * (cube + 2.0 * m) / (2.0 * cube + m) * factor;
    libm::ldexp(root, exponent / 3).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_c_library_has_them() {
        for (function, x, value) in [
            (erf as fn(f64) -> f64, 0.5, 0.5204998778130465),
            (erf, -3.0, -0.9999779095030014),
            (erf, 1.0, 0.8427007929497149),
            (erfc, 0.5, 0.4795001221869535),
            (erfc, 10.0, 2.088487583762545e-45),
            (erfc, -3.0, 1.9999779095030015),
            (asinh, 1.5, 1.1947632172871094),
            (acosh, 1.5, 0.9624236501192069),
            (atanh, 0.75, 0.9729550745276566),
            (cbrt, 27.0, 3.0000000000000004),
            (cbrt, 2.0, 1.2599210498948734),
            (cbrt, -0.0, -0.0),
        ] {
            assert_eq!(function(x), value, "{x}");
        }
        assert!(acosh(0.5).is_nan() && atanh(1.5).is_nan());
    }
}
