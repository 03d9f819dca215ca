//! Handles to the built-in classes, and how classes written in Rust are made.

use super::Vm;
use super::exceptions::{ExceptionDef, ExceptionTypes};
use super::heap::{Ref, Slot, WeakPointer};
use super::names::Interner;
use super::native::{GetSet, NativeDef, NativeType, TypeDef};
use super::object::{
    Class, ClassFlags, ClassMethod, Construction, Dict, Exception, Future, GenKind, Generator,
    Instance, Kind, Layout, NativeData, NativeFunction, Opaque, Shape, StaticMethod, Version,
};
use super::value::Value;
use std::any::TypeId;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

macro_rules! types {
    (@base none) => { None };
    (@base $base:ident) => { Some(&$base) };
    ($($field:ident $name:literal $base:ident $layout:expr;)*) => {
        /// The built-in classes that the VM itself deals with. Made bare; `builtins` gives them
        /// their methods.
        pub struct Types {
            $(pub $field: Ref<Class>,)*
            /// The object `NotImplemented`.
            pub not_implemented: Value,
            /// The object `...`.
            pub ellipsis: Value,
        }

        impl Default for Types {
            /// Makes all classes. `type` is the class of each.
            fn default() -> Types {
                $(let $field = bare_class($name, types!(@base $base), $layout);)*
                let mut types = Types {
                    $($field,)*
                    not_implemented: Value::Undef,
                    ellipsis: Value::Undef,
                };
                types.not_implemented =
                    Instance::new(&types.not_implemented_type, Value::Undef).into();
                types.ellipsis = Instance::new(&types.ellipsis_type, Value::Undef).into();
                for class in types.all() {
                    class.metaclass.set(types.type_.clone().into());
                }
                types
            }
        }

        impl Types {
            pub fn all(&self) -> Vec<&Ref<Class>> {
                vec![$(&self.$field),*]
            }
        }
    };
}

types! {
    object "object" none Layout::Object;
    type_ "type" object Layout::Type;
    int "int" object Layout::Int;
    bool_ "bool" int Layout::Final;
    float "float" object Layout::Float;
    complex "complex" object Layout::Builtin(Kind::Complex);
    str_ "str" object Layout::Builtin(Kind::Str);
    bytes "bytes" object Layout::Builtin(Kind::Bytes);
    bytearray "bytearray" object Layout::Builtin(Kind::ByteArray);
    list "list" object Layout::Builtin(Kind::List);
    tuple "tuple" object Layout::Builtin(Kind::Tuple);
    dict "dict" object Layout::Builtin(Kind::Dict);
    set "set" object Layout::Builtin(Kind::Set);
    frozenset "frozenset" object Layout::Builtin(Kind::FrozenSet);
    range "range" object Layout::Final;
    slice "slice" object Layout::Final;
    none_type "NoneType" object Layout::Final;
    not_implemented_type "NotImplementedType" object Layout::Final;
    ellipsis_type "ellipsis" object Layout::Final;
    function "function" object Layout::Final;
    method "method" object Layout::Final;
    builtin_function "builtin_function_or_method" object Layout::Final;
    method_descriptor "method_descriptor" object Layout::Final;
    wrapper_descriptor "wrapper_descriptor" object Layout::Final;
    method_wrapper "method-wrapper" object Layout::Final;
    classmethod_descriptor "classmethod_descriptor" object Layout::Final;
    property "property" object Layout::Builtin(Kind::Property);
    classmethod "classmethod" object Layout::Builtin(Kind::ClassMethod);
    staticmethod "staticmethod" object Layout::Builtin(Kind::StaticMethod);
    code "code" object Layout::Final;
    cell "cell" object Layout::Final;
    module "module" object Layout::Builtin(Kind::Module);
    frame "frame" object Layout::Final;
    traceback "traceback" object Layout::Final;
    generator "generator" object Layout::Final;
    coroutine "coroutine" object Layout::Final;
    async_generator "async_generator" object Layout::Final;
    abstract_event_loop "AbstractEventLoop" object Layout::Object;
    future "Future" object Layout::Future;
    task "Task" future Layout::Task;
}

/// A class with nothing in it.
fn bare_class(name: &str, base: Option<&Ref<Class>>, layout: Layout) -> Ref<Class> {
    let bases: Rc<[Ref<Class>]> = base.cloned().into_iter().collect();
    let class = Ref::new(Class {
        name: RefCell::new(name.into()),
        qualname: RefCell::new(name.into()),
        layout,
        bases: RefCell::new(bases),
        primary: Cell::new(0),
        mro: RefCell::new(Rc::new([])),
        dict: Dict::new(),
        metaclass: Slot::undef(),
        flags: Cell::new(ClassFlags {
            no_dict: !matches!(
                layout,
                Layout::Exception | Layout::Future | Layout::Task | Layout::Type
            ),
            ..ClassFlags::default()
        }),
        version: Version::fresh(),
        subclasses: RefCell::default(),
        root_shape: Shape::root(),
        slots_hint: Cell::new(0),
        construction: Cell::new(Construction::General),
        init_version: Cell::new(0),
        plain_init: Slot::undef(),
        builtin_call: OnceCell::new(),
    });
    let inherited = base.map(|b| b.mro()).unwrap_or_default();
    let mro = std::iter::once(class.clone())
        .chain(inherited.iter().cloned())
        .collect();
    *class.mro.borrow_mut() = mro;
    if let Some(base) = base {
        base.subclasses
            .borrow_mut()
            .push(WeakPointer::new(class.as_obj()));
    }
    class
}

