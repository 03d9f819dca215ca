//! Raising: making exceptions and putting them on their way.

use super::heap::Ref;
use super::object::{Class, Exception, Tuple};
use super::value::Value;
use super::{R, Raise, Vm};

impl Vm {
    /// Puts an exception object on its way; what is being handled becomes its context.
    #[cold]
    pub fn raise(&mut self, exception: Value) -> Raise {
        if self.may_be_handling() {
            let handled = self.topmost_handled();
            self.set_context(&exception, &handled);
        }
        self.raised.set(exception);
        Raise(())
    }

    /// Puts an exception on its way as it is, because it was on its way before or because the frame
    /// that it enters handles nothing.
    pub fn pass_on(&mut self, exception: Value) -> Raise {
        self.raised.set(exception);
        Raise(())
    }

    /// Raises what was thrown into a generator, whose frame is the running one: only what that
    /// frame handles becomes the context, not what whoever throws it handles.
    #[cold]
    pub(super) fn raise_thrown(&mut self, exception: Value) -> Raise {
        let handled = self.handled.get();
        self.set_context(&exception, &handled);
        self.raised.set(exception);
        Raise(())
    }

    /// Raises a new exception of a built-in class with one str argument (its constructor is not
    /// run).
    #[cold]
    pub fn error(&mut self, class: &Ref<Class>, message: impl AsRef<str>) -> Raise {
        let args = Tuple::new([Value::str(message.as_ref())]);
        let exception = Exception::new(class, args);
        self.raise(exception.into())
    }

    /// Raises a new exception of a built-in class with these arguments (its constructor is not
    /// run).
    #[cold]
    pub fn error_with(&mut self, class: &Ref<Class>, args: Vec<Value>) -> Raise {
        let exception = Exception::new(class, Tuple::new(args));
        self.raise(exception.into())
    }

    /// MemoryError, for what would take more than any memory holds. As in CPython, which has the
    /// exception ready, it has no context.
    #[cold]
    pub fn out_of_memory(&mut self) -> Raise {
        let error = Exception::new(&self.exc.memory_error, Tuple::new([]));
        self.pass_on(error.into())
    }

    #[cold]
    pub fn type_error(&mut self, message: impl AsRef<str>) -> Raise {
        let class = self.exc.type_error.clone();
        self.error(&class, message)
    }

    #[cold]
    pub fn value_error(&mut self, message: impl AsRef<str>) -> Raise {
        let class = self.exc.value_error.clone();
        self.error(&class, message)
    }

    #[cold]
    pub fn runtime_error(&mut self, message: impl AsRef<str>) -> Raise {
        let class = self.exc.runtime_error.clone();
        self.error(&class, message)
    }

    #[cold]
    pub fn index_error(&mut self, message: impl AsRef<str>) -> Raise {
        let class = self.exc.index_error.clone();
        self.error(&class, message)
    }

    #[cold]
    pub fn overflow_error(&mut self, message: impl AsRef<str>) -> Raise {
        let class = self.exc.overflow_error.clone();
        self.error(&class, message)
    }

    #[cold]
    pub fn zero_division_error(&mut self, message: impl AsRef<str>) -> Raise {
        let class = self.exc.zero_division_error.clone();
        self.error(&class, message)
    }

    #[cold]
    pub fn key_error(&mut self, key: &Value) -> Raise {
        let class = self.exc.key_error.clone();
        self.error_with(&class, vec![key.clone()])
    }

    /// Raises AttributeError with its `name` and `obj` fields, as suggestions need them.
    #[cold]
    pub fn attribute_error(&mut self, obj: &Value, name: &str, message: impl AsRef<str>) -> Raise {
        let class = self.exc.attribute_error.clone();
        let exception = Exception::new(&class, Tuple::new([Value::str(message.as_ref())]));
        exception.set_field(0, Value::str(name));
        exception.set_field(1, obj.clone());
        self.raise(exception.into())
    }

    /// Raises NameError (or a subclass) with its `name` field.
    #[cold]
    pub fn name_error(
        &mut self,
        class: &Ref<Class>,
        name: &str,
        message: impl AsRef<str>,
    ) -> Raise {
        let exception = Exception::new(class, Tuple::new([Value::str(message.as_ref())]));
        // As in CPython, where UnboundLocalError does not say its name.
        if class.is(&self.exc.name_error) {
            exception.set_field(0, Value::str(name));
        }
        self.raise(exception.into())
    }

    /// Raises StopIteration, with a value unless that is `None`.
    #[cold]
    pub fn stop_iteration(&mut self, value: Value) -> Raise {
        let class = self.exc.stop_iteration.clone();
        let args = if value.is_none() {
            Tuple::new([])
        } else {
            Tuple::new([value.clone()])
        };
        let exception = Exception::new(&class, args);
        exception.set_field(0, value);
        self.raise(exception.into())
    }

    /// Takes the exception that is on its way: it is handled now.
    pub fn take_raised(&mut self, _: Raise) -> Value {
        self.raised.take()
    }

    /// If the exception on its way is of the class (or a subclass), takes it; else passes the
    /// error on.
    pub fn catch(&mut self, raise: Raise, class: &Ref<Class>) -> R {
        let exception = self.raised.get();
        if self.class_of(&exception).is_subclass(class) {
            Ok(self.take_raised(raise))
        } else {
            Err(raise)
        }
    }
}
