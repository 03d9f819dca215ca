//! `str()`, `repr()`, `ascii()`, `format()`.

use super::number::{Num, num};
use super::views::DictView;
use crate::text::float;
use crate::text::format_spec::{self, FormatError};
use crate::text::int::{self, digit_limit_message};
use crate::text::repr as text_repr;
use crate::vm::heap::Ref;
use crate::vm::object::{
    ByteArray, Bytes, Class, Complex, Dict, Int, Kind, List, Range, Slice, Str, Tuple,
};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use num_bigint::BigInt;

/// The limit of `sys.set_int_max_str_digits`.
pub struct IntDigits(pub usize);

impl Default for IntDigits {
    fn default() -> Self {
        IntDigits(int::DEFAULT_MAX_STR_DIGITS)
    }
}

fn decimal_text(i: i64) -> Ref<Str> {
    Str::ascii(itoa::Buffer::new().format(i))
}

/// How containers write their items.
#[derive(Default)]
struct Writer {
    text: String,
    any: bool,
}

impl Writer {
    fn open(bracket: &str) -> Writer {
        Writer {
            text: bracket.to_string(),
            any: false,
        }
    }

    fn comma(&mut self) {
        if self.any {
            self.text.push_str(", ");
        }
        self.any = true;
    }

    fn item(&mut self, vm: &mut Vm, v: &Value) -> R<()> {
        self.comma();
        vm.repr_into(v, &mut self.text)
    }

    fn close(mut self, bracket: &str) -> String {
        self.text.push_str(bracket);
        self.text
    }
}

impl Vm {
    pub fn repr(&mut self, v: &Value) -> R<Ref<Str>> {
        if let Value::Int(i) = v {
            return Ok(decimal_text(*i));
        }
        if let Some(text) = self.repr_builtin(v)? {
            return Ok(Str::new(&text));
        }
        let name = self.names.__repr__.clone();
        let result = self.nested(" while getting the repr of an object", |vm| {
            vm.call_special(v, &name, &[])
        })?;
        match result {
            Some(result) => self.must_be_str(result, "__repr__"),
            None => {
                let class = self.type_name(v);
                let address = v.as_obj().map_or(0, |o| o.address());
                Ok(Str::new(&format!("<{class} object at {address:#x}>")))
            }
        }
    }

    fn repr_into(&mut self, v: &Value, out: &mut String) -> R<()> {
        if let Value::Int(i) = v {
            out.push_str(itoa::Buffer::new().format(*i));
            return Ok(());
        }
        match self.repr_builtin(v)? {
            Some(text) => out.push_str(&text),
            None => out.push_str(self.repr(v)?.as_str()),
        }
        Ok(())
    }

    fn must_be_str(&mut self, result: Value, method: &str) -> R<Ref<Str>> {
        if let Some(s) = result.as_ref::<Str>() {
            return Ok(s.clone());
        }
        match result.as_str() {
            Some(text) => Ok(Str::new(text)),
            None => {
                let class = self.type_name(&result);
                Err(self.type_error(format!("{method} returned non-string (type {class})")))
            }
        }
    }

