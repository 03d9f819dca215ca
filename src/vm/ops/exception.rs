//! What the unwinder and `raise` ask: exceptions from values, causes, contexts, matching.

use crate::vm::exceptions::fields_of;
use crate::vm::heap::Ref;
use crate::vm::object::{Class, Construction, Exception, Layout, List, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

const CANNOT_CATCH: &str = "catching classes that do not inherit from BaseException is not allowed";
const CANNOT_CATCH_GROUP: &str =
    "catching ExceptionGroup with except* is not allowed. Use except instead.";

impl Vm {
    /// The value is a class derived from BaseException.
    pub fn as_exception_class<'a>(&self, value: &'a Value) -> Option<&'a Ref<Class>> {
        value
            .as_ref::<Class>()
            .filter(|class| class.layout == Layout::Exception)
    }

    /// The exception that `raise value` raises: an instance, or what calling a class gives.
    pub fn exception_from_raise(&mut self, value: &Value) -> R {
        match self.exception_or_call(value)? {
            Some(exception) => Ok(exception),
            None => Err(self.type_error("exceptions must derive from BaseException")),
        }
    }

    fn exception_or_call(&mut self, value: &Value) -> R<Option<Value>> {
        if value.as_ref::<Exception>().is_some() {
            return Ok(Some(value.clone()));
        }
        let Some(class) = self.as_exception_class(value) else {
            return Ok(None);
        };
        if self.construction(class) == Construction::Exception && class.plain_init.is_undef() {
            return Ok(Some(Exception::new(class, Tuple::new([])).into()));
        }
        let made = self.call(value, &[])?;
        if made.as_ref::<Exception>().is_some() {
            return Ok(Some(made));
        }
        let (class, got) = (self.repr(value)?, self.class_of(&made).into());
        let got = self.repr(&got)?;
        let message = format!(
            "calling {} should have returned an instance of BaseException, not {}",
            class.as_str(),
            got.as_str()
        );
        Err(self.type_error(message))
    }

    /// `raise exception from cause`.
    pub fn set_cause(&mut self, exception: &Value, cause: &Value) -> R<()> {
        let cause = if cause.is_none() {
            Value::None
        } else {
            match self.exception_or_call(cause)? {
                Some(cause) => cause,
                None => {
                    let message = "exception causes must derive from BaseException";
                    return Err(self.type_error(message));
                }
            }
        };
        if let Some(exception) = exception.downcast::<Exception>() {
            exception.cause.set(cause);
            exception.suppress_context.set(true);
        }
        Ok(())
    }

    /// The exception is raised while another one is handled (`None` for none): that becomes its
    /// context, and where it already stands in that one's chain, the chain is cut before it.
    pub fn set_context(&mut self, exception: &Value, handled: &Value) {
        let Some(raised) = exception.downcast::<Exception>() else {
            return;
        };
        if handled.as_ref::<Exception>().is_none() || handled.is(exception) {
            return;
        }
        let mut at = handled.clone();
        let mut slow = handled.clone();
        let mut step_slow = false;
        while let Some(current) = at.downcast::<Exception>() {
            let context = current.context.get();
            if context.downcast::<Exception>().is_none() {
                break;
            }
            if context.is(exception) {
                current.context.set(Value::Undef);
                break;
            }
            if context.is(&slow) {
                break;
            }
            if step_slow && let Some(next) = slow.downcast::<Exception>() {
                let next = next.context.get();
                slow = next;
            }
            step_slow = !step_slow;
            at = context;
        }
        raised.context.set(handled.clone());
    }

    /// `except types:` takes the exception; TypeError if `types` cannot be caught.
    pub fn exception_matches(&mut self, exception: &Value, types: &Value) -> R<bool> {
        self.check_catchable(types)?;
        Ok(self.given_exception_matches(exception, types))
    }

    /// Whether an exception is of a class or of one in a (nested) tuple; other values match nothing.
    pub fn given_exception_matches(&self, exception: &Value, types: &Value) -> bool {
        if let Some(types) = types.payload::<Tuple>() {
            let mut items = types.items().iter();
            return items.any(|t| self.given_exception_matches(exception, t));
        }
        match self.as_exception_class(types) {
            Some(class) => self.class_of(exception).is_subclass(class),
            None => false,
        }
    }

    fn check_catchable(&mut self, types: &Value) -> R<()> {
        let good = match types.payload::<Tuple>() {
            Some(types) => types
                .items()
                .iter()
                .all(|t| self.as_exception_class(t).is_some()),
            None => self.as_exception_class(types).is_some(),
        };
        if good {
            Ok(())
        } else {
            Err(self.type_error(CANNOT_CATCH))
        }
    }

    fn check_star_catchable(&mut self, types: &Value) -> R<()> {
        self.check_catchable(types)?;
        let groups = self.exc.base_exception_group.clone();
        let is_group = |t: &Value| t.as_ref::<Class>().is_some_and(|c| c.is_subclass(&groups));
        let any = match types.payload::<Tuple>() {
            Some(types) => types.items().iter().any(is_group),
            None => is_group(types),
        };
        if any {
            return Err(self.type_error(CANNOT_CATCH_GROUP));
        }
        Ok(())
    }

    /// `except* types:` for what is left of an exception (or `None`): the part that is caught and
    /// the rest, each maybe `None`.
    pub fn exc_star_match(&mut self, exception: &Value, types: &Value) -> R<(Value, Value)> {
        self.check_star_catchable(types)?;
        if exception.is_none() {
            return Ok((Value::None, Value::None));
        }
        if self.given_exception_matches(exception, types) {
            if self.is_group(exception) {
                return Ok((exception.clone(), Value::None));
            }
            let alone = Tuple::value([exception.clone()]);
            let wrapper = self.new_group("", alone)?;
            return Ok((wrapper, Value::None));
        }
        if !self.is_group(exception) {
            return Ok((Value::None, exception.clone()));
        }
        let name = self.intern("split");
        let pair = self.call_method(exception, &name, std::slice::from_ref(types))?;
        let class = self.type_name(exception);
        let Some(parts) = pair.payload::<Tuple>() else {
            let message = format!(
                "{class}.split must return a tuple, not {}",
                self.type_name(&pair)
            );
            return Err(self.type_error(message));
        };
        match parts.items() {
            [caught, rest, ..] => Ok((caught.clone(), rest.clone())),
            few => {
                let message = format!(
                    "{class}.split must return a 2-tuple, got tuple of size {}",
                    few.len()
                );
                Err(self.type_error(message))
            }
        }
    }

    /// After the last `except*`: what is raised, given the exceptions that the handlers raised and
    /// the part that none of them caught; `None` if nothing is left.
    pub fn exc_star_result(&mut self, original: &Value, left: &[Value]) -> R {
        if !self.is_group(original) {
            // A plain exception was wrapped, so at most one handler ran.
            return Ok(left.first().cloned().unwrap_or(Value::None));
        }
        let (mut raised, mut reraised) = (Vec::new(), Vec::new());
        for exception in left.iter().filter(|e| !e.is_none()) {
            if self.same_metadata(exception, original) {
                reraised.push(exception.clone());
            } else {
                raised.push(exception.clone());
            }
        }
        let again = self.group_projection(original, &reraised)?;
        if !again.is_none() {
            raised.push(again);
        }
        match raised.len() {
            0 => Ok(Value::None),
            1 => Ok(raised.pop().unwrap_or(Value::None)),
            _ => self.new_group("", List::value(raised)),
        }
    }

    /// A part of the original group that travels on, not a new exception.
    fn same_metadata(&self, a: &Value, b: &Value) -> bool {
        if !self.is_group(a) || !self.is_group(b) {
            return false;
        }
        let (Some(x), Some(y)) = (a.downcast::<Exception>(), b.downcast::<Exception>()) else {
            return false;
        };
        let notes = |e: &Exception| e.own.get(&self.names.__notes__);
        let same_notes = match (notes(x), notes(y)) {
            (Some(a), Some(b)) => a.is(&b),
            (None, None) => true,
            _ => false,
        };
        let same = |a: Value, b: Value| none_if_undef(a).is(&none_if_undef(b));
        same_notes
            && same(x.traceback.get(), y.traceback.get())
            && same(x.cause.get(), y.cause.get())
            && same(x.context.get(), y.context.get())
    }

    /// `exception.add_note(note)`.
    pub fn add_note(&mut self, exception: &Value, note: Value) -> R<()> {
        if note.as_str().is_none() {
            let message = format!("note must be a str, not '{}'", self.type_name(&note));
            return Err(self.type_error(message));
        }
        let name = self.names.__notes__.clone();
        match self.get_attr_opt(exception, &name)? {
            None => {
                let notes = List::value(vec![note]);
                self.set_attr(exception, &name, notes)
            }
            Some(notes) => match notes.payload::<List>() {
                Some(list) => {
                    list.items.borrow_mut().push(note);
                    Ok(())
                }
                None => Err(self.type_error("Cannot add note: __notes__ is not a list")),
            },
        }
    }

    /// A special attribute of an exception by its place in the table; where the constructor was
    /// not run (exceptions that natives raise), what it would have made of the arguments.
    pub fn exception_field(&self, exception: &Exception, i: usize) -> Value {
        let value = exception.field(i);
        if !value.is_undef() {
            return value;
        }
        let args = exception.args();
        let class = exception.class.get();
        let mro = class.mro();
        let builtin = mro.iter().find(|c| !c.flags().heap).unwrap_or(&class);
        let name = builtin.name();
        let fields = fields_of(&name);
        let derived = match fields.first().copied() {
            Some("code") => match args.len() {
                0 => None,
                1 => args.first().cloned(),
                _ => Some(exception.args.get()),
            },
            Some("value" | "encoding" | "message") => args.get(i).cloned(),
            Some("msg") if i == 0 && args.len() == 1 => args.first().cloned(),
            Some("errno") if (2..=5).contains(&args.len()) => match i {
                3 => args.get(4).cloned(),
                _ => args.get(i).cloned(),
            },
            Some("object") => args.get(i.saturating_sub(1)).cloned(),
            _ => None,
        };
        derived.unwrap_or(Value::None)
    }

    /// OSError (or the subclass for the number) raised by a native.
    #[cold]
    pub fn os_error(&mut self, errno: i32, message: &str, filename: Value) -> Raise {
        let class = self
            .os_error_class(i64::from(errno))
            .unwrap_or_else(|| self.exc.os_error.clone());
        let args = [Value::Int(i64::from(errno)), Value::str(message)];
        let exception = Exception::new(&class, Tuple::new(args.clone()));
        let [errno, message] = args;
        exception.set_field(0, errno);
        exception.set_field(1, message);
        if !matches!(filename, Value::Undef | Value::None) {
            exception.set_field(2, filename);
        }
        self.raise(exception.into())
    }

    /// The subclass of OSError for an error number of the system.
    pub fn os_error_class(&self, errno: i64) -> Option<Ref<Class>> {
        let exc = &self.exc;
        let class = match errno {
            11 | 114 | 115 => &exc.blocking_io_error,
            32 | 108 => &exc.broken_pipe_error,
            10 => &exc.child_process_error,
            103 => &exc.connection_aborted_error,
            111 => &exc.connection_refused_error,
            104 => &exc.connection_reset_error,
            17 => &exc.file_exists_error,
            2 => &exc.file_not_found_error,
            21 => &exc.is_a_directory_error,
            20 => &exc.not_a_directory_error,
            4 => &exc.interrupted_error,
            1 | 13 => &exc.permission_error,
            3 => &exc.process_lookup_error,
            110 => &exc.timeout_error,
            _ => return None,
        };
        Some(class.clone())
    }
}

/// Fields of exceptions that were never set read as `None`.
pub fn none_if_undef(value: Value) -> Value {
    match value {
        Value::Undef => Value::None,
        value => value,
    }
}
