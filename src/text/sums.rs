//! Sums and lengths of the math module that lose nothing on the way. Knows nothing of values.

use super::math::{MathError, MathResult, frexp};

/// `math.fsum`: the exact sum, rounded once.
pub fn fsum(values: impl IntoIterator<Item = f64>) -> MathResult {
    let mut partials: Vec<f64> = Vec::new();
    let (mut special, mut infinite) = (0.0, 0.0);
    for value in values {
        let total = add_partial(&mut partials, value);
        if total.is_finite() {
            if total != 0.0 {
                partials.push(total);
            }
        } else if value.is_finite() {
            return Err(MathError::FsumOverflow);
        } else {
            if value.is_infinite() {
                infinite += value;
            }
            special += value;
            partials.clear();
        }
    }
    if special != 0.0 {
        return if infinite.is_nan() {
            Err(MathError::FsumInfinities)
        } else {
            Ok(special)
        };
    }
    Ok(round_partials(&partials))
}

/// Adds `x` to a sum kept in parts that do not overlap; what is left over is the new highest part.
fn add_partial(partials: &mut Vec<f64>, x: f64) -> f64 {
    let mut x = x;
    let mut kept = 0;
    for at in 0..partials.len() {
        let Some(&part) = partials.get(at) else { break };
        let (large, small) = if x.abs() < part.abs() {
            (part, x)
        } else {
            (x, part)
        };
        let high = large + small;
        let low = small - (high - large);
        if low != 0.0 {
            if let Some(slot) = partials.get_mut(kept) {
                *slot = low;
            }
            kept += 1;
        }
        x = high;
    }
    partials.truncate(kept);
    x
}

/// The sum of parts that do not overlap, rounded half to even.
fn round_partials(partials: &[f64]) -> f64 {
    let mut rest = partials.iter().rev().copied();
    let Some(mut high) = rest.next() else {
        return 0.0;
    };
    while let Some(part) = rest.next() {
        let before = high;
        high = before + part;
        let low = part - (high - before);
        if low != 0.0 {
            // A further part on the same side decides a tie.
            let tie_breaker = rest.next().unwrap_or(0.0);
            if (low < 0.0 && tie_breaker < 0.0) || (low > 0.0 && tie_breaker > 0.0) {
                let doubled = low * 2.0;
                let rounded = high + doubled;
                if doubled == rounded - high {
                    high = rounded;
                }
            }
            break;
        }
    }
    high
}

/// `x + y` and what rounding took from it.
fn two_sum(x: f64, y: f64) -> (f64, f64) {
    let sum = x + y;
    let z = sum - x;
    (sum, (x - (sum - z)) + (y - z))
}

/// `x * y` and what rounding took from it.
fn two_product(x: f64, y: f64) -> (f64, f64) {
    let product = x * y;
    (product, x.mul_add(y, -product))
}

/// The sum of products in triple precision, as `math.sumprod` takes it from the first pair with a float up to the next
/// without (where it falls back to plain arithmetic for good); `None` where it is not finite, so that the plain sum of
/// products has to be taken.
pub fn sumprod(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<f64> {
    let (mut high, mut low, mut tiny) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        let (product, product_low) = two_product(x, y);
        let (sum, sum_low) = two_sum(high, product);
        let (first, first_low) = two_sum(low, product_low);
        let (second, second_low) = two_sum(first, sum_low);
        high = sum;
        low = second;
        tiny = tiny + first_low + second_low;
    }
    let (last, last_low) = two_sum(low, high);
    let total = tiny + last_low + last;
    total.is_finite().then_some(total)
}

/// `math.hypot`, and `math.dist` from the differences.
pub fn hypot(coordinates: &[f64]) -> f64 {
    let sizes: Vec<f64> = coordinates.iter().map(|x| x.abs()).collect();
    if sizes.iter().any(|x| x.is_infinite()) {
        return f64::INFINITY;
    }
    if sizes.iter().any(|x| x.is_nan()) {
        return f64::NAN;
    }
    let max = sizes.iter().copied().fold(0.0, f64::max);
    if max == 0.0 || sizes.len() <= 1 {
        return max;
    }
    if frexp(max).1 < -1023 {
        let normal: Vec<f64> = sizes.iter().map(|x| x / f64::MIN_POSITIVE).collect();
        return f64::MIN_POSITIVE * norm(&normal, max / f64::MIN_POSITIVE);
    }
    norm(&sizes, max)
}

/// The root of the sum of squares, with both kept in double length and one step of correction.
fn norm(sizes: &[f64], max: f64) -> f64 {
    let scale = libm::ldexp(1.0, -frexp(max).1);
    // Starting from 1, which is not less than any square, the sum's rounding errors are exact.
    let (mut sum, mut product_rest, mut sum_rest) = (1.0, 0.0, 0.0);
    let mut add = |(high, low): (f64, f64)| {
        let next = sum + high;
        sum_rest += (sum - next) + high;
        product_rest += low;
        sum = next;
        sum - 1.0 + (product_rest + sum_rest)
    };
    let mut squares = 0.0;
    for size in sizes {
        let x = size * scale;
        squares = add(two_product(x, x));
    }
    let root = squares.sqrt();
    let rest = add(two_product(-root, root));
    (root + rest / (2.0 * root)) / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn exact_sums() {
        assert_eq!(fsum([0.1; 10]), Ok(1.0));
        assert_eq!(fsum([1e100, 1.0, -1e100]), Ok(1.0));
        assert_eq!(fsum([1e-16, 1.0, 1e16]), Ok(1.0000000000000002e16));
        assert_eq!(fsum([1e308, 1e308]), Err(MathError::FsumOverflow));
        assert_eq!(fsum([INF, -INF]), Err(MathError::FsumInfinities));
        assert_eq!(fsum([]), Ok(0.0));
        assert_eq!(sumprod([(0.1, 1.0); 10]), Some(1.0));
    }

    #[test]
    fn lengths() {
        assert_eq!(hypot(&[3.0, 4.0]), 5.0);
        assert_eq!(hypot(&[1.0, 1.0, 1.0]), 1.7320508075688772);
        assert_eq!(hypot(&[1e-320, 1e-320]), 1.414e-320);
        assert_eq!(hypot(&[1e300, 1e300]), 1.4142135623730952e300);
        assert_eq!(hypot(&[f64::NAN, -INF]), INF);
        assert_eq!(hypot(&[]), 0.0);
    }
}
