//! Which items a slice selects, for every sequence alike. Knows nothing of the sequences.

/// A slice fitted to a sequence: `count` items from `start` on, `step` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceIndices {
    /// The first item's index (only meaningful when `count > 0`).
    pub start: i64,
    /// Where the selection ends, exclusive; as `slice.indices` reports it.
    pub stop: i64,
    /// Never 0.
    pub step: i64,
    /// How many items are selected.
    pub count: usize,
}

impl SliceIndices {
    /// The selected indices in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |n| {
            let offset = i64::try_from(n)
                .unwrap_or(i64::MAX)
                .saturating_mul(self.step);
            usize::try_from(self.start.saturating_add(offset)).unwrap_or(0)
        })
    }
}

/// Fits `start:stop:step` to a sequence of `len` items. Bounds larger than an `i64` come in clamped to it; `None` is
/// `ValueError: slice step cannot be zero`.
pub fn slice_indices(
    start: Option<i64>,
    stop: Option<i64>,
    step: Option<i64>,
    len: usize,
) -> Option<SliceIndices> {
    let step = step.unwrap_or(1).max(-i64::MAX);
    if step == 0 {
        return None;
    }
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let (lowest, highest) = if step < 0 { (-1, len - 1) } else { (0, len) };
    let fit = |bound: i64| {
        let bound = if bound < 0 {
            bound.saturating_add(len)
        } else {
            bound
        };
        bound.clamp(lowest, highest)
    };
    let (first, last) = if step < 0 {
        (highest, lowest)
    } else {
        (lowest, highest)
    };
    let start = start.map_or(first, fit);
    let stop = stop.map_or(last, fit);
    let distance = if step < 0 { start - stop } else { stop - start };
    let count = if distance > 0 {
        (distance - 1) / step.abs() + 1
    } else {
        0
    };
    Some(SliceIndices {
        start,
        stop,
        step,
        count: usize::try_from(count).unwrap_or(0),
    })
}

/// Fits the optional `start` and `end` arguments of `str.find` and its kin: a range that may be backwards (`start >
/// end`), which then contains nothing, not even the empty string.
pub fn search_range(start: Option<i64>, end: Option<i64>, len: usize) -> (usize, usize) {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let fit = |bound: i64| {
        if bound < 0 {
            bound.saturating_add(len).max(0)
        } else {
            bound
        }
    };
    let end = end.map_or(len, |end| fit(end).min(len));
    let start = start.map_or(0, fit);
    (
        usize::try_from(start).unwrap_or(usize::MAX),
        usize::try_from(end).unwrap_or(0),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]
mod tests {
    use super::*;

    #[test]
    fn slices_fit_as_in_cpython() {
        for (start, stop, step, len, expected) in [
            (None, None, None, 5, (0, 5, 1)),
            (None, None, Some(-1), 5, (4, -1, -1)),
            (Some(-3), None, None, 5, (2, 5, 1)),
            (Some(10), Some(-10), Some(-2), 5, (4, -1, -2)),
            (Some(3), Some(1), None, 5, (3, 1, 1)),
            (Some(-10), Some(10), Some(3), 5, (0, 5, 3)),
            (
                Some(i64::MIN),
                Some(i64::MAX),
                Some(i64::MAX),
                5,
                (0, 5, i64::MAX),
            ),
            (
                Some(i64::MAX),
                Some(i64::MIN),
                Some(i64::MIN),
                5,
                (4, -1, -i64::MAX),
            ),
        ] {
            let fitted = slice_indices(start, stop, step, len).unwrap();
            assert_eq!((fitted.start, fitted.stop, fitted.step), expected);
        }
        assert_eq!(slice_indices(None, None, Some(0), 5), None);
    }

    #[test]
    fn selected_items() {
        let items = |start, stop, step, len| {
            slice_indices(start, stop, step, len)
                .unwrap()
                .iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(items(None, None, Some(-2), 5), [4, 2, 0]);
        assert_eq!(items(Some(1), Some(-1), Some(2), 6), [1, 3]);
        assert_eq!(items(Some(3), Some(1), None, 6), [0usize; 0]);
        assert_eq!(items(None, None, Some(i64::MIN), 3), [2]);
    }
}
