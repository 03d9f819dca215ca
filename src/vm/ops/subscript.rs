//! `a[b]`, `a[b] = c`, `del a[b]`, slices included.

use super::alias::GenericAlias;
use super::range;
use super::sequence::buffer;
use crate::vm::heap::Ref;
use crate::vm::object::{ByteArray, Class, Dict, Kind, List, Range, Slice, Str, Tuple, character};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};

/// `i` as a place in a sequence of `len` items.
#[inline]
fn place(i: i64, len: usize) -> Option<usize> {
    let at = if i < 0 {
        i.checked_add(i64::try_from(len).ok()?)?
    } else {
        i
    };
    usize::try_from(at).ok().filter(|at| *at < len)
}

/// The one-character string at a position.
pub fn char_at(text: &Ref<Str>, at: usize) -> Option<Value> {
    let s = text.as_str();
    if text.is_ascii() {
        return s
            .as_bytes()
            .get(at)
            .map(|b| character(char::from(*b)).into());
    }
    s.chars().nth(at).map(|c| character(c).into())
}

impl Vm {
    pub fn get_item(&mut self, a: &Value, key: &Value) -> R {
        if let Some(result) = self.get_item_builtin(a, key)? {
            return Ok(result);
        }
        let name = self.names.__getitem__.clone();
        if !super::arith::is_plain(a)
            && let Some(result) = self.call_special(a, &name, std::slice::from_ref(key))?
        {
            return Ok(result);
        }
        if a.kind() == Some(Kind::Class) {
            return self.get_class_item(a, key);
        }
        let class = self.type_name(a);
        Err(self.type_error(format!("'{class}' object is not subscriptable")))
    }

    fn get_class_item(&mut self, class: &Value, key: &Value) -> R {
        let name = self.names.__class_getitem__.clone();
        if let Some(method) = self.get_attr_opt(class, &name)? {
            return self.call(&method, std::slice::from_ref(key));
        }
        let type_: Value = self.types.type_.clone().into();
        if class.is(&type_) {
            let args = match key.as_ref::<Tuple>() {
                Some(args) => args.clone(),
                None => Tuple::new([key.clone()]),
            };
            return Ok(self.make(GenericAlias {
                origin: type_,
                args,
                unpacked: false,
            }));
        }
        let name = class.downcast::<Class>().map(Class::name);
        let name = name.as_deref().unwrap_or("?");
        Err(self.type_error(format!("type '{name}' is not subscriptable")))
    }

