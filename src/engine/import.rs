//! `import`: the library's modules, native or embedded, and the program's own files.

use super::new_module;
use crate::builtins::{self, syntax_error};
use crate::bytecode::{Code, Marks};
use crate::compile::{self, Mode};
use crate::source::Source;
use crate::stdlib::{self, ModuleSource};
use crate::syntax;
use crate::vm::heap::Ref;
use crate::vm::object::{Dict, Exception, List, Module, Str, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Raise, Vm};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Lets `import` find modules.
pub(super) fn install(vm: &mut Vm) {
    vm.import_hook = import;
    let module = Ref::new(Module {
        name: RefCell::new("builtins".into()),
        dict: vm.builtins.clone(),
        loading: Cell::new(false),
    });
    let (key, value) = (vm.names.__name__.clone(), vm.intern("builtins"));
    module.dict.set_str(&key, value.clone().into());
    vm.modules.set_str(&value, module.into());
}

/// `__import__(name, globals, fromlist, level)`.
fn import(vm: &mut Vm, name: &str, globals: &Ref<Dict>, fromlist: &Value, level: i64) -> R {
    let full = if level > 0 {
        resolve_relative(vm, name, globals, level)?
    } else {
        name.to_string()
    };
    let module = load_dotted(vm, &full)?;
    let wanted: Vec<Value> = match fromlist.as_ref::<Tuple>() {
        Some(t) => t.items().to_vec(),
        None => fromlist
            .downcast::<List>()
            .map(|l| l.items.borrow().clone())
            .unwrap_or_default(),
    };
    if !wanted.is_empty() {
        load_submodules(vm, &full, &module, &wanted, "``from list''")?;
        return Ok(module);
    }
    if level > 0 && !name.contains('.') {
        return Ok(module);
    }
    // `import a.b` binds `a`.
    let keep = full.len() - name.len() + name.find('.').unwrap_or(name.len());
    let head = full.get(..keep).unwrap_or(&full).to_string();
    load_dotted(vm, &head)
}

fn resolve_relative(vm: &mut Vm, name: &str, globals: &Ref<Dict>, level: i64) -> R<String> {
    let text = |vm: &mut Vm, key: &str| {
        let key = vm.intern(key);
        globals
            .get_str(&key)
            .and_then(|v| v.as_str().map(str::to_string))
    };
    let package = vm.intern("__package__");
    let package = globals
        .get_str(&package)
        .filter(|package| !package.is_none());
    if package.as_ref().is_some_and(|p| p.as_str().is_none()) {
        return Err(vm.type_error("package must be a string"));
    }
    let package = match package.as_ref().and_then(Value::as_str) {
        Some(package) => package.to_string(),
        None => {
            let Some(own) = text(vm, "__name__") else {
                return Err(vm.key_error(&"'__name__' not in globals".into()));
            };
            let path = vm.names.__path__.clone();
            if globals.get_str(&path).is_some() {
                own
            } else {
                own.rsplit_once('.')
                    .map_or_else(String::new, |(head, _)| head.to_string())
            }
        }
    };
    if package.is_empty() {
        let class = vm.exc.import_error.clone();
        return Err(vm.error(
            &class,
            "attempted relative import with no known parent package",
        ));
    }
    let mut parts: Vec<&str> = package.split('.').collect();
    for _ in 1..level {
        if parts.len() <= 1 {
            let class = vm.exc.import_error.clone();
            return Err(vm.error(&class, "attempted relative import beyond top-level package"));
        }
        parts.pop();
    }
    let base = parts.join(".");
    Ok(if name.is_empty() {
        base
    } else {
        format!("{base}.{name}")
    })
}

/// Loads `a`, `a.b`, `a.b.c` in turn; the last one is the result.
fn load_dotted(vm: &mut Vm, full: &str) -> R {
    let mut parent: Option<Value> = None;
    let mut end = 0;
    loop {
        end = full
            .get(end..)
            .and_then(|rest| rest.find('.'))
            .map_or(full.len(), |i| end + i);
        let name = full.get(..end).unwrap_or(full);
        let module = load(vm, name, parent.as_ref(), full)?;
        if end >= full.len() {
            return Ok(module);
        }
        parent = Some(module);
        end += 1;
    }
}

fn load(vm: &mut Vm, name: &str, parent: Option<&Value>, wanted: &str) -> R {
    let key = vm.intern(name);
    if let Some(found) = vm.modules.get_str(&key) {
        if found.is_none() {
            return Err(not_found(
                vm,
                name,
                format!("import of {name} halted; None in sys.modules"),
            ));
        }
        return Ok(found);
    }
    let leaf = name.rsplit('.').next().unwrap_or(name);
    let module = match find(vm, name, leaf, parent)? {
        Found::Native(def) => stdlib::make_native(vm, def)?,
        Found::Text {
            source,
            package,
            file,
        } => run_module(vm, name, &key, &source, package, file)?,
        Found::Folders(folders) => namespace_package(vm, name, &key, &folders),
        Found::Nothing => return Err(missing(vm, name, parent, wanted)),
    };
    if let Some(parent) = parent {
        let leaf = vm.intern(leaf);
        vm.set_attr(parent, &leaf, module.clone())?;
    }
    Ok(module)
}

