//! Instances of user-defined classes: attributes in slots laid out by a shape, or in a dict once
//! somebody asked for `__dict__`.

use super::{Class, Dict, Shape, Str, Trace};
use crate::vm::heap::{ObjRef, Ref, RefSlot, Slot, birth_now};
use crate::vm::value::Value;
use std::cell::{Cell, UnsafeCell};
use std::rc::Rc;

/// Room in the first instances of a class.
const FIRST_SLOTS: u16 = 4;

/// There are always as many slots as the shape has names.
pub struct Instance {
    pub class: RefSlot<Class>,
    shape: UnsafeCell<Rc<Shape>>,
    extra: UnsafeCell<Option<Box<InstanceExtra>>>,
    /// The slots: the object's tail, or `InstanceExtra::slots` once they have outgrown it.
    slots: Cell<*mut Value>,
    /// Number of slots in the tail.
    tail: u16,
    /// Copy of the shape's id for inline caches; 0 in dict mode, which no cache matches.
    shape_id: Cell<u32>,
}

#[derive(Default)]
pub struct InstanceExtra {
    /// The built-in object inside an instance of a subclass of a built-in type.
    payload: Slot,
    /// Attributes, if they moved to a dict.
    dict: Slot,
    /// All slots, once there are more than fit the tail.
    slots: UnsafeCell<Vec<Value>>,
    /// When an instance with `__del__` was made (`heap::birth_now`): those of a cycle are
    /// finalized in that order.
    birth: Cell<u64>,
}

impl Instance {
    /// Orders instances with `__del__` by age.
    pub fn birth(&self) -> Option<&Cell<u64>> {
        self.extra().map(|e| &e.birth)
    }

    /// An instance without attributes. `payload` is the built-in value inside, or `Undef`.
    pub fn new(class: &Ref<Class>, payload: Value) -> Ref<Instance> {
        let extra = if payload.is_undef() {
            None
        } else {
            Some(Box::new(InstanceExtra {
                payload: Slot::new(payload),
                ..Default::default()
            }))
        };
        // Until it is known how many attributes instances get, there is room for a few: the first
        // instance is often the only one, and moving the slots is slow.
        let tail = match class.slots_hint.get() {
            0 => FIRST_SLOTS,
            hint => hint,
        };
        let instance = Ref::with_tail(
            Instance {
                class: RefSlot::new(class.clone()),
                shape: UnsafeCell::new(class.root_shape.clone()),
                extra: UnsafeCell::new(extra),
                slots: Cell::new(std::ptr::null_mut()),
                tail,
                shape_id: Cell::new(class.root_shape.id),
            },
            std::iter::empty(),
        );
        instance.slots.set(instance.tail_ptr());
        if class.flags().has_del {
            instance
                .header()
                .set_flag(crate::vm::heap::flags::HAS_DEL, true);
            instance.extra_or_new().birth.set(birth_now());
        }
        instance
    }

    pub(super) fn tail(&self) -> usize {
        self.tail as usize
    }

    #[inline(always)]
    pub fn shape_id(&self) -> u32 {
        self.shape_id.get()
    }

    /// The version of the class.
    #[inline(always)]
    pub fn class_version(&self) -> u32 {
        // SAFETY: nobody replaces the class while it is looked at.
        unsafe { self.class.peek() }.version.get()
    }

    /// Both, as the keys of a cache have them.
    #[inline(always)]
    pub(in crate::vm) fn keys(&self) -> u64 {
        // SAFETY: nobody replaces the class while it is looked at.
        unsafe { self.class.peek() }
            .version
            .with_shape(self.shape_id.get())
    }

    /// How many bytes behind the first one a slot stands.
    pub fn offset_of(slot: usize) -> Option<u32> {
        u32::try_from(slot * size_of::<Value>()).ok()
    }

    /// The shape; meaningless in dict mode.
    pub fn shape(&self) -> Rc<Shape> {
        // SAFETY: cloning an `Rc`; nobody holds a borrow of the cell.
        unsafe { (*self.shape.get()).clone() }
    }

    fn extra(&self) -> Option<&InstanceExtra> {
        // SAFETY: the box, once there, is never replaced or removed while the instance lives.
        unsafe { (*self.extra.get()).as_deref() }
    }

    fn extra_or_new(&self) -> &InstanceExtra {
        // SAFETY: as above; written only while it is `None`, when nobody can hold a borrow.
        unsafe { (*self.extra.get()).get_or_insert_default() }
    }

