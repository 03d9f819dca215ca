//! Looking names up in classes: the method cache, and what must happen when a class changes.
//! Knows nothing of instances.

use crate::vm::Vm;
use crate::vm::heap::{Ref, WeakPointer};
use crate::vm::object::{Class, ClassFlags, NativeFunction, Str};
use crate::vm::value::Value;
use std::cell::Cell;

/// Number of lines of the cache; a power of two.
const LINES: usize = 2048;
/// Instead of a place in the MRO: no class of the MRO has the name.
const ABSENT: u16 = u16::MAX;

/// Where a name was found. Only the place is kept, not the value, so that the cache keeps
/// nothing alive. A place is right as long as the class has the same version.
#[derive(Clone, Copy)]
struct Line {
    version: u32,
    owner: u16,
    entry: u32,
    name: usize,
}

thread_local! {
    /// Class versions are unique in a thread, and when names are freed all lines are forgotten, so
    /// VMs of one thread can share it.
    static CACHE: [Cell<Line>; LINES] = const { [const { Cell::new(EMPTY) }; LINES] };
}

/// Matches nothing, as no name has this address. All zeros: such a cache takes no memory until it is
/// used, and is not copied into each new thread.
const EMPTY: Line = Line {
    version: 0,
    owner: 0,
    entry: 0,
    name: 0,
};

/// Names have been freed: their addresses say nothing any more.
pub fn forget_lookups() {
    CACHE.with(|cache| cache.iter().for_each(|line| line.set(EMPTY)));
}

fn line_of(version: u32, name: usize) -> usize {
    ((version as usize).wrapping_mul(0x9E37) ^ (name >> 4)) & (LINES - 1)
}

impl Vm {
    /// A name in the dicts of the MRO; not bound. `name` must be interned.
    pub fn lookup(&self, class: &Ref<Class>, name: &Ref<Str>) -> Option<Value> {
        self.lookup_with_owner(class, name).map(|(_, value)| value)
    }

    /// As `lookup`, with the index in the MRO of the class that has the name.
    pub fn lookup_with_owner(&self, class: &Ref<Class>, name: &Ref<Str>) -> Option<(usize, Value)> {
        let version = class.version.get();
        let address = name.as_obj().address();
        let at = line_of(version, address);
        let line = CACHE.with(|cache| cache.get(at).map(Cell::get));
        if let Some(line) = line
            && line.version == version
            && line.name == address
        {
            if line.owner == ABSENT {
                return None;
            }
            let mro = class.mro.borrow();
            if let Some(owner) = mro.get(line.owner as usize) {
                let map = owner.dict.map.borrow();
                if let Some(entry) = map.entry(line.entry as usize) {
                    return Some((line.owner as usize, entry.value.clone()));
                }
            }
        }
        let found = search(class, name);
        let line = Line {
            version,
            owner: found.as_ref().map_or(ABSENT, |(owner, _, _)| *owner),
            entry: found.as_ref().map_or(0, |(_, entry, _)| *entry),
            name: address,
        };
        CACHE.with(|cache| cache.get(at).map(|cell| cell.set(line)));
        found.map(|(owner, _, value)| (owner as usize, value))
    }

    /// A name in the MRO of `class` after the class `after`, for `super`; not cached.
    pub fn lookup_after(
        &self,
        class: &Ref<Class>,
        after: &Ref<Class>,
        name: &Ref<Str>,
    ) -> Option<Value> {
        let mro = class.mro();
        let at = mro.iter().position(|c| c.is(after))?;
        // The rest of the MRO is most often the next class's own: linearizations keep their order.
        let next = mro.get(at + 1)?;
        if next.mro().len() == mro.len() - at - 1 {
            return self.lookup(next, name);
        }
        mro.iter()
            .skip(at + 1)
            .find_map(|owner| owner.dict.get_str(name))
    }

    /// Sets a name in the dict of a class, whatever its metaclass says, and lets caches know.
    pub fn class_set(&mut self, class: &Ref<Class>, name: &Ref<Str>, value: Value) {
        class.dict.set_str(name, value);
        self.class_changed(class);
    }

    /// Must be called after every change of a class's dict, bases or MRO: gives it and all classes
    /// derived from it new versions, and computes their flags again.
    pub fn class_changed(&mut self, class: &Ref<Class>) {
        class.version.renew();
        class.plain_init.set(Value::Undef);
        if !self.installing {
            class.flags.set(self.computed_flags(class));
        }
        for sub in direct_subclasses(class) {
            self.class_changed(&sub);
        }
    }

    /// Gives the built-in classes their methods. Their flags, which need look-ups in whole MROs,
    /// are computed once, at the end.
    pub fn install_classes(&mut self, install: impl FnOnce(&mut Vm)) {
        self.installing = true;
        install(self);
        self.installing = false;
        let object = self.types.object.clone();
        self.class_changed(&object);
    }

