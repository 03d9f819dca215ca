//! The module `sys`.

use super::{io, structseq};
use crate::builtins::{STDLIB_MODULE_NAMES, SimpleNamespace, show_exception, show_unraisable};
use crate::text::int::DEFAULT_MAX_STR_DIGITS;
use crate::vm::heap::{Ref, Slot};
use crate::vm::native::{GetSet, ModuleDef, NativeDef, TypeDef};
use crate::vm::object::{Class, Exception, Kind, List, Module, Set, Tuple};
use crate::vm::ops::format::IntDigits;
use crate::vm::value::Value;
use crate::vm::{R, Vm};

pub static MODULE: ModuleDef = ModuleDef {
    name: "sys",
    doc: "This module provides access to some objects used or maintained by the\ninterpreter and to functions that interact strongly with the interpreter.",
    functions: &[
        NativeDef::new(
            "exit",
            "(status=None, /)",
            exit,
            "Exit the interpreter by raising SystemExit(status).",
        ),
        NativeDef::new(
            "getrecursionlimit",
            "()",
            |vm, _| Ok(vm.recursion_limit().into()),
            "Return the current value of the recursion limit.",
        ),
        NativeDef::new(
            "setrecursionlimit",
            "(limit, /)",
            setrecursionlimit,
            "Set the maximum depth of the interpreter stack to n.",
        ),
        NativeDef::new(
            "getrefcount",
            "(object, /)",
            |_, a| {
                Ok(Value::Int(
                    a[0].as_obj().map_or(u32::MAX, |o| o.count()).into(),
                ))
            },
            "Return the reference count of object.",
        ),
        NativeDef::new(
            "getsizeof",
            "(object, default=None)",
            getsizeof,
            "Return the size of object in bytes.",
        ),
        NativeDef::new(
            "intern",
            "(string, /)",
            intern,
            "``Intern'' the given string.",
        ),
        NativeDef::new(
            "exc_info",
            "()",
            exc_info,
            "Return current exception information: (type, value, traceback).",
        ),
        NativeDef::new(
            "exception",
            "()",
            |vm, _| Ok(vm.handled()),
            "Return the current exception.",
        ),
        NativeDef::new(
            "displayhook",
            "(object, /)",
            displayhook,
            "Print an object to sys.stdout and also save it in builtins._",
        ),
        NativeDef::new(
            "unraisablehook",
            "(unraisable, /)",
            unraisablehook,
            "Handle an unraisable exception.",
        ),
        NativeDef::new(
            "excepthook",
            "(exctype, value, traceback, /)",
            excepthook,
            "Handle an exception by displaying it with a traceback on sys.stderr.",
        ),
        NativeDef::new(
            "_getframe",
            "(depth=0, /)",
            getframe,
            "Return a frame object from the call stack.",
        ),
        NativeDef::new(
            "_getframemodulename",
            "(depth=0)",
            frame_module,
            "Return the name of the module for a calling frame.",
        ),
        NativeDef::new(
            "settrace",
            "(function, /)",
            |_, _| Ok(Value::None),
            "Set the global debug tracing function.",
        ),
        NativeDef::new(
            "gettrace",
            "()",
            |_, _| Ok(Value::None),
            "Return the global debug tracing function set with sys.settrace.",
        ),
        NativeDef::new(
            "setprofile",
            "(function, /)",
            |_, _| Ok(Value::None),
            "Set the profiling function.",
        ),
        NativeDef::new(
            "getprofile",
            "()",
            |_, _| Ok(Value::None),
            "Return the profiling function set with sys.setprofile.",
        ),
        NativeDef::new(
            "get_int_max_str_digits",
            "()",
            |vm, _| Ok(vm.state::<IntDigits>().0.into()),
            "Return the maximum string digits limit for non-binary int<->str conversions.",
        ),
        NativeDef::new(
            "set_int_max_str_digits",
            "(maxdigits)",
            set_int_max_str_digits,
            "Set the maximum string digits limit for non-binary int<->str conversions.",
        ),
        NativeDef::new(
            "get_asyncgen_hooks",
            "()",
            get_asyncgen_hooks,
            "Return the installed asynchronous generators hooks.",
        ),
        NativeDef::new(
            "set_asyncgen_hooks",
            "(firstiter=None, finalizer=None)",
            set_asyncgen_hooks,
            "Set a finalizer for async generators objects.",
        ),
        NativeDef::new(
            "get_coroutine_origin_tracking_depth",
            "()",
            |vm, _| Ok(Value::Int(vm.current.origin_depth.get().into())),
            "Check status of origin tracking for coroutine objects in this thread.",
        ),
        NativeDef::new(
            "set_coroutine_origin_tracking_depth",
            "(depth)",
            set_origin_depth,
            "Enable or disable origin tracking for coroutine objects in this thread.",
        ),
        NativeDef::new(
            "getdefaultencoding",
            "()",
            |_, _| Ok("utf-8".into()),
            "Return the current default encoding used by the Unicode implementation.",
        ),
        NativeDef::new(
            "getfilesystemencoding",
            "()",
            |_, _| Ok("utf-8".into()),
            "Return the encoding used to convert Unicode filenames to OS filenames.",
        ),
        NativeDef::new(
            "getfilesystemencodeerrors",
            "()",
            |_, _| Ok("surrogateescape".into()),
            "Return the error mode used for Unicode to OS filename conversion.",
        ),
        NativeDef::new(
            "getswitchinterval",
            "()",
            |_, _| Ok(Value::float(0.005)),
            "Return the current thread switch interval.",
        ),
        NativeDef::new(
            "setswitchinterval",
            "(interval, /)",
            |_, _| Ok(Value::None),
            "Set the ideal thread switching delay inside the Python interpreter.",
        ),
        NativeDef::new(
            "is_finalizing",
            "()",
            |_, _| Ok(Value::False),
            "Return True if Python is exiting.",
        ),
        NativeDef::new(
            "_is_gil_enabled",
            "()",
            |_, _| Ok(Value::True),
            "Return True if the GIL is currently enabled.",
        ),
        NativeDef::new(
            "audit",
            "(event, *args)",
            |_, _| Ok(Value::None),
            "Passes the event to any hooks that are attached.",
        ),
        NativeDef::new(
            "call_tracing",
            "(func, args, /)",
            call_tracing,
            "Call func(*args), while tracing is enabled.",
        ),
    ],
    init: Some(init),
};

