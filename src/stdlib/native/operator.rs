//! `_operator`: the operators as functions. They are built in, so that one kept in a class is not
//! taken for a method.

use super::getters::{AttrGetter, ItemGetter, MethodCaller};
use crate::builtins::iterators::values_of;
use crate::builtins::{abs, keywords};
use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{Dict, Module};
use crate::vm::ops::arith::{Arith, Unary, is_int};
use crate::vm::ops::compare::Cmp;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "_operator",
    doc: "The operators as functions.",
    functions: FUNCTIONS,
    init: Some(init),
};

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    for class in [
        vm.class_for::<ItemGetter>(),
        vm.class_for::<AttrGetter>(),
        vm.class_for::<MethodCaller>(),
    ] {
        let name = vm.intern(&class.name());
        module.dict.set_str(&name, class.into());
    }
    Ok(())
}

/// Of two operands.
macro_rules! two {
    ($name:literal, $doc:literal, $apply:expr) => {
        NativeDef::new($name, "(a, b, /)", $apply, $doc)
    };
}

/// Of one operand.
macro_rules! one {
    ($name:literal, $doc:literal, $apply:expr) => {
        NativeDef::new($name, "(a, /)", $apply, $doc)
    };
}

macro_rules! compare {
    ($name:literal, $doc:literal, $how:ident) => {
        two!($name, $doc, |vm, a| vm.compare(Cmp::$how, &a[0], &a[1]))
    };
}

macro_rules! arith {
    ($name:literal, $doc:literal, $how:ident) => {
        two!($name, $doc, |vm, a| vm.arith(
            Arith::$how,
            &a[0],
            &a[1],
            false
        ))
    };
}

macro_rules! in_place {
    ($name:literal, $doc:literal, $how:ident) => {
        two!($name, $doc, |vm, a| vm.arith(
            Arith::$how,
            &a[0],
            &a[1],
            true
        ))
    };
}

const FUNCTIONS: &[NativeDef] = &[
    compare!("lt", "Same as a < b.", Lt),
    compare!("le", "Same as a <= b.", Le),
    compare!("eq", "Same as a == b.", Eq),
    compare!("ne", "Same as a != b.", Ne),
    compare!("ge", "Same as a >= b.", Ge),
    compare!("gt", "Same as a > b.", Gt),
    one!("not_", "Same as not a.", |vm, a| Ok(Value::bool(
        !vm.truth(&a[0])?
    ))),
    one!(
        "truth",
        "Return True if a is true, False otherwise.",
        |vm, a| Ok(Value::bool(vm.truth(&a[0])?))
    ),
    two!("is_", "Same as a is b.", |_, a| Ok(Value::bool(
        a[0].is(&a[1])
    ))),
    two!("is_not", "Same as a is not b.", |_, a| Ok(Value::bool(
        !a[0].is(&a[1])
    ))),
    one!("abs", "Same as abs(a).", abs),
    one!("neg", "Same as -a.", |vm, a| vm.unary(Unary::Neg, &a[0])),
    one!("pos", "Same as +a.", |vm, a| vm.unary(Unary::Pos, &a[0])),
    one!("inv", "Same as ~a.", |vm, a| vm.unary(Unary::Invert, &a[0])),
    one!("invert", "Same as ~a.", |vm, a| vm
        .unary(Unary::Invert, &a[0])),
    one!("index", "Same as a.__index__()", |vm, a| vm.index(&a[0])),
    arith!("add", "Same as a + b.", Add),
    arith!("sub", "Same as a - b.", Sub),
    arith!("mul", "Same as a * b.", Mul),
    arith!("matmul", "Same as a @ b.", MatMul),
    arith!("truediv", "Same as a / b.", Div),
    arith!("floordiv", "Same as a // b.", FloorDiv),
    arith!("mod", "Same as a % b.", Mod),
    arith!("pow", "Same as a ** b.", Pow),
    arith!("lshift", "Same as a << b.", LShift),
    arith!("rshift", "Same as a >> b.", RShift),
    arith!("and_", "Same as a & b.", And),
    arith!("or_", "Same as a | b.", Or),
    arith!("xor", "Same as a ^ b.", Xor),
    in_place!("iadd", "Same as a += b.", Add),
    in_place!("isub", "Same as a -= b.", Sub),
    in_place!("imul", "Same as a *= b.", Mul),
    in_place!("imatmul", "Same as a @= b.", MatMul),
    in_place!("itruediv", "Same as a /= b.", Div),
    in_place!("ifloordiv", "Same as a //= b.", FloorDiv),
    in_place!("imod", "Same as a %= b.", Mod),
    in_place!("ipow", "Same as a **= b.", Pow),
    in_place!("ilshift", "Same as a <<= b.", LShift),
    in_place!("irshift", "Same as a >>= b.", RShift),
    in_place!("iand", "Same as a &= b.", And),
    in_place!("ior", "Same as a |= b.", Or),
    in_place!("ixor", "Same as a ^= b.", Xor),
    two!(
        "concat",
        "Same as a + b, for a and b sequences.",
        |vm, a| { concat(vm, a, false) }
    ),
    two!(
        "iconcat",
        "Same as a += b, for a and b sequences.",
        |vm, a| { concat(vm, a, true) }
    ),
    two!(
        "contains",
        "Same as b in a (note reversed operands).",
        |vm, a| Ok(Value::bool(vm.contains(&a[0], &a[1])?))
    ),
    two!(
        "countOf",
        "Return the number of items in a which are, or which equal, b.",
        count_of
    ),
    two!("indexOf", "Return the first index of b in a.", index_of),
    two!("getitem", "Same as a[b].", |vm, a| vm
        .get_item(&a[0], &a[1])),
    NativeDef::new(
        "setitem",
        "(a, b, c, /)",
        |vm, a| {
            vm.set_item(&a[0], &a[1], a[2].clone())?;
            Ok(Value::None)
        },
        "Same as a[b] = c.",
    ),
    two!("delitem", "Same as del a[b].", |vm, a| {
        vm.del_item(&a[0], &a[1])?;
        Ok(Value::None)
    }),
    NativeDef::new(
        "call",
        "(obj, /, *args, **kwargs)",
        |vm, a| {
            let named = keywords(vm, a.get(2));
            vm.call_kw(&a[0], &values_of(&a[1]), &named)
        },
        "Same as obj(*args, **kwargs).",
    ),
    NativeDef::new(
        "length_hint",
        "(obj, default=0, /)",
        length_hint,
        "Return an estimate of the number of items in obj.",
    ),
];

