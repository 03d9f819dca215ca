//! `product`, `permutations`, `combinations`, `combinations_with_replacement`.

use super::visit_all;
use crate::builtins::arguments::int_or;
use crate::builtins::iterators::{make_of, values_of};
use crate::vm::heap::ObjRef;
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Layout, NativeData, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::RefCell;

/// The indices of the next result; `None` when all have been given.
type State = RefCell<Option<Vec<usize>>>;

fn pick(pool: &[Value], indices: &[usize]) -> Value {
    let items: Vec<Value> = indices
        .iter()
        .filter_map(|i| pool.get(*i).cloned())
        .collect();
    Tuple::value(items)
}

/// `product`.
pub struct Product {
    pools: Vec<Vec<Value>>,
    state: State,
}

impl NativeData for Product {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all(self.pools.iter().flatten(), visit);
    }

    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        let mut state = self.state.borrow_mut();
        let Some(indices) = state.as_mut() else {
            return Ok(None);
        };
        let items: Vec<Value> = (self.pools.iter().zip(indices.iter()))
            .filter_map(|(pool, i)| pool.get(*i).cloned())
            .collect();
        // Turns the last wheel that can still turn; those behind it begin anew.
        let mut turned = false;
        for (pool, index) in self.pools.iter().zip(indices.iter_mut()).rev() {
            *index += 1;
            if *index < pool.len() {
                turned = true;
                break;
            }
            *index = 0;
        }
        if !turned {
            *state = None;
        }
        Ok(Some(Tuple::value(items)))
    }
}

impl NativeType for Product {
    const DEF: &'static TypeDef = &TypeDef::new("product", "itertools", Layout::Opaque(34))
        .doc("All tuples of one item from each iterable, as nested loops give them.")
        .iterator()
        .methods(&[NativeDef::constructor(
            "(cls, /, *iterables, repeat=1)",
            new_product,
        )]);
}

fn new_product(vm: &mut Vm, args: &[Value]) -> R {
    let repeat = int_or(vm, &args[2], 1)?;
    let Ok(repeat) = usize::try_from(repeat) else {
        return Err(vm.value_error("repeat argument cannot be negative"));
    };
    let mut once = Vec::new();
    for iterable in values_of(&args[1]) {
        once.push(vm.collect(&iterable)?);
    }
    let wheels = once.len().saturating_mul(repeat);
    if wheels > 1 << 28 {
        return Err(vm.overflow_error("repeat argument too large"));
    }
    let pools: Vec<Vec<Value>> = once.iter().cycle().take(wheels).cloned().collect();
    let empty = pools.iter().any(Vec::is_empty);
    let state = RefCell::new((!empty).then(|| vec![0; pools.len()]));
    make_of(vm, &args[0], Product { pools, state })
}

/// The length of the results; by default that of the pool.
fn length(vm: &mut Vm, v: &Value) -> R<usize> {
    let r = vm.index_i64(v)?;
    not_negative(vm, r)
}

fn not_negative(vm: &mut Vm, r: i64) -> R<usize> {
    usize::try_from(r).map_err(|_| vm.value_error("r must be non-negative"))
}

/// `permutations`.
pub struct Permutations {
    pool: Vec<Value>,
    length: usize,
    /// All indices (the first ones are the result), and how often each place may still turn.
    state: RefCell<Option<(Vec<usize>, Vec<usize>)>>,
}

impl NativeData for Permutations {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all(&self.pool, visit);
    }

    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        let mut state = self.state.borrow_mut();
        let Some((indices, cycles)) = state.as_mut() else {
            return Ok(None);
        };
        let result = pick(&self.pool, indices.get(..self.length).unwrap_or(&[]));
        if !permute(indices, cycles) {
            *state = None;
        }
        Ok(Some(result))
    }
}

/// Steps to the next permutation; false after the last.
fn permute(indices: &mut [usize], cycles: &mut [usize]) -> bool {
    let n = indices.len();
    for i in (0..cycles.len()).rev() {
        let Some(cycle) = cycles.get_mut(i) else {
            break;
        };
        *cycle -= 1;
        if *cycle == 0 {
            *cycle = n - i;
            if let Some(tail) = indices.get_mut(i..) {
                tail.rotate_left(1);
            }
        } else {
            let j = n - *cycle;
            indices.swap(i, j);
            return true;
        }
    }
    false
}

