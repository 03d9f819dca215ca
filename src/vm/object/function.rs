//! Callables, descriptors, code bound to globals, cells, modules.

use super::{Dict, Kind, Trace, Tuple};
use crate::bytecode::{Code, Op};
use crate::vm::heap::{ObjRef, Ref, RefSlot, Slot, ZombieFrames};
use crate::vm::linked::{Linked, LinkedLine};
use crate::vm::native::{Arity, Direct, NativeDef, NativeKind, Resumes, Role, Signature};
use crate::vm::value::Value;
use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

/// A [`Code`] bound to the globals it runs in: constants as values, and the inline caches.
pub struct CodeObject {
    pub code: Rc<Code>,
    /// The first instruction in `linked`.
    pub entry: *const Linked,
    /// The instructions of `code`, as the dispatch loop reads them.
    pub linked: Box<[LinkedLine]>,
    /// Number of arguments with which a call needs no binding; `u32::MAX` if it always does, or
    /// if it makes a suspended frame.
    pub plain_args: u32,
    /// The same for code that makes a suspended frame.
    pub frame_args: u32,
    /// The parameter of such code that it looks at first, returning None at once if it is None;
    /// `u32::MAX` if it does something else.
    pub none_for: u32,
    /// The instruction where it goes on if it is not None.
    pub some_at: u32,
    /// What such a frame is; meaningless if a call makes none.
    pub kind: super::GenKind,
    /// The instruction by which another frame delegates to such a frame.
    pub delegates_by: Op,
    /// A call makes a suspended frame.
    pub suspends: bool,
    /// It is part of the embedded library.
    pub is_library: bool,
    /// Copies of `code.nregs` and `code.nnamed`, nearer to hand.
    pub nregs: u32,
    pub nnamed: u32,
    /// Where the cells of the closure go.
    pub free_start: u32,
    /// Frames of calls that have finished, if a call makes a suspended frame.
    pub zombies: ZombieFrames,
    /// Its generators may be awaited (`types.coroutine`).
    pub iterable_coroutine: Cell<bool>,
    /// How often it was entered or resumed, if it is profiled; a frame that has yielded counts as
    /// resumed (or closed) for that.
    pub entered: Cell<u64>,
    /// The row of the tasks that run it in a profile, as far as they have none of their own; or 0.
    pub task_row: Cell<u16>,
    /// The interned names of the parameters, as far as they can be given by keyword.
    pub parameters: Box<[Ref<super::Str>]>,
    pub globals: Ref<Dict>,
    pub builtins: Ref<Dict>,
    pub consts: Box<[Value]>,
    /// One for each `Code::sites`.
    pub caches: Box<[CacheEntry]>,
}

/// The inline cache of one site, and its interned name. Dereferences to its first way, which is
/// the only one that the dispatch loop looks at; instances of further shapes get the other ways.
pub struct CacheEntry {
    pub name: Ref<super::Str>,
    first: CacheWay,
    more: OnceCell<Box<[CacheWay; MORE_WAYS]>>,
}

/// Ways beside the first: a site that sees more shapes than that takes the slow way for some.
const MORE_WAYS: usize = 4;
/// A way that was taken so often becomes the first, which the dispatch loop looks at: objects may
/// get their last attributes after they were used for the first time.
const OFTEN: u8 = 8;

/// What one lookup of a site found, and what must be unchanged for it to hold.
pub struct CacheWay {
    /// Two keys, of which the second is in the upper half: they are compared at once. What the
    /// site looks for most is an instance of the shape with the first as its id, of a class with
    /// the second as its version: a slot, or a method that is called. Everything else is kept so
    /// that no instance matches: see `set_otherwise` and `set_version`.
    pub keys: Cell<u64>,
    /// A slot of an instance, as `Instance::offset_of` tells it, or an entry of a dict.
    pub slot: Cell<u32>,
    /// What kind of hit it is; meaning defined by the opcode.
    pub kind: Cell<u8>,
    /// In the first way: which of the others is filled next. In the others: how often they were
    /// taken since they are where they are, up to `OFTEN`.
    next: Cell<u8>,
    /// The cached object.
    pub value: Slot,
    /// For attributes that a store adds: the shape after it.
    pub shape: Cell<Option<Rc<super::Shape>>>,
    /// For globals and attributes of modules: where the value stands in its dict, valid while the
    /// dict has the version.
    pub place: Cell<*const Value>,
}

