//! Making instances: `type.__call__`, `object.__new__`, `object.__init__`.

use crate::vm::heap::Ref;
use crate::vm::native::NativeKind;
use crate::vm::object::{
    BuiltinCall, Class, Construction, Exception, Instance, Layout, NativeFunction, StaticMethod,
    Str, Tuple,
};
use crate::vm::ops::super_object::Super;
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

type Kwargs<'a> = &'a [(Ref<Str>, Value)];

impl Vm {
    /// `type.__call__(class, …)`: `__new__`, then `__init__` if an instance came of it.
    pub fn instantiate(&mut self, class: &Ref<Class>, args: &[Value], kwargs: Kwargs<'_>) -> R {
        if class.is(&self.types.type_) {
            if let ([obj], []) = (args, kwargs) {
                return Ok(self.class_of(obj).into());
            }
            if args.len() != 3 {
                return Err(self.type_error("type() takes 1 or 3 arguments"));
            }
        }
        if class.layout == Layout::Exception
            && kwargs.is_empty()
            && self.construction(class) == Construction::Exception
            && class.plain_init.is_undef()
        {
            return Ok(Exception::new(class, Tuple::new(args.to_vec())).into());
        }
        let obj = self.call_new(class, args, kwargs)?;
        let made = self.class_of(&obj);
        if !made.is_subclass(class) {
            return Ok(obj);
        }
        self.call_init(&obj, &made, args, kwargs)?;
        Ok(obj)
    }

    /// How calling a built-in class makes an object, if natives can just be applied to the
    /// arguments.
    pub fn builtin_call(&self, class: &Ref<Class>) -> Option<BuiltinCall> {
        *class
            .builtin_call
            .get_or_init(|| self.find_builtin_call(class))
    }

    #[cold]
    fn find_builtin_call(&self, class: &Ref<Class>) -> Option<BuiltinCall> {
        let types = &self.types;
        let metaclass = class.metaclass.get();
        if class.flags().heap
            || matches!(
                class.layout,
                Layout::Exception | Layout::Type | Super::LAYOUT
            )
            || !metaclass.as_ref::<Class>()?.is(&types.type_)
        {
            return None;
        }
        let found = self.lookup(class, &self.names.__new__)?;
        let new = found.downcast::<NativeFunction>()?;
        if new.def.kind != NativeKind::New || !new.owner.as_ref::<Class>()?.is(class) {
            return None;
        }
        let found = self.lookup(class, &self.names.__init__)?;
        if self.is_objects_own(&self.names.__init__, &found) {
            return Some(BuiltinCall {
                apply: *new.direct(),
                empty: None,
            });
        }
        let init = found.downcast::<NativeFunction>()?;
        [&types.list, &types.set]
            .iter()
            .any(|c| c.is(class))
            .then(|| BuiltinCall {
                apply: *init.direct(),
                empty: Some(new.def.func),
            })
    }

    fn call_new(&mut self, class: &Ref<Class>, args: &[Value], kwargs: Kwargs<'_>) -> R {
        let name = self.names.__new__.clone();
        let Some(new) = self.lookup(class, &name) else {
            return Err(self.cannot_create(class));
        };
        if self.is_objects_own(&name, &new) {
            if class.layout != Layout::Object {
                return Err(self.cannot_create(class));
            }
            return self.object_new(class, args.len() + kwargs.len());
        }
        let new = match new.downcast::<StaticMethod>() {
            Some(method) => method.callable.get(),
            None => self.descriptor_get(&new, &Value::Undef, class)?,
        };
        let mut all = Vec::with_capacity(args.len() + 1);
        all.push(class.clone().into());
        all.extend_from_slice(args);
        self.call_kw(&new, &all, kwargs)
    }

    /// Objects of the class only come into being in other ways.
    #[cold]
    fn cannot_create(&mut self, class: &Ref<Class>) -> Raise {
        let message = format!("cannot create '{}' instances", self.tp_name(class));
        self.type_error(message)
    }

    fn call_init(
        &mut self,
        obj: &Value,
        class: &Ref<Class>,
        args: &[Value],
        kwargs: Kwargs<'_>,
    ) -> R<()> {
        let name = self.names.__init__.clone();
        let Some(init) = self.lookup(class, &name) else {
            return Ok(());
        };
        if self.is_objects_own(&name, &init) {
            return Ok(());
        }
        let (func, this) = self.bind_method(init, obj, class)?;
        let result = if this.is_undef() {
            self.call_kw(&func, args, kwargs)?
        } else {
            let mut all = Vec::with_capacity(args.len() + 1);
            all.push(this);
            all.extend_from_slice(args);
            self.call_kw(&func, &all, kwargs)?
        };
        if result.is_none() {
            return Ok(());
        }
        Err(self.init_returned(&result))
    }

    /// TypeError for an `__init__` that returned something.
    #[cold]
    pub fn init_returned(&mut self, result: &Value) -> Raise {
        let message = format!(
            "__init__() should return None, not '{}'",
            self.type_name(result)
        );
        self.type_error(message)
    }

