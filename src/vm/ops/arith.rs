//! Arithmetic: `+` and its kin, unary operators, numeric coercion. Built-in kinds directly, all
//! others by CPython's protocol of forward, reflected and in-place special methods.

use super::number;
use super::sequence;
use super::sets;
use crate::vm::heap::Ref;
use crate::vm::object::{Class, Instance, Kind, NativeFunction, Str};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

/// The binary operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arith {
    Add,
    Sub,
    Mul,
    MatMul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    LShift,
    RShift,
    And,
    Or,
    Xor,
}

/// The unary operators that are not `not`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unary {
    Neg,
    Pos,
    Invert,
}

/// The names of an operator's special methods.
struct MethodNames {
    forward: Ref<Str>,
    reflected: Ref<Str>,
    in_place: Ref<Str>,
}

impl Arith {
    /// The operator as messages write it.
    pub fn symbol(self, in_place: bool) -> &'static str {
        let (plain, augmented) = match self {
            Arith::Add => ("+", "+="),
            Arith::Sub => ("-", "-="),
            Arith::Mul => ("*", "*="),
            Arith::MatMul => ("@", "@="),
            Arith::Div => ("/", "/="),
            Arith::FloorDiv => ("//", "//="),
            Arith::Mod => ("%", "%="),
            Arith::Pow => ("** or pow()", "**="),
            Arith::LShift => ("<<", "<<="),
            Arith::RShift => (">>", ">>="),
            Arith::And => ("&", "&="),
            Arith::Or => ("|", "|="),
            Arith::Xor => ("^", "^="),
        };
        if in_place { augmented } else { plain }
    }

    fn methods(self, vm: &Vm) -> MethodNames {
        let n = &vm.names;
        let (forward, reflected, in_place) = match self {
            Arith::Add => (&n.__add__, &n.__radd__, &n.__iadd__),
            Arith::Sub => (&n.__sub__, &n.__rsub__, &n.__isub__),
            Arith::Mul => (&n.__mul__, &n.__rmul__, &n.__imul__),
            Arith::MatMul => (&n.__matmul__, &n.__rmatmul__, &n.__imatmul__),
            Arith::Div => (&n.__truediv__, &n.__rtruediv__, &n.__itruediv__),
            Arith::FloorDiv => (&n.__floordiv__, &n.__rfloordiv__, &n.__ifloordiv__),
            Arith::Mod => (&n.__mod__, &n.__rmod__, &n.__imod__),
            Arith::Pow => (&n.__pow__, &n.__rpow__, &n.__ipow__),
            Arith::LShift => (&n.__lshift__, &n.__rlshift__, &n.__ilshift__),
            Arith::RShift => (&n.__rshift__, &n.__rrshift__, &n.__irshift__),
            Arith::And => (&n.__and__, &n.__rand__, &n.__iand__),
            Arith::Or => (&n.__or__, &n.__ror__, &n.__ior__),
            Arith::Xor => (&n.__xor__, &n.__rxor__, &n.__ixor__),
        };
        MethodNames {
            forward: forward.clone(),
            reflected: reflected.clone(),
            in_place: in_place.clone(),
        }
    }
}

/// Whether a value is exactly of a built-in kind whose operators nobody can have changed.
#[inline]
pub fn is_plain(v: &Value) -> bool {
    match v {
        Value::Obj(o) => matches!(
            o.kind(),
            Kind::Str
                | Kind::Int
                | Kind::Complex
                | Kind::Bytes
                | Kind::ByteArray
                | Kind::List
                | Kind::Tuple
                | Kind::Dict
                | Kind::Set
                | Kind::FrozenSet
                | Kind::Range
                | Kind::Slice
        ),
        _ => true,
    }
}

/// `a op b` of built-in values; `None` where their types do not have the operator.
pub fn builtin(vm: &mut Vm, op: Arith, a: &Value, b: &Value) -> R<Option<Value>> {
    if let Some(result) = number::arith(vm, op, a, b)? {
        return Ok(Some(result));
    }
    match op {
        Arith::Add => sequence::concat(vm, a, b),
        Arith::Mul => sequence::multiply(vm, a, b),
        Arith::Mod => match a.kind() {
            Some(Kind::Str) => super::percent::format_str(vm, a, b).map(Some),
            Some(Kind::Bytes | Kind::ByteArray) => super::percent::format_bytes(vm, a, b).map(Some),
            _ => Ok(None),
        },
        Arith::Sub | Arith::And | Arith::Or | Arith::Xor => sets::operator(vm, op, a, b),
        _ => Ok(None),
    }
}

impl Vm {
    /// `a op b`, or `a op= b` if `in_place`.
    pub fn arith(&mut self, op: Arith, a: &Value, b: &Value, in_place: bool) -> R {
        match self.arith_opt(op, a, b, in_place)? {
            Some(result) => Ok(result),
            None => Err(self.unsupported(op.symbol(in_place), a, b)),
        }
    }