/// Makes the exception classes, bare.
pub fn make_exceptions(types: &Types) -> ExceptionTypes {
    let mut made: Vec<(&'static str, Ref<Class>)> = Vec::new();
    ExceptionTypes::new(|def: &ExceptionDef| {
        let base = made
            .iter()
            .find(|(name, _)| *name == def.base)
            .map_or(&types.object, |(_, c)| c);
        let class = bare_class(def.name, Some(base), Layout::Exception);
        class.metaclass.set(types.type_.clone().into());
        made.push((def.name, class.clone()));
        class
    })
}

impl Vm {
    /// The class of any value.
    #[inline]
    pub fn class_of(&self, value: &Value) -> Ref<Class> {
        match value {
            Value::Obj(obj) => match obj.kind() {
                Kind::Instance => obj.downcast::<Instance>().map(|i| i.class.get()),
                Kind::Exception => obj.downcast::<Exception>().map(|e| e.class.get()),
                Kind::Opaque => obj.downcast::<Opaque>().map(|o| o.class.get()),
                Kind::Future => obj.downcast::<Future>().and_then(Future::own_class),
                Kind::Class => obj
                    .downcast::<Class>()
                    .and_then(|c| c.metaclass.get().as_ref::<Class>().cloned()),
                _ => None,
            }
            .unwrap_or_else(|| self.builtin_class(value).clone()),
            _ => self.builtin_class(value).clone(),
        }
    }

    /// Whether the class of a value is this one, and no subclass of it.
    #[inline]
    pub fn is_exactly(&self, value: &Value, class: &Value) -> bool {
        let Value::Obj(class) = class else {
            return false;
        };
        let Value::Obj(obj) = value else {
            return self.builtin_class(value).as_obj().is(class);
        };
        match obj.kind() {
            Kind::Instance => obj
                .downcast::<Instance>()
                .is_some_and(|i| i.class.holds(class)),
            Kind::Exception => obj
                .downcast::<Exception>()
                .is_some_and(|e| e.class.holds(class)),
            Kind::Opaque => obj
                .downcast::<Opaque>()
                .is_some_and(|o| o.class.holds(class)),
            Kind::Future => obj
                .downcast::<Future>()
                .is_some_and(|f| f.is_of(class, self.builtin_class(value))),
            Kind::Class => obj
                .downcast::<Class>()
                .is_some_and(|c| c.metaclass.holds(class)),
            _ => self.builtin_class(value).as_obj().is(class),
        }
    }

    /// Whether a value is an instance of a class.
    #[inline]
    pub fn is_of(&self, value: &Value, class: &Value) -> bool {
        self.is_exactly(value, class)
            || class
                .as_ref::<Class>()
                .is_some_and(|c| self.class_of(value).is_subclass(c))
    }

    /// The class of a value whose class follows from its kind.
    pub fn builtin_class(&self, value: &Value) -> &Ref<Class> {
        let t = &self.types;
        let obj = match value {
            Value::Undef | Value::None => return &t.none_type,
            Value::True | Value::False => return &t.bool_,
            Value::Int(_) => return &t.int,
            Value::Float(_) => return &t.float,
            Value::Obj(obj) => obj,
        };
        match obj.kind() {
            Kind::Str => &t.str_,
            Kind::Int => &t.int,
            Kind::Complex => &t.complex,
            Kind::Bytes => &t.bytes,
            Kind::ByteArray => &t.bytearray,
            Kind::List => &t.list,
            Kind::Tuple => &t.tuple,
            Kind::Dict => &t.dict,
            Kind::Set => &t.set,
            Kind::FrozenSet => &t.frozenset,
            Kind::Range => &t.range,
            Kind::Slice => &t.slice,
            Kind::Function => &t.function,
            Kind::BoundMethod => &t.method,
            Kind::NativeFunction => match obj.downcast::<NativeFunction>() {
                Some(f) => match (f.this.is_undef() && !f.owner.is_undef(), f.is_slot()) {
                    (true, true) => &t.wrapper_descriptor,
                    (true, false) => &t.method_descriptor,
                    (false, true) => &t.method_wrapper,
                    (false, false) => &t.builtin_function,
                },
                None => &t.builtin_function,
            },
            Kind::Property => &t.property,
            Kind::ClassMethod => match obj.downcast::<ClassMethod>() {
                Some(method) if method.native().is_some() => &t.classmethod_descriptor,
                _ => &t.classmethod,
            },
            Kind::StaticMethod => &t.staticmethod,
            Kind::Code => &t.code,
            Kind::Cell => &t.cell,
            Kind::Module => &t.module,
            Kind::Frame => &t.frame,
            Kind::Traceback => &t.traceback,
            Kind::Generator => match obj.downcast::<Generator>().map(|g| g.kind()) {
                Some(GenKind::Coroutine) => &t.coroutine,
                Some(GenKind::AsyncGenerator) => &t.async_generator,
                _ => &t.generator,
            },
            Kind::Future if obj.downcast::<Future>().is_some_and(Future::is_task) => &t.task,
            Kind::Future => &t.future,
            Kind::Class => &t.type_,
            Kind::Exception => &self.exc.base_exception,
            Kind::Free | Kind::Instance | Kind::Opaque => &t.object,
        }
    }

    /// Makes a class from its table row.
    pub fn make_class(&mut self, def: &'static TypeDef) -> Ref<Class> {
        let base = def
            .base
            .map(|f| f(self))
            .unwrap_or_else(|| self.types.object.clone());
        let class = bare_class(def.name, Some(&base), def.layout);
        let flags = ClassFlags {
            no_dict: base.flags().no_dict && def.flags.no_dict,
            ..def.flags
        };
        class.flags.set(flags);
        class.metaclass.set(self.types.type_.clone().into());
        let module = self.intern("__module__");
        // As in CPython, where types of `builtins` have no entry of that name.
        if def.module != "builtins" {
            class.dict.set_str(&module, Value::str(def.module));
        }
        let doc = self.intern("__doc__");
        class.dict.set_str(
            &doc,
            if def.doc.is_empty() {
                Value::None
            } else {
                Value::str(def.doc)
            },
        );
        self.extend_class(&class, def.methods, def.getset);
        if flags.native_iterator {
            self.extend_class(&class, super::ops::iter::ITERATOR_METHODS, &[]);
        }
        class
    }

    /// Adds methods and computed attributes to a class written in Rust.
    pub fn extend_class(
        &mut self,
        class: &Ref<Class>,
        methods: &'static [NativeDef],
        getset: &'static [GetSet],
    ) {
        use super::native::NativeKind;
        for def in methods {
            let function = NativeFunction::new(
                def,
                if def.kind == NativeKind::New {
                    class.clone().into()
                } else {
                    Value::Undef
                },
                class.clone().into(),
                Value::Undef,
            );
            let value = match def.kind {
                NativeKind::Plain | NativeKind::New => function.into(),
                NativeKind::Class => Ref::new(ClassMethod {
                    callable: Slot::new(function.into()),
                    dict: Slot::undef(),
                })
                .into(),
                NativeKind::Static => Ref::new(StaticMethod {
                    callable: Slot::new(function.into()),
                    dict: Slot::undef(),
                })
                .into(),
            };
            let name = self.intern(def.name);
            class.dict.set_str(&name, value);
        }
        for def in getset {
            let value = super::ops::descriptor::getset(self, class, def);
            let name = self.intern(def.name);
            class.dict.set_str(&name, value);
        }
        self.class_changed(class);
    }

    /// The class of an opaque type, made on first use.
    pub fn class_for<T: NativeType>(&mut self) -> Ref<Class> {
        if let Some(class) = self.native_classes.get(&TypeId::of::<T>()) {
            return class.clone();
        }
        let class = self.make_class(T::DEF);
        let has = |name: &str| T::DEF.methods.iter().any(|method| method.name == name);
        if has("__eq__") && !has("__hash__") {
            // As a class statement has it: what compares by value is no key by identity.
            let name = self.names.__hash__.clone();
            self.class_set(&class, &name, Value::None);
        }
        self.native_classes.insert(TypeId::of::<T>(), class.clone());
        class
    }

    /// A new object of an opaque type.
    pub fn make<T: NativeType>(&mut self, data: T) -> Value {
        let class = self.class_for::<T>();
        Opaque::value(&class, data)
    }

    /// A new object of an opaque type, of that class or a subclass of it.
    pub fn make_in(&mut self, class: &Ref<Class>, data: impl NativeData) -> Value {
        Opaque::value(class, data)
    }

    /// A function of a module.
    pub fn native_function(&mut self, def: &'static NativeDef, module: &str) -> Value {
        NativeFunction::new(def, Value::Undef, Value::Undef, Value::str(module)).into()
    }
}

/// Keeps one interner per VM and the names made from it together.
pub fn make_names() -> (Interner, super::names::Names) {
    let mut interner = Interner::default();
    let names = super::names::Names::new(&mut interner);
    (interner, names)
}