/// Where a module's text or table is.
enum Found {
    Native(&'static crate::vm::native::ModuleDef),
    Text {
        source: Source,
        package: Option<PathBuf>,
        file: String,
    },
    /// Folders of that name without an `__init__`: a package all the same.
    Folders(Vec<PathBuf>),
    Nothing,
}

fn find(vm: &mut Vm, name: &str, leaf: &str, parent: Option<&Value>) -> R<Found> {
    // The program's own files come first for its own packages, the library's for the rest.
    let folders = match parent {
        Some(parent) => {
            let path = vm.names.__path__.clone();
            match vm.get_attr_opt(parent, &path)? {
                Some(list) => strings(vm, &list)?,
                None => Vec::new(),
            }
        }
        None => search_path(vm)?,
    };
    if let Some(found) = stdlib::find(name) {
        return Ok(match found {
            ModuleSource::Native(def) => Found::Native(def),
            ModuleSource::Embedded { text, is_package } => {
                let file = format!(
                    "<coro>/{}{}.coro",
                    name.replace('.', "/"),
                    if is_package { "/__init__" } else { "" }
                );
                let folder = PathBuf::from(format!("<coro>/{}", name.replace('.', "/")));
                Found::Text {
                    source: Source::new(file.clone(), text),
                    package: is_package.then_some(folder),
                    file,
                }
            }
        });
    }
    let mut portions = Vec::new();
    for folder in folders {
        let base = Path::new(&folder).join(leaf);
        for extension in ["coro", "py"] {
            let init = base.join(format!("__init__.{extension}"));
            let plain = base.with_extension(extension);
            for (path, package) in [(init, true), (plain, false)] {
                if path.is_file() {
                    return read(vm, name, &path, package.then(|| base.clone()));
                }
            }
        }
        if base.is_dir() {
            portions.push(base);
        }
    }
    Ok(match portions.is_empty() {
        true => Found::Nothing,
        false => Found::Folders(portions),
    })
}

fn read(vm: &mut Vm, name: &str, path: &Path, package: Option<PathBuf>) -> R<Found> {
    let file = path.to_string_lossy().into_owned();
    match std::fs::read(path) {
        Ok(bytes) => {
            let text = builtins::decoded_source(vm, &file, &bytes)?;
            Ok(Found::Text {
                source: Source::of_file(shown(path), file.clone(), text),
                package,
                file,
            })
        }
        Err(error) => {
            let class = vm.exc.import_error.clone();
            Err(vm.error(
                &class,
                format!("cannot read module '{name}' from {file}: {error}"),
            ))
        }
    }
}

/// A file as messages name it: by its path from the current folder, if it lies in that.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let inside = here.ok().and_then(|here| path.strip_prefix(here).ok());
    inside.unwrap_or(path).to_string_lossy().into_owned()
}

fn search_path(vm: &mut Vm) -> R<Vec<String>> {
    let (sys, path) = (vm.intern("sys"), vm.intern("path"));
    let Some(sys) = vm.modules.get_str(&sys) else {
        return Ok(Vec::new());
    };
    match vm.get_attr_opt(&sys, &path)? {
        Some(list) => strings(vm, &list),
        None => Ok(Vec::new()),
    }
}

fn strings(vm: &mut Vm, list: &Value) -> R<Vec<String>> {
    Ok(vm
        .collect(list)?
        .iter()
        .filter_map(|v| v.as_str().map(str::to_string))
        .collect())
}

/// A package that is only a place for modules.
fn namespace_package(vm: &mut Vm, name: &str, key: &Ref<Str>, folders: &[PathBuf]) -> Value {
    let module: Ref<Module> = new_module(vm, name);
    let path = folders.iter().map(|f| Value::str(&f.to_string_lossy()));
    let parts = [
        ("__package__", Value::str(name)),
        ("__file__", Value::None),
        ("__path__", List::value(path.collect())),
    ];
    for (key, value) in parts {
        let key = vm.intern(key);
        module.dict.set_str(&key, value);
    }
    let value = Value::from(module);
    vm.modules.set_str(key, value.clone());
    value
}