    /// As `arith`; `None` where the operands do not have the operator.
    #[inline]
    pub fn arith_opt(
        &mut self,
        op: Arith,
        a: &Value,
        b: &Value,
        in_place: bool,
    ) -> R<Option<Value>> {
        if !(is_plain(a) && is_plain(b)) {
            return self.arith_special(op, a, b, in_place);
        }
        if in_place && let Some(result) = sequence::in_place(self, op, a, b)? {
            return Ok(Some(result));
        }
        if in_place && op == Arith::Mul && sequence::is_other(a) {
            return Ok(None);
        }
        builtin(self, op, a, b)
    }

    /// TypeError "unsupported operand type(s) for …".
    #[cold]
    pub fn unsupported(&mut self, symbol: &str, a: &Value, b: &Value) -> Raise {
        let (left, right) = (self.type_name(a), self.type_name(b));
        let native = a.downcast::<NativeFunction>().map(|f| f.def.name);
        // What Python 2 had for another stream.
        let hint = match (symbol, native) {
            (">>", Some("print")) => ". Did you mean \"print(<message>, file=<output_stream>)\"?",
            _ => "",
        };
        self.type_error(format!(
            "unsupported operand type(s) for {symbol}: '{left}' and '{right}'{hint}"
        ))
    }

    fn arith_special(
        &mut self,
        op: Arith,
        a: &Value,
        b: &Value,
        in_place: bool,
    ) -> R<Option<Value>> {
        let names = op.methods(self);
        if in_place && let Some(method) = self.special(a, &names.in_place)? {
            if !self.is_of_sequence(op, &method.0) {
                if let Some(result) = self.call_operator(method, b)? {
                    return Ok(Some(result));
                }
            } else if op == Arith::Add
                && self.class_of(a).flags.get().heap
                && let Some(result) = sequence::in_place_named(self, op, a, b)?
            {
                // What a class inherits as `+=` of a sequence CPython takes for that of a number, too.
                return Ok(Some(result));
            }
        }
        if let Some(result) = self.binary_special(&names.forward, &names.reflected, a, b, op)? {
            return Ok(Some(result));
        }
        self.sequence_special(op, &names, a, b, in_place)
    }

    /// Forward and reflected special methods, a subclass on the right first; `None` if all
    /// decline.
    pub fn binary_special(
        &mut self,
        forward: &Ref<Str>,
        reflected: &Ref<Str>,
        a: &Value,
        b: &Value,
        op: Arith,
    ) -> R<Option<Value>> {
        let (class_a, class_b) = (self.class_of(a), self.class_of(b));
        let left = self.special(a, forward)?;
        let left = left.filter(|(f, _)| !self.waits_for_numbers(op, f, &class_a, reflected));
        let mut right = None;
        if !class_a.is(&class_b) {
            right = self.special(b, reflected)?;
            right = right.filter(|(f, _)| !self.waits_for_numbers(op, f, &class_b, forward));
            if class_b.is_subclass(&class_a)
                && self.overloads(&class_a, &class_b, reflected)
                && let Some(method) = right.take()
                && let Some(result) = self.call_operator(method, a)?
            {
                return Ok(Some(result));
            }
        }
        if let Some(method) = left
            && let Some(result) = self.call_operator(method, b)?
        {
            return Ok(Some(result));
        }
        match right {
            Some(method) => self.call_operator(method, a),
            None => Ok(None),
        }
    }

    /// Whether a subclass has a method that is not the one of its base.
    fn overloads(&self, base: &Ref<Class>, class: &Ref<Class>, name: &Ref<Str>) -> bool {
        match (self.lookup(base, name), self.lookup(class, name)) {
            (Some(x), Some(y)) => !x.is(&y),
            (None, found) => found.is_some(),
            _ => false,
        }
    }

    /// Calls an operator's method; `None` if it declines with `NotImplemented`.
    pub fn call_operator(&mut self, method: (Value, Value), other: &Value) -> R<Option<Value>> {
        let (func, this) = method;
        let result = if this.is_undef() {
            self.call(&func, std::slice::from_ref(other))?
        } else {
            self.call(&func, &[this, other.clone()])?
        };
        Ok((!self.is_not_implemented(&result)).then_some(result))
    }

    /// Concatenation and repetition of built-in sequences come after all numeric methods of both
    /// operands; unless the class defines `other`, the same operator from the other side: that makes
    /// numeric methods of both.
    fn waits_for_numbers(
        &self,
        op: Arith,
        func: &Value,
        class: &Ref<Class>,
        other: &Ref<Str>,
    ) -> bool {
        self.is_of_sequence(op, func)
            && self
                .lookup(class, other)
                .is_none_or(|other| self.is_of_sequence(op, &other))
    }

