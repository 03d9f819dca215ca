//! Timsort with powersort's merge policy, as CPython 3.13 sorts: whatever `<` tells or does, it is
//! asked about the same pairs in the same order, and an error leaves the items in the same order.
//! Works on numbers that stand for the items, and knows nothing of values.

use crate::vm::R;

/// Slices at least this long are not sorted by insertion alone.
const MAX_MIN_RUN: usize = 64;
/// So many wins in a row of one run make a merge look for longer stretches.
const MIN_GALLOP: usize = 7;

/// A stretch of items in order.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    len: usize,
    /// Depth, in a perfectly balanced tree of merges, of the merge with the run after it.
    power: u32,
}

/// Where a merge goes on from.
struct Merge {
    /// What is left of the two runs: next place and number of items.
    a: usize,
    na: usize,
    b: usize,
    nb: usize,
    /// Where the next item goes.
    to: usize,
}

/// Why a merge ended.
enum End {
    /// One run is used up, or the comparison failed: what was set aside goes back.
    PutBack,
    /// A single item that was set aside goes after all the others of the other run.
    OneLeft,
}

struct Sorter<'a, F> {
    order: &'a mut [u32],
    less: F,
    runs: Vec<Run>,
    min_gallop: usize,
    /// The shorter run of a merge.
    aside: Vec<u32>,
}

/// Sorts numbers by `less`. Stable. After an error they are all still there.
pub fn sort(order: &mut [u32], less: impl FnMut(u32, u32) -> R<bool>) -> R<()> {
    let mut sorter = Sorter {
        order,
        less,
        runs: Vec::new(),
        min_gallop: MIN_GALLOP,
        aside: Vec::new(),
    };
    sorter.sort()
}

/// A run length such that the number of runs is a power of two or a little less.
fn min_run(mut n: usize) -> usize {
    let mut odd = 0;
    while n >= MAX_MIN_RUN {
        odd |= n & 1;
        n >>= 1;
    }
    n + odd
}

/// Depth of the merge of two neighbouring runs: the first binary digit in which their middles,
/// as fractions of the whole length, differ.
fn power(start: usize, first: usize, second: usize, whole: usize) -> u32 {
    let mut a = 2 * start + first;
    let mut b = a + first + second;
    let mut digits = 1;
    loop {
        if a >= whole {
            a -= whole;
            b -= whole;
        } else if b >= whole {
            return digits;
        }
        a <<= 1;
        b <<= 1;
        digits += 1;
    }
}