macro_rules! fields {
    ($($name:literal)*) => { { const NAMES: &[&str] = &[$($name),*]; const N: usize = NAMES.len(); const ROWS: [GetSet; N] = rows(NAMES); &ROWS } };
}

/// The rows for named items, in order.
const fn rows<const N: usize>(names: &[&'static str]) -> [GetSet; N] {
    let mut rows = [const { structseq::field("", 0) }; N];
    let mut i = 0;
    while i < N {
        rows[i] = structseq::field(names[i], i);
        i += 1;
    }
    rows
}

static VERSION_INFO: TypeDef = structseq::def(
    "version_info",
    "sys",
    fields!("major" "minor" "micro" "releaselevel" "serial"),
);
static FLOAT_INFO: TypeDef = structseq::def(
    "float_info",
    "sys",
    fields!("max" "max_exp" "max_10_exp" "min" "min_exp" "min_10_exp" "dig" "mant_dig" "epsilon" "radix" "rounds"),
);
static INT_INFO: TypeDef = structseq::def(
    "int_info",
    "sys",
    fields!("bits_per_digit" "sizeof_digit" "default_max_str_digits" "str_digits_check_threshold"),
);
static HASH_INFO: TypeDef = structseq::def(
    "hash_info",
    "sys",
    fields!("width" "modulus" "inf" "nan" "imag" "algorithm" "hash_bits" "seed_bits" "cutoff"),
);
static FLAGS: TypeDef = structseq::def(
    "flags",
    "sys",
    fields!("debug" "inspect" "interactive" "optimize" "dont_write_bytecode" "no_user_site" "no_site" "ignore_environment" "verbose" "bytes_warning" "quiet" "hash_randomization" "isolated" "dev_mode" "utf8_mode" "warn_default_encoding" "safe_path" "int_max_str_digits"),
);
static ASYNCGEN_HOOKS: TypeDef = structseq::def(
    "asyncgen_hooks",
    "builtins",
    fields!("firstiter" "finalizer"),
);

/// CPython's `sys.version` begins like this; what stands in brackets is ours.
const VERSION: &str = concat!("3.13.0 (coro ", env!("CARGO_PKG_VERSION"), ") [Rust]");
const HEX_VERSION: i64 = 0x030d_00f0;

fn sequence(vm: &mut Vm, def: &'static TypeDef, items: Vec<Value>) -> Value {
    let class = structseq::class(vm, def);
    structseq::make(&class, items)
}

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let version_info = sequence(
        vm,
        &VERSION_INFO,
        vec![
            Value::Int(3),
            Value::Int(13),
            Value::Int(0),
            "final".into(),
            Value::Int(0),
        ],
    );
    let [stdin, stdout, stderr] = io::standard_streams(vm);
    let mut values = vec![
        ("argv", List::value(vec!["".into()])),
        ("orig_argv", List::value(vec![])),
        ("path", List::value(vec![])),
        ("modules", vm.modules.clone().into()),
        ("version", VERSION.into()),
        ("version_info", version_info.clone()),
        ("hexversion", Value::Int(HEX_VERSION)),
        ("api_version", Value::Int(1013)),
        ("implementation", implementation(vm, version_info)?),
        ("copyright", "Copyright (c) the coro authors.".into()),
        ("platform", std::env::consts::OS.into()),
        (
            "byteorder",
            if cfg!(target_endian = "little") {
                "little"
            } else {
                "big"
            }
            .into(),
        ),
        ("maxsize", Value::Int(i64::MAX)),
        ("maxunicode", Value::Int(0x10_FFFF)),
        ("executable", "".into()),
        ("prefix", "".into()),
        ("base_prefix", "".into()),
        ("exec_prefix", "".into()),
        ("abiflags", "".into()),
        ("float_repr_style", "short".into()),
        ("dont_write_bytecode", Value::True),
        ("pycache_prefix", Value::None),
        ("warnoptions", List::value(vec![])),
        ("stdin", stdin.clone()),
        ("stdout", stdout.clone()),
        ("stderr", stderr.clone()),
        ("__stdin__", stdin),
        ("__stdout__", stdout),
        ("__stderr__", stderr),
        ("builtin_module_names", builtin_names()),
        ("stdlib_module_names", library_names(vm)?),
    ];
    values.extend(facts(vm));
    for (name, value) in values {
        let name = vm.intern(name);
        module.dict.set_str(&name, value);
    }
    for (hidden, name) in [
        ("__displayhook__", "displayhook"),
        ("__excepthook__", "excepthook"),
        ("__unraisablehook__", "unraisablehook"),
    ] {
        let (hidden, name) = (vm.intern(hidden), vm.intern(name));
        if let Some(function) = module.dict.get_str(&name) {
            module.dict.set_str(&hidden, function);
        }
    }
    Ok(())
}