    /// A method of a built-in sequence.
    fn is_of_sequence(&self, op: Arith, func: &Value) -> bool {
        if !matches!(op, Arith::Add | Arith::Mul) {
            return false;
        }
        let Some(native) = func.downcast::<NativeFunction>() else {
            return false;
        };
        let t = &self.types;
        native.owner.as_ref::<Class>().is_some_and(|owner| {
            [&t.list, &t.tuple, &t.str_, &t.bytes, &t.bytearray]
                .into_iter()
                .any(|c| c.is(owner))
        })
    }

    fn sequence_special(
        &mut self,
        op: Arith,
        names: &MethodNames,
        a: &Value,
        b: &Value,
        in_place: bool,
    ) -> R<Option<Value>> {
        if !matches!(op, Arith::Add | Arith::Mul) {
            return Ok(None);
        }
        let inherits = |vm: &mut Vm, v: &Value, name: &Ref<Str>| -> R<bool> {
            let method = vm.special(v, name)?;
            Ok(method.is_some_and(|(f, _)| vm.is_of_sequence(op, &f)))
        };
        // Repetition is one thing from both sides.
        let has_both = |vm: &mut Vm, v: &Value| -> R<bool> {
            Ok(inherits(vm, v, &names.forward)?
                && (op == Arith::Add || inherits(vm, v, &names.reflected)?))
        };
        if in_place
            && inherits(self, a, &names.in_place)?
            && let Some(result) = sequence::in_place_named(self, op, a, b)?
        {
            return Ok(Some(result));
        }
        if has_both(self, a)? {
            return match op {
                Arith::Add => sequence::concat_named(self, a, b),
                _ => sequence::multiply(self, &a.unwrapped(), b),
            };
        }
        // In place CPython asks only the left one, if its type could be a sequence's: as a class can.
        let asks_left = in_place && self.class_of(a).flags.get().heap;
        if op == Arith::Mul && !asks_left && has_both(self, b)? {
            return sequence::multiply(self, a, &b.unwrapped());
        }
        Ok(None)
    }

    /// `a + b` or `a += b` of a built-in sequence or one that has inherited it, the numeric methods of
    /// neither asked; `None` if `a` is none.
    pub fn concat_sequences(&mut self, a: &Value, b: &Value, in_place: bool) -> R<Option<Value>> {
        let names = Arith::Add.methods(self);
        let inherits = |vm: &mut Vm, name: &Ref<Str>| -> R<bool> {
            let method = vm.special(a, name)?;
            Ok(method.is_some_and(|(f, _)| vm.is_of_sequence(Arith::Add, &f)))
        };
        if in_place && inherits(self, &names.in_place)? {
            return sequence::in_place_named(self, Arith::Add, a, b);
        }
        match inherits(self, &names.forward)? {
            true => sequence::concat_named(self, a, b),
            false => Ok(None),
        }
    }

    pub fn unary(&mut self, op: Unary, a: &Value) -> R {
        if op == Unary::Invert && matches!(a, Value::True | Value::False) {
            self.warn_of_inverted_bool()?;
        }
        if let Some(result) = number::unary(op, a) {
            return Ok(result);
        }
        let (name, symbol) = match op {
            Unary::Neg => (self.names.__neg__.clone(), "-"),
            Unary::Pos => (self.names.__pos__.clone(), "+"),
            Unary::Invert => (self.names.__invert__.clone(), "~"),
        };
        match self.call_special(a, &name, &[])? {
            Some(result) => Ok(result),
            None => {
                let class = self.type_name(a);
                Err(self.type_error(format!("bad operand type for unary {symbol}: '{class}'")))
            }
        }
    }

    #[cold]
    fn warn_of_inverted_bool(&mut self) -> R<()> {
        let class = self.exc.deprecation_warning.clone();
        let message = "Bitwise inversion '~' on bool is deprecated and will be removed in Python \
            3.16. This returns the bitwise inversion of the underlying int object and is usually \
            not what you expect from negating a bool. Use the 'not' operator for boolean negation \
            or ~int(x) if you really want the bitwise inversion of the underlying int.";
        let warn = self.report_hooks.warn;
        warn(self, &class, message)
    }

    /// An int from anything with `__index__` (TypeError "'X' object cannot be interpreted as an
    /// integer" otherwise); the result is `Value::Int` or a big int.
    pub fn index(&mut self, v: &Value) -> R {
        match self.index_opt(v)? {
            Some(result) => Ok(result),
            None => {
                let class = self.type_name(v);
                Err(self.type_error(format!(
                    "'{class}' object cannot be interpreted as an integer"
                )))
            }
        }
    }