impl Default for CacheWay {
    fn default() -> Self {
        CacheWay {
            keys: Cell::new(u64::MAX),
            slot: Cell::new(0),
            kind: Cell::new(0),
            next: Cell::new(0),
            value: Slot::undef(),
            shape: Cell::new(None),
            place: Cell::new(std::ptr::null()),
        }
    }
}

impl CacheWay {
    #[inline(always)]
    pub fn key(&self) -> u32 {
        self.keys.get() as u32
    }

    #[inline(always)]
    pub fn key2(&self) -> u32 {
        (self.keys.get() >> 32) as u32
    }

    pub fn set_keys(&self, key: u32, key2: u32) {
        self.keys.set(u64::from(key2) << 32 | u64::from(key));
    }

    /// Holds for instances of this shape and class version.
    pub fn set_instance(&self, shape: u32, version: u32) {
        self.set_keys(shape, version);
    }

    /// As `set_instance`, for another kind of hit than the one that the dispatch loop does not
    /// even ask for. No number is both a shape's and a version.
    pub fn set_otherwise(&self, shape: u32, version: u32) {
        self.set_keys(version, shape);
    }

    /// Whether `set_otherwise` was called for such instances.
    #[inline(always)]
    pub fn holds_otherwise(&self, instance: u64) -> bool {
        self.keys.get() == instance.rotate_left(32)
    }

    /// Holds for what has this version, and is no instance.
    pub fn set_version(&self, version: u32) {
        self.set_keys(version, 0);
    }

    /// Whether it was set for instances with these keys, for whatever hit.
    #[inline]
    fn holds_for(&self, instance: u64) -> bool {
        self.keys.get() == instance || self.holds_otherwise(instance)
    }

    /// Each gets what the other one has found.
    #[cold]
    fn trade_places(&self, other: &CacheWay) {
        self.keys.swap(&other.keys);
        self.slot.swap(&other.slot);
        self.kind.swap(&other.kind);
        self.value.set(other.value.replace(self.value.take()));
        self.shape.swap(&other.shape);
        self.place.swap(&other.place);
    }

    fn is_of_shape(&self, shape: u32) -> bool {
        self.key() == shape || self.key2() == shape
    }

    /// A copy of `shape`.
    pub fn added_shape(&self) -> Option<Rc<super::Shape>> {
        let shape = self.shape.take();
        self.shape.set(shape.clone());
        shape
    }
}

impl CacheEntry {
    pub fn new(name: Ref<super::Str>) -> Self {
        CacheEntry {
            name,
            first: CacheWay::default(),
            more: OnceCell::new(),
        }
    }

    /// The way for instances of this shape: the one that has it, else one to be filled.
    pub fn way_for(&self, shape: u32) -> &CacheWay {
        if self.first.key() == u32::MAX || self.first.is_of_shape(shape) {
            return &self.first;
        }
        let more = self.more.get_or_init(Box::default);
        if let Some(way) = more.iter().find(|w| w.is_of_shape(shape)) {
            return way;
        }
        let at = self.first.next.get();
        self.first.next.set((at + 1) % MORE_WAYS as u8);
        more.get(at as usize).unwrap_or(&self.first)
    }

    /// The way that holds for instances with these keys.
    #[inline]
    pub fn way_of(&self, instance: u64) -> Option<&CacheWay> {
        if self.first.holds_for(instance) {
            return Some(&self.first);
        }
        let mut more = self.more.get()?.iter();
        let way = more.find(|w| w.holds_for(instance))?;
        let taken = way.next.get() + 1;
        if taken < OFTEN {
            way.next.set(taken);
            return Some(way);
        }
        way.next.set(0);
        self.first.trade_places(way);
        Some(&self.first)
    }

    /// Every value that the ways hold.
    fn values(&self) -> impl Iterator<Item = &Slot> {
        let more = self.more.get().into_iter().flat_map(|m| m.iter());
        std::iter::once(&self.first).chain(more).map(|w| &w.value)
    }
}

impl std::ops::Deref for CacheEntry {
    type Target = CacheWay;
    #[inline(always)]
    fn deref(&self) -> &CacheWay {
        &self.first
    }
}

/// The fields stand in the order in which CPython releases them.
pub struct Function {
    /// A tuple of defaults of the last positional parameters, or `Undef`.
    pub defaults: Slot,
    /// A dict of keyword-only defaults, or `Undef`.
    pub kwdefaults: Slot,
    /// Everything that few functions have changed from what the code says.
    pub extra: OnceCell<Box<FunctionExtra>>,
    /// One cell for each free variable of the code.
    pub closure: Closure,
    pub annotations: Slot,
    pub code: RefSlot<CodeObject>,
}