/// Facts about numbers and the interpreter's switches.
fn facts(vm: &mut Vm) -> Vec<(&'static str, Value)> {
    let int = Value::Int;
    let float_info = vec![
        Value::float(f64::MAX),
        int(1024),
        int(308),
        Value::float(f64::MIN_POSITIVE),
        int(-1021),
        int(-307),
        int(15),
        int(53),
        Value::float(f64::EPSILON),
        int(2),
        int(1),
    ];
    let hash_info = vec![
        int(64),
        int((1 << 61) - 1),
        int(314_159),
        int(0),
        int(1_000_003),
        "siphash13".into(),
        int(64),
        int(128),
        int(0),
    ];
    let limit = int(DEFAULT_MAX_STR_DIGITS as i64);
    let mut flags = vec![int(0); 18];
    for (place, value) in [
        (13, Value::False),
        (16, Value::False),
        (17, limit.clone()),
        (4, int(1)),
    ] {
        if let Some(flag) = flags.get_mut(place) {
            *flag = value;
        }
    }
    vec![
        ("float_info", sequence(vm, &FLOAT_INFO, float_info)),
        (
            "int_info",
            sequence(vm, &INT_INFO, vec![int(30), int(4), limit, int(640)]),
        ),
        ("hash_info", sequence(vm, &HASH_INFO, hash_info)),
        ("flags", sequence(vm, &FLAGS, flags)),
    ]
}