impl NativeType for Permutations {
    const DEF: &'static TypeDef = &TypeDef::new("permutations", "itertools", Layout::Opaque(35))
        .doc("All orders of the items, or of so many of them.")
        .iterator()
        .methods(&[NativeDef::constructor(
            "(cls, iterable, r=None)",
            new_permutations,
        )]);
}

fn new_permutations(vm: &mut Vm, args: &[Value]) -> R {
    let pool = vm.collect(&args[1])?;
    let n = pool.len();
    let length = match args[2].given().filter(|v| !v.is_none()) {
        None => n,
        Some(v) => match crate::vm::ops::arith::is_int(&v.unwrapped()) {
            true => length(vm, v)?,
            false => return Err(vm.type_error("Expected int as r")),
        },
    };
    let state = (length <= n).then(|| ((0..n).collect(), (n - length + 1..=n).rev().collect()));
    let data = Permutations {
        pool,
        length,
        state: RefCell::new(state),
    };
    make_of(vm, &args[0], data)
}

/// `combinations`, or with replacement.
pub struct Combinations<const REPLACED: bool> {
    pool: Vec<Value>,
    state: State,
}

impl<const REPLACED: bool> NativeData for Combinations<REPLACED> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_all(&self.pool, visit);
    }

    fn next(&self, _: &mut Vm) -> R<Option<Value>> {
        let mut state = self.state.borrow_mut();
        let Some(indices) = state.as_mut() else {
            return Ok(None);
        };
        let result = pick(&self.pool, indices);
        if !advance(indices, self.pool.len(), REPLACED) {
            *state = None;
        }
        Ok(Some(result))
    }
}

/// Steps to the next combination of `n` things; false after the last.
fn advance(indices: &mut [usize], n: usize, replaced: bool) -> bool {
    let r = indices.len();
    let highest = |i: usize| if replaced { n - 1 } else { i + n - r };
    let turning = (0..r)
        .rev()
        .find(|i| indices.get(*i).is_some_and(|x| *x != highest(*i)));
    let Some(i) = turning else { return false };
    let first = indices.get(i).map_or(0, |x| x + 1);
    for (offset, index) in indices.iter_mut().skip(i).enumerate() {
        *index = if replaced { first } else { first + offset };
    }
    true
}

impl NativeType for Combinations<false> {
    const DEF: &'static TypeDef = &TypeDef::new("combinations", "itertools", Layout::Opaque(36))
        .doc("All choices of so many items, in their order.")
        .iterator()
        .methods(&[NativeDef::constructor(
            "(cls, iterable, r)",
            new_combinations,
        )]);
}

impl NativeType for Combinations<true> {
    const DEF: &'static TypeDef = &TypeDef::new(
        "combinations_with_replacement",
        "itertools",
        Layout::Opaque(37),
    )
    .doc("All choices of so many items, each as often as one likes.")
    .iterator()
    .methods(&[NativeDef::constructor(
        "(cls, iterable, r)",
        new_with_replacement,
    )]);
}

fn new_combinations(vm: &mut Vm, args: &[Value]) -> R {
    let r = vm.index_i64(&args[2])?;
    let pool = vm.collect(&args[1])?;
    let r = not_negative(vm, r)?;
    let state = RefCell::new((r <= pool.len()).then(|| (0..r).collect()));
    make_of(vm, &args[0], Combinations::<false> { pool, state })
}

fn new_with_replacement(vm: &mut Vm, args: &[Value]) -> R {
    let r = vm.index_i64(&args[2])?;
    let pool = vm.collect(&args[1])?;
    let r = not_negative(vm, r)?;
    if r > 1 << 32 {
        return Err(vm.out_of_memory());
    }
    let state = RefCell::new((!pool.is_empty() || r == 0).then(|| vec![0; r]));
    make_of(vm, &args[0], Combinations::<true> { pool, state })
}