/// The cells of a function's free variables; let go of from the last to the first, as a tuple's
/// items are.
pub struct Closure(Box<[Ref<CellObject>]>);

impl From<Vec<Ref<CellObject>>> for Closure {
    fn from(cells: Vec<Ref<CellObject>>) -> Self {
        Closure(cells.into())
    }
}

impl Deref for Closure {
    type Target = [Ref<CellObject>];

    #[inline(always)]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Drop for Closure {
    fn drop(&mut self) {
        let mut cells = std::mem::take(&mut self.0).into_vec();
        while let Some(cell) = cells.pop() {
            drop(cell);
        }
    }
}

/// Overridden attributes of a function; `Undef` where the code's own value stands.
#[derive(Default)]
pub struct FunctionExtra {
    pub name: Slot,
    pub qualname: Slot,
    pub doc: Slot,
    pub module: Slot,
    pub dict: Slot,
    pub type_params: Slot,
    /// Its defaults or annotations are objects whose death somebody may notice.
    pub holds_objects: Cell<bool>,
}

impl Function {
    pub fn extra(&self) -> &FunctionExtra {
        self.extra.get_or_init(Box::default)
    }

    pub fn name(&self) -> Rc<str> {
        match self.extra.get().map(|e| e.name.get()) {
            Some(v) if v.as_str().is_some() => v.as_str().unwrap_or_default().into(),
            _ => self.code.get().code.name.clone(),
        }
    }

    pub fn qualname(&self) -> Rc<str> {
        match self.extra.get().map(|e| e.qualname.get()) {
            Some(v) if v.as_str().is_some() => v.as_str().unwrap_or_default().into(),
            _ => self.code.get().code.qualname.clone(),
        }
    }

    /// Whether something dies with it that a program can miss.
    pub fn holds_objects(&self) -> bool {
        self.extra
            .get()
            .is_some_and(|e| e.holds_objects.get() || !e.dict.is_undef())
    }

    /// Notes whether its defaults or annotations are objects whose death somebody may notice.
    pub fn note_objects(&self) {
        let is_object = |v: &Value| {
            !matches!(
                v.kind(),
                None | Some(Kind::Str | Kind::Bytes | Kind::Int | Kind::Class | Kind::Function)
            )
        };
        let positional = self.defaults();
        let dicts = [self.kwdefaults.get(), self.annotations.get()];
        let in_dict = |v: &Value| {
            let dict = v.downcast::<Dict>();
            dict.is_some_and(|d| d.map.borrow().iter().any(|e| is_object(&e.value)))
        };
        if positional.is_some_and(|p| p.items().iter().any(is_object)) || dicts.iter().any(in_dict)
        {
            self.extra().holds_objects.set(true);
        }
    }

    pub fn defaults(&self) -> Option<Ref<Tuple>> {
        self.defaults.get().as_ref::<Tuple>().cloned()
    }
}

pub struct BoundMethod {
    pub func: Value,
    pub this: Value,
}

impl BoundMethod {
    pub fn value(func: Value, this: Value) -> Value {
        Ref::new(BoundMethod { func, this }).into()
    }
}

/// A function written in Rust. In a class's dict it is a method descriptor (`this` undefined);
/// bound to an object or module, a builtin function.
pub struct NativeFunction {
    pub def: &'static NativeDef,
    pub this: Value,
    /// The class in whose table it stands, for messages (`list.append() takes…`) and for the
    /// check of its first argument; undefined for functions of modules.
    pub owner: Value,
    /// Name of the module it belongs to, or `Undef`.
    pub module: Value,
    signature: OnceCell<Box<Signature>>,
    direct: OnceCell<Direct>,
    /// All objects of this kind are instances of `owner`; of a method that has been called.
    pub instances: Cell<Option<Kind>>,
}

impl NativeFunction {
    pub fn new(
        def: &'static NativeDef,
        this: Value,
        owner: Value,
        module: Value,
    ) -> Ref<NativeFunction> {
        Ref::new(NativeFunction {
            def,
            this,
            owner,
            module,
            signature: OnceCell::new(),
            direct: OnceCell::new(),
            instances: Cell::new(None),
        })
    }

