//! `Handle` and `TimerHandle`: what `call_soon` and `call_later` give back.

use super::data::LoopData;
use super::{context, origin, source};
use crate::vm::heap::{ObjRef, Ref, Slot};
use crate::vm::native::{GetSet, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Class, Layout, NativeData, Opaque, Tuple};
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::Cell;

/// The Rust side of both.
pub(super) struct HandleData {
    /// `Undef` when cancelled.
    pub callback: Slot,
    /// A tuple; `Undef` when cancelled.
    pub args: Slot,
    /// `Undef` for an empty context.
    pub context: Slot,
    pub event_loop: Slot,
    pub cancelled: Cell<bool>,
    /// The time as it was given; `Undef` for a plain handle.
    pub when: Slot,
    /// Stands in the queue of timers.
    pub scheduled: Cell<bool>,
    /// In debug mode: the text from before it was cancelled, and where it was made.
    repr: Slot,
    pub origin: Slot,
}

/// Stands for the class `TimerHandle`, whose objects hold `HandleData` too.
pub(super) struct TimerClass;

impl NativeData for HandleData {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        for slot in [&self.callback, &self.args, &self.context, &self.event_loop] {
            slot.visit(visit);
        }
    }

    fn clear(&self) {
        for slot in [&self.callback, &self.args, &self.context] {
            slot.take();
        }
        self.cancelled.set(true);
    }
}

impl NativeData for TimerClass {}

impl NativeType for HandleData {
    const DEF: &'static TypeDef = &HANDLE;
}

impl NativeType for TimerClass {
    const DEF: &'static TypeDef = &TIMER_HANDLE;
}

const LAYOUT: Layout = Layout::Opaque(0x4841);
const CANCEL: NativeDef = NativeDef::new("cancel", "(self)", cancel, "");

static HANDLE: TypeDef = TypeDef::new("Handle", "asyncio.events", LAYOUT)
    .doc("Object returned by callback registration methods.")
    .methods(&[
        NativeDef::constructor("(cls, *args, **kwargs)", new),
        NativeDef::new(
            "__init__",
            "(self, callback, args, loop, context=None)",
            |vm, args| match args {
                [this, rest @ ..] => init(vm, this, &Value::Undef, rest),
                [] => Ok(Value::None),
            },
            "",
        ),
        CANCEL,
        NativeDef::new("cancelled", "(self)", cancelled, ""),
        NativeDef::new("get_context", "(self)", get_context, ""),
        NativeDef::new("__repr__", "(self)", repr, ""),
    ])
    .getset(&[
        GetSet::read("_callback", |_, v| Ok(part(v, |d| d.callback.get())), ""),
        GetSet::read("_args", |_, v| Ok(part(v, |d| d.args.get())), ""),
        GetSet::read("_loop", |_, v| Ok(part(v, |d| d.event_loop.get())), ""),
        GetSet::read(
            "_cancelled",
            |_, v| Ok(part(v, |d| d.cancelled.get().into())),
            "",
        ),
        GetSet::read(
            "_context",
            |vm, v| get_context(vm, std::slice::from_ref(v)),
            "",
        ),
        GetSet::read(
            "_source_traceback",
            |vm, v| {
                let places = part(v, |d| d.origin.get());
                origin::summary(vm, &places)
            },
            "",
        ),
    ]);

static TIMER_HANDLE: TypeDef = TypeDef::new("TimerHandle", "asyncio.events", LAYOUT)
    .doc("Object returned by timed callback registration methods.")
    .base(|vm| vm.class_for::<HandleData>())
    .methods(&[
        NativeDef::new(
            "__init__",
            "(self, when, callback, args, loop, context=None)",
            |vm, args| match args {
                [this, when, rest @ ..] => init(vm, this, when, rest),
                _ => Ok(Value::None),
            },
            "",
        ),
        CANCEL,
        NativeDef::new(
            "when",
            "(self)",
            |_, args| Ok(part(&args[0], |d| d.when.get())),
            "When the callback is due, by the clock of the loop.",
        ),
        NativeDef::new(
            "__lt__",
            "(self, other)",
            |vm, args| compare(vm, Cmp::Lt, args),
            "",
        ),
        NativeDef::new(
            "__le__",
            "(self, other)",
            |vm, args| compare(vm, Cmp::Le, args),
            "",
        ),
        NativeDef::new(
            "__gt__",
            "(self, other)",
            |vm, args| compare(vm, Cmp::Gt, args),
            "",
        ),
        NativeDef::new(
            "__ge__",
            "(self, other)",
            |vm, args| compare(vm, Cmp::Ge, args),
            "",
        ),
        NativeDef::new("__eq__", "(self, other)", timer_eq, ""),
        NativeDef::new("__hash__", "(self)", timer_hash, ""),
    ])
    .getset(&[
        GetSet::read("_when", |_, v| Ok(part(v, |d| d.when.get())), ""),
        GetSet::read(
            "_scheduled",
            |_, v| Ok(part(v, |d| d.scheduled.get().into())),
            "",
        ),
    ]);

/// Something of a handle, `None` where there is nothing.
fn part(handle: &Value, f: impl Fn(&HandleData) -> Value) -> Value {
    match handle.opaque::<HandleData>().map(f) {
        None | Some(Value::Undef) => Value::None,
        Some(value) => value,
    }
}

