//! Which known name a misspelt one was probably meant to be: CPython's "Did you mean".
//! Knows nothing of where the names come from; their order decides between equals.

/// With this many names or more CPython does not look.
const MAX_CANDIDATES: usize = 750;
/// Where more than this many bytes differ, names are too far apart.
const MAX_DIFFERENT: usize = 40;
/// An inserted, dropped or replaced byte.
const MOVE_COST: usize = 2;
/// A letter in the other case.
const CASE_COST: usize = 1;

/// The candidate nearest to `wrong`, if one is near enough.
pub fn suggest<'a>(wrong: &str, candidates: &[&'a str]) -> Option<&'a str> {
    if candidates.len() >= MAX_CANDIDATES {
        return None;
    }
    let mut best: Option<(usize, &'a str)> = None;
    for &name in candidates.iter().filter(|name| **name != wrong) {
        // No more than a third of all bytes may change, and what is found must beat what was found.
        let mut limit = (wrong.len() + name.len() + 3) * MOVE_COST / 6;
        if let Some((distance, _)) = best {
            let Some(better) = distance.checked_sub(1) else {
                break;
            };
            limit = limit.min(better);
        }
        if let Some(distance) = distance(wrong.as_bytes(), name.as_bytes(), limit) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

fn substitution_cost(a: u8, b: u8) -> usize {
    match (a, b) {
        _ if a == b => 0,
        _ if a.eq_ignore_ascii_case(&b) => CASE_COST,
        _ => MOVE_COST,
    }
}

/// Both without what they have in common at the start and at the end.
fn trim_common<'a>(mut a: &'a [u8], mut b: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    while let ([x, rest_a @ ..], [y, rest_b @ ..]) = (a, b)
        && x == y
    {
        (a, b) = (rest_a, rest_b);
    }
    while let ([rest_a @ .., x], [rest_b @ .., y]) = (a, b)
        && x == y
    {
        (a, b) = (rest_a, rest_b);
    }
    (a, b)
}

/// The cost of turning `a` into `b`; `None` where it is above `limit`.
fn distance(a: &[u8], b: &[u8], limit: usize) -> Option<usize> {
    let (a, b) = trim_common(a, b);
    let (short, long) = if b.len() < a.len() { (b, a) } else { (a, b) };
    if short.is_empty() {
        return Some(long.len() * MOVE_COST).filter(|cost| *cost <= limit);
    }
    if long.len() > MAX_DIFFERENT || (long.len() - short.len()) * MOVE_COST > limit {
        return None;
    }
    // One row of the table of costs, updated in place for each byte of the longer name.
    let mut row: Vec<usize> = (1..=short.len()).map(|count| count * MOVE_COST).collect();
    let mut result = 0;
    for (at, byte) in long.iter().enumerate() {
        let mut diagonal = at * MOVE_COST;
        result = diagonal;
        let mut least = usize::MAX;
        for (slot, other) in row.iter_mut().zip(short) {
            let substitute = diagonal + substitution_cost(*byte, *other);
            diagonal = *slot;
            result = substitute.min(result.min(diagonal) + MOVE_COST);
            *slot = result;
            least = least.min(result);
        }
        if least > limit {
            return None;
        }
    }
    Some(result).filter(|cost| *cost <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        for (wrong, names, found) in [
            ("pint", vec!["print", "int"], Some("print")),
            ("Print", vec!["print"], Some("print")),
            ("bluch", vec!["blech", "bluchin", "bluc"], Some("blech")),
            ("abc", vec!["xyz"], None),
            ("abc", vec!["abc"], None),
            ("somethingverywrong", vec!["something", "wrong"], None),
            ("append_", vec!["append", "extend"], Some("append")),
            ("lenght", vec!["length", "lengthy"], Some("length")),
            ("x", vec!["y"], None),
        ] {
            assert_eq!(suggest(wrong, &names), found, "{wrong}");
        }
    }

    #[test]
    fn limits() {
        assert_eq!(suggest("ab", &["ab0"; 749]), Some("ab0"));
        assert_eq!(suggest("ab", &["ab0"; 750]), None);
        let long = "a".repeat(41);
        assert_eq!(
            suggest(&("a".repeat(40) + "b"), &[&long]),
            Some(long.as_str())
        );
    }
}
