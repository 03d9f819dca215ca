//! The module `_hashes`: the digests under `hashlib`. What they are called there, and how they
//! are shown, is the business of `hashlib`.

use crate::builtins::types::buffer_argument;
use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Bytes, Layout, Module, NativeData};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use blake2::digest::consts::{U8, U16, U20, U28, U32, U48, U64};
use blake2::{Blake2b, Blake2s};
use sha2::digest::DynDigest;
use std::cell::RefCell;

/// A digest that has seen some bytes.
struct State(RefCell<Box<dyn DynDigest>>);

impl NativeData for State {}

impl NativeType for State {
    const DEF: &'static TypeDef = &STATE;
}

static STATE: TypeDef = TypeDef::new("State", "_hashes", Layout::Opaque(0x4853))
    .doc("A digest that has seen some bytes.")
    .methods(&[
        NativeDef::constructor("(cls, name, size=0, /)", new),
        NativeDef::new(
            "update",
            "(self, data, /)",
            update,
            "See more bytes, after those that were seen.",
        ),
        NativeDef::new(
            "digest",
            "(self, /)",
            digest,
            "The digest of all that was seen.",
        ),
        NativeDef::new(
            "copy",
            "(self, /)",
            copy,
            "Another one that has seen the same.",
        ),
    ]);

pub static MODULE: ModuleDef = ModuleDef {
    name: "_hashes",
    doc: "Digests of bytes.",
    functions: &[NativeDef::new(
        "mix",
        "(blocks, n, /)",
        mix,
        "The mixing of scrypt, of one lane.",
    )],
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let class = vm.class_for::<State>();
    let name = vm.intern("State");
    module.dict.set_str(&name, class.into());
    Ok(())
}

fn by_name(name: &str, size: usize) -> Option<Box<dyn DynDigest>> {
    Some(match (name, size) {
        ("md5", _) => Box::<md5::Md5>::default(),
        ("sha1", _) => Box::<sha1::Sha1>::default(),
        ("sha224", _) => Box::<sha2::Sha224>::default(),
        ("sha256", _) => Box::<sha2::Sha256>::default(),
        ("sha384", _) => Box::<sha2::Sha384>::default(),
        ("sha512", _) => Box::<sha2::Sha512>::default(),
        ("sha3_224", _) => Box::<sha3::Sha3_224>::default(),
        ("sha3_256", _) => Box::<sha3::Sha3_256>::default(),
        ("sha3_384", _) => Box::<sha3::Sha3_384>::default(),
        ("sha3_512", _) => Box::<sha3::Sha3_512>::default(),
        ("blake2b", 8) => Box::<Blake2b<U8>>::default(),
        ("blake2b", 16) => Box::<Blake2b<U16>>::default(),
        ("blake2b", 20) => Box::<Blake2b<U20>>::default(),
        ("blake2b", 28) => Box::<Blake2b<U28>>::default(),
        ("blake2b", 32) => Box::<Blake2b<U32>>::default(),
        ("blake2b", 48) => Box::<Blake2b<U48>>::default(),
        ("blake2b", 64) => Box::<Blake2b<U64>>::default(),
        ("blake2s", 8) => Box::<Blake2s<U8>>::default(),
        ("blake2s", 16) => Box::<Blake2s<U16>>::default(),
        ("blake2s", 20) => Box::<Blake2s<U20>>::default(),
        ("blake2s", 28) => Box::<Blake2s<U28>>::default(),
        ("blake2s", 32) => Box::<Blake2s<U32>>::default(),
        _ => return None,
    })
}

fn mix(vm: &mut Vm, args: &[Value]) -> R {
    let blocks = buffer_argument(vm, &args[0])?;
    let n = usize::try_from(vm.index_i64(&args[1])?).unwrap_or(0);
    match n.is_power_of_two() {
        true => Ok(Bytes::value(crate::text::scrypt::mix(&blocks, n))),
        false => Err(vm.value_error("n must be a power of 2")),
    }
}

fn state<'a>(vm: &mut Vm, this: &'a Value) -> R<&'a State> {
    match this.opaque::<State>() {
        Some(state) => Ok(state),
        None => Err(vm.type_error("a State object was expected")),
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let size = args[2].given().map_or(Ok(0), |v| vm.index_i64(v))?;
    let size = usize::try_from(size).unwrap_or(0);
    let Some(digest) = args[1].as_str().and_then(|name| by_name(name, size)) else {
        return Err(vm.value_error("unsupported hash type"));
    };
    let class = vm.class_for::<State>();
    Ok(vm.make_in(&class, State(RefCell::new(digest))))
}

fn update(vm: &mut Vm, args: &[Value]) -> R {
    let data = buffer_argument(vm, &args[1])?;
    state(vm, &args[0])?.0.borrow_mut().update(&data);
    Ok(Value::None)
}

fn digest(vm: &mut Vm, args: &[Value]) -> R {
    let so_far = state(vm, &args[0])?.0.borrow().clone();
    Ok(Bytes::value(so_far.finalize()))
}

fn copy(vm: &mut Vm, args: &[Value]) -> R {
    let so_far = state(vm, &args[0])?.0.borrow().clone();
    let class = vm.class_for::<State>();
    Ok(vm.make_in(&class, State(RefCell::new(so_far))))
}
