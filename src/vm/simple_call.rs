//! Calls of functions without `*args` and `**kwargs`, whose arguments go straight into the frame:
//! nothing is collected, and no error can happen once the frame is being set up. Calls of other
//! functions, and wrong ones, are bound in `bind`. One of the places where `unsafe` lives.

use super::Vm;
use super::exec::Called;
use super::frame::{Activation, Deliver, Frame, take, undefine};
use super::heap::{ObjRef, Ref};
use super::object::{CodeObject, Dict, Function, Generator, Str, Tuple};
use super::value::Value;
use super::window::{has_defaults, move_window, put_closure, put_defaults};
use smallvec::SmallVec;
use std::ptr;

/// A call as it stands in its window.
pub(super) struct SimpleCall<'a> {
    /// The register of the callable.
    pub base: *mut Value,
    /// The self slot holds the first argument.
    pub has_self: bool,
    /// Arguments by position, the self included.
    pub given: usize,
    /// Names of the arguments that follow those; interned.
    pub names: &'a [Value],
    pub dst: u16,
    /// The instance whose `__init__` is called.
    pub instance: Option<&'a ObjRef>,
}

impl SimpleCall<'_> {
    /// Registers before the first argument.
    fn before(&self) -> usize {
        if self.has_self { 1 } else { 2 }
    }
}

/// Where a function's parameters that got no argument find their defaults.
struct Defaults {
    /// Of the last positional parameters.
    positional: Option<Ref<Tuple>>,
    keyword: Value,
}

impl Defaults {
    fn get(&self, code: &CodeObject, i: usize) -> Option<Value> {
        let positional = code.code.positional as usize;
        if i < positional {
            let items = self.positional.as_ref()?.items();
            return items
                .get((i + items.len()).checked_sub(positional)?)
                .cloned();
        }
        let name = code.parameters.get(i)?;
        let dict = self.keyword.downcast::<Dict>()?;
        // Mostly they stand there in the order of the parameters.
        if let Some(entry) = dict.map.borrow().entry(i - positional)
            && entry.key.as_obj().is_some_and(|key| key.is(name.as_obj()))
        {
            return Some(entry.value.clone());
        }
        dict.get_str(name)
    }
}

impl Vm {
    /// The frame is set up, or the suspended frame is made. `None`, and nothing has happened, if
    /// the call is not of this kind or something is missing.
    pub(super) fn call_simple(&mut self, call: &SimpleCall<'_>) -> Option<Called> {
        // The body, not the register: the function moves to another window below.
        // SAFETY: the callable's register is initialised.
        let f: &Function = unsafe { (*call.base).as_ref::<Function>() }?;
        // SAFETY: nobody replaces the function's code while it is being called.
        let code: &Ref<CodeObject> = unsafe { f.code.peek() };
        let flags = code.code.flags;
        let positional = code.code.positional as usize;
        let wanted = positional + code.code.kwonly as usize;
        if flags.vararg || flags.kwarg || flags.class_body || call.given > positional {
            return None;
        }
        if call.names.is_empty() && (code.code.kwonly == 0 || has_keyword_defaults(f, code)) {
            return self.call_by_position(f, code, call);
        }
        let places = places(code, call)?;
        let missing = wanted.checked_sub(call.given + places.len())?;
        let mut defaults: SmallVec<[(usize, Value); 4]> = SmallVec::new();
        if missing > 0 {
            let own = Defaults {
                positional: f.defaults(),
                keyword: f.kwdefaults.get(),
            };
            for i in call.given..wanted {
                if !places.contains(&i) {
                    defaults.push((i, own.get(code, i)?));
                }
            }
        }
        if !self.can_open(f, code, call) {
            return None;
        }
        // SAFETY: the arguments by keyword follow the others.
        let named: SmallVec<[Value; 4]> = unsafe {
            let first = call.base.add(call.before() + call.given);
            (0..places.len()).map(|n| take(first.add(n))).collect()
        };
        let (regs, called) = self.open_frame(f, code, call, 0);
        for (i, value) in places.into_iter().zip(named).chain(defaults) {
            // SAFETY: a register of a parameter, which holds nothing yet.
            unsafe { regs.add(i).write(value) };
        }
        Some(called)
    }

    /// `call_simple` where only the last parameters, and those that are keyword-only, may have got
    /// no argument.
    fn call_by_position(
        &mut self,
        f: &Function,
        code: &Ref<CodeObject>,
        call: &SimpleCall<'_>,
    ) -> Option<Called> {
        let (given, wanted) = (call.given as u32, u32::from(code.code.positional));
        let missing = wanted - given;
        if missing > 0 && !has_defaults(f, given, wanted) || !self.can_open(f, code, call) {
            return None;
        }
        let (regs, called) = self.open_frame(f, code, call, missing);
        if code.code.kwonly > 0 {
            // SAFETY: registers of parameters, which hold nothing yet.
            unsafe { put_keyword_defaults(f, wanted as usize, code.code.kwonly as usize, regs) };
        }
        Some(called)
    }