/// `sys.implementation`: a `types.SimpleNamespace`.
fn implementation(vm: &mut Vm, version: Value) -> R {
    let class: Value = vm.class_for::<SimpleNamespace>().into();
    let values = [
        (vm.intern("name"), "coro".into()),
        (vm.intern("cache_tag"), Value::None),
        (vm.intern("version"), version),
        (vm.intern("hexversion"), Value::Int(HEX_VERSION)),
    ];
    vm.call_kw(&class, &[], &values)
}

fn builtin_names() -> Value {
    Tuple::value(
        crate::stdlib::native_names()
            .map(Value::str)
            .collect::<Vec<_>>(),
    )
}

fn library_names(vm: &mut Vm) -> R {
    let set = Ref::new(Set::default());
    for name in STDLIB_MODULE_NAMES {
        vm.set_add(&set.map, &Value::str(name))?;
    }
    Ok(set.into())
}

fn exit(vm: &mut Vm, args: &[Value]) -> R {
    let class: Value = vm.exc.system_exit.clone().into();
    let exception = vm.call(
        &class,
        &args
            .iter()
            .filter(|a| !matches!(a, Value::Undef | Value::None))
            .cloned()
            .collect::<Vec<_>>(),
    )?;
    Err(vm.raise(exception))
}

fn setrecursionlimit(vm: &mut Vm, args: &[Value]) -> R {
    let limit = vm.index_i64(&args[0])?;
    match usize::try_from(limit) {
        Ok(limit) if limit >= 1 => {
            vm.set_recursion_limit(limit);
            Ok(Value::None)
        }
        _ => Err(vm.value_error("recursion limit must be greater or equal than 1")),
    }
}

/// What CPython's object of that kind would take.
fn getsizeof(vm: &mut Vm, args: &[Value]) -> R {
    let value = &args[0];
    let size = match value.kind() {
        None => match value {
            Value::Int(0) | Value::Float(_) => 24,
            Value::Int(i) => 24 + 4 * (64 - i.unsigned_abs().leading_zeros()).div_ceil(30) as usize,
            Value::None | Value::Undef => 16,
            _ => 28,
        },
        Some(Kind::Str) => {
            let text = value.as_str().unwrap_or_default();
            let count = text.chars().count();
            match text.chars().max().map_or(0, u32::from) {
                0..=0x7f => 41 + count,
                0x80..=0xff => 57 + count,
                0x100..=0xffff => 58 + 2 * count,
                _ => 60 + 4 * count,
            }
        }
        Some(Kind::Bytes) => 33 + vm.len(value)?,
        Some(Kind::List) => 56 + 8 * vm.len(value)?,
        Some(Kind::Tuple) => 40 + 8 * vm.len(value)?,
        Some(Kind::Dict) => match vm.len(value)? {
            0 => 64,
            n => 184.max(88 + 24 * n),
        },
        Some(Kind::Set | Kind::FrozenSet) => match vm.len(value)? {
            0..=4 => 216,
            n => 200 + 32 * n,
        },
        Some(Kind::Int) => {
            let bits = value.as_bigint().map_or(0, |n| n.bits()) as usize;
            24 + 4 * bits.div_ceil(30)
        }
        Some(_) => 48,
    };
    Ok(size.into())
}

fn intern(vm: &mut Vm, args: &[Value]) -> R {
    match args[0].as_str() {
        Some(text) => Ok(vm.intern(text).into()),
        None => {
            let name = vm.type_name(&args[0]);
            Err(vm.type_error(format!("intern() argument must be str, not {name}")))
        }
    }
}

fn exc_info(vm: &mut Vm, _: &[Value]) -> R {
    let exception = vm.handled();
    let Some(e) = exception.downcast::<Exception>() else {
        return Ok(Tuple::value([Value::None, Value::None, Value::None]));
    };
    let traceback = e.traceback.get().defined().unwrap_or(Value::None);
    Ok(Tuple::value([
        e.class.get().into(),
        exception.clone(),
        traceback,
    ]))
}

fn displayhook(vm: &mut Vm, args: &[Value]) -> R {
    let value = &args[0];
    if value.is_none() {
        return Ok(Value::None);
    }
    let underscore = vm.intern("_");
    vm.builtins.set_str(&underscore, Value::None);
    let text = vm.repr(value)?;
    let print = vm.names.print.clone();
    if let Some(print) = vm.builtins.get_str(&print) {
        vm.call(&print, &[text.into()])?;
    }
    vm.builtins.set_str(&underscore, value.clone());
    Ok(Value::None)
}

