//! Exception groups: making them, splitting them.

use crate::vm::heap::Ref;
use crate::vm::object::{Class, Exception, List, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// Groups nested deeper than this cannot be split.
const MAX_DEPTH: usize = 900;

/// What tells which exceptions of a group are wanted.
pub enum Matcher {
    /// A class or tuple of classes.
    Types(Value),
    /// A function that is asked.
    Predicate(Value),
    /// Exactly these exceptions.
    Identity(Vec<Value>),
}

/// The wanted part of a group, and the rest; `None` where nothing is left.
pub struct Split {
    pub matched: Value,
    pub rest: Value,
}

impl Vm {
    /// The value is an instance of BaseExceptionGroup.
    pub fn is_group(&self, value: &Value) -> bool {
        value.as_ref::<Exception>().is_some()
            && self
                .class_of(value)
                .is_subclass(&self.exc.base_exception_group)
    }

    /// The exceptions in a group.
    pub fn group_members(&self, group: &Value) -> Ref<Tuple> {
        let members = group
            .downcast::<Exception>()
            .map_or(Value::Undef, |e| e.field(1));
        match members.as_ref::<Tuple>() {
            Some(members) => members.clone(),
            None => Tuple::new([]),
        }
    }

    /// `BaseExceptionGroup(message, exceptions)` (an ExceptionGroup if all are Exceptions).
    pub fn new_group(&mut self, message: &str, exceptions: Value) -> R {
        let class = self.exc.base_exception_group.clone();
        self.make_group(&class, Value::str(message), exceptions)
    }

    /// `BaseExceptionGroup.__new__(class, message, exceptions)`.
    pub fn make_group(&mut self, class: &Ref<Class>, message: Value, exceptions: Value) -> R {
        if message.as_str().is_none() {
            let text = format!(
                "BaseExceptionGroup.__new__() argument 1 must be str, not {}",
                self.argument_type(&message)
            );
            return Err(self.type_error(text));
        }
        let members = match (
            exceptions.payload::<List>(),
            exceptions.payload::<Tuple>(),
            self.is_sequence(&exceptions),
        ) {
            (Some(list), _, _) => list.items.borrow().clone(),
            (_, Some(tuple), _) => tuple.items().to_vec(),
            (_, _, true) => self.collect(&exceptions)?,
            _ => {
                return Err(self.type_error("second argument (exceptions) must be a sequence"));
            }
        };
        if members.is_empty() {
            let text = "second argument (exceptions) must be a non-empty sequence";
            return Err(self.value_error(text));
        }
        let mut all_plain = true;
        for (i, member) in members.iter().enumerate() {
            if member.as_ref::<Exception>().is_none() {
                let text = format!("Item {i} of second argument (exceptions) is not an exception");
                return Err(self.value_error(text));
            }
            let plain = self.class_of(member).is_subclass(&self.exc.exception);
            all_plain = all_plain && plain;
        }
        let class = self.group_class(class, all_plain)?;
        let args = Tuple::new([message.clone(), exceptions]);
        let group = Exception::new(&class, args);
        group.set_field(0, message);
        group.set_field(1, Tuple::value(members));
        Ok(group.into())
    }

    /// Which class the group really gets.
    fn group_class(&mut self, class: &Ref<Class>, all_plain: bool) -> R<Ref<Class>> {
        let exc = &self.exc;
        if class.is(&exc.base_exception_group) && all_plain {
            return Ok(exc.exception_group.clone());
        }
        if all_plain || !class.is_subclass(&exc.exception) {
            return Ok(class.clone());
        }
        let text = if class.is(&exc.exception_group) {
            "Cannot nest BaseExceptions in an ExceptionGroup".to_string()
        } else {
            format!("Cannot nest BaseExceptions in '{}'", class.name())
        };
        Err(self.type_error(text))
    }

    fn is_sequence(&self, value: &Value) -> bool {
        let class = self.class_of(value);
        !class.is_subclass(&self.types.dict)
            && self.lookup(&class, &self.names.__getitem__).is_some()
    }

    /// Splits a group (or a single exception) in two.
    pub fn split_group(&mut self, exception: &Value, matcher: &Matcher) -> R<Split> {
        self.split_at_depth(exception, matcher, 0)
    }

    fn split_at_depth(&mut self, exception: &Value, matcher: &Matcher, depth: usize) -> R<Split> {
        if self.wanted(exception, matcher)? {
            return Ok(Split {
                matched: exception.clone(),
                rest: Value::None,
            });
        }
        if !self.is_group(exception) {
            return Ok(Split {
                matched: Value::None,
                rest: exception.clone(),
            });
        }
        if depth > MAX_DEPTH {
            let class = self.exc.recursion_error.clone();
            return Err(self.error(
                &class,
                "maximum recursion depth exceeded in exceptiongroup_split_recursive",
            ));
        }
        let (mut matched, mut rest) = (Vec::new(), Vec::new());
        for member in self.group_members(exception).items() {
            let split = self.split_at_depth(member, matcher, depth + 1)?;
            matched.extend(Some(split.matched).filter(|e| !e.is_none()));
            rest.extend(Some(split.rest).filter(|e| !e.is_none()));
        }
        Ok(Split {
            matched: self.group_subset(exception, matched)?,
            rest: self.group_subset(exception, rest)?,
        })
    }

    fn wanted(&mut self, exception: &Value, matcher: &Matcher) -> R<bool> {
        match matcher {
            Matcher::Types(types) => Ok(self.given_exception_matches(exception, types)),
            Matcher::Predicate(f) => {
                let answer = self.call(f, std::slice::from_ref(exception))?;
                self.truth(&answer)
            }
            Matcher::Identity(wanted) => {
                Ok(!self.is_group(exception) && wanted.iter().any(|e| e.is(exception)))
            }
        }
    }

    /// A group like the original with these members only, made by its `derive`.
    fn group_subset(&mut self, original: &Value, members: Vec<Value>) -> R {
        if members.is_empty() {
            return Ok(Value::None);
        }
        let derive = self.intern("derive");
        let group = self.call_method(original, &derive, &[List::value(members)])?;
        if !self.is_group(&group) {
            let text = "derive must return an instance of BaseExceptionGroup";
            return Err(self.type_error(text));
        }
        if let (Some(new), Some(old)) = (
            group.downcast::<Exception>(),
            original.downcast::<Exception>(),
        ) {
            new.traceback.set(old.traceback.get());
            new.context.set(old.context.get());
            new.cause.set(old.cause.get());
            // As CPython, whose setting of a cause always does this.
            new.suppress_context.set(true);
        }
        let name = self.names.__notes__.clone();
        if let Some(notes) = self.get_attr_opt(original, &name)?
            && self.is_sequence(&notes)
        {
            let notes = self.collect(&notes)?;
            self.set_attr(&group, &name, List::value(notes))?;
        }
        Ok(group)
    }

    /// The part of a group that holds the single exceptions in other groups.
    pub(super) fn group_projection(&mut self, original: &Value, keep: &[Value]) -> R {
        if keep.is_empty() {
            return Ok(Value::None);
        }
        let mut leaves = Vec::new();
        for group in keep {
            self.collect_leaves(group, &mut leaves);
        }
        let split = self.split_group(original, &Matcher::Identity(leaves))?;
        Ok(split.matched)
    }

    fn collect_leaves(&self, exception: &Value, into: &mut Vec<Value>) {
        let mut waiting = vec![exception.clone()];
        while let Some(exception) = waiting.pop() {
            if self.is_group(&exception) {
                let members = self.group_members(&exception);
                waiting.extend(members.items().iter().cloned());
            } else {
                into.push(exception);
            }
        }
    }
}