    /// As `index`, but `None` for what has no `__index__`.
    pub fn index_opt(&mut self, v: &Value) -> R<Option<Value>> {
        match v {
            Value::Int(_) => return Ok(Some(v.clone())),
            Value::True => return Ok(Some(Value::Int(1))),
            Value::False => return Ok(Some(Value::Int(0))),
            Value::Obj(o) if o.kind() == Kind::Int => return Ok(Some(v.clone())),
            Value::Obj(o) if o.kind() == Kind::Instance => {
                let inner = o.downcast::<Instance>().and_then(Instance::payload);
                if let Some(inner) = inner.filter(is_int) {
                    return Ok(Some(inner));
                }
            }
            _ if is_plain(v) => return Ok(None),
            _ => {}
        }
        let name = self.names.__index__.clone();
        let Some(result) = self.call_special(v, &name, &[])? else {
            return Ok(None);
        };
        if is_int(&result.unwrapped()) {
            return self.index(&result).map(Some);
        }
        let class = self.type_name(&result);
        Err(self.type_error(format!("__index__ returned non-int (type {class})")))
    }

    /// `index`, clamped to the range of `i64` as CPython clamps to `Py_ssize_t` in slices.
    pub fn index_clamped(&mut self, v: &Value) -> R<i64> {
        let n = self.index(v)?;
        Ok(clamp(&n))
    }

    /// `index` as an `i64`; OverflowError if it does not fit.
    pub fn index_i64(&mut self, v: &Value) -> R<i64> {
        match self.index(v)?.as_i64() {
            Some(i) => Ok(i),
            None => Err(self.overflow_error("Python int too large to convert to C ssize_t")),
        }
    }

    /// `index` of what CPython keeps in a C `int`.
    pub fn index_c_int(&mut self, v: &Value) -> R<i64> {
        let n = self.index(v)?.as_i64();
        match n.filter(|i| i32::try_from(*i).is_ok()) {
            Some(i) => Ok(i),
            None => Err(self.overflow_error("Python int too large to convert to C int")),
        }
    }

    /// `index` as an `i64` for positions and counts: the error is of the given class, with
    /// CPython's text "cannot fit 'int' into an index-sized integer".
    pub fn index_sized(&mut self, v: &Value, class: &Ref<Class>) -> R<i64> {
        match self.index(v)?.as_i64() {
            Some(i) => Ok(i),
            None => {
                let name = self.type_name(v);
                let text = format!("cannot fit '{name}' into an index-sized integer");
                Err(self.error(class, text))
            }
        }
    }

    /// A float from a number (`__float__`, `__index__`); TypeError "must be real number, not X".
    pub fn to_f64(&mut self, v: &Value) -> R<f64> {
        match v {
            Value::Float(f) => return Ok(f.get()),
            Value::Int(i) => return Ok(*i as f64),
            Value::True => return Ok(1.0),
            Value::False => return Ok(0.0),
            _ => {}
        }
        match self.to_f64_opt(v)? {
            Some(f) => Ok(f),
            None => {
                let class = self.type_name(v);
                Err(self.type_error(format!("must be real number, not {class}")))
            }
        }
    }

    /// As `to_f64`, but `None` for what is no number.
    pub fn to_f64_opt(&mut self, v: &Value) -> R<Option<f64>> {
        if let Some(f) = v.unwrapped().as_f64() {
            return Ok(Some(f));
        }
        if !is_plain(v) {
            let name = self.names.__float__.clone();
            if let Some(result) = self.call_special(v, &name, &[])? {
                return match result.as_f64() {
                    Some(f) => Ok(Some(f)),
                    None => {
                        let (class, got) = (self.type_name(v), self.type_name(&result));
                        Err(self.type_error(format!(
                            "{class}.__float__ returned non-float (type {got})"
                        )))
                    }
                };
            }
        }
        match self.index_opt(v)? {
            Some(n) => self.int_to_f64(&n).map(Some),
            None => Ok(None),
        }
    }

    fn int_to_f64(&mut self, n: &Value) -> R<f64> {
        match n {
            Value::Int(i) => Ok(*i as f64),
            _ => number::big_to_f64(self, &n.as_bigint().unwrap_or_default()),
        }
    }
}

/// Whether a value is exactly an int or bool.
pub fn is_int(v: &Value) -> bool {
    matches!(v, Value::Int(_) | Value::True | Value::False) || v.kind() == Some(Kind::Int)
}

/// An int as an `i64`, what is too large or small as the largest or smallest.
pub fn clamp(n: &Value) -> i64 {
    n.as_i64().unwrap_or_else(|| {
        let n: BigInt = n.as_bigint().unwrap_or_default();
        let limit = if n.is_negative() { i64::MIN } else { i64::MAX };
        n.to_i64().unwrap_or(limit)
    })
}
