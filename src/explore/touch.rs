//! Which objects an instruction touches, seen right before it is carried out. Where that is not
//! known for certain, more is assumed: a native that is not in the tables here changes all that
//! it is given. What functions of bytecode do is seen when their own instructions come.

use super::footprint::{Footprint, Part, Shared, Use};
use crate::bytecode::opcode::{IN_PLACE, METHOD, NO_REG, Operand};
use crate::bytecode::{Instr, Op};
use crate::event_loop::inspect;
use crate::vm::Vm;
use crate::vm::heap::{self, ObjRef, Ref};
use crate::vm::object::{
    BoundMethod, Class, CodeObject, Dict, Function, Instance, Kind, List, NativeFunction, Opaque,
    Tuple,
};
use crate::vm::value::Value;

/// Objects behind one operand that are looked at; beyond that, everything counts as touched.
const MOST: usize = 500;

/// Natives that touch nothing that anybody else could see, or only what the loop tells of.
const HARMLESS: &[&str] = &[
    "get_running_loop",
    "_get_running_loop",
    "get_event_loop",
    "current_task",
    "_create_task",
    "_sleep",
    "_get_loop",
    "_as_future",
    "isfuture",
    "iscoroutine",
    "isawaitable",
    "isinstance",
    "issubclass",
    "callable",
    "id",
    "super",
    "time",
    "time_ns",
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "create_future",
    "create_task",
    "call_soon",
    "call_later",
    "call_at",
    "get_debug",
    "is_running",
    "is_closed",
    "call_exception_handler",
    "exc_info",
    "exception",
    "range",
    "float",
    "int",
    "_run_until_complete_cb",
];

/// Natives that only look at what they are given.
const READERS: &[&str] = &[
    "len",
    "print",
    "repr",
    "ascii",
    "str",
    "format",
    "sum",
    "min",
    "max",
    "any",
    "all",
    "abs",
    "round",
    "sorted",
    "hash",
    "getattr",
    "hasattr",
    "divmod",
    "pow",
    "ord",
    "chr",
    "bin",
    "hex",
    "oct",
    "bool",
    "dumps",
    "_results",
    "_begin_children",
    "all_cancelled",
];

/// Natives behind which anything may stand.
const REACH_ANYTHING: &[&str] = &[
    "exec",
    "eval",
    "compile",
    "globals",
    "locals",
    "vars",
    "dir",
    "__import__",
    "open",
    "input",
    "all_tasks",
    "_all_tasks",
    "sleep",
    "collect",
    "_getframe",
    "_current_frames",
    "get_objects",
    "get_referrers",
    "run_in_executor",
    "exit",
];

/// Methods of built-in containers that change nothing.
const LOOKING: &[&str] = &[
    "copy",
    "count",
    "index",
    "get",
    "keys",
    "values",
    "items",
    "__len__",
    "__contains__",
    "__iter__",
    "__getitem__",
    "__repr__",
    "__eq__",
    "union",
    "intersection",
    "difference",
    "symmetric_difference",
    "issubset",
    "issuperset",
    "isdisjoint",
    "join",
];

/// Methods of futures that only look whether they are done, or wait for that.
const ASKING: &[&str] = &[
    "done",
    "result",
    "exception",
    "cancelled",
    "cancelling",
    "get_loop",
    "get_coro",
    "get_name",
    "get_context",
    "add_done_callback",
    "remove_done_callback",
    "_make_cancelled_error",
    "__await__",
    "__iter__",
    "__init__",
    "set_result",
    "set_exception",
    "cancel",
];

/// What the instruction that comes next touches.
pub(super) fn touch(vm: &Vm, i: Instr, footprint: &mut Footprint) {
    if footprint.everything {
        return;
    }
    let Some(mut toucher) = Toucher::new(vm, footprint) else {
        return;
    };
    if loads_library(&toucher.code) {
        return;
    }
    if vm.is_finalizing() {
        // Whose last reference it was is not seen.
        footprint.everything = true;
        return;
    }
    toucher.instruction(i);
}

/// What the call of something touches, with these arguments.
pub(super) fn touch_call(vm: &Vm, func: &Value, args: &[Value], footprint: &mut Footprint) {
    match Toucher::new(vm, footprint) {
        Some(mut toucher) => toucher.call(func, args),
        None => footprint.everything = true,
    }
}