    /// The repr of a value that is exactly of a built-in kind; `None` if it is none.
    pub fn repr_builtin(&mut self, v: &Value) -> R<Option<String>> {
        let obj = match v {
            Value::Undef => return Ok(Some("<NULL>".to_string())),
            Value::None => return Ok(Some("None".to_string())),
            Value::True => return Ok(Some("True".to_string())),
            Value::False => return Ok(Some("False".to_string())),
            Value::Int(i) => return Ok(Some(itoa::Buffer::new().format(*i).to_string())),
            Value::Float(f) => return Ok(Some(float::repr(f.get()))),
            Value::Obj(obj) => obj,
        };
        Ok(Some(match obj.kind() {
            Kind::Str => text_repr::str_repr(v.as_str().unwrap_or_default()),
            Kind::Int => match obj.downcast::<Int>() {
                Some(n) => self.decimal(&n.0)?,
                None => return Ok(None),
            },
            Kind::Complex => match obj.downcast::<Complex>() {
                Some(c) => crate::text::complex::repr(c.re, c.im),
                None => return Ok(None),
            },
            Kind::Bytes => text_repr::bytes_repr(obj.downcast::<Bytes>().map_or(&[], |b| &b.0)),
            Kind::ByteArray => {
                let bytes = obj.downcast::<ByteArray>().map(|b| b.0.borrow().clone());
                text_repr::bytearray_repr(&bytes.unwrap_or_default())
            }
            Kind::List => self.repr_list(v)?,
            Kind::Tuple => self.repr_tuple(v)?,
            Kind::Dict => self.repr_dict(v)?,
            Kind::Set | Kind::FrozenSet => self.repr_set(v, None)?,
            Kind::Range => match obj.downcast::<Range>() {
                Some(r) => self.repr_range(r)?,
                None => return Ok(None),
            },
            Kind::Slice => match obj.downcast::<Slice>() {
                Some(s) => {
                    let parts = [s.start.clone(), s.stop.clone(), s.step.clone()];
                    let mut w = Writer::open("slice(");
                    for part in &parts {
                        w.item(self, part)?;
                    }
                    w.close(")")
                }
                None => return Ok(None),
            },
            Kind::Instance if self.is_not_implemented(v) => "NotImplemented".to_string(),
            Kind::Instance if self.is_ellipsis(v) => "Ellipsis".to_string(),
            Kind::Opaque => match DictView::of(v) {
                Some(view) => self.repr_view(v, view)?,
                None => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    /// An int in decimal; ValueError beyond the limit on digits.
    pub fn decimal(&mut self, n: &BigInt) -> R<String> {
        let limit = self.int_digits();
        match int::to_decimal(n, limit) {
            Some(text) => Ok(text),
            None => Err(self.value_error(digit_limit_message(limit, None))),
        }
    }

    /// How many decimal digits an int may have in text; 0 is no limit.
    pub fn int_digits(&mut self) -> usize {
        self.state::<IntDigits>().0
    }

    /// A list (or the list inside an instance).
    pub fn repr_list(&mut self, v: &Value) -> R<String> {
        let Some(list) = v.payload::<List>() else {
            return Ok("[]".to_string());
        };
        if list.items.borrow().is_empty() {
            return Ok("[]".to_string());
        }
        let written = self.while_writing(v, |vm| {
            let mut w = Writer::open("[");
            for i in 0.. {
                let Some(item) = list.items.borrow().get(i).cloned() else {
                    break;
                };
                w.item(vm, &item)?;
            }
            Ok(w.close("]"))
        })?;
        Ok(written.unwrap_or_else(|| "[...]".to_string()))
    }

    pub fn repr_tuple(&mut self, v: &Value) -> R<String> {
        let Some(tuple) = v.payload::<Tuple>() else {
            return Ok("()".to_string());
        };
        if tuple.items().is_empty() {
            return Ok("()".to_string());
        }
        let written = self.while_writing(v, |vm| {
            let mut w = Writer::open("(");
            for item in tuple.items() {
                w.item(vm, item)?;
            }
            let end = if tuple.items().len() == 1 { ",)" } else { ")" };
            Ok(w.close(end))
        })?;
        Ok(written.unwrap_or_else(|| "(...)".to_string()))
    }

    pub fn repr_dict(&mut self, v: &Value) -> R<String> {
        let Some(dict) = v.payload::<Dict>() else {
            return Ok("{}".to_string());
        };
        if dict.is_empty() {
            return Ok("{}".to_string());
        }
        let written = self.while_writing(v, |vm| {
            let mut w = Writer::open("{");
            let mut at = 0;
            loop {
                let entry = {
                    let map = dict.map.borrow();
                    map.next_from(at)
                        .map(|(i, e)| (i, e.key.clone(), e.value.clone()))
                };
                let Some((i, key, value)) = entry else { break };
                at = i + 1;
                w.item(vm, &key)?;
                w.text.push_str(": ");
                vm.repr_into(&value, &mut w.text)?;
            }
            Ok(w.close("}"))
        })?;
        Ok(written.unwrap_or_else(|| "{...}".to_string()))
    }

    /// A set or frozenset, or the one inside an instance whose class has the given name.
    pub fn repr_set(&mut self, v: &Value, name: Option<&str>) -> R<String> {
        let Some(set) = super::sets::map_of(v) else {
            return Ok("set()".to_string());
        };
        let name = match (name, &set) {
            (Some(name), _) => Some(name.to_string()),
            (None, super::sets::AnySet::Frozen(_)) => Some("frozenset".to_string()),
            (None, super::sets::AnySet::Set(_)) => None,
        };
        if set.is_empty() {
            return Ok(format!("{}()", name.as_deref().unwrap_or("set")));
        }
        let written = self.while_writing(v, |vm| {
            let mut w = Writer::open("{");
            for (_, key) in set.entries() {
                w.item(vm, &key)?;
            }
            Ok(w.close("}"))
        })?;
        Ok(match (written, name) {
            (Some(items), Some(name)) => format!("{name}({items})"),
            (Some(items), None) => items,
            (None, name) => format!("{}(...)", name.as_deref().unwrap_or("set")),
        })
    }

    fn repr_range(&mut self, r: &Range) -> R<String> {
        let mut w = Writer::open("range(");
        w.item(self, &r.start)?;
        w.item(self, &r.stop)?;
        if !matches!(r.step, Value::Int(1)) {
            w.item(self, &r.step)?;
        }
        Ok(w.close(")"))
    }

    fn repr_view(&mut self, v: &Value, view: &DictView) -> R<String> {
        let class = self.type_name(v);
        let written = self.while_writing(v, |vm| {
            let mut w = Writer::open(&format!("{class}(["));
            for item in view.snapshot() {
                w.item(vm, &item)?;
            }
            Ok(w.close("])"))
        })?;
        Ok(written.unwrap_or_else(|| "...".to_string()))
    }

    pub fn str(&mut self, v: &Value) -> R<Ref<Str>> {
        match v {
            Value::Int(i) => return Ok(decimal_text(*i)),
            Value::Obj(obj) => {
                if let Some(s) = obj.as_ref::<Str>() {
                    return Ok(s.clone());
                }
                if super::arith::is_plain(v) {
                    return self.repr(v);
                }
            }
            _ => return self.repr(v),
        }
        let name = self.names.__str__.clone();
        let result = self.nested(" while getting the str of an object", |vm| {
            vm.call_special(v, &name, &[])
        })?;
        match result {
            Some(result) => self.must_be_str(result, "__str__"),
            None => self.repr(v),
        }
    }

    pub fn ascii(&mut self, v: &Value) -> R<Ref<Str>> {
        let text = self.repr(v)?;
        if text.as_str().is_ascii() {
            return Ok(text);
        }
        Ok(Str::new(&text_repr::ascii_of_repr(text.as_str())))
    }

    /// `format(v, spec)`.
    pub fn format(&mut self, v: &Value, spec: &str) -> R<Ref<Str>> {
        if spec.is_empty() && super::arith::is_plain(v) {
            return self.str(v);
        }
        if super::arith::is_plain(v) {
            return match self.format_builtin(v, v, spec)? {
                Some(text) => Ok(Str::new(&text)),
                None => Err(self.unsupported_format(v)),
            };
        }
        let name = self.names.__format__.clone();
        match self.call_special(v, &name, &[Value::str(spec)])? {
            Some(result) if result.as_str().is_some() => self.must_be_str(result, "__format__"),
            Some(result) => {
                let class = self.type_name(&result);
                Err(self.type_error(format!("__format__ must return a str, not {class}")))
            }
            None if spec.is_empty() => self.str(v),
            None => Err(self.unsupported_format(v)),
        }
    }

    /// TypeError "unsupported format string passed to X.__format__".
    #[cold]
    pub fn unsupported_format(&mut self, v: &Value) -> Raise {
        let class = self.type_name(v);
        self.type_error(format!(
            "unsupported format string passed to {class}.__format__"
        ))
    }

    /// A str or number laid out by the format mini-language; `None` for other values. `shown`
    /// is the object that messages name.
    pub fn format_builtin(&mut self, v: &Value, shown: &Value, spec: &str) -> R<Option<String>> {
        let class = self.class_of(shown).name();
        let result = match num(v) {
            Some(Num::Small(i)) => {
                let limit = self.int_digits();
                format_spec::format_int(&BigInt::from(i), spec, &class, limit)
            }
            Some(Num::Big(n)) => {
                let limit = self.int_digits();
                format_spec::format_int(n, spec, &class, limit)
            }
            Some(Num::Float(f)) => format_spec::format_float(f, spec, &class),
            Some(Num::Complex(re, im)) => format_spec::format_complex(re, im, spec, &class),
            None => match v.as_str() {
                Some(text) => format_spec::format_str(text, spec, &class),
                None => return Ok(None),
            },
        };
        match result {
            Ok(text) => Ok(Some(text)),
            Err(FormatError::Value(message)) => Err(self.value_error(message)),
            Err(FormatError::Overflow(message)) => Err(self.overflow_error(message)),
            Err(FormatError::Memory) => Err(self.out_of_memory()),
        }
    }

    /// The name of an argument's class as CPython's argument parsing tells it: `None`, not `NoneType`.
    pub fn argument_type(&self, v: &Value) -> std::rc::Rc<str> {
        if v.is_none() {
            "None".into()
        } else {
            self.type_name(v)
        }
    }

    /// The qualified name of a class, with its module unless that is `builtins` or `__main__`.
    pub fn full_name_of(&self, class: &Ref<Class>) -> String {
        let qualname = class.qualname.borrow();
        let module = class.dict.get_str(&self.names.__module__);
        match module.as_ref().and_then(Value::as_str) {
            Some(module) if !matches!(module, "builtins" | "__main__") => {
                format!("{module}.{qualname}")
            }
            _ => qualname.to_string(),
        }
    }

    /// `__name__` of the value's class.
    pub fn class_name(&self, v: &Value) -> std::rc::Rc<str> {
        self.class_of(v).name()
    }

    /// The name of the value's class, for messages.
    pub fn type_name(&self, v: &Value) -> std::rc::Rc<str> {
        self.tp_name(&self.class_of(v))
    }
}
