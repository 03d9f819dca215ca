//! The module `_random`: the generator under `random`.

use crate::text::int;
use crate::text::random::Random;
use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef, NativeType, TypeDef};
use crate::vm::object::{Class, Layout, Module, NativeData, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};
use std::cell::RefCell;

struct Generator(RefCell<Random>);

impl NativeData for Generator {}

impl NativeType for Generator {
    const DEF: &'static TypeDef = &RANDOM;
}

static RANDOM: TypeDef = TypeDef::new("Random", "_random", Layout::Opaque(0x5244))
    .doc("Random() -> create a random number generator with its own internal state.")
    .methods(&[
        NativeDef::constructor("(cls, *args, **kwargs)", new),
        NativeDef::new("random", "(self, /)", random, "random() -> x in the interval [0, 1)."),
        NativeDef::new("seed", "(self, n=None, /)", seed, "Defaults to use urandom and falls back to a combination of the current time and the process identifier."),
        NativeDef::new("getrandbits", "(self, k, /)", getrandbits, "getrandbits(k) -> x.  Generates an int with k random bits."),
        NativeDef::new("getstate", "(self, /)", getstate, "getstate() -> tuple containing the current state."),
        NativeDef::new("setstate", "(self, state, /)", setstate, "setstate(state) -> None.  Restores generator state."),
    ]);

pub static MODULE: ModuleDef = ModuleDef {
    name: "_random",
    doc: "Module implements the Mersenne Twister random number generator.",
    functions: &[],
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let class = vm.class_for::<Generator>();
    let name = vm.intern("Random");
    module.dict.set_str(&name, class.into());
    Ok(())
}

fn with<T>(vm: &mut Vm, this: &Value, f: impl FnOnce(&mut Random) -> T) -> R<T> {
    match this.opaque::<Generator>() {
        Some(generator) => Ok(f(&mut generator.0.borrow_mut())),
        None => Err(vm.type_error("a Random object was expected")),
    }
}

fn new(vm: &mut Vm, args: &[Value]) -> R {
    let base = vm.class_for::<Generator>();
    let class = args[0]
        .as_ref::<Class>()
        .cloned()
        .unwrap_or_else(|| base.clone());
    let made = vm.make_in(&class, Generator(RefCell::new(Random::new())));
    // Seeding with the argument is left to `__init__`, which a subclass may have.
    if class.is(&base) {
        let first = args[1]
            .as_ref::<Tuple>()
            .and_then(|t| t.items().first().cloned());
        seed(vm, &[made.clone(), first.unwrap_or(Value::Undef)])?;
    } else {
        seed(vm, &[made.clone(), Value::Undef])?;
    }
    Ok(made)
}

fn random(vm: &mut Vm, args: &[Value]) -> R {
    with(vm, &args[0], |r| Value::float(r.random()))
}

fn seed(vm: &mut Vm, args: &[Value]) -> R {
    let key = match &args[1] {
        Value::Undef | Value::None => BigInt::from((vm.host.entropy)()),
        value => match value.as_bigint() {
            Some(n) => n.abs(),
            None => BigInt::from(vm.hash(value)?),
        },
    };
    with(vm, &args[0], |r| r.seed_int(&key))?;
    Ok(Value::None)
}

fn getrandbits(vm: &mut Vm, args: &[Value]) -> R {
    let bits = vm.index_i64(&args[1])?;
    let Ok(bits) = u64::try_from(bits) else {
        return Err(vm.value_error("number of bits must be non-negative"));
    };
    if bits > int::MAX_BITS {
        return Err(vm.out_of_memory());
    }
    with(vm, &args[0], |r| {
        Value::bigint(r.getrandbits(bits).into_big())
    })
}

fn getstate(vm: &mut Vm, args: &[Value]) -> R {
    with(vm, &args[0], |r| {
        let (words, index) = r.state();
        let mut items: Vec<Value> = words.iter().map(|w| Value::Int((*w).into())).collect();
        items.push(index.into());
        Tuple::value(items)
    })
}

fn setstate(vm: &mut Vm, args: &[Value]) -> R {
    let Some(items) = args[1].as_ref::<Tuple>().map(|t| t.items().to_vec()) else {
        return Err(vm.type_error("state vector must be a tuple"));
    };
    if items.len() != 625 {
        return Err(vm.value_error("state vector is the wrong size"));
    }
    let mut words = Vec::new();
    for item in &items {
        let word = vm.index(item)?;
        words.push(word.as_bigint().and_then(|n| n.to_u32()).unwrap_or(0));
    }
    let index = words.pop().unwrap_or(0) as usize;
    if !with(vm, &args[0], |r| r.set_state(&words, index))? {
        return Err(vm.value_error("invalid state"));
    }
    Ok(Value::None)
}