    /// Whether both are written in Rust and do the same, whatever classes they stand in.
    pub fn is_same_code(a: &Value, b: &Value) -> bool {
        match (a.as_ref::<NativeFunction>(), b.as_ref::<NativeFunction>()) {
            (Some(a), Some(b)) => std::ptr::eq(a.def, b.def),
            _ => false,
        }
    }

    /// The parsed signature, parsed when first asked for.
    pub fn signature(&self) -> &Signature {
        self.signature
            .get_or_init(|| Box::new(Signature::parse(self.def.signature)))
    }

    /// How it is called with arguments that need no arranging.
    #[inline(always)]
    pub fn direct(&self) -> &Direct {
        self.direct.get_or_init(|| self.find_direct())
    }

    #[cold]
    fn find_direct(&self) -> Direct {
        let role = match self.def.kind {
            NativeKind::New => Role::Constructor,
            _ if !self.this.is_undef() => Role::Bound,
            _ if self.def.resumes != Resumes::No => Role::Resuming,
            _ if self.is_method() => Role::Method,
            _ => Role::Function,
        };
        let (func, arity) = match self.def.direct {
            Some(func) => (func, Arity::ANY),
            None => (self.def.func, self.signature().arity()),
        };
        Direct { func, arity, role }
    }
}

pub struct Property {
    pub getter: Slot,
    pub setter: Slot,
    pub deleter: Slot,
    pub doc: Slot,
    pub name: Slot,
}

pub struct ClassMethod {
    pub callable: Slot,
    pub dict: Slot,
}

impl ClassMethod {
    /// The method written in Rust that it wraps, if it does.
    pub fn native(&self) -> Option<Ref<NativeFunction>> {
        let callable = self.callable.get();
        callable
            .as_ref::<NativeFunction>()
            .filter(|f| f.def.kind == NativeKind::Class && f.this.is_undef())
            .cloned()
    }
}

pub struct StaticMethod {
    pub callable: Slot,
    pub dict: Slot,
}

/// The cell of a variable that several frames share; empty while it is unassigned.
#[derive(Default)]
pub struct CellObject {
    pub content: Slot,
}

pub struct Module {
    pub name: RefCell<Rc<str>>,
    pub dict: Ref<Dict>,
    /// Its text is still running: what it does not have yet may come.
    pub loading: Cell<bool>,
}

fn visit_values<'a>(values: impl IntoIterator<Item = &'a Value>, visit: &mut dyn FnMut(&ObjRef)) {
    values.into_iter().filter_map(Value::as_obj).for_each(visit);
}

fn visit_slots<'a>(slots: impl IntoIterator<Item = &'a Slot>, visit: &mut dyn FnMut(&ObjRef)) {
    for slot in slots {
        slot.visit(visit);
    }
}

impl Trace for CodeObject {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.globals.as_obj());
        visit(self.builtins.as_obj());
        visit_values(&self.consts, visit);
        visit_slots(self.caches.iter().flat_map(CacheEntry::values), visit);
        self.caches.iter().for_each(|c| visit(c.name.as_obj()));
    }
}

impl Trace for Function {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.code.get().as_obj());
        visit_slots([&self.defaults, &self.kwdefaults], visit);
        self.closure.iter().for_each(|c| visit(c.as_obj()));
        visit_slots([&self.annotations], visit);
        if let Some(e) = self.extra.get() {
            visit_slots(
                [
                    &e.name,
                    &e.qualname,
                    &e.doc,
                    &e.module,
                    &e.dict,
                    &e.type_params,
                ],
                visit,
            );
        }
    }
}

impl Trace for BoundMethod {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_values([&self.func, &self.this], visit);
    }
}

impl Trace for NativeFunction {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_values([&self.this, &self.owner, &self.module], visit);
    }
}

impl Trace for Property {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_slots(
            [
                &self.getter,
                &self.setter,
                &self.deleter,
                &self.doc,
                &self.name,
            ],
            visit,
        );
    }
}

impl Trace for ClassMethod {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_slots([&self.callable, &self.dict], visit);
    }
}

impl Trace for StaticMethod {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_slots([&self.callable, &self.dict], visit);
    }
}

impl Trace for CellObject {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit_slots([&self.content], visit);
    }
}

impl Trace for Module {
    fn trace(&self, visit: &mut dyn FnMut(&ObjRef)) {
        visit(self.dict.as_obj());
    }
}

super::no_tail!(CodeObject Function BoundMethod NativeFunction Property ClassMethod StaticMethod CellObject Module);
