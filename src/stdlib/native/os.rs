//! The module `_os`: what `os` and `os.path` need of the operating system. Paths are texts here;
//! what a path is otherwise is decided above.

use super::io::{os_error, os_error_of_two};
use crate::vm::heap::Ref;
use crate::vm::native::{ModuleDef, NativeDef};
use crate::vm::object::{Bytes, Dict, List, Module, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};
use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_os",
    doc: "What os and os.path need of the operating system.",
    functions: FUNCTIONS,
    init: Some(init),
};

#[rustfmt::skip]
const FUNCTIONS: &[NativeDef] = &[
    NativeDef::new("getcwd", "()", getcwd, "The current folder."),
    NativeDef::new("chdir", "(path, /)", |vm, a| act(vm, a, |p| std::env::set_current_dir(p)), "Make a folder the current one."),
    NativeDef::new("getpid", "()", |_, _| Ok(Value::Int(std::process::id().into())), "The number of the process."),
    NativeDef::new("getppid", "()", |_, _| Ok(Value::Int(std::os::unix::process::parent_id().into())), "The number of the process that began this one."),
    NativeDef::new("getuid", "()", |_, _| Ok(Value::Int(nix::unistd::getuid().as_raw().into())), "The number of the user."),
    NativeDef::new("geteuid", "()", |_, _| Ok(Value::Int(nix::unistd::geteuid().as_raw().into())), "The number of the user whose rights count."),
    NativeDef::new("getgid", "()", |_, _| Ok(Value::Int(nix::unistd::getgid().as_raw().into())), "The number of the group."),
    NativeDef::new("getegid", "()", |_, _| Ok(Value::Int(nix::unistd::getegid().as_raw().into())), "The number of the group whose rights count."),
    NativeDef::new("_exit", "(status)", exit, "End the process at once: nothing else is run or flushed."),
    NativeDef::new("exists", "(path, /)", |_, a| Ok(test(a, Path::exists)), "Whether there is a file or folder."),
    NativeDef::new("isfile", "(path, /)", |_, a| Ok(test(a, Path::is_file)), "Whether it is a file."),
    NativeDef::new("isdir", "(path, /)", |_, a| Ok(test(a, Path::is_dir)), "Whether it is a folder."),
    NativeDef::new("getsize", "(path, /)", getsize, "The size of a file."),
    NativeDef::new("stat", "(path, follow, /)", stat, "Ten numbers about a file, then its three times in nanoseconds, then blocks."),
    NativeDef::new("listdir", "(path, /)", listdir, "The names in a folder."),
    NativeDef::new("access", "(path, mode, /)", access, "Whether this program may do that with a file."),
    NativeDef::new("readlink", "(path, /)", readlink, "Where a link leads."),
    NativeDef::new("realpath", "(path, /)", realpath, "A path without links; all of it must exist."),
    NativeDef::new("remove", "(path, /)", |vm, a| act(vm, a, |p| fs::remove_file(p)), "Remove a file."),
    NativeDef::new("rmdir", "(path, /)", |vm, a| act(vm, a, |p| fs::remove_dir(p)), "Remove an empty folder."),
    NativeDef::new("mkdir", "(path, mode, /)", mkdir, "Make a folder."),
    NativeDef::new("chmod", "(path, mode, /)", chmod, "Set who may do what with a file."),
    NativeDef::new("utime", "(path, accessed, modified, /)", utime, "Set when a file was read and changed, in nanoseconds."),
    NativeDef::new("truncate", "(path, length, /)", truncate, "Make a file that long."),
    NativeDef::new("rename", "(src, dst, /)", |vm, a| relate(vm, a, |p, q| fs::rename(p, q)), "Give a file another name, in place of what has it."),
    NativeDef::new("link", "(src, dst, /)", |vm, a| relate(vm, a, |p, q| fs::hard_link(p, q)), "Give a file a second name."),
    NativeDef::new("symlink", "(src, dst, /)", |vm, a| relate(vm, a, |p, q| std::os::unix::fs::symlink(p, q)), "Make a link that leads to a path."),
    NativeDef::new("copy", "(src, dst, /)", |vm, a| relate(vm, a, |p, q| fs::copy(p, q).map(drop)), "Copy a file's content and its permissions."),
    NativeDef::new("urandom", "(size, /)", urandom, "Random bytes."),
    NativeDef::new("cpu_count", "()", |_, _| Ok(std::thread::available_parallelism().map_or(Value::None, |n| n.get().into())), "Number of processors."),
    NativeDef::new("terminal_size", "()", terminal_size, "Columns and lines of the terminal, or None."),
    NativeDef::new("disk_usage", "(path, /)", disk_usage, "How many bytes a file system has, uses and has free."),
    NativeDef::new("uname", "()", uname, "System, node, release, version and machine."),
    NativeDef::new("strerror", "(code, /)", strerror, "What an error number means."),
];