    /// What was found under a name is what `object` itself has there.
    pub fn is_objects_own(&self, name: &Ref<Str>, found: &Value) -> bool {
        let own = self.types.object.dict.get_str(name);
        own.is_some_and(|own| own.is(found))
    }

    fn overrides(&self, class: &Ref<Class>, name: &Ref<Str>) -> bool {
        self.lookup(class, name)
            .is_some_and(|found| !self.is_objects_own(name, &found))
    }

    /// `object.__new__(class, …)` with so many more arguments.
    pub fn object_new(&mut self, class: &Ref<Class>, extra: usize) -> R {
        if extra > 0 {
            if self.overrides(class, &self.names.__new__) {
                return Err(self.type_error(
                    "object.__new__() takes exactly one argument (the type to instantiate)",
                ));
            }
            if !self.overrides(class, &self.names.__init__) {
                let message = format!("{}() takes no arguments", self.tp_name(class));
                return Err(self.type_error(message));
            }
        }
        self.new_instance(class)
    }

    /// The first argument of a native `__new__` must be a class derived from the one it makes
    /// instances of, and with the same memory.
    pub fn check_new(&mut self, new: &NativeFunction, args: &[Value]) -> R<()> {
        let Some(owner) = new.owner.as_ref::<Class>() else {
            return Ok(());
        };
        let Some(given) = args.first() else {
            let name = self.tp_name(owner);
            let message = format!("{name}.__new__(): not enough arguments");
            return Err(self.type_error(message));
        };
        let name = self.tp_name(owner);
        let Some(class) = given.as_ref::<Class>() else {
            let got = self.type_name(given);
            let message = format!("{name}.__new__(X): X is not a type object ({got})");
            return Err(self.type_error(message));
        };
        if class.is(owner) {
            return Ok(());
        }
        if !class.is_subclass(owner) {
            let got = self.tp_name(class);
            let message = format!("{name}.__new__({got}): {got} is not a subtype of {name}");
            return Err(self.type_error(message));
        }
        let mut native = class.clone();
        while native.flags().heap {
            match native.primary_base() {
                Some(base) => native = base,
                None => return Ok(()),
            }
        }
        let found = self.lookup(&native, &self.names.__new__);
        let same = found.is_some_and(|found| {
            found
                .downcast::<NativeFunction>()
                .is_some_and(|found| std::ptr::eq(found.def, new.def))
        });
        if same {
            return Ok(());
        }
        Err(self.unsafe_new(&name, class, &native))
    }

    #[cold]
    fn unsafe_new(&mut self, name: &str, class: &Ref<Class>, native: &Ref<Class>) -> Raise {
        let message = format!(
            "{name}.__new__({}) is not safe, use {}.__new__()",
            self.tp_name(class),
            self.tp_name(native)
        );
        self.type_error(message)
    }

    /// `object.__init__(obj, …)` with so many more arguments.
    pub fn object_init(&mut self, obj: &Value, extra: usize) -> R<()> {
        if extra == 0 {
            return Ok(());
        }
        let class = self.class_of(obj);
        if self.overrides(&class, &self.names.__init__) {
            return Err(self.type_error(
                "object.__init__() takes exactly one argument (the instance to initialize)",
            ));
        }
        // Built-in types without a constructor, whose objects no call makes, do not care.
        let bare = !class.flags().heap && !class.is(&self.types.object);
        if !self.overrides(&class, &self.names.__new__) && !bare {
            let message = format!(
                "{}.__init__() takes exactly one argument (the instance to initialize)",
                self.tp_name(&class)
            );
            return Err(self.type_error(message));
        }
        Ok(())
    }

    /// `object.__new__(class)` for a user class whose layout is plain `object`, abstract classes
    /// refused. The dispatch loop uses it before it runs `__init__` as a frame.
    pub fn new_instance(&mut self, class: &Ref<Class>) -> R {
        if class.flags().is_abstract {
            return Err(self.abstract_class(class));
        }
        Ok(Instance::new(class, Value::Undef).into())
    }

    #[cold]
    fn abstract_class(&mut self, class: &Ref<Class>) -> Raise {
        let names = class
            .dict
            .get_str(&self.names.__abstractmethods__)
            .unwrap_or(Value::None);
        let mut names: Vec<String> = match self.collect(&names) {
            Ok(names) => names
                .iter()
                .filter_map(|n| n.as_str().map(str::to_string))
                .collect(),
            Err(raise) => return raise,
        };
        names.sort();
        let plural = if names.len() == 1 { "" } else { "s" };
        let message = format!(
            "Can't instantiate abstract class {} without an implementation for abstract \
             method{plural} '{}'",
            self.tp_name(class),
            names.join("', '")
        );
        self.type_error(message)
    }

    /// For `__new__` of built-in types: the value itself, or an instance of the user class around it.
    pub fn instance_of(&mut self, class: &Ref<Class>, builtin: &Ref<Class>, value: Value) -> Value {
        if class.is(builtin) {
            value
        } else {
            Instance::new(class, value).into()
        }
    }
}