    /// `a[key]` of a value that is exactly a built-in container; `None` if it is none.
    pub fn get_item_builtin(&mut self, a: &Value, key: &Value) -> R<Option<Value>> {
        let Some(kind) = a.kind() else {
            return Ok(None);
        };
        match kind {
            Kind::Dict => {
                let Some(dict) = a.as_ref::<Dict>() else {
                    return Ok(None);
                };
                match self.dict_get(dict, key)? {
                    Some(value) => Ok(Some(value)),
                    None => Err(self.key_error(key)),
                }
            }
            Kind::List | Kind::Tuple | Kind::Str | Kind::Bytes | Kind::ByteArray | Kind::Range => {
                if let Some(slice) = key.downcast::<Slice>() {
                    return self.get_slice(a, slice);
                }
                self.get_at(a, kind, key).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn get_at(&mut self, a: &Value, kind: Kind, key: &Value) -> R {
        let i = match (key, a.downcast::<Range>()) {
            (Value::Int(i), None) => *i,
            (_, Some(r)) => {
                let index = self.sequence_index(kind, key)?;
                return range::get(self, r, &index);
            }
            _ => {
                let index = self.sequence_index(kind, key)?;
                self.sized(&index, key)?
            }
        };
        let found = match kind {
            Kind::List => a.downcast::<List>().and_then(|list| {
                let items = list.items.borrow();
                place(i, items.len()).and_then(|at| items.get(at).cloned())
            }),
            Kind::Tuple => a.as_ref::<Tuple>().and_then(|t| {
                let items = t.items();
                place(i, items.len()).and_then(|at| items.get(at).cloned())
            }),
            Kind::Str => a
                .as_ref::<Str>()
                .and_then(|s| place(i, s.char_count()).and_then(|at| char_at(s, at))),
            _ => buffer(a).and_then(|bytes| {
                place(i, bytes.len()).and_then(|at| bytes.get(at).map(|b| Value::Int((*b).into())))
            }),
        };
        match found {
            Some(value) => Ok(value),
            None => Err(self.index_error(match kind {
                Kind::List => "list index out of range",
                Kind::Tuple => "tuple index out of range",
                Kind::Str => "string index out of range",
                Kind::ByteArray => "bytearray index out of range",
                _ => "index out of range",
            })),
        }
    }

    /// The key of a sequence as an int.
    fn sequence_index(&mut self, kind: Kind, key: &Value) -> R {
        if let Some(n) = self.index_opt(key)? {
            return Ok(n);
        }
        let class = self.type_name(key);
        let message = match kind {
            Kind::Str => format!("string indices must be integers, not '{class}'"),
            _ => {
                let name = match kind {
                    Kind::List => "list",
                    Kind::Tuple => "tuple",
                    Kind::Range => "range",
                    Kind::ByteArray => "bytearray",
                    _ => "byte",
                };
                format!("{name} indices must be integers or slices, not {class}")
            }
        };
        Err(self.type_error(message))
    }

    pub fn set_item(&mut self, a: &Value, key: &Value, value: Value) -> R<()> {
        if self.set_item_builtin(a, key, &value)? {
            return Ok(());
        }
        let name = self.names.__setitem__.clone();
        if !super::arith::is_plain(a)
            && self
                .call_special(a, &name, &[key.clone(), value])?
                .is_some()
        {
            return Ok(());
        }
        self.check_place(a, key)?;
        let class = self.type_name(a);
        Err(self.type_error(format!("'{class}' object does not support item assignment")))
    }

    /// Whether CPython sees a sequence in it that refuses to be changed by its places.
    fn is_fixed_sequence(&self, a: &Value) -> bool {
        let class = self.class_of(a);
        let t = &self.types;
        class.flags().heap
            || [&t.str_, &t.tuple, &t.bytes, &t.range, &t.set, &t.frozenset]
                .into_iter()
                .any(|c| class.is_subclass(c))
    }

    /// A sequence looks at the number of the place before it refuses.
    fn check_place(&mut self, a: &Value, key: &Value) -> R<bool> {
        if !self.is_fixed_sequence(a) {
            return Ok(false);
        }
        let Some(index) = self.index_opt(key)? else {
            return Ok(false);
        };
        self.sized(&index, key).map(|_| true)
    }

    /// `a[key] = value` of a value that is exactly a built-in container; false if it is none.
    pub fn set_item_builtin(&mut self, a: &Value, key: &Value, value: &Value) -> R<bool> {
        match a.kind() {
            Some(Kind::Dict) => {
                if let Some(dict) = a.as_ref::<Dict>() {
                    self.dict_set(dict, key, value.clone())?;
                }
            }
            Some(Kind::List) => {
                let Some(list) = a.as_ref::<List>() else {
                    return Ok(false);
                };
                if let Some(slice) = key.downcast::<Slice>() {
                    self.set_list_slice(list, slice, value)?;
                    return Ok(true);
                }
                let i = self.item_place(Kind::List, key)?;
                let mut items = list.items.borrow_mut();
                let len = items.len();
                let old = place(i, len)
                    .and_then(|at| items.get_mut(at))
                    .map(|p| std::mem::replace(p, value.clone()));
                drop(items);
                if old.is_none() {
                    return Err(self.index_error("list assignment index out of range"));
                }
            }
            Some(Kind::ByteArray) => {
                let Some(array) = a.as_ref::<ByteArray>() else {
                    return Ok(false);
                };
                if let Some(slice) = key.downcast::<Slice>() {
                    self.set_bytes_slice(array, slice, value)?;
                    return Ok(true);
                }
                let i = self.item_place(Kind::ByteArray, key)?;
                let byte = self.byte(value, "byte")?;
                let mut bytes = array.0.borrow_mut();
                let len = bytes.len();
                match place(i, len).and_then(|at| bytes.get_mut(at)) {
                    Some(p) => *p = byte,
                    None => {
                        drop(bytes);
                        return Err(self.index_error("bytearray index out of range"));
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The key of a sequence as an `i64`, TypeError or IndexError if it is none.
    fn item_place(&mut self, kind: Kind, key: &Value) -> R<i64> {
        if let Value::Int(i) = key {
            return Ok(*i);
        }
        let index = self.sequence_index(kind, key)?;
        self.sized(&index, key)
    }

    /// The int that a key stands for, if there can be so many items.
    fn sized(&mut self, index: &Value, key: &Value) -> R<i64> {
        match index.as_i64() {
            Some(i) => Ok(i),
            None => {
                let class = self.type_name(key);
                let message = format!("cannot fit '{class}' into an index-sized integer");
                Err(self.index_error(&message))
            }
        }
    }

    pub fn del_item(&mut self, a: &Value, key: &Value) -> R<()> {
        if self.del_item_builtin(a, key)? {
            return Ok(());
        }
        let name = self.names.__delitem__.clone();
        if !super::arith::is_plain(a)
            && self
                .call_special(a, &name, std::slice::from_ref(key))?
                .is_some()
        {
            return Ok(());
        }
        // CPython words it differently where a sequence is given an index.
        let verb = if self.check_place(a, key)? {
            "doesn't"
        } else {
            "does not"
        };
        let class = self.type_name(a);
        Err(self.type_error(format!("'{class}' object {verb} support item deletion")))
    }

    /// `del a[key]` of a value that is exactly a built-in container; false if it is none.
    pub fn del_item_builtin(&mut self, a: &Value, key: &Value) -> R<bool> {
        match a.kind() {
            Some(Kind::Dict) => {
                let Some(dict) = a.as_ref::<Dict>() else {
                    return Ok(false);
                };
                if self.dict_remove(dict, key)?.is_none() {
                    return Err(self.key_error(key));
                }
            }
            Some(Kind::List) => {
                let Some(list) = a.as_ref::<List>() else {
                    return Ok(false);
                };
                if let Some(slice) = key.downcast::<Slice>() {
                    self.del_list_slice(list, slice)?;
                    return Ok(true);
                }
                let i = self.item_place(Kind::List, key)?;
                let old = {
                    let mut items = list.items.borrow_mut();
                    place(i, items.len()).map(|at| items.remove(at))
                };
                if old.is_none() {
                    return Err(self.out_of_range("list"));
                }
            }
            Some(Kind::ByteArray) => {
                let Some(array) = a.as_ref::<ByteArray>() else {
                    return Ok(false);
                };
                if let Some(slice) = key.downcast::<Slice>() {
                    self.del_bytes_slice(array, slice)?;
                    return Ok(true);
                }
                let i = self.item_place(Kind::ByteArray, key)?;
                self.check_resizable(array, 0, 1)?;
                let removed = {
                    let mut bytes = array.0.borrow_mut();
                    place(i, bytes.len()).map(|at| bytes.remove(at))
                };
                if removed.is_none() {
                    return Err(self.index_error("bytearray index out of range"));
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn out_of_range(&mut self, class: &str) -> Raise {
        self.index_error(format!("{class} assignment index out of range"))
    }
}