fn init(vm: &mut Vm, module: &Ref<Module>) -> R<()> {
    let environ = Dict::new();
    for (key, value) in std::env::vars_os() {
        let (key, value) = (key.to_string_lossy(), value.to_string_lossy());
        let key = vm.intern(&key);
        environ.set_str(&key, Value::str(&value));
    }
    let name = vm.intern("environ");
    module.dict.set_str(&name, environ.into());
    Ok(())
}

fn path(args: &[Value]) -> &Path {
    Path::new(args.first().and_then(Value::as_str).unwrap_or_default())
}

fn test(args: &[Value], f: fn(&Path) -> bool) -> Value {
    f(path(args)).into()
}

/// What was asked of the system about the first argument, or its OSError.
fn answer<T>(vm: &mut Vm, args: &[Value], result: io::Result<T>) -> R<T> {
    result.map_err(|error| os_error(vm, &error, &args[0]))
}

fn act(vm: &mut Vm, args: &[Value], f: fn(&Path) -> io::Result<()>) -> R {
    let result = f(path(args));
    answer(vm, args, result)?;
    Ok(Value::None)
}

fn relate(vm: &mut Vm, args: &[Value], f: fn(&Path, &Path) -> io::Result<()>) -> R {
    let other = Path::new(args[1].as_str().unwrap_or_default());
    match f(path(args), other) {
        Ok(()) => Ok(Value::None),
        Err(error) => Err(os_error_of_two(vm, &error, &args[0], &args[1])),
    }
}

fn getcwd(vm: &mut Vm, _: &[Value]) -> R {
    let found = answer(vm, &[Value::None], std::env::current_dir())?;
    Ok(found.to_string_lossy().into_owned().into())
}

fn getsize(vm: &mut Vm, args: &[Value]) -> R {
    let data = answer(vm, args, fs::metadata(path(args)))?;
    Ok(Value::Int(i64::try_from(data.len()).unwrap_or(i64::MAX)))
}

fn stat(vm: &mut Vm, args: &[Value]) -> R {
    let found = if vm.truth(&args[1])? {
        fs::metadata(path(args))
    } else {
        fs::symlink_metadata(path(args))
    };
    let data = answer(vm, args, found)?;
    let whole = |n: u64| Value::bigint(n.into());
    let nanoseconds = |s: i64, ns: i64| {
        Value::bigint(
            i128::from(s)
                .saturating_mul(1_000_000_000)
                .saturating_add(ns.into())
                .into(),
        )
    };
    Ok(Tuple::value([
        whole(data.mode().into()),
        whole(data.ino()),
        whole(data.dev()),
        whole(data.nlink()),
        whole(data.uid().into()),
        whole(data.gid().into()),
        whole(data.size()),
        nanoseconds(data.atime(), data.atime_nsec()),
        nanoseconds(data.mtime(), data.mtime_nsec()),
        nanoseconds(data.ctime(), data.ctime_nsec()),
        whole(data.blksize()),
        whole(data.blocks()),
        whole(data.rdev()),
    ]))
}

fn listdir(vm: &mut Vm, args: &[Value]) -> R {
    let entries = answer(vm, args, fs::read_dir(path(args)))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(List::value(names.into_iter().map(Value::from).collect()))
}

/// A number for the system, of what width it takes.
fn bits(vm: &mut Vm, value: &Value) -> R<u32> {
    Ok(vm.index_c_int(value)? as u32)
}

fn exit(vm: &mut Vm, args: &[Value]) -> R {
    std::process::exit(vm.index_c_int(&args[0])? as i32)
}

fn access(vm: &mut Vm, args: &[Value]) -> R {
    let mode = bits(vm, &args[1])?;
    let mode = nix::unistd::AccessFlags::from_bits_truncate(mode as i32);
    Ok(nix::unistd::access(path(args), mode).is_ok().into())
}