impl<F: FnMut(u32, u32) -> R<bool>> Sorter<'_, F> {
    fn sort(&mut self) -> R<()> {
        let len = self.order.len();
        if len < 2 {
            return Ok(());
        }
        let min_run = min_run(len);
        let mut at = 0;
        while at < len {
            let mut run = self.count_run(at)?;
            if run < min_run {
                let wanted = min_run.min(len - at);
                self.insertion_sort(at, run, wanted)?;
                run = wanted;
            }
            self.merge_before(run)?;
            self.runs.push(Run {
                start: at,
                len: run,
                power: 0,
            });
            at += run;
        }
        self.merge_all()
    }

    /// The number at a place.
    #[inline(always)]
    fn at(&self, place: usize) -> u32 {
        self.order.get(place).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn set(&mut self, place: usize, item: u32) {
        if let Some(to) = self.order.get_mut(place) {
            *to = item;
        }
    }

    #[inline(always)]
    fn ask(&mut self, x: u32, y: u32) -> R<bool> {
        (self.less)(x, y)
    }

    /// Whether the item at one place is less than that at another.
    #[inline(always)]
    fn less_at(&mut self, i: usize, j: usize) -> R<bool> {
        self.ask(self.at(i), self.at(j))
    }

    fn reverse(&mut self, start: usize, end: usize) {
        if let Some(part) = self.order.get_mut(start..end) {
            part.reverse();
        }
    }

    /// Length of the run that begins at a place; a descending one is turned around.
    fn count_run(&mut self, start: usize) -> R<usize> {
        let len = self.order.len();
        let mut at = start + 1;
        while at < len && !self.less_at(at, at - 1)? {
            at += 1;
        }
        if at >= len {
            return Ok(len - start);
        }
        if at > start + 1 {
            if self.less_at(start, at - 1)? {
                return Ok(at - start);
            }
            // All equal so far: in order again once the whole run is turned around.
            self.reverse(start, at);
        }
        at += 1;
        let mut equal = 0;
        while at < len {
            if self.less_at(at, at - 1)? {
                self.restore_equal(at, &mut equal);
            } else if self.less_at(at - 1, at)? {
                break;
            } else {
                equal += 1;
            }
            at += 1;
        }
        self.restore_equal(at, &mut equal);
        self.reverse(start, at);
        // Now that it ascends, it may go on.
        while at < len && !self.less_at(at, at - 1)? {
            at += 1;
        }
        Ok(at - start)
    }

    /// Turns equal items before a place around, so that turning the run around does not change
    /// their order.
    fn restore_equal(&mut self, end: usize, equal: &mut usize) {
        if *equal > 0 {
            self.reverse(end - 1 - *equal, end);
            *equal = 0;
        }
    }

    /// Sorts `wanted` items, of which the first `sorted` are in order already.
    fn insertion_sort(&mut self, start: usize, sorted: usize, wanted: usize) -> R<()> {
        for next in start + sorted..start + wanted {
            let pivot = self.at(next);
            let (mut left, mut right) = (start, next);
            while left < right {
                let middle = left + (right - left) / 2;
                if self.ask(pivot, self.at(middle))? {
                    right = middle;
                } else {
                    left = middle + 1;
                }
            }
            if let Some(part) = self.order.get_mut(left..=next) {
                part.rotate_right(1);
            }
        }
        Ok(())
    }

    /// A run of this length was found after those there are: merges those that stand deeper in
    /// the tree of merges than it does.
    fn merge_before(&mut self, len: usize) -> R<()> {
        let Some(&last) = self.runs.last() else {
            return Ok(());
        };
        let power = power(last.start, last.len, len, self.order.len());
        while let [.., before, _] = self.runs.as_slice() {
            if before.power <= power {
                break;
            }
            self.merge_at(self.runs.len() - 2)?;
        }
        if let Some(last) = self.runs.last_mut() {
            last.power = power;
        }
        Ok(())
    }

    fn merge_all(&mut self) -> R<()> {
        while self.runs.len() > 1 {
            let n = self.runs.len() - 2;
            let first_is_shorter = match self.runs.as_slice() {
                [.., x, _, z] => x.len < z.len,
                _ => false,
            };
            self.merge_at(if first_is_shorter { n - 1 } else { n })?;
        }
        Ok(())
    }

    /// Merges the runs `i` and `i + 1`.
    fn merge_at(&mut self, i: usize) -> R<()> {
        let (Some(&x), Some(&y)) = (self.runs.get(i), self.runs.get(i + 1)) else {
            return Ok(());
        };
        self.runs.remove(i + 1);
        if let Some(run) = self.runs.get_mut(i) {
            run.len = x.len + y.len;
        }
        // What stands before the first of the second run, and after the last of the first one,
        // is in its place.
        let skip = self.gallop_right(self.at(y.start), (x.start, x.len), 0, false)?;
        let (a, na) = (x.start + skip, x.len - skip);
        if na == 0 {
            return Ok(());
        }
        let last = self.at(a + na - 1);
        let nb = self.gallop_left(last, (y.start, y.len), y.len - 1, false)?;
        if nb == 0 {
            return Ok(());
        }
        if na <= nb {
            self.merge_low(a, na, y.start, nb)
        } else {
            self.merge_high(a, na, y.start, nb)
        }
    }

    /// The item at a place of a run, which may be the one set aside.
    #[inline(always)]
    fn item(&self, place: usize, aside: bool) -> u32 {
        if aside {
            self.aside.get(place).copied().unwrap_or_default()
        } else {
            self.at(place)
        }
    }

    /// Where a key belongs in a run (place and length), before what is equal to it. The search
    /// begins at `hint` and goes away from it in ever longer steps.
    fn gallop_left(&mut self, key: u32, run: (usize, usize), hint: usize, aside: bool) -> R<usize> {
        let (start, len) = run;
        let (mut low, mut high);
        if self.ask(self.item(start + hint, aside), key)? {
            let (max, mut last, mut step) = (len - hint, 0, 1);
            while step < max && self.ask(self.item(start + hint + step, aside), key)? {
                last = step;
                step = 2 * step + 1;
            }
            (low, high) = (hint + last + 1, hint + step.min(max));
        } else {
            let (max, mut last, mut step) = (hint + 1, 0, 1);
            while step < max && !self.ask(self.item(start + hint - step, aside), key)? {
                last = step;
                step = 2 * step + 1;
            }
            (low, high) = (hint + 1 - step.min(max), hint - last);
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.ask(self.item(start + middle, aside), key)? {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(high)
    }

    /// As `gallop_left`, after what is equal to the key.
    fn gallop_right(
        &mut self,
        key: u32,
        run: (usize, usize),
        hint: usize,
        aside: bool,
    ) -> R<usize> {
        let (start, len) = run;
        let (mut low, mut high);
        if self.ask(key, self.item(start + hint, aside))? {
            let (max, mut last, mut step) = (hint + 1, 0, 1);
            while step < max && self.ask(key, self.item(start + hint - step, aside))? {
                last = step;
                step = 2 * step + 1;
            }
            (low, high) = (hint + 1 - step.min(max), hint - last);
        } else {
            let (max, mut last, mut step) = (len - hint, 0, 1);
            while step < max && !self.ask(key, self.item(start + hint + step, aside))? {
                last = step;
                step = 2 * step + 1;
            }
            (low, high) = (hint + last + 1, hint + step.min(max));
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.ask(key, self.item(start + middle, aside))? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(high)
    }

    fn set_aside(&mut self, start: usize, len: usize) {
        self.aside.clear();
        let part = self.order.get(start..start + len);
        self.aside.extend_from_slice(part.unwrap_or_default());
    }

    /// Moves items within the order; the places may overlap.
    fn shift(&mut self, from: usize, to: usize, len: usize) {
        if from.max(to) + len <= self.order.len() {
            self.order.copy_within(from..from + len, to);
        }
    }

    /// Copies items from those set aside.
    fn fetch(&mut self, from: usize, to: usize, len: usize) {
        let source = self.aside.get(from..from + len);
        let target = self.order.get_mut(to..to + len);
        if let (Some(source), Some(target)) = (source, target) {
            target.copy_from_slice(source);
        }
    }

    /// Merges neighbouring runs from the left; the first one, which is not the longer one, is set
    /// aside.
    fn merge_low(&mut self, a: usize, na: usize, b: usize, nb: usize) -> R<()> {
        self.set_aside(a, na);
        let mut m = Merge {
            a: 0,
            na,
            b,
            nb,
            to: a,
        };
        let end = self.merge_low_steps(&mut m);
        match end {
            Ok(End::OneLeft) => {
                self.shift(m.b, m.to, m.nb);
                self.fetch(m.a, m.to + m.nb, 1);
            }
            _ => self.fetch(m.a, m.to, m.na),
        }
        end.map(drop)
    }

    fn low_take_b(&mut self, m: &mut Merge) {
        self.set(m.to, self.at(m.b));
        (m.to, m.b, m.nb) = (m.to + 1, m.b + 1, m.nb - 1);
    }

    fn low_take_a(&mut self, m: &mut Merge) {
        self.set(m.to, self.item(m.a, true));
        (m.to, m.a, m.na) = (m.to + 1, m.a + 1, m.na - 1);
    }

    fn merge_low_steps(&mut self, m: &mut Merge) -> R<End> {
        self.low_take_b(m);
        if m.nb == 0 {
            return Ok(End::PutBack);
        }
        if m.na == 1 {
            return Ok(End::OneLeft);
        }
        let mut min_gallop = self.min_gallop;
        loop {
            let (mut wins_a, mut wins_b) = (0, 0);
            while wins_a < min_gallop && wins_b < min_gallop {
                if self.ask(self.at(m.b), self.item(m.a, true))? {
                    self.low_take_b(m);
                    (wins_a, wins_b) = (0, wins_b + 1);
                    if m.nb == 0 {
                        return Ok(End::PutBack);
                    }
                } else {
                    self.low_take_a(m);
                    (wins_a, wins_b) = (wins_a + 1, 0);
                    if m.na == 1 {
                        return Ok(End::OneLeft);
                    }
                }
            }
            min_gallop += 1;
            loop {
                min_gallop -= usize::from(min_gallop > 1);
                self.min_gallop = min_gallop;
                wins_a = self.gallop_right(self.at(m.b), (m.a, m.na), 0, true)?;
                self.fetch(m.a, m.to, wins_a);
                (m.to, m.a, m.na) = (m.to + wins_a, m.a + wins_a, m.na - wins_a);
                match m.na {
                    1 => return Ok(End::OneLeft),
                    // Only if the comparison contradicts itself.
                    0 => return Ok(End::PutBack),
                    _ => {}
                }
                self.low_take_b(m);
                if m.nb == 0 {
                    return Ok(End::PutBack);
                }
                wins_b = self.gallop_left(self.item(m.a, true), (m.b, m.nb), 0, false)?;
                self.shift(m.b, m.to, wins_b);
                (m.to, m.b, m.nb) = (m.to + wins_b, m.b + wins_b, m.nb - wins_b);
                if m.nb == 0 {
                    return Ok(End::PutBack);
                }
                self.low_take_a(m);
                if m.na == 1 {
                    return Ok(End::OneLeft);
                }
                if wins_a < MIN_GALLOP && wins_b < MIN_GALLOP {
                    break;
                }
            }
            min_gallop += 1;
            self.min_gallop = min_gallop;
        }
    }

    /// Merges neighbouring runs from the right; the second one, which is the shorter one, is set
    /// aside. In `Merge`, `a`, `b` and `to` are the places one past the next item.
    fn merge_high(&mut self, a: usize, na: usize, b: usize, nb: usize) -> R<()> {
        self.set_aside(b, nb);
        let mut m = Merge {
            a: a + na,
            na,
            b: nb,
            nb,
            to: b + nb,
        };
        let end = self.merge_high_steps(&mut m, a);
        match end {
            Ok(End::OneLeft) => {
                self.shift(m.a - m.na, m.to - m.na, m.na);
                self.fetch(m.b - 1, m.to - m.na - 1, 1);
            }
            _ => self.fetch(0, m.to - m.nb, m.nb),
        }
        end.map(drop)
    }

    fn high_take_a(&mut self, m: &mut Merge) {
        self.set(m.to - 1, self.at(m.a - 1));
        (m.to, m.a, m.na) = (m.to - 1, m.a - 1, m.na - 1);
    }

    fn high_take_b(&mut self, m: &mut Merge) {
        self.set(m.to - 1, self.item(m.b - 1, true));
        (m.to, m.b, m.nb) = (m.to - 1, m.b - 1, m.nb - 1);
    }

    fn merge_high_steps(&mut self, m: &mut Merge, base: usize) -> R<End> {
        self.high_take_a(m);
        if m.na == 0 {
            return Ok(End::PutBack);
        }
        if m.nb == 1 {
            return Ok(End::OneLeft);
        }
        let mut min_gallop = self.min_gallop;
        loop {
            let (mut wins_a, mut wins_b) = (0, 0);
            while wins_a < min_gallop && wins_b < min_gallop {
                if self.ask(self.item(m.b - 1, true), self.at(m.a - 1))? {
                    self.high_take_a(m);
                    (wins_a, wins_b) = (wins_a + 1, 0);
                    if m.na == 0 {
                        return Ok(End::PutBack);
                    }
                } else {
                    self.high_take_b(m);
                    (wins_a, wins_b) = (0, wins_b + 1);
                    if m.nb == 1 {
                        return Ok(End::OneLeft);
                    }
                }
            }
            min_gallop += 1;
            loop {
                min_gallop -= usize::from(min_gallop > 1);
                self.min_gallop = min_gallop;
                let key = self.item(m.b - 1, true);
                wins_a = m.na - self.gallop_right(key, (base, m.na), m.na - 1, false)?;
                self.shift(m.a - wins_a, m.to - wins_a, wins_a);
                (m.to, m.a, m.na) = (m.to - wins_a, m.a - wins_a, m.na - wins_a);
                if m.na == 0 {
                    return Ok(End::PutBack);
                }
                self.high_take_b(m);
                if m.nb == 1 {
                    return Ok(End::OneLeft);
                }
                let key = self.at(m.a - 1);
                wins_b = m.nb - self.gallop_left(key, (0, m.nb), m.nb - 1, true)?;
                self.fetch(m.b - wins_b, m.to - wins_b, wins_b);
                (m.to, m.b, m.nb) = (m.to - wins_b, m.b - wins_b, m.nb - wins_b);
                match m.nb {
                    1 => return Ok(End::OneLeft),
                    // Only if the comparison contradicts itself.
                    0 => return Ok(End::PutBack),
                    _ => {}
                }
                self.high_take_a(m);
                if m.na == 0 {
                    return Ok(End::PutBack);
                }
                if wins_a < MIN_GALLOP && wins_b < MIN_GALLOP {
                    break;
                }
            }
            min_gallop += 1;
            self.min_gallop = min_gallop;
        }
    }
}