    /// A call of a function that makes a suspended frame and has no more parameters than there are
    /// arguments. `None` if it is not of this kind.
    pub(super) fn make_suspended(&self, func: &Value, mut this: Value) -> Option<Value> {
        let f = func.downcast::<Function>()?;
        // SAFETY: nobody replaces the function's code while it is being called.
        let code: &Ref<CodeObject> = unsafe { f.code.peek() };
        let fits = code.frame_args == 1
            && !this.is_undef()
            && f.extra.get().is_none()
            && self.current.origin_depth.get() == 0;
        fits.then(|| {
            // SAFETY: one initialised argument, for which the code has a register; the frame is
            // new.
            unsafe {
                let g = Generator::for_call(code, &raw mut this, 1);
                put_closure(f, code, g.tail_ptr());
                g.into()
            }
        })
    }

    /// Whether nothing is in the way of a frame for the call.
    fn can_open(&self, f: &Function, code: &CodeObject, call: &SimpleCall<'_>) -> bool {
        if code.suspends {
            let origins = self.current.origin_depth.get() > 0;
            return call.instance.is_none() && f.extra.get().is_none() && !origins;
        }
        self.control.has_room() && self.room_from(self.frame.top) >= code.nregs as usize + 8
    }

    /// The frame with its arguments by position, and the defaults of so many parameters after
    /// them; its other parameters are `Undef`.
    fn open_frame(
        &mut self,
        f: &Function,
        code: &Ref<CodeObject>,
        call: &SimpleCall<'_>,
        defaults: u32,
    ) -> (*mut Value, Called) {
        let (base, given, before) = (call.base, call.given, call.before());
        // SAFETY: the arguments follow the callable.
        let args = unsafe { base.add(before) };
        if code.suspends {
            // SAFETY: the arguments are initialised, and no more than the code's registers; the
            // frame is new; the callable is done with.
            return unsafe {
                let g = Generator::for_call(code, args, given);
                let regs = g.tail_ptr();
                put_defaults(f, regs, given as u32, given as u32 + defaults);
                put_closure(f, code, regs);
                drop(take(base));
                (regs, Called::Value(g.into()))
            };
        }
        let caller = self.frame;
        // SAFETY: there is room for the frame and its activation; nothing above the top is owned.
        unsafe {
            let (window, regs) = if caller.generator.is_null() {
                (base, args)
            } else {
                move_window(base, caller.top, given + before);
                (caller.top, caller.top.add(before))
            };
            undefine(regs.add(given), regs.add(code.free_start as usize));
            put_defaults(f, regs, given as u32, given as u32 + defaults);
            put_closure(f, code, regs);
            self.frame = Frame {
                pc: code.entry,
                regs,
                code: ptr::from_ref::<CodeObject>(code),
                generator: ptr::null(),
                top: regs.add(code.nregs as usize),
            };
            let activation = Activation::call(caller, window, Deliver::Call, call.dst);
            self.control.push_plain(match call.instance {
                Some(instance) => activation.constructing(instance.clone()),
                None => activation,
            });
            (regs, Called::Frame)
        }
    }
}

/// Whether all keyword-only parameters have defaults that stand in their order.
fn has_keyword_defaults(f: &Function, code: &CodeObject) -> bool {
    // SAFETY: nobody replaces the defaults while they are looked at.
    let Some(dict) = (unsafe { f.kwdefaults.peek() }).downcast::<Dict>() else {
        return false;
    };
    let map = dict.map.borrow();
    let parameters = code.parameters.iter().skip(code.code.positional as usize);
    let mut named = parameters.take(code.code.kwonly as usize).enumerate();
    named.all(|(n, name)| {
        let entry = map.entry(n);
        entry.is_some_and(|e| e.key.as_obj().is_some_and(|key| key.is(name.as_obj())))
    })
}

/// Gives the keyword-only parameters the defaults that `has_keyword_defaults` has seen.
///
/// # Safety
/// `regs` are the registers of the function's frame; those of its `count` keyword-only parameters,
/// which begin with `first`, hold nothing.
unsafe fn put_keyword_defaults(f: &Function, first: usize, count: usize, regs: *mut Value) {
    // SAFETY: nobody replaces the defaults while they are looked at.
    let Some(dict) = (unsafe { f.kwdefaults.peek() }).downcast::<Dict>() else {
        return;
    };
    let map = dict.map.borrow();
    for (n, entry) in (0..count).filter_map(|n| Some((n, map.entry(n)?))) {
        // SAFETY: promised by the caller.
        unsafe { regs.add(first + n).write(entry.value.clone()) };
    }
}

/// The parameters that the arguments by keyword are for. `None` if one is for none, or for one that
/// has an argument already.
fn places(code: &CodeObject, call: &SimpleCall<'_>) -> Option<SmallVec<[usize; 8]>> {
    let mut places: SmallVec<[usize; 8]> = SmallVec::new();
    for name in call.names {
        let name = name.as_ref::<Str>()?.as_obj();
        let place = code.parameters.iter().position(|p| p.as_obj().is(name))?;
        let taken = place < call.given || place < code.code.posonly as usize;
        if taken || places.contains(&place) {
            return None;
        }
        places.push(place);
    }
    Some(places)
}