/// A handle for a callback; a timer if `when` is given. The context may be `Undef`, meaning an
/// empty one.
pub(super) fn make(
    vm: &mut Vm,
    event_loop: &Value,
    when: Value,
    callback: Value,
    args: Value,
    context: Value,
) -> Ref<Opaque> {
    let class = if when.is_undef() {
        vm.class_for::<HandleData>()
    } else {
        vm.class_for::<TimerClass>()
    };
    let origin = origin::note(vm, event_loop);
    Opaque::new(
        &class,
        HandleData {
            origin: Slot::new(origin),
            callback: Slot::new(callback),
            args: Slot::new(args),
            context: Slot::new(context),
            event_loop: Slot::new(event_loop.clone()),
            cancelled: Cell::new(false),
            when: Slot::new(when),
            scheduled: Cell::new(false),
            repr: Slot::undef(),
        },
    )
}

fn new(_: &mut Vm, args: &[Value]) -> R {
    let Some(class) = args[0].as_ref::<Class>() else {
        return Ok(Value::None);
    };
    let data = HandleData {
        callback: Slot::undef(),
        args: Slot::undef(),
        context: Slot::undef(),
        event_loop: Slot::undef(),
        cancelled: Cell::new(false),
        when: Slot::undef(),
        scheduled: Cell::new(false),
        repr: Slot::undef(),
        origin: Slot::undef(),
    };
    Ok(Opaque::new(class, data).into())
}

/// `__init__`: the rest are callback, arguments, loop and context.
fn init(vm: &mut Vm, this: &Value, when: &Value, rest: &[Value]) -> R {
    let (Some(data), [callback, given, event_loop, context]) = (this.opaque::<HandleData>(), rest)
    else {
        return Ok(Value::None);
    };
    let context = context_or_current(vm, context);
    data.origin.set(origin::note(vm, event_loop));
    data.callback.set(callback.clone());
    data.args.set(given.clone());
    data.context.set(context);
    data.event_loop.set(event_loop.clone());
    data.when.set(when.clone());
    data.cancelled.set(false);
    Ok(Value::None)
}

/// The context that was given, or a copy of the current one.
pub(super) fn context_or_current(vm: &mut Vm, given: &Value) -> Value {
    match given {
        Value::Undef | Value::None => context::copy_current(vm),
        context => context.clone(),
    }
}

/// Cancels a handle: it will not be called, and lets go of its callback.
pub(super) fn cancel(vm: &mut Vm, args: &[Value]) -> R {
    let this = &args[0];
    let Some(data) = this.opaque::<HandleData>() else {
        return Ok(Value::None);
    };
    if data.cancelled.get() {
        return Ok(Value::None);
    }
    let owner = data.event_loop.get();
    let owner = owner.opaque::<LoopData>();
    if data.scheduled.get()
        && let Some(owner) = owner
    {
        owner.note_cancelled_timer();
    }
    if owner.is_some_and(|o| o.debug.get()) {
        // Later messages shall still say what it was.
        data.cancelled.set(true);
        let text = repr(vm, args)?;
        data.repr.set(text);
    }
    data.cancelled.set(true);
    data.callback.take();
    data.args.take();
    Ok(Value::None)
}

fn cancelled(_: &mut Vm, args: &[Value]) -> R {
    Ok(part(&args[0], |d| d.cancelled.get().into()))
}

fn get_context(vm: &mut Vm, args: &[Value]) -> R {
    let Some(data) = args[0].opaque::<HandleData>() else {
        return Ok(Value::None);
    };
    let context = context::object(vm, data.context.get());
    data.context.set(context.clone());
    Ok(context)
}

/// `<Handle f() at FILE:LINE>`.
pub(super) fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(data) = args[0].opaque::<HandleData>() else {
        return Ok(Value::None);
    };
    if let Some(text) = data.repr.defined() {
        return Ok(text);
    }
    let mut parts = vec![vm.class_of(&args[0]).name().to_string()];
    if data.cancelled.get() {
        parts.push("cancelled".into());
    }
    if let Some(when) = data.when.defined() {
        parts.push(format!("when={}", vm.str(&when)?.as_str()));
    }
    if let Some(callback) = data.callback.defined() {
        let debug = data
            .event_loop
            .get()
            .opaque::<LoopData>()
            .is_some_and(|l| l.debug.get());
        let given = data.args.get();
        parts.push(source::callback_with_source(vm, &callback, &given, debug)?);
    }
    parts.extend(origin::created_at(&data.origin.get()));
    Ok(format!("<{}>", parts.join(" ")).into())
}

fn compare(vm: &mut Vm, op: Cmp, args: &[Value]) -> R {
    let (a, b) = (
        args[0].opaque::<HandleData>(),
        args[1].opaque::<HandleData>(),
    );
    match (a, b) {
        (Some(a), Some(b)) if !b.when.is_undef() => vm.compare(op, &a.when.get(), &b.when.get()),
        _ => Ok(vm.types.not_implemented.clone()),
    }
}

fn timer_eq(vm: &mut Vm, args: &[Value]) -> R {
    let (a, b) = (
        args[0].opaque::<HandleData>(),
        args[1].opaque::<HandleData>(),
    );
    let (Some(a), Some(b)) = (a, b) else {
        return Ok(vm.types.not_implemented.clone());
    };
    let pairs = [
        (a.when.get(), b.when.get()),
        (a.callback.get(), b.callback.get()),
        (a.args.get(), b.args.get()),
    ];
    for (x, y) in pairs {
        if !vm.equal(&x, &y)? {
            return Ok(Value::False);
        }
    }
    Ok((a.cancelled.get() == b.cancelled.get()).into())
}

fn timer_hash(vm: &mut Vm, args: &[Value]) -> R {
    let when = part(&args[0], |d| d.when.get());
    let hash = vm.hash(&when)?;
    Ok(Value::Int(hash as i64))
}

/// The arguments of a handle for its call.
pub(super) fn call_args(data: &HandleData) -> Vec<Value> {
    match data.args.get().as_ref::<Tuple>() {
        Some(tuple) => tuple.items().to_vec(),
        None => Vec::new(),
    }
}