/// Runs a module's text. It stands in `sys.modules` from the beginning, so that circular imports
/// see what there is of it, and is taken out again if it fails.
fn run_module(
    vm: &mut Vm,
    name: &str,
    key: &Ref<Str>,
    source: &Source,
    package: Option<PathBuf>,
    file: String,
) -> R {
    let module: Ref<Module> = new_module(vm, name);
    let set = |vm: &mut Vm, key: &str, value: Value| {
        let key = vm.intern(key);
        module.dict.set_str(&key, value);
    };
    set(vm, "__file__", Value::str(&file));
    set(vm, "__cached__", Value::None);
    match &package {
        Some(folder) => {
            set(vm, "__package__", Value::str(name));
            set(
                vm,
                "__path__",
                List::value(vec![Value::str(&folder.to_string_lossy())]),
            );
        }
        None => {
            let parent = name.rsplit_once('.').map_or("", |(head, _)| head);
            set(vm, "__package__", Value::str(parent));
        }
    }
    let code = compiled(vm, source)?;
    let value: Value = module.clone().into();
    vm.modules.set_str(key, value.clone());
    module.loading.set(true);
    let outcome = vm.run_code(&code, &module.dict, None);
    module.loading.set(false);
    if let Err(raise) = outcome {
        drop(vm.modules.remove_str(key));
        return Err(raise);
    }
    // A module may replace itself in `sys.modules`.
    Ok(vm.modules.get_str(key).unwrap_or(value))
}

thread_local! {
    /// What has been compiled of the library, which is the same for every VM: programs that are run
    /// again and again (`coro explore`) need each module once.
    static LIBRARY: RefCell<HashMap<(String, Marks), Rc<Code>>> = RefCell::default();
}

/// The code of a module.
fn compiled(vm: &mut Vm, source: &Source) -> R<Rc<Code>> {
    // The library is not what is observed, but whom it touches may matter, and the time that it takes.
    let marks = match vm.marks() {
        marks @ (Marks::Touches | Marks::Profile) => marks,
        _ if source.is_library() => Marks::None,
        marks => marks,
    };
    let key = (source.name().to_owned(), marks);
    let known = LIBRARY.with_borrow(|library| library.get(&key).cloned());
    if let Some(known) = known.filter(|_| source.is_library()) {
        return Ok(known);
    }
    let parsed = syntax::parse_module(source);
    builtins::syntax_warnings(vm, &parsed.warnings)?;
    if !parsed.errors.is_empty() {
        return Err(syntax_error(vm, source, &parsed.errors));
    }
    let compiled = match compile::compile_marked(source, &parsed.module, Mode::Module, marks) {
        Ok(compiled) => compiled,
        Err(errors) => return Err(syntax_error(vm, source, &errors)),
    };
    builtins::syntax_warnings(vm, &compiled.warnings)?;
    if source.is_library() {
        LIBRARY.with_borrow_mut(|library| library.insert(key, compiled.code.clone()));
    }
    Ok(compiled.code)
}

/// `from package import name` may mean a submodule, and so may the names that `*` stands for.
fn load_submodules(
    vm: &mut Vm,
    full: &str,
    module: &Value,
    wanted: &[Value],
    place: &str,
) -> R<()> {
    let path = vm.names.__path__.clone();
    if vm.get_attr_opt(module, &path)?.is_none() {
        return Ok(());
    }
    for name in wanted {
        let Some(name) = vm.intern_value(name) else {
            let kind = vm.type_name(name);
            return Err(vm.type_error(format!("Item in {place} must be str, not {kind}")));
        };
        if name.as_str() == "*" {
            let all = vm.names.__all__.clone();
            let own = format!("{full}.__all__");
            // A `*` in `__all__` itself stands for nothing.
            if place != own
                && let Some(all) = vm.get_attr_opt(module, &all)?
            {
                let listed = vm.collect(&all)?;
                load_submodules(vm, full, module, &listed, &own)?;
            }
            continue;
        }
        if vm.get_attr_opt(module, &name)?.is_some() {
            continue;
        }
        let submodule = format!("{full}.{}", name.as_str());
        if let Err(raise) = load(vm, &submodule, Some(module), &submodule) {
            let class = vm.exc.module_not_found_error.clone();
            let exception = vm.catch(raise, &class)?;
            // Only "there is no such submodule" is answered by `from` itself.
            let own = exception.downcast::<Exception>().map(|e| e.field(1));
            if own.as_ref().and_then(Value::as_str) != Some(&submodule) {
                return Err(vm.raise(exception));
            }
        }
    }
    Ok(())
}

fn missing(vm: &mut Vm, name: &str, parent: Option<&Value>, _wanted: &str) -> Raise {
    let message = match (parent, name.rsplit_once('.')) {
        (Some(parent), Some((head, _))) => {
            let path = vm.names.__path__.clone();
            match vm.get_attr_opt(parent, &path) {
                Ok(Some(_)) => format!("No module named '{name}'"),
                Ok(None) => format!("No module named '{name}'; '{head}' is not a package"),
                Err(raise) => return raise,
            }
        }
        _ => format!("No module named '{name}'"),
    };
    not_found(vm, name, message)
}

fn not_found(vm: &mut Vm, name: &str, message: String) -> Raise {
    let class = vm.exc.module_not_found_error.clone();
    let exception = Exception::new(&class, Tuple::new([Value::str(&message)]));
    exception.set_field(0, Value::str(&message));
    exception.set_field(1, Value::str(name));
    vm.raise(exception.into())
}
