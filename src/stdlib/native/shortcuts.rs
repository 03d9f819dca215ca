//! Objects of the library's own classes (`asyncio.Lock`, `Event`, `Queue`) as Rust sees them: which
//! of their methods are still the library's, and where their attributes stand.
//!
//! A class tells its functions once (`register`). What is found out about a class and a shape of
//! its instances holds as long as the class's version does, so that using an attribute of such an
//! object is reading a slot; of any other object (a subclass with an attribute computed, an
//! instance without slots) it is a search like everybody else's.

use crate::vm::heap::Ref;
use crate::vm::object::{Class, Instance, Str};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use std::cell::Cell;

/// What Rust uses of a kind of objects.
pub struct Kind {
    /// Tells kinds apart; below `KINDS`.
    pub id: usize,
    /// Methods that Rust stands for; at most ten.
    pub methods: &'static [&'static str],
    /// Attributes that it uses; at most ten.
    pub attributes: &'static [&'static str],
}

const MOST: usize = 10;
const NO_SLOT: u16 = u16::MAX;
pub const KINDS: usize = 3;

/// How the instances of a class with one shape are dealt with.
#[derive(Clone, Copy)]
struct Plan {
    version: u32,
    shape: u32,
    /// Of each attribute, or `NO_SLOT`.
    slots: [u16; MOST],
    /// For each method, whether it is the library's.
    own: u16,
}

#[derive(Clone)]
struct Known {
    methods: Vec<(Ref<Str>, Value)>,
    attributes: Vec<Ref<Str>>,
}

/// What classes have told, by kind.
#[derive(Default)]
struct Registry([Option<Known>; KINDS]);

/// Plans that were made, by kind, the last ones in turn. Versions of classes and numbers of shapes
/// are never used twice, so that all programs of a thread can share them.
const KEPT: usize = 4;

thread_local! {
    static PLANS: [[Cell<Plan>; KEPT]; KINDS] =
        const { [const { [const { Cell::new(NO_PLAN) }; KEPT] }; KINDS] };
    static TURN: Cell<usize> = const { Cell::new(0) };
}

const NO_PLAN: Plan = Plan {
    version: 0,
    shape: 0,
    slots: [NO_SLOT; MOST],
    own: 0,
};

/// Makes the library's class of a kind known.
pub fn register(vm: &mut Vm, kind: &Kind, class: &Ref<Class>) {
    let mut methods = Vec::new();
    for name in kind.methods {
        let name = vm.intern(name);
        let found = vm.lookup(class, &name).unwrap_or(Value::Undef);
        methods.push((name, found));
    }
    let attributes = kind.attributes.iter().map(|n| vm.intern(n)).collect();
    let known = Known {
        methods,
        attributes,
    };
    if let Some(place) = vm.state::<Registry>().0.get_mut(kind.id) {
        *place = Some(known);
    }
}

/// An object of a kind, or one that is used like one.
pub struct Like<'a> {
    kind: &'static Kind,
    object: &'a Value,
    /// `NO_PLAN`, which nothing has the shape of, if there is none.
    plan: Plan,
}

impl<'a> Like<'a> {
    pub fn new(vm: &mut Vm, kind: &'static Kind, object: &'a Value) -> Like<'a> {
        Like {
            kind,
            object,
            plan: object
                .as_ref::<Instance>()
                .and_then(|i| plan(vm, kind, i))
                .unwrap_or(NO_PLAN),
        }
    }

    /// Whether a method is the library's.
    pub fn owns(&self, method: usize) -> bool {
        self.plan.own & (1 << method) != 0
    }

    /// Whether the first `count` methods are.
    pub fn owns_first(&self, count: usize) -> bool {
        let first = (1 << count) - 1;
        self.plan.own & first == first
    }

    /// Where an attribute stands, if the object has not got another shape meanwhile.
    #[inline(always)]
    fn slot(&self, attribute: usize) -> Option<(&'a Ref<Instance>, usize)> {
        let slot = *self.plan.slots.get(attribute)?;
        let instance = self.object.as_ref::<Instance>()?;
        let stands = slot != NO_SLOT && instance.shape_id() == self.plan.shape;
        stands.then_some((instance, slot.into()))
    }

    /// The object itself.
    pub fn value(&self) -> &Value {
        self.object
    }

    /// An attribute in a slot.
    pub fn own(&self, attribute: usize) -> Option<Value> {
        let (instance, slot) = self.slot(attribute)?;
        Some(instance.slot(slot))
    }

    /// An attribute.
    #[inline(always)]
    pub fn get(&self, vm: &mut Vm, attribute: usize) -> R {
        if let Some((instance, slot)) = self.slot(attribute) {
            let value = instance.slot(slot);
            if !value.is_undef() {
                return Ok(value);
            }
        }
        self.search(vm, attribute)
    }

    #[cold]
    fn search(&self, vm: &mut Vm, attribute: usize) -> R {
        let name = vm.intern(self.kind.attributes[attribute]);
        vm.get_attr(self.object, &name)
    }

    /// Sets an attribute.
    pub fn set(&self, vm: &mut Vm, attribute: usize, value: Value) -> R<()> {
        if let Some((instance, slot)) = self.slot(attribute) {
            drop(instance.replace_slot(slot, value));
            return Ok(());
        }
        let name = vm.intern(self.kind.attributes[attribute]);
        vm.set_attr(self.object, &name, value)
    }

    /// Calls a method.
    pub fn call(&self, vm: &mut Vm, method: usize, args: &[Value]) -> R {
        let name = vm.intern(self.kind.methods[method]);
        vm.call_method(self.object, &name, args)
    }
}

#[inline]
fn plan(vm: &mut Vm, kind: &Kind, instance: &Ref<Instance>) -> Option<Plan> {
    let (version, shape) = (instance.class_version(), instance.shape_id());
    let found = PLANS.with(|plans| {
        let mut plans = plans.get(kind.id)?.iter().map(Cell::get);
        plans.find(|p| p.version == version && p.shape == shape)
    });
    match found {
        Some(plan) => Some(plan),
        None => make_plan(vm, kind, instance),
    }
}

#[cold]
fn make_plan(vm: &mut Vm, kind: &Kind, instance: &Ref<Instance>) -> Option<Plan> {
    let class = instance.class.get();
    let known = vm.state::<Registry>().0.get(kind.id)?.clone()?;
    // Descriptors and `__setattr__` of a subclass must not be bypassed.
    let plain = instance.dict().is_none() && !class.flags().custom_setattr && {
        let flags = class.flags();
        !flags.custom_getattribute && !flags.custom_getattr
    };
    let mut slots = [NO_SLOT; MOST];
    for (slot, name) in slots.iter_mut().zip(&known.attributes) {
        let hidden = vm
            .lookup(&class, name)
            .is_some_and(|v| v.as_obj().is_some());
        if plain && !hidden {
            *slot = instance.shape().slot(name).map_or(NO_SLOT, |i| i as u16);
        }
    }
    let mut own = 0;
    for (i, (name, library)) in known.methods.iter().enumerate() {
        let shadowed = instance.get(name).is_some();
        let same = vm.lookup(&class, name).is_some_and(|f| f.is(library));
        own |= u16::from(plain && !shadowed && same) << i;
    }
    let plan = Plan {
        version: class.version.get(),
        shape: instance.shape_id(),
        slots,
        own,
    };
    let turn = TURN.get();
    TURN.set(turn.wrapping_add(1));
    PLANS.with(|plans| plans.get(kind.id)?.get(turn % KEPT).map(|p| p.set(plan)));
    Some(plan)
}