struct Toucher<'a> {
    vm: &'a Vm,
    code: Ref<CodeObject>,
    footprint: &'a mut Footprint,
    /// How many more objects are looked at.
    left: usize,
}

/// Modules of the library that are loaded when they are first needed: nobody sees when that is.
fn loads_library(code: &CodeObject) -> bool {
    let code = &code.code;
    code.source.is_library() && (code.flags.module || &*code.name == "__getattr__")
}

impl<'a> Toucher<'a> {
    /// What the code that runs touches; none if no code runs.
    fn new(vm: &'a Vm, footprint: &'a mut Footprint) -> Option<Toucher<'a>> {
        let (code, _) = vm.running_place()?;
        Some(Toucher {
            vm,
            code,
            footprint,
            left: MOST,
        })
    }

    /// It may touch anything; unless that is part of loading the library.
    fn give_up(&mut self) {
        let mut loads = false;
        self.vm.walk_frames(|view| {
            loads |= loads_library(&view.code);
            !loads
        });
        self.footprint.everything |= !loads;
    }

    fn instruction(&mut self, i: Instr) {
        use Op::*;
        match i.op {
            LoadGlobal | StoreGlobal | DeleteGlobal | LoadName | LoadNameOrCell => self.global(i),
            // The namespace of a class that is being made.
            StoreName | DeleteName => {}
            LoadCell => self.value(i.b, Use::Read),
            StoreCell | DeleteCell => self.value(i.a, Use::Write),
            LoadAttr | LoadMethod => self.attribute(i.b, i, Use::Read),
            StoreAttr | DeleteAttr => self.attribute(i.a, i, Use::Write),
            GetItem => self.item(i.b, i.c, Use::Read),
            SetItem | DelItem => self.item(i.a, i.b, Use::Write),
            Call | CallMethod | CallKw | CallEx => self.window(i),
            JumpIfTrue | JumpIfFalse | JumpIfTrueKeep | JumpIfFalseKeep => {
                self.operand(i.a, Use::Read);
            }
            // The loop's hidden state: an iterator, which moves on, over something.
            ForIter => self.operand(i.b, Use::Write),
            ImportName | ImportStar | ImportFrom => self.import(),
            GetAwaitable | Delegate => self.awaited(i.b),
            _ => self.operands(i),
        }
    }

    /// An operator, or whatever else is not treated on its own: looks at its operands, and may
    /// change the first of them if it works in place.
    fn operands(&mut self, i: Instr) {
        use Op::*;
        let registers = [i.a, i.b, i.c];
        let looks = !matches!(
            i.op,
            EnterWith | EnterAsyncWith | ExitWith | GetAIter | GetANext | GetYieldFrom
        );
        let in_place = i.t & IN_PLACE != 0;
        for (n, (kind, register)) in i.op.operands().into_iter().zip(registers).enumerate() {
            let how = match looks && !(in_place && n == 1) {
                true => Use::Read,
                false => Use::Write,
            };
            match kind {
                Operand::Use | Operand::Keep => self.operand(register, how),
                Operand::OptUse | Operand::OptKeep if register != NO_REG => {
                    self.operand(register, how);
                }
                Operand::Base => {
                    let len = i.window_len().min(64) as u16;
                    (0..len).for_each(|n| self.operand(register.saturating_add(n), how));
                }
                _ => {}
            }
        }
    }

    // Names

    fn global(&mut self, i: Instr) {
        let (site, how) = match i.op {
            Op::LoadGlobal => (i.bc(), Use::Read),
            Op::LoadName | Op::LoadNameOrCell => (i.site(), Use::Read),
            _ => (i.site(), Use::Write),
        };
        if let Some(site) = self.code.code.sites.get(site) {
            let part = Part::name(&site.name);
            let globals = self.code.globals.clone();
            self.footprint.touch(globals.as_obj(), part, how);
        }
        if i.op == Op::LoadNameOrCell {
            self.value(i.b, Use::Read);
        }
    }

    fn attribute(&mut self, register: u16, i: Instr, how: Use) {
        let Some(name) = self.code.code.sites.get(i.site()).map(|s| s.name.clone()) else {
            return;
        };
        let part = Part::name(&name);
        let owner = self.vm.operand(register);
        let Some(object) = owner.as_obj() else {
            return;
        };
        if matches!(
            &*name,
            "__dict__" | "f_locals" | "f_globals" | "__globals__"
        ) {
            self.give_up();
            return;
        }
        match object.kind() {
            Kind::Instance => {
                self.footprint.touch(object, part, how);
                if how == Use::Read {
                    self.footprint.share(Shared::Classes, part, Use::Read);
                }
            }
            Kind::Class => self.footprint.share(Shared::Classes, part, how),
            Kind::Module => {
                let module = object.as_ref::<crate::vm::object::Module>();
                if let Some(module) = module {
                    self.footprint.touch(module.dict.as_obj(), part, how);
                }
            }
            Kind::Future if how == Use::Read && i.op == Op::LoadAttr => {
                self.footprint.touch(object, part, how);
                self.footprint.touch(object, Part::Done, how);
            }
            Kind::Opaque | Kind::Generator if how == Use::Read && i.op == Op::LoadAttr => {
                if !inspect::is_loop(&owner) {
                    self.footprint.touch(object, Part::Whole, how);
                }
            }
            _ => self.footprint.touch(object, part, how),
        }
    }

    fn import(&mut self) {
        // What a module does when it is first loaded is seen; whether it was, the library's own
        // modules do not care.
        if !self.code.code.source.is_library() {
            self.give_up();
        }
    }

    // Items

    fn item(&mut self, container: u16, key: u16, how: Use) {
        let owner = self.vm.operand(container);
        let key = self.vm.operand(key);
        let Some(object) = owner.as_obj() else {
            return;
        };
        match object.kind() {
            Kind::List => self.list_item(object, &key, how),
            Kind::Dict => self.dict_item(object, &key, how),
            _ => {
                // Where a plain native stands for it, no code speaks for itself.
                let class = self.vm.class_of(&owner);
                let found = self.vm.lookup(&class, &self.vm.names.__setitem__);
                let native = found.as_ref().and_then(Value::as_ref::<NativeFunction>);
                if how == Use::Write
                    && let Some(native) = native.filter(|n| n.owner.downcast::<Class>().is_none())
                {
                    self.native(native, &[key]);
                }
                self.operand(container, how);
            }
        }
    }

    fn list_item(&mut self, object: &ObjRef, key: &Value, how: Use) {
        let len = object
            .downcast::<List>()
            .map_or(0, |l| l.items.borrow().len());
        let part = match key {
            Value::Int(n) if *n < 0 => Part::Item(n.saturating_add(len as i64)),
            Value::Int(n) => Part::Item(*n),
            _ => Part::Whole,
        };
        self.footprint.touch(object, part, how);
    }

    fn dict_item(&mut self, object: &ObjRef, key: &Value, how: Use) {
        let part = match (key, key.as_str()) {
            (_, Some(text)) => Part::name(text),
            (Value::Int(n), _) => Part::Item(*n),
            _ => Part::Whole,
        };
        self.footprint.touch(object, part, how);
        let has = object.as_ref::<Dict>().is_some_and(|d| has_key(d, key));
        if how == Use::Write && !has {
            self.footprint.touch(object, Part::Order, how);
        }
    }

    // Values

    fn value(&mut self, register: u16, how: Use) {
        let value = self.vm.operand(register);
        if let Some(object) = value.as_obj() {
            self.footprint.touch(object, Part::Whole, how);
        }
    }

    /// What an instruction works on: methods of classes of the program speak for themselves.
    fn operand(&mut self, register: u16, how: Use) {
        let value = self.vm.operand(register);
        let plain = value.downcast::<Instance>();
        if plain.is_none_or(|i| i.payload().is_some()) {
            match how {
                Use::Read => self.look(&value),
                _ => self.reach(&value, how),
            }
        }
    }

    fn awaited(&mut self, register: u16) {
        let value = self.vm.operand(register);
        match value.kind() {
            Some(Kind::Generator | Kind::Instance) | None => {}
            // What sleep(0) awaits is the same for all.
            _ if value.is(&self.vm.current.next_turn.get()) => {}
            _ => self.reach(&value, Use::Read),
        }
    }

    /// Something is looked at by somebody who may go through its items: an iterator moves on.
    fn look(&mut self, value: &Value) {
        let how = match value.as_obj().is_some_and(moves_on) {
            true => Use::Write,
            false => Use::Read,
        };
        self.reach(value, how);
    }

    /// Everything that a native may come to from a value.
    fn reach(&mut self, value: &Value, how: Use) {
        if let Some(object) = value.as_obj() {
            self.reach_object(object, how);
        }
    }

    fn reach_object(&mut self, object: &ObjRef, how: Use) {
        if self.footprint.everything {
            return;
        }
        if self.left == 0 {
            self.give_up();
            return;
        }
        self.left -= 1;
        match object.kind() {
            Kind::Tuple => {
                let items = object.as_ref::<Tuple>().map(|t| t.items().to_vec());
                items
                    .iter()
                    .flatten()
                    .for_each(|v| self.reach(v, Use::Read));
            }
            Kind::List | Kind::Dict | Kind::Set | Kind::FrozenSet => {
                self.footprint.touch(object, Part::Whole, how);
                self.children(object, Use::Read);
            }
            Kind::Instance => {
                self.footprint.touch(object, Part::Whole, how);
                if how != Use::Read {
                    self.own_containers(object);
                }
            }
            Kind::Opaque if inspect::is_loop(&Value::Obj(object.clone())) => {}
            Kind::Opaque => {
                self.footprint.touch(object, Part::Whole, how);
                self.children(object, how);
            }
            Kind::BoundMethod => self.children(object, how),
            Kind::Cell | Kind::Generator | Kind::ByteArray => {
                self.footprint.touch(object, Part::Whole, how);
            }
            // What happens to them, the loop tells.
            Kind::Future => self.footprint.touch(object, Part::Done, Use::Read),
            Kind::Frame => self.footprint.everything = true,
            _ => {}
        }
    }

    /// What an object refers to. Containers in it are only looked at, since it is itself what is
    /// changed; iterators in it move on with it.
    fn children(&mut self, object: &ObjRef, how: Use) {
        let mut found = Vec::new();
        heap::trace(object, &mut |child| {
            if found.len() < MOST {
                found.push(child.clone());
            }
        });
        for child in found {
            let how = match child.kind() == Kind::Instance || moves_on(&child) {
                true => how,
                false => Use::Read,
            };
            self.reach_object(&child, how);
        }
    }

    /// A native that changes an instance may change what the instance is made of.
    fn own_containers(&mut self, object: &ObjRef) {
        let mut found = Vec::new();
        heap::trace(object, &mut |child| found.push(child.clone()));
        for child in found {
            match child.kind() {
                Kind::Opaque if inspect::is_loop(&Value::Obj(child.clone())) => {}
                Kind::List | Kind::Dict | Kind::Set | Kind::Opaque => {
                    self.footprint.touch(&child, Part::Whole, Use::Write);
                }
                _ => {}
            }
        }
    }

    // Calls

    fn window(&mut self, i: Instr) {
        let register = |n: u16| self.vm.operand(i.b.saturating_add(n));
        let func = register(0);
        let own = match i.op {
            Op::CallMethod => true,
            Op::CallKw => i.t & METHOD != 0,
            _ => false,
        };
        let count = match i.op {
            // The arguments stand in a list, and the keywords in a dict.
            Op::CallEx => 1 + i.c,
            _ => i.c,
        };
        let this = own.then(|| register(1)).filter(|v| !v.is_undef());
        let args = (0..count).map(|n| register(n.saturating_add(2)));
        let all: Vec<Value> = this.into_iter().chain(args).collect();
        self.call(&func, &all);
    }

    fn call(&mut self, func: &Value, args: &[Value]) {
        let Some(object) = func.as_obj() else {
            return;
        };
        match object.kind() {
            Kind::Function => {}
            Kind::BoundMethod => {
                if let Some(method) = object.downcast::<BoundMethod>() {
                    let mut all = vec![method.this.clone()];
                    all.extend(args.iter().cloned());
                    self.call(&method.func.clone(), &all);
                }
            }
            Kind::NativeFunction => {
                if let Some(native) = object.as_ref::<NativeFunction>() {
                    let this = native.this.given().cloned();
                    let all: Vec<Value> = this.into_iter().chain(args.iter().cloned()).collect();
                    self.native(native, &all);
                }
            }
            Kind::Class => args.iter().for_each(|a| self.look(a)),
            Kind::Instance => {}
            _ => self.footprint.everything = true,
        }
    }

    fn native(&mut self, native: &NativeFunction, args: &[Value]) {
        let name = native.def.name;
        let (first, others) = match args.split_first() {
            Some((first, others)) => (first.clone(), others),
            None => (Value::Undef, args),
        };
        if native.owner.downcast::<Class>().is_some() {
            return self.method(name, &first, others);
        }
        let changes_class = matches!(name, "setattr" | "delattr")
            && matches!(first.kind(), Some(Kind::Class | Kind::Module));
        if REACH_ANYTHING.contains(&name) || changes_class {
            self.give_up();
        } else if name == "see_or_join" {
            self.joins(&first);
        } else if READERS.contains(&name) {
            args.iter().for_each(|a| self.look(a));
        } else if !HARMLESS.contains(&name) {
            args.iter().for_each(|a| self.reach(a, Use::Write));
        }
    }

    /// Somebody waits for an event unless it is set. Who waits for one is woken together with all
    /// others and then stands in the ready queue, in any order: it does not matter who came first.
    fn joins(&mut self, event: &Value) {
        let Some(object) = event.as_obj() else {
            return;
        };
        self.footprint
            .touch(object, Part::name("_value"), Use::Read);
        heap::trace(object, &mut |child| {
            if child.kind() == Kind::Opaque && !inspect::is_loop(&Value::Obj(child.clone())) {
                self.footprint.touch(child, Part::Whole, Use::Count);
            }
        });
    }

    /// Somebody who has waited for an event leaves the line.
    fn leaves_event(&self, name: &str) -> bool {
        let code = &self.code.code;
        name == "remove" && code.source.is_library() && &*code.qualname == "Event.wait"
    }

    fn method(&mut self, name: &str, this: &Value, args: &[Value]) {
        let Some(object) = this.as_obj() else {
            return args.iter().for_each(|a| self.look(a));
        };
        let kind = object.kind();
        match kind {
            Kind::Opaque if self.leaves_event(name) => {
                return self.footprint.touch(object, Part::Whole, Use::Count);
            }
            Kind::Opaque if inspect::is_loop(this) => {
                if !HARMLESS.contains(&name) {
                    self.give_up();
                }
                return;
            }
            Kind::Dict if matches!(name, "get" | "__contains__" | "__getitem__") => {
                if let Some(key) = args.first() {
                    self.dict_item(object, key, Use::Read);
                }
                return;
            }
            Kind::Future => {
                let part = match ASKING.contains(&name) {
                    true => (Part::Done, Use::Read),
                    false => (Part::Whole, Use::Write),
                };
                return self.footprint.touch(object, part.0, part.1);
            }
            _ => {}
        }
        let is_container = matches!(
            kind,
            Kind::List | Kind::Dict | Kind::Set | Kind::Opaque | Kind::ByteArray | Kind::Instance
        );
        let how = match is_container && LOOKING.contains(&name) {
            true => Use::Read,
            false => Use::Write,
        };
        match kind {
            Kind::List | Kind::Dict | Kind::Set => {
                self.footprint.touch(object, Part::Whole, how);
            }
            _ => self.reach(this, how),
        }
        args.iter().for_each(|a| self.look(a));
    }
}

/// Whether whoever goes through an object changes it: a generator, or an iterator, which has no
/// size.
fn moves_on(object: &ObjRef) -> bool {
    match object.kind() {
        Kind::Generator => true,
        Kind::Opaque => object
            .downcast::<Opaque>()
            .is_some_and(|o| o.size().is_none()),
        _ => false,
    }
}

fn has_key(dict: &Ref<Dict>, key: &Value) -> bool {
    if let Some(text) = key.as_ref::<crate::vm::object::Str>() {
        return dict.get_str(text).is_some();
    }
    let map = dict.map.borrow();
    map.len() <= MOST && map.iter().any(|e| e.key.is(key))
}

/// Whether a function is one of the library's that does nothing but count a task that has ended
/// well.
pub(super) fn only_counts(func: &Value) -> bool {
    let func = match func.downcast::<BoundMethod>() {
        Some(method) => method.func.clone(),
        None => func.clone(),
    };
    let Some(function) = func.as_ref::<Function>() else {
        return false;
    };
    function.code.get().code.source.is_library()
        && matches!(
            &*function.code.get().code.qualname,
            "TaskGroup._on_task_done"
                | "_wait.<locals>._on_completion"
                | "gather.<locals>._done_callback"
        )
}