    pub fn payload(&self) -> Option<Value> {
        self.extra().and_then(|e| e.payload.defined())
    }

    pub fn set_payload(&self, value: Value) {
        self.extra_or_new().payload.set(value);
    }

    /// Text of the str inside, borrowed as long as the instance.
    pub(in crate::vm) fn payload_str(&self) -> Option<&str> {
        let payload = self.payload()?;
        let text: *const str = payload.downcast::<Str>()?.as_str();
        // SAFETY: the payload of a str subclass is set once when the instance is made and lives
        // as long as the instance.
        Some(unsafe { &*text })
    }

    /// The dict of an instance in dict mode.
    pub fn dict(&self) -> Option<Ref<Dict>> {
        self.extra()
            .and_then(|e| e.dict.get().as_ref::<Dict>().cloned())
    }
}

impl Ref<Instance> {
    /// A slot's content. In range of the shape.
    #[inline(always)]
    pub fn slot(&self, i: usize) -> Value {
        debug_assert!(i < self.room());
        // SAFETY: there are as many slots as the shape has names, all initialised.
        unsafe { (*self.slots.get().add(i)).clone() }
    }

    /// Writes a slot of the shape; gives back what it held.
    #[inline(always)]
    pub fn replace_slot(&self, i: usize, value: Value) -> Value {
        debug_assert!(i < self.room());
        // SAFETY: as in `slot`; moved out before anything is released.
        unsafe { std::mem::replace(&mut *self.slots.get().add(i), value) }
    }

    /// As `slot`, by the place that `offset_of` tells.
    #[inline(always)]
    pub(in crate::vm) fn slot_at(&self, offset: u32) -> Value {
        debug_assert!((offset as usize) < self.room() * size_of::<Value>());
        // SAFETY: as in `slot`.
        unsafe { (*self.slots.get().byte_add(offset as usize)).clone() }
    }

    /// As `replace_slot`, by the place that `offset_of` tells.
    #[inline(always)]
    pub(in crate::vm) fn replace_slot_at(&self, offset: u32, value: Value) -> Value {
        debug_assert!((offset as usize) < self.room() * size_of::<Value>());
        // SAFETY: as in `replace_slot`.
        unsafe { std::mem::replace(&mut *self.slots.get().byte_add(offset as usize), value) }
    }

    /// Number of slots.
    fn room(&self) -> usize {
        if self.slots.get() == self.tail_ptr() {
            return self.tail as usize;
        }
        // SAFETY: nobody changes the vector here.
        self.extra()
            .map_or(0, |e| unsafe { (*e.slots.get()).len() })
    }

    /// Moves the slots to where there is room for so many.
    #[cold]
    fn grow(&self, needed: usize) {
        let old = self.room();
        let mut slots = Vec::with_capacity(needed.max(2 * old));
        slots.extend((0..old).map(|i| self.replace_slot(i, Value::Undef)));
        slots.resize_with(slots.capacity(), Value::default);
        self.slots.set(slots.as_mut_ptr());
        // SAFETY: nobody holds a borrow of the vector; the old one holds nothing any more.
        drop(unsafe { std::mem::replace(&mut *self.extra_or_new().slots.get(), slots) });
    }

    /// The value in a place made by `__slots__`, under its hidden name.
    #[inline]
    pub fn member(&self, key: &Ref<Str>) -> Option<Value> {
        let i = self.shape().slot(key)?;
        Some(self.slot(i)).filter(|v| !v.is_undef())
    }

    /// Writes a place made by `__slots__`, `Undef` to empty it; gives back what it held.
    pub fn replace_member(&self, key: &Ref<Str>, value: Value) -> Value {
        let shape = self.shape();
        if let Some(i) = shape.slot(key) {
            return self.replace_slot(i, value);
        }
        if value.is_undef() {
            return value;
        }
        let dict_mode = self.shape_id.get() == 0;
        self.become_shape(shape.with(key));
        if dict_mode {
            self.shape_id.set(0);
        }
        self.replace_slot(shape.names.len(), value)
    }

    /// An attribute of the instance itself; `name` must be interned.
    pub fn get(&self, name: &Ref<Str>) -> Option<Value> {
        if let Some(dict) = self.dict() {
            return dict.get_str(name);
        }
        let i = self.shape().slot(name)?;
        Some(self.slot(i)).filter(|v| !v.is_undef())
    }