/// How many items there will be: known, guessed by the object, or the default.
fn length_hint(vm: &mut Vm, args: &[Value]) -> R {
    let default = match args[1].given() {
        Some(v) if is_int(v) => Value::Int(vm.index_i64(v)?),
        Some(v) => {
            let class = vm.type_name(v);
            return Err(vm.type_error(format!(
                "'{class}' object cannot be interpreted as an integer"
            )));
        }
        None => Value::Int(0),
    };
    let class = vm.class_of(&args[0]);
    let (len, hint) = (vm.names.__len__.clone(), vm.names.__length_hint__.clone());
    let type_error = vm.exc.type_error.clone();
    if vm.lookup(&class, &len).is_some() {
        match vm.len(&args[0]) {
            Ok(n) => return Ok(n.into()),
            Err(raise) => vm.catch(raise, &type_error)?,
        };
    }
    let guess = match vm.call_special(&args[0], &hint, &[]) {
        Ok(Some(guess)) => guess,
        Ok(None) => return Ok(default),
        Err(raise) => {
            vm.catch(raise, &type_error)?;
            return Ok(default);
        }
    };
    if vm.is_not_implemented(&guess) {
        return Ok(default);
    }
    if !is_int(&guess) {
        let class = vm.type_name(&guess);
        let message = format!("__length_hint__ must be an integer, not {class}");
        return Err(vm.type_error(message));
    }
    match vm.index_i64(&guess)? {
        n if n < 0 => Err(vm.value_error("__length_hint__() should return >= 0")),
        n => Ok(Value::Int(n)),
    }
}

/// `+` of what can be indexed; what sequences do comes before what numbers do.
fn concat(vm: &mut Vm, args: &[Value], in_place: bool) -> R {
    if let Some(result) = vm.concat_sequences(&args[0], &args[1], in_place)? {
        return Ok(result);
    }
    let getitem = vm.names.__getitem__.clone();
    let mut indexed = args.iter().take(2).map(|operand| {
        let class = vm.class_of(operand);
        vm.lookup(&class, &getitem).is_some() && operand.payload::<Dict>().is_none()
    });
    let result = match indexed.all(|is| is) {
        true => vm.arith_opt(Arith::Add, &args[0], &args[1], in_place)?,
        false => None,
    };
    result.ok_or_else(|| {
        let name = vm.type_name(&args[0]);
        vm.type_error(format!("'{name}' object can't be concatenated"))
    })
}

/// Calls `f` with each item, until it says `false`.
fn search(vm: &mut Vm, v: &Value, mut f: impl FnMut(&mut Vm, Value) -> R<bool>) -> R<()> {
    let Some(items) = vm.iter_opt(v)? else {
        let class = vm.type_name(v);
        return Err(vm.type_error(format!("argument of type '{class}' is not iterable")));
    };
    while let Some(item) = vm.next(&items)? {
        if !f(vm, item)? {
            break;
        }
    }
    Ok(())
}

fn count_of(vm: &mut Vm, args: &[Value]) -> R {
    let mut count = 0;
    search(vm, &args[0], |vm, item| {
        if item.is(&args[1]) || vm.compare_bool(Cmp::Eq, &item, &args[1])? {
            count += 1;
        }
        Ok(true)
    })?;
    Ok(Value::Int(count))
}

fn index_of(vm: &mut Vm, args: &[Value]) -> R {
    let (mut place, mut found) = (0, false);
    search(vm, &args[0], |vm, item| {
        found = item.is(&args[1]) || vm.compare_bool(Cmp::Eq, &item, &args[1])?;
        if !found {
            place += 1;
        }
        Ok(!found)
    })?;
    if found {
        return Ok(Value::Int(place));
    }
    Err(vm.value_error("sequence.index(x): x not in sequence"))
}
