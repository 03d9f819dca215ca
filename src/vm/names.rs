//! Interned strings: every attribute and variable name is one object, so that shapes and caches
//! compare addresses.

use super::compare_pure::hash_bytes;
use super::heap::Ref;
use super::object::{Str, character};
use super::ops::attr::forget_lookups;
use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

/// Hashes names as strings of the language are hashed: many times quicker than the default, and
/// nobody outside chooses the names of a program to attack it.
#[derive(Default)]
struct TextHasher(u64);

impl Hasher for TextHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = self.0.rotate_left(5) ^ hash_bytes(bytes);
    }

    // The end mark of a str.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A map from Rust types, whose identities are hashes already.
pub type TypeMap<T> = HashMap<TypeId, T, BuildHasherDefault<TypeHasher>>;

#[derive(Default)]
pub struct TypeHasher(u64);

impl Hasher for TypeHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut()
                .zip(chunk)
                .for_each(|(to, from)| *to = *from);
            self.write_u64(u64::from_ne_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A map from addresses of objects.
pub type AddressMap<T> = HashMap<usize, T, BuildHasherDefault<AddressHasher>>;

/// Spreads addresses, which have their lowest bits in common.
#[derive(Default)]
pub struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_usize(usize::from(*b)));
    }

    fn write_usize(&mut self, n: usize) {
        let mixed = (self.0 ^ n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed.rotate_right(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The table of interned names.
#[derive(Default)]
pub struct Interner {
    table: HashMap<Rc<str>, Ref<Str>, BuildHasherDefault<TextHasher>>,
    /// With so many names those that nobody uses any more are let go of.
    full: usize,
}

/// So many names cost nothing worth looking for.
const FEW_NAMES: usize = 8192;

impl Interner {
    /// The one object for this text.
    pub fn intern(&mut self, text: &str) -> Ref<Str> {
        if let Some(found) = self.table.get(text) {
            return found.clone();
        }
        let mut chars = text.chars();
        let made = match (chars.next(), chars.next()) {
            (Some(c), None) => character(c),
            _ => Str::new(text),
        };
        if self.table.len() >= self.full {
            self.forget_unused();
        }
        self.table.insert(text.into(), made.clone());
        made
    }

    /// A program that makes up names as it goes must not fill the memory with them.
    #[cold]
    fn forget_unused(&mut self) {
        self.table.retain(|_, name| name.as_obj().count() > 1);
        self.full = FEW_NAMES.max(2 * self.table.len());
        // It knows names by their addresses, which others may get now.
        forget_lookups();
    }

    /// The interned object, if the text has one.
    pub fn find(&self, text: &str) -> Option<Ref<Str>> {
        self.table.get(text).cloned()
    }
}

macro_rules! names {
    ($($field:ident)*) => {
        /// Names that the VM itself looks up.
        #[allow(non_snake_case, reason = "fields are spelt as the names they hold")]
        pub struct Names { $(pub $field: Ref<Str>,)* }

        impl Names {
            pub fn new(interner: &mut Interner) -> Names {
                Names { $($field: interner.intern(stringify!($field)),)* }
            }
        }
    };
}

names! {
    __abs__ __abstractmethods__ __add__ __aenter__ __aexit__ __aiter__ __and__ __anext__
    __annotations__ __await__ __bases__ __bool__ __build_class__ __bytes__ __call__ __cause__
    __ceil__ __class__ __class_getitem__ __classcell__ __closure__ __code__ __complex__
    __contains__ __context__ __copy__ __debug__ __deepcopy__ __defaults__ __del__ __delattr__
    __delete__ __delitem__ __dict__ __dir__ __divmod__ __doc__ __enter__ __eq__ __exit__
    __file__ __firstlineno__ __float__ __floor__ __floordiv__ __format__ __func__ __ge__
    __get__ __getattr__ __getattribute__ __getitem__ __globals__ __gt__ __hash__ __iadd__
    __iand__ __ifloordiv__ __ilshift__ __imatmul__ __imod__ __import__ __imul__ __index__
    __init__ __init_subclass__ __instancecheck__ __int__ __invert__ __ior__ __ipow__
    __irshift__ __isub__ __iter__ __itruediv__ __ixor__ __kwdefaults__ __le__ __len__
    __length_hint__ __lshift__ __lt__ __main__ __match_args__ __matmul__ __missing__ __mod__
    __module__ __mro__ __mro_entries__ __mul__ __name__ __ne__ __neg__ __new__ __next__
    __notes__ __objclass__ __or__ __origin__ __package__ __path__ __pos__ __pow__ __prepare__
    __qualname__ __radd__ __rand__ __rdivmod__ __reduce__ __reduce_ex__ __repr__ __reversed__
    __rfloordiv__ __rlshift__ __rmatmul__ __rmod__ __rmul__ __ror__ __round__ __rpow__
    __rrshift__ __rshift__ __rsub__ __rtruediv__ __rxor__ __self__ __set__ __set_name__
    __setattr__ __setitem__ __sizeof__ __slots__ __spec__ __static_attributes__ __str__
    __sub__ __subclasscheck__ __subclasshook__ __suppress_context__ __traceback__ __truediv__
    __trunc__ __type_params__ __weakref__ __wrapped__ __xor__ __all__ __builtins__ __loader__
    __orig_bases__ __isabstractmethod__ __warningregistry__ _asyncio_future_blocking
    add_done_callback args builtins call_soon cancel close context errno exceptions extend
    get_loop item key keys items value values message metaclass mro name msg obj path print
    read readline readlines result send set_result set_exception sort strerror filename throw
    stdout stderr stdin write flush end sep file text lineno offset update append add pop get
    excepthook displayhook encoding
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}