fn readlink(vm: &mut Vm, args: &[Value]) -> R {
    let found = answer(vm, args, fs::read_link(path(args)))?;
    Ok(found.to_string_lossy().into_owned().into())
}

fn realpath(vm: &mut Vm, args: &[Value]) -> R {
    let found = answer(vm, args, fs::canonicalize(path(args)))?;
    Ok(found.to_string_lossy().into_owned().into())
}

fn mkdir(vm: &mut Vm, args: &[Value]) -> R {
    let mode = bits(vm, &args[1])?;
    let made = fs::DirBuilder::new().mode(mode).create(path(args));
    answer(vm, args, made)?;
    Ok(Value::None)
}

fn chmod(vm: &mut Vm, args: &[Value]) -> R {
    let mode = fs::Permissions::from_mode(bits(vm, &args[1])?);
    answer(vm, args, fs::set_permissions(path(args), mode))?;
    Ok(Value::None)
}

/// Nanoseconds since 1970.
fn moment(vm: &mut Vm, value: &Value) -> R<TimeSpec> {
    let number = vm.index_i64(value)?;
    Ok(TimeSpec::new(
        number.div_euclid(1_000_000_000),
        number.rem_euclid(1_000_000_000),
    ))
}

fn utime(vm: &mut Vm, args: &[Value]) -> R {
    let (accessed, modified) = (moment(vm, &args[1])?, moment(vm, &args[2])?);
    let follow = UtimensatFlags::FollowSymlink;
    let done = utimensat(AT_FDCWD, path(args), &accessed, &modified, follow);
    let done = done.map_err(|number| io::Error::from_raw_os_error(number as i32));
    answer(vm, args, done)?;
    Ok(Value::None)
}

fn truncate(vm: &mut Vm, args: &[Value]) -> R {
    let length = u64::try_from(vm.index_i64(&args[1])?);
    let file = fs::OpenOptions::new().write(true).open(path(args));
    let done = match length {
        Ok(length) => file.and_then(|file| file.set_len(length)),
        Err(_) => Err(io::Error::from_raw_os_error(22)),
    };
    answer(vm, args, done)?;
    Ok(Value::None)
}

fn urandom(vm: &mut Vm, args: &[Value]) -> R {
    let size = vm.index_i64(&args[0])?;
    let size = match usize::try_from(size) {
        Ok(size) if size < 1 << 29 => size,
        Ok(_) => return Err(vm.out_of_memory()),
        Err(_) => return Err(vm.value_error("negative argument not allowed")),
    };
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend((vm.host.entropy)().to_le_bytes());
    }
    bytes.truncate(size);
    Ok(Bytes::value(bytes))
}

fn terminal_size(_: &mut Vm, _: &[Value]) -> R {
    Ok(match terminal_size::terminal_size() {
        Some((columns, lines)) => {
            Tuple::value([Value::Int(columns.0.into()), Value::Int(lines.0.into())])
        }
        None => Value::None,
    })
}

fn strerror(vm: &mut Vm, args: &[Value]) -> R {
    let number = bits(vm, &args[0])?;
    Ok(super::io::error_text(number as i32).into())
}

fn uname(vm: &mut Vm, _: &[Value]) -> R {
    let found = match nix::sys::utsname::uname() {
        Ok(found) => found,
        Err(number) => {
            let error = io::Error::from_raw_os_error(number as i32);
            return Err(os_error(vm, &error, &Value::None));
        }
    };
    let texts = [
        found.sysname(),
        found.nodename(),
        found.release(),
        found.version(),
        found.machine(),
    ];
    Ok(Tuple::value(
        texts.map(|t| Value::from(t.to_string_lossy().into_owned())),
    ))
}

fn disk_usage(vm: &mut Vm, args: &[Value]) -> R {
    let found = nix::sys::statvfs::statvfs(path(args))
        .map_err(|number| io::Error::from_raw_os_error(number as i32));
    let found = answer(vm, args, found)?;
    let unit = u128::from(found.fragment_size());
    let size = |blocks: u64| Value::bigint((u128::from(blocks) * unit).into());
    Ok(Tuple::value([
        size(found.blocks()),
        size(found.blocks().saturating_sub(found.blocks_free())),
        size(found.blocks_available()),
    ]))
}
