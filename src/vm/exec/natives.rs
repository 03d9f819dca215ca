//! Calls of natives and of built-in classes whose arguments need no arranging: they are passed as
//! they stand in the call window, behind them `Undef` for what was left out.

use super::Called;
use super::attr::tells_the_class;
use crate::vm::frame::{release_registers, take, undefine};
use crate::vm::heap::Ref;
use crate::vm::native::{Arity, Direct, Role};
use crate::vm::object::{Class, Generator, Kind, NativeFunction};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// A call window of the running frame.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub at: *mut Value,
    pub has_self: bool,
    pub argc: usize,
    /// The register of the result.
    pub dst: u16,
}

impl Place {
    /// The first argument, the self included.
    fn first(self) -> *mut Value {
        // SAFETY: callable and self slot stand in front of the arguments.
        unsafe { self.at.add(if self.has_self { 1 } else { 2 }) }
    }

    fn count(self) -> usize {
        self.argc + usize::from(self.has_self)
    }

    /// With a value in the self slot, which was empty.
    fn with_self(self, this: Value) -> Place {
        // SAFETY: the self slot is initialised.
        drop(unsafe { std::ptr::replace(self.at.add(1), this) });
        Place {
            has_self: true,
            ..self
        }
    }

    /// The arguments, the self included.
    ///
    /// # Safety
    /// Nobody writes the registers as long as they are looked at.
    pub unsafe fn args<'a>(self) -> &'a [Value] {
        // SAFETY: they are initialised; the rest is promised by the caller.
        unsafe { std::slice::from_raw_parts(self.first(), self.count()) }
    }

    /// Releases callable and arguments.
    pub fn release(self) {
        // SAFETY: both are initialised.
        unsafe {
            release_registers(self.first(), self.count());
            drop(take(self.at));
        }
    }
}

/// Calls the native in the window, if it takes the arguments as they are; `None` if not, and
/// nothing has been done.
#[inline(always)]
pub(super) fn call_native(vm: &mut Vm, place: Place, f: &NativeFunction) -> Option<R<Called>> {
    let direct = f.direct();
    let bound = direct.role == Role::Bound;
    if bound && place.has_self
        || !takes(vm, place, direct.arity, place.count() + usize::from(bound))
    {
        return None;
    }
    let fits = match direct.role {
        Role::Function | Role::Bound => true,
        Role::Method => has_own_self(vm, place, f),
        Role::Resuming => !resumes(vm, place, f),
        Role::Constructor => false,
    };
    if !fits {
        return None;
    }
    let place = if bound {
        place.with_self(f.this.clone())
    } else {
        place
    };
    Some(run(vm, place, direct))
}

/// The first argument of a method is an instance of the class that the method belongs to.
#[inline(always)]
fn has_own_self(vm: &Vm, place: Place, f: &NativeFunction) -> bool {
    if place.count() == 0 {
        return false;
    }
    // SAFETY: the argument is initialised.
    let first = unsafe { &*place.first() };
    let kind = first.kind();
    kind.is_some() && kind == f.instances.get() || is_own_self(vm, first, f)
}

/// As `has_own_self`; remembers the answer for the kinds whose objects are all of one class.
#[inline(never)]
fn is_own_self(vm: &Vm, first: &Value, f: &NativeFunction) -> bool {
    let is_own = vm.is_of(first, &f.owner);
    let one_class = |kind: &Kind| tells_the_class(*kind) != 0 && *kind != Kind::Generator;
    if is_own && let Some(kind) = first.kind().filter(one_class) {
        f.instances.set(Some(kind));
    }
    is_own
}

/// Whether a native that only resumes a generator is given one, or is called wrongly.
#[cold]
fn resumes(vm: &Vm, place: Place, f: &NativeFunction) -> bool {
    // SAFETY: the argument is initialised, if there is one.
    place.count() == 0
        || unsafe { (*place.first()).as_ref::<Generator>() }.is_some()
        || f.is_method() && !has_own_self(vm, place, f)
}

/// Whether so many arguments need no arranging, and those left out have room behind them: behind
/// a generator's last register is no more.
#[inline(always)]
fn takes(vm: &Vm, place: Place, arity: Arity, count: usize) -> bool {
    let slots = count.max(arity.slots as usize);
    // SAFETY: compared only; behind the stack's limit there is room for any native's arguments.
    let end = unsafe { place.at.add(2 + slots) };
    arity.takes(count) && (count == slots || vm.frame.generator.is_null() || end <= vm.frame.end())
}

/// Runs a native on the arguments in the window, which is used up.
#[inline(always)]
fn run(vm: &mut Vm, place: Place, direct: &Direct) -> R<Called> {
    let result = apply(vm, place, direct);
    if let Ok(Value::Undef) = result {
        return do_instead(vm, place);
    }
    place.release();
    result.map(Called::Value)
}

/// The native asks for something else to be done.
#[cold]
fn do_instead(vm: &mut Vm, place: Place) -> R<Called> {
    let base = vm.call_window(place.at, place.argc + 2)?;
    vm.invoke_tail(base, place.has_self, place.argc, place.dst)
}

/// Applies a native to the arguments in the window.
#[inline(always)]
fn apply(vm: &mut Vm, place: Place, direct: &Direct) -> R {
    let slots = place.count().max(direct.arity.slots as usize);
    let first = place.first();
    let saved = vm.frame.top;
    // SAFETY: `takes` has seen that there is room; nothing behind the window is owned.
    let args = unsafe {
        let end = first.add(slots);
        undefine(first.add(place.count()), end);
        if vm.frame.generator.is_null() && end > saved {
            vm.frame.top = end;
        }
        std::slice::from_raw_parts(first, slots)
    };
    let result = (direct.func)(vm, args);
    vm.frame.top = saved;
    result
}

/// As `call_native`, for a built-in class.
pub(super) fn call_builtin(vm: &mut Vm, place: Place, class: &Ref<Class>) -> Option<R<Called>> {
    if place.has_self {
        return None;
    }
    if class.is(&vm.types.type_) && place.argc == 1 {
        // SAFETY: the argument is initialised.
        let class = vm.class_of(unsafe { &*place.first() });
        place.release();
        return Some(Ok(Called::Value(class.into())));
    }
    let call = vm.builtin_call(class)?;
    if !takes(vm, place, call.apply.arity, place.argc + 1) {
        return None;
    }
    let Some(empty) = call.empty else {
        let place = place.with_self(class.clone().into());
        return Some(run(vm, place, &call.apply));
    };
    let made = match empty(vm, &[class.clone().into(), Value::Undef, Value::Undef]) {
        Ok(made) => made,
        Err(raise) => {
            place.release();
            return Some(Err(raise));
        }
    };
    let place = place.with_self(made.clone());
    // What was half made dies before the arguments.
    let result = apply(vm, place, &call.apply).map(|_| made);
    place.release();
    Some(result.map(Called::Value))
}