fn excepthook(vm: &mut Vm, args: &[Value]) -> R {
    show_exception(vm, &args[1]);
    Ok(Value::None)
}

/// What the VM does itself with what no program can catch.
fn unraisablehook(vm: &mut Vm, args: &[Value]) -> R {
    let mut field = |name: &str| {
        let name = vm.intern(name);
        vm.get_attr(&args[0], &name)
    };
    let (exception, message, object) = (field("exc_value")?, field("err_msg")?, field("object")?);
    let prefix = match message.as_str() {
        Some(message) => format!("{message}: "),
        None => "Exception ignored in: ".to_owned(),
    };
    show_unraisable(vm, &exception, &prefix, &object);
    Ok(Value::None)
}

fn getframe(vm: &mut Vm, args: &[Value]) -> R {
    let depth = match args[0].given() {
        Some(depth) => vm.index_i64(depth)?,
        None => 0,
    };
    let depth = usize::try_from(depth).unwrap_or(0);
    match vm.frame_object_at(depth) {
        Some(frame) => Ok(frame.into()),
        None => Err(vm.value_error("call stack is not deep enough")),
    }
}

fn frame_module(vm: &mut Vm, args: &[Value]) -> R {
    let depth = match args[0].given() {
        Some(depth) => vm.index_i64(depth)?,
        None => 0,
    };
    let frame = vm.frame(usize::try_from(depth).unwrap_or(0));
    let name = vm.names.__name__.clone();
    Ok(frame
        .and_then(|f| f.code.globals.get_str(&name))
        .unwrap_or(Value::None))
}

fn set_int_max_str_digits(vm: &mut Vm, args: &[Value]) -> R {
    let limit = vm.index_i64(&args[0])?;
    match usize::try_from(limit) {
        Ok(limit) if limit == 0 || limit >= 640 => {
            vm.state::<IntDigits>().0 = limit;
            Ok(Value::None)
        }
        _ => Err(vm.value_error("maxdigits must be 0 or larger than 640")),
    }
}

fn get_asyncgen_hooks(vm: &mut Vm, _: &[Value]) -> R {
    let first = vm
        .current
        .asyncgen_firstiter
        .defined()
        .unwrap_or(Value::None);
    let finalizer = vm
        .current
        .asyncgen_finalizer
        .defined()
        .unwrap_or(Value::None);
    Ok(sequence(vm, &ASYNCGEN_HOOKS, vec![first, finalizer]))
}

fn set_asyncgen_hooks(vm: &mut Vm, args: &[Value]) -> R {
    for (value, what) in args.iter().zip(["firstiter", "finalizer"]) {
        if matches!(value, Value::Undef | Value::None) || is_callable(vm, value) {
            continue;
        }
        let name = vm.type_name(value);
        return Err(vm.type_error(format!("callable {what} expected, got {name}")));
    }
    let set = |slot: &Slot, value: &Value| match value {
        Value::Undef => {}
        Value::None => drop(slot.take()),
        hook => slot.set(hook.clone()),
    };
    set(&vm.current.asyncgen_firstiter, &args[0]);
    set(&vm.current.asyncgen_finalizer, &args[1]);
    Ok(Value::None)
}

fn is_callable(vm: &mut Vm, value: &Value) -> bool {
    let name = vm.names.__call__.clone();
    let class: Ref<Class> = vm.class_of(value);
    let by_kind = matches!(
        value.kind(),
        Some(Kind::Function | Kind::NativeFunction | Kind::BoundMethod | Kind::Class)
    );
    by_kind || vm.lookup(&class, &name).is_some()
}

fn set_origin_depth(vm: &mut Vm, args: &[Value]) -> R {
    let depth = vm.index_i64(&args[0])?;
    match u32::try_from(depth) {
        Ok(depth) => {
            vm.current.origin_depth.set(depth);
            Ok(Value::None)
        }
        Err(_) => Err(vm.value_error("depth must be >= 0")),
    }
}

fn call_tracing(vm: &mut Vm, args: &[Value]) -> R {
    let given = args[1]
        .as_ref::<Tuple>()
        .map(|t| t.items().to_vec())
        .unwrap_or_default();
    vm.call(&args[0], &given)
}