    /// Sets an attribute of the instance itself; `name` must be interned. Gives back the old
    /// value for release.
    pub fn set(&self, name: &Ref<Str>, value: Value) -> Value {
        if let Some(dict) = self.dict() {
            let old = dict.get_str(name).unwrap_or(Value::Undef);
            dict.set_str(name, value);
            return old;
        }
        let shape = self.shape();
        if let Some(i) = shape.slot(name) {
            return self.replace_slot(i, value);
        }
        self.become_shape(shape.with(name));
        self.replace_slot(shape.names.len(), value)
    }

    /// Moves to a shape that extends the present one.
    #[inline]
    pub fn become_shape(&self, shape: Rc<Shape>) {
        let hint = shape.names.len() as u16;
        // SAFETY: no borrow of the class cell is held by anybody.
        let class = unsafe { self.class.peek() };
        if class.slots_hint.get() < hint && hint <= 64 {
            class.slots_hint.set(hint);
        }
        if shape.names.len() > self.tail as usize && shape.names.len() > self.room() {
            self.grow(shape.names.len());
        }
        self.shape_id.set(shape.id);
        // SAFETY: nobody holds a borrow of the shape cell; the old `Rc` is dropped after.
        let old = unsafe { std::mem::replace(&mut *self.shape.get(), shape) };
        drop(old);
    }

    /// Removes an attribute of the instance itself; its value, if there was one.
    pub fn remove(&self, name: &Ref<Str>) -> Option<Value> {
        if self.dict().is_none() {
            self.shape()
                .slot(name)
                .filter(|i| !self.slot(*i).is_undef())?;
        }
        // Shapes have no "without": an instance that loses attributes goes on with a dict.
        self.force_dict().remove_str(name)
    }

    /// The attributes as a dict, to which they move for good.
    pub fn force_dict(&self) -> Ref<Dict> {
        if let Some(dict) = self.dict() {
            return dict;
        }
        let dict = Dict::new();
        let shape = self.shape();
        for (i, name) in shape.names.iter().enumerate() {
            let value = self.slot(i);
            if !value.is_undef() && !is_hidden(name) {
                dict.set_str(name, value);
            }
        }
        self.use_dict(dict.clone());
        dict
    }

    /// `obj.__dict__ = dict`. In dict mode the shape has only the places made by `__slots__`.
    pub fn use_dict(&self, dict: Ref<Dict>) {
        let old = self.shape();
        let values: Vec<Value> = (0..old.names.len())
            .map(|i| self.replace_slot(i, Value::Undef))
            .collect();
        if self.shape_id.get() != 0 {
            // SAFETY: as in `become_shape`: the class is not replaced here.
            let root = unsafe { self.class.peek() }.root_shape.clone();
            self.become_shape(root);
        }
        self.shape_id.set(0);
        self.extra_or_new().dict.set(dict.into());
        for (name, value) in old.names.iter().zip(values) {
            if is_hidden(name) {
                drop(self.replace_member(name, value));
            }
        }
    }

    /// `obj.__class__ = class`: attributes move to a dict, so that no shape of the old class
    /// lingers.
    pub fn set_class(&self, class: &Ref<Class>) {
        self.force_dict();
        self.class.set(class.clone());
        self.header()
            .set_flag(crate::vm::heap::flags::HAS_DEL, class.flags().has_del);
    }

    /// Names and values of the instance's own attributes, in order.
    pub fn attributes(&self) -> Vec<(Ref<Str>, Value)> {
        if let Some(dict) = self.dict() {
            return dict.str_items();
        }
        let shape = self.shape();
        let pairs = shape
            .names
            .iter()
            .enumerate()
            .map(|(i, name)| (name.clone(), self.slot(i)));
        pairs
            .filter(|(name, v)| !v.is_undef() && !is_hidden(name))
            .collect()
    }
}

/// Names of places made by `__slots__`, which are not attributes of the instance's `__dict__`:
/// see `ops::class::slots`.
fn is_hidden(name: &Str) -> bool {
    name.as_str().starts_with('\0')
}

impl Trace for Ref<Instance> {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        self.class.visit(visit);
        for i in 0..self.room() {
            self.slot(i).as_obj().into_iter().for_each(&mut *visit);
        }
        if let Some(extra) = self.extra() {
            extra
                .payload
                .get()
                .as_obj()
                .into_iter()
                .for_each(&mut *visit);
            extra.dict.visit(visit);
        }
    }
}
