//! `tee`: several iterators over the items of one, each kept until the slowest has had it.

use super::visit_all;
use crate::builtins::arguments::int_or;
use crate::vm::heap::ObjRef;
use crate::vm::native::{NativeDef, NativeType, TypeDef};
use crate::vm::object::{Layout, NativeData, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

/// The items read so far that somebody still needs.
struct Source {
    iterator: Value,
    items: RefCell<VecDeque<Value>>,
    /// Number of the first item kept.
    first: Cell<u64>,
    /// Where each iterator stands.
    readers: RefCell<Vec<Weak<Cell<u64>>>>,
    running: Cell<bool>,
}

impl Source {
    /// Lets go of the items that every reader has had.
    fn trim(&self) {
        let slowest = {
            let mut readers = self.readers.borrow_mut();
            readers.retain(|r| r.strong_count() > 0);
            readers
                .iter()
                .filter_map(Weak::upgrade)
                .map(|r| r.get())
                .min()
        };
        while slowest.is_some_and(|s| self.first.get() < s) {
            let item = self.items.borrow_mut().pop_front();
            if item.is_none() {
                break;
            }
            self.first.set(self.first.get() + 1);
        }
    }
}

/// One of the iterators.
pub struct Tee {
    source: Rc<Source>,
    at: Rc<Cell<u64>>,
}

impl Tee {
    fn over(source: &Rc<Source>, at: u64) -> Tee {
        let at = Rc::new(Cell::new(at));
        source.readers.borrow_mut().push(Rc::downgrade(&at));
        Tee {
            source: source.clone(),
            at,
        }
    }
}

impl NativeData for Tee {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        // The source is shared: it is shown once, through its first reader.
        let readers = self.source.readers.try_borrow();
        let first = readers.is_ok_and(|r| {
            r.iter()
                .find_map(Weak::upgrade)
                .is_some_and(|r| Rc::ptr_eq(&r, &self.at))
        });
        if first {
            visit_all([&self.source.iterator], visit);
            if let Ok(items) = self.source.items.try_borrow() {
                visit_all(items.iter(), visit);
            }
        }
    }

    fn next(&self, vm: &mut Vm) -> R<Option<Value>> {
        let source = &self.source;
        let offset = usize::try_from(self.at.get() - source.first.get()).unwrap_or(usize::MAX);
        let kept = source.items.borrow().get(offset).cloned();
        let item = match kept {
            Some(item) => item,
            None => {
                if source.running.replace(true) {
                    return Err(vm.runtime_error("cannot re-enter the tee iterator"));
                }
                let read = vm.next(&source.iterator);
                source.running.set(false);
                let Some(item) = read? else {
                    return Ok(None);
                };
                source.items.borrow_mut().push_back(item.clone());
                item
            }
        };
        self.at.set(self.at.get() + 1);
        source.trim();
        Ok(Some(item))
    }
}

impl NativeType for Tee {
    const DEF: &'static TypeDef = &TypeDef::new("_tee", "itertools", Layout::Opaque(40))
        .doc("Iterator wrapped to make it copyable.")
        .iterator()
        .methods(&[
            NativeDef::constructor("(cls, iterable, /)", new_tee),
            NativeDef::new(
                "__copy__",
                "(self, /)",
                copy,
                "An independent iterator at the same place.",
            ),
        ]);
}

/// A reader at the place of `iterable`, or at the beginning of a new source.
fn reader(vm: &mut Vm, iterable: &Value) -> R<Tee> {
    let iterator = vm.iter(iterable)?;
    if let Some(tee) = iterator.opaque::<Tee>() {
        return Ok(Tee::over(&tee.source, tee.at.get()));
    }
    let source = Rc::new(Source {
        iterator,
        items: RefCell::default(),
        first: Cell::new(0),
        readers: RefCell::default(),
        running: Cell::new(false),
    });
    Ok(Tee::over(&source, 0))
}

fn new_tee(vm: &mut Vm, args: &[Value]) -> R {
    let tee = reader(vm, &args[1])?;
    Ok(vm.make(tee))
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let tee = reader(vm, &args[0])?;
    Ok(vm.make(tee))
}

fn tee(vm: &mut Vm, args: &[Value]) -> R {
    let n = int_or(vm, &args[1], 2)?;
    if n < 0 {
        return Err(vm.value_error("n must be >= 0"));
    }
    if n == 0 {
        return Ok(Tuple::value([]));
    }
    let first = reader(vm, &args[0])?;
    let (source, at) = (first.source.clone(), first.at.get());
    let mut made = vec![vm.make(first)];
    for _ in 1..n {
        let tee = Tee::over(&source, at);
        made.push(vm.make(tee));
    }
    Ok(Tuple::value(made))
}

pub const FUNCTIONS: &[NativeDef] = &[NativeDef::new(
    "tee",
    "(iterable, n=2, /)",
    tee,
    "So many independent iterators over one iterable.",
)];