    /// What `class` defines itself of the names that have a flag, and what it has from its bases:
    /// from the next of its MRO, most often, without looking for anything.
    fn computed_flags(&self, class: &Ref<Class>) -> ClassFlags {
        let names = &self.names;
        let mro = class.mro();
        let parent = mro.get(1).filter(|next| {
            let (own, rest) = (next.mro(), mro.iter().skip(1));
            own.len() + 1 == mro.len() && own.iter().zip(rest).all(|(a, b)| a.is(b))
        });
        let inherited = parent.map(|parent| parent.flags());
        let flag = |looked_up: &[&Ref<Str>],
                    of_parent: fn(ClassFlags) -> bool,
                    is_set: &dyn Fn(&Ref<Str>, &Value) -> bool| {
            let own = looked_up.iter().any(|n| class.dict.get_str(n).is_some());
            match inherited {
                Some(flags) if !own => of_parent(flags),
                _ => looked_up.iter().any(|name| {
                    let found = search(class, name);
                    found.is_some_and(|(_, _, found)| is_set(name, &found))
                }),
            }
        };
        let hooked = |name: &Ref<Str>, found: &Value| !self.is_standard_hook(name, found);
        let not_objects = |name: &Ref<Str>, found: &Value| {
            let standard = self.types.object.dict.get_str(name);
            standard.is_none_or(|standard| !standard.is(found))
        };
        let written_in_language =
            |_: &Ref<Str>, found: &Value| found.as_ref::<NativeFunction>().is_none();
        ClassFlags {
            custom_getattribute: flag(
                &[&names.__getattribute__],
                |f| f.custom_getattribute,
                &hooked,
            ),
            custom_getattr: flag(&[&names.__getattr__], |f| f.custom_getattr, &|_, _| true),
            custom_setattr: flag(
                &[&names.__setattr__, &names.__delattr__],
                |f| f.custom_setattr,
                &hooked,
            ),
            has_del: flag(&[&names.__del__], |f| f.has_del, &written_in_language),
            custom_eq: flag(
                &[&names.__eq__, &names.__ne__],
                |f| f.custom_eq,
                &not_objects,
            ),
            custom_hash: flag(&[&names.__hash__], |f| f.custom_hash, &not_objects),
            ..class.flags()
        }
    }

    /// Attribute hooks of `object` and `type`, and those of built-in classes that repeat them, are
    /// what attribute access does anyway.
    fn is_standard_hook(&self, name: &Ref<Str>, found: &Value) -> bool {
        let Some(function) = found.as_ref::<NativeFunction>() else {
            return false;
        };
        [&self.types.object, &self.types.type_]
            .into_iter()
            .filter_map(|class| class.dict.get_str(name))
            .filter_map(|standard| Some(standard.as_ref::<NativeFunction>()?.def))
            .any(|def| std::ptr::eq(def, function.def))
    }
}

/// The name's first owner in the MRO: its index, the entry in its dict, the value.
fn search(class: &Ref<Class>, name: &Ref<Str>) -> Option<(u16, u32, Value)> {
    let key = Value::Obj(name.as_obj().clone());
    let mro = class.mro.borrow();
    mro.iter().enumerate().find_map(|(i, owner)| {
        let map = owner.dict.map.borrow();
        let at = map.find_pure(name.hash(), &key)?;
        let value = map.entry(at)?.value.clone();
        Some((u16::try_from(i).ok()?, u32::try_from(at).ok()?, value))
    })
}

/// The classes directly derived from one that are still alive, in the order of their making.
pub fn direct_subclasses(class: &Ref<Class>) -> Vec<Ref<Class>> {
    let mut pointers = class.subclasses.borrow_mut();
    let mut alive = Vec::with_capacity(pointers.len());
    pointers.retain(|pointer| {
        let sub = pointer.upgrade().and_then(|o| o.into_ref::<Class>().ok());
        let known = sub.is_some();
        alive.extend(sub);
        known
    });
    drop(pointers);
    alive
}

/// Makes a class known to its bases.
pub fn register_subclass(class: &Ref<Class>) {
    for base in class.bases().iter() {
        let pointer = WeakPointer::new(class.as_obj());
        let mut pointers = base.subclasses.borrow_mut();
        // Before it takes more room, the dead ones go.
        if pointers.len() == pointers.capacity() {
            pointers.retain(|p| p.upgrade().is_some());
            let alive = pointers.len();
            pointers.reserve(alive + 1);
        }
        pointers.push(pointer);
    }
}

/// Makes a class unknown to a base.
pub fn forget_subclass(base: &Ref<Class>, class: &Ref<Class>) {
    let mut pointers = base.subclasses.borrow_mut();
    pointers.retain(|p| p.upgrade().is_some_and(|o| !o.is(class.as_obj())));
}
