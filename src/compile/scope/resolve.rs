//! The second half of scope analysis: every name finds its binding, and every frame gets its
//! registers.

use super::order::Place;
use super::*;

/// Finds the binding of every name and lays out all frames.
pub(super) fn resolve(
    source: &Source,
    scopes: &mut Scopes,
    separate_locals: bool,
    errors: &mut Vec<Diagnostic>,
) {
    let ids: Vec<ScopeId> = (0..scopes.list.len() as u32).map(ScopeId).collect();
    for id in &ids {
        resolve_scope(source, scopes, *id, errors);
    }
    let comps = comprehensions_by_frame(scopes, &ids);
    for id in &ids {
        if scopes.get(*id).frame == *id {
            let inlined = comps.get(id).map_or(&[][..], Vec::as_slice);
            lay_out(scopes, *id, inlined, separate_locals);
        }
    }
    let declared = if separate_locals {
        declared_global(scopes)
    } else {
        HashSet::default()
    };
    for id in &ids {
        let apart = separate_locals.then_some(&declared);
        settle_access(scopes, *id, apart);
    }
}

/// The names that some function declares `global`: the module itself then keeps them among the
/// globals, too, even where its locals are something else.
fn declared_global(scopes: &Scopes) -> HashSet<Name> {
    let symbols = scopes.list.iter().flat_map(|scope| &scope.symbols);
    let declared = symbols.filter(|(_, symbol)| symbol.flags & GLOBAL != 0);
    declared.map(|(name, _)| name.clone()).collect()
}

/// The inlined comprehensions of each frame, outer ones before inner ones.
fn comprehensions_by_frame(scopes: &Scopes, ids: &[ScopeId]) -> HashMap<ScopeId, Vec<ScopeId>> {
    let mut found: HashMap<ScopeId, Vec<ScopeId>> = HashMap::default();
    for id in ids {
        let scope = scopes.get(*id);
        if scope.kind.is_inlined() {
            found.entry(scope.frame).or_default().push(*id);
        }
    }
    found
}

fn resolve_scope(source: &Source, scopes: &mut Scopes, id: ScopeId, errors: &mut Vec<Diagnostic>) {
    let names: Vec<Name> = scopes.get(id).symbols.keys().cloned().collect();
    for name in names {
        let scope = scopes.get(id);
        let Some(symbol) = scope.symbols.get(&name) else {
            continue;
        };
        let (flags, span, kind) = (symbol.flags, symbol.span, scope.kind);
        let walrus = kind.is_comprehension();
        if flags & GLOBAL != 0 && flags & NONLOCAL != 0 && !walrus {
            let title = format!("name '{name}' is nonlocal and global");
            let error = syntax_error(source, span, title, "declared both ways");
            errors.push(error.help("keep one of the two declarations"));
            continue;
        }
        if flags & GLOBAL != 0 || flags == 0 {
            continue;
        }
        if flags & NONLOCAL != 0 && kind == ScopeKind::Module {
            let title = "nonlocal declaration not allowed at module level".to_owned();
            let error = syntax_error(source, span, title, "not inside a function");
            errors.push(error.help(
                "at module level every name is global already; inside a function, `global` reaches it",
            ));
            continue;
        }
        if flags & BOUND != 0 && flags & NONLOCAL == 0 {
            if kind.has_locals() {
                set_binder(scopes, id, &name, id);
            }
            continue;
        }
        match find_binder(scopes, id, &name) {
            Some(binder) => {
                if flags & NONLOCAL != 0 && is_type_param(scopes, binder, &name) {
                    let title = format!("nonlocal binding not allowed for type parameter '{name}'");
                    let error = syntax_error(source, span, title, "a type parameter");
                    errors.push(error.help("type parameters cannot be assigned again"));
                }
                set_binder(scopes, id, &name, binder);
                capture(scopes, id, &name, binder);
            }
            None if flags & NONLOCAL != 0 && !walrus => {
                let title = format!("no binding for nonlocal '{name}' found");
                let error = syntax_error(source, span, title, "no function around it assigns this");
                let help = format!(
                    "assign `{name}` in the enclosing function, or write `global {name}` for a module variable"
                );
                errors.push(error.help(help));
            }
            None => {}
        }
    }
}

fn is_type_param(scopes: &Scopes, binder: ScopeId, name: &str) -> bool {
    let symbol = scopes.get(binder).symbols.get(name);
    symbol.is_some_and(|s| s.flags & TYPE_PARAM != 0)
}

fn set_binder(scopes: &mut Scopes, id: ScopeId, name: &str, binder: ScopeId) {
    if let Some(symbol) = scopes.get_mut(id).symbols.get_mut(name) {
        symbol.binder = Some(binder);
    }
}

/// The scope around `id` whose variable `name` is. Class bodies are looked through, except for
/// the `__class__` that they offer to what is defined in them; what runs in their own frame, a
/// comprehension, comes too early for it.
fn find_binder(scopes: &Scopes, id: ScopeId, name: &str) -> Option<ScopeId> {
    let frame = scopes.get(id).frame;
    let mut up = scopes.get(id).parent;
    while let Some(at) = up {
        let scope = scopes.get(at);
        match scope.kind {
            ScopeKind::Module => return None,
            ScopeKind::Class if name == "__class__" && frame != at => return Some(at),
            ScopeKind::Class => {}
            _ => {
                let flags = scope.symbols.get(name).map_or(0, |s| s.flags);
                if flags & GLOBAL != 0 {
                    return None;
                }
                if flags & BOUND != 0 && flags & NONLOCAL == 0 {
                    return Some(at);
                }
            }
        }
        up = scope.parent;
    }
    None
}

/// The variable lives in a cell if another frame than its own uses it; every frame between hands
/// the cell on.
fn capture(scopes: &mut Scopes, user: ScopeId, name: &Name, binder: ScopeId) {
    let home = scopes.get(binder).frame;
    let is_class = scopes.get(binder).kind == ScopeKind::Class;
    let mut frame = scopes.get(user).frame;
    if is_class {
        scopes.get_mut(binder).needs_class_cell = true;
    } else if frame != home
        && let Some(symbol) = scopes.get_mut(binder).symbols.get_mut(name)
    {
        symbol.flags |= CAPTURED;
    }
    while frame != home {
        let scope = scopes.get_mut(frame);
        if scope.free.contains_key(name) {
            return;
        }
        scope.free.insert(name.clone(), (binder, 0));
        match scope.parent {
            Some(parent) => frame = scopes.get(parent).frame,
            None => return,
        }
    }
}

/// Gives every variable of a frame its register.
fn lay_out(scopes: &mut Scopes, id: ScopeId, inlined: &[ScopeId], separate_locals: bool) {
    let mut names: Vec<Name> = Vec::new();
    let scope = scopes.get_mut(id);
    if scope.kind == ScopeKind::Class || (scope.kind == ScopeKind::Module && separate_locals) {
        names.push(Rc::from(".namespace"));
    }
    let mut cells = Vec::new();
    for name in std::mem::take(&mut scope.params) {
        let register = next(&names);
        if let Some(symbol) = scope.symbols.get_mut(&name) {
            symbol.register = register;
            if symbol.flags & CAPTURED != 0 {
                cells.push(register);
            }
        }
        names.push(name);
    }
    if scope.kind.has_locals() {
        let order = std::mem::take(&mut scope.order);
        let mut placed = vec![false; scope.symbols.len()];
        // What has no place in the order is never named by code.
        let rest = (0..placed.len()).map(|index| (index, Place::Name));
        for (index, place) in order.into_iter().chain(rest) {
            let symbol = scope.symbols.get_index_mut(index);
            if let (Some((name, symbol)), Some(placed)) = (symbol, placed.get_mut(index))
                && symbol.is_own_local()
                && !*placed
            {
                let captured = symbol.flags & CAPTURED != 0;
                if captured && place == Place::Name {
                    continue;
                }
                *placed = true;
                symbol.register = next(&names);
                names.push(name.clone());
                if captured {
                    cells.push(symbol.register);
                }
            }
        }
        let comp_cells = comprehension_registers(scopes, inlined, &mut names);
        let scope = scopes.get_mut(id);
        scope.layout.comp_cells = comp_cells;
        let symbols = scope.symbols.iter_mut().zip(placed);
        let mut captured: Vec<(&Name, &mut Symbol)> = symbols
            .filter(|((_, s), placed)| s.is_own_local() && !placed)
            .map(|(symbol, _)| symbol)
            .collect();
        captured.sort_by(|a, b| a.0.cmp(b.0));
        for (name, symbol) in captured {
            symbol.register = next(&names);
            cells.push(symbol.register);
            names.push(name.clone());
        }
    } else {
        let comp_cells = comprehension_registers(scopes, inlined, &mut names);
        let scope = scopes.get_mut(id);
        scope.layout.comp_cells = comp_cells;
        if scope.needs_class_cell {
            scope.class_cell = next(&names);
            cells.push(scope.class_cell);
            names.push(Rc::from("__class__"));
        }
    }
    let free_start = next(&names);
    let scope = scopes.get_mut(id);
    scope.free.sort_keys();
    for (name, (_, register)) in &mut scope.free {
        *register = next(&names);
        names.push(name.clone());
    }
    let captures = captured_registers(scopes, id);
    let scope = scopes.get_mut(id);
    for symbol in scope.symbols.values() {
        if symbol.flags & DELETED != 0 && symbol.binder == Some(id) {
            scope.layout.deletable.add(symbol.register);
        }
    }
    scope.layout.names = names;
    scope.layout.free_start = free_start;
    scope.layout.cells = cells;
    scope.layout.captures = captures;
}

fn next(names: &[Name]) -> u16 {
    u16::try_from(names.len()).unwrap_or(u16::MAX)
}

/// Registers of comprehension targets. Comprehensions that are not inside each other share
/// registers for equal names.
fn comprehension_registers(
    scopes: &mut Scopes,
    inlined: &[ScopeId],
    names: &mut Vec<Name>,
) -> Vec<u16> {
    /// A register, and the comprehension that took it last.
    type Slots = HashMap<(Name, bool), Vec<(u16, ScopeId)>>;
    let mut slots: Slots = HashMap::default();
    let mut cells = Vec::new();
    for id in inlined {
        let around: Vec<ScopeId> = scopes.ancestors(*id).skip(1).collect();
        let scope = scopes.get_mut(*id);
        let mut registers = Vec::new();
        for (name, symbol) in &mut scope.symbols {
            if symbol.flags & BOUND == 0 || symbol.flags & (GLOBAL | NONLOCAL) != 0 {
                continue;
            }
            let captured = symbol.flags & CAPTURED != 0;
            let same = slots.entry((name.clone(), captured)).or_default();
            // Outer comprehensions come first in `inlined`, so the last owner of a slot is either
            // around this one or finished.
            let free = same.iter_mut().find(|(_, owner)| !around.contains(owner));
            symbol.register = match free {
                Some((register, owner)) => {
                    *owner = *id;
                    *register
                }
                None => {
                    let register = next(names);
                    names.push(name.clone());
                    same.push((register, *id));
                    if captured {
                        cells.push(register);
                    }
                    register
                }
            };
            registers.push(symbol.register);
        }
        scope.comp_registers = registers;
    }
    cells
}

/// For each free variable of a frame: the register of its cell in the frame around it.
fn captured_registers(scopes: &Scopes, id: ScopeId) -> Vec<u16> {
    let frame = scopes.get(id);
    let Some(parent) = frame.parent else {
        return Vec::new();
    };
    let outer = scopes.get(parent).frame;
    let register = |(name, (binder, _)): (&Name, &(ScopeId, u16))| {
        variable_register(scopes, outer, name, *binder)
    };
    frame.free.iter().map(register).collect()
}

/// The register in `frame` through which the variable `name` of `binder` is reached.
fn variable_register(scopes: &Scopes, frame: ScopeId, name: &str, binder: ScopeId) -> u16 {
    let home = scopes.get(binder);
    if home.frame != frame {
        let free = scopes.get(frame).free.get(name);
        return free.map_or(0, |(_, register)| *register);
    }
    if home.kind == ScopeKind::Class {
        return home.class_cell;
    }
    home.symbols.get(name).map_or(0, |s| s.register)
}

/// Decides how each name of a scope is reached. `apart` are the names that are global all the same
/// where the module's locals are not its globals.
fn settle_access(scopes: &mut Scopes, id: ScopeId, apart: Option<&HashSet<Name>>) {
    let separate_locals = apart.is_some();
    let scope = scopes.get(id);
    let frame_kind = scopes.get(scope.frame).kind;
    let (kind, frame) = (scope.kind, scope.frame);
    let namespace = match kind {
        ScopeKind::Module => separate_locals,
        ScopeKind::Class => true,
        // Annotations of a generic method see the names of the class around it.
        ScopeKind::TypeParams => scope
            .parent
            .is_some_and(|p| scopes.get(p).kind == ScopeKind::Class),
        _ => kind.is_inlined() && frame_kind == ScopeKind::Module && separate_locals,
    };
    let mut settled = Vec::with_capacity(scope.symbols.len());
    for (name, symbol) in &scope.symbols {
        let access = match symbol.binder {
            _ if symbol.flags & GLOBAL != 0 => Access::Global,
            None if frame_kind == ScopeKind::Module
                && apart.is_some_and(|names| names.contains(name)) =>
            {
                Access::Global
            }
            None if namespace => Access::Name,
            None => Access::Global,
            Some(binder) => {
                let register = variable_register(scopes, frame, name, binder);
                let home = scopes.get(binder);
                let captured = home
                    .symbols
                    .get(name)
                    .is_some_and(|s| s.flags & CAPTURED != 0);
                let in_cell = home.frame != frame || captured || home.kind == ScopeKind::Class;
                match (in_cell, namespace && binder != id) {
                    (true, true) => Access::NameOrCell(register),
                    (true, false) => Access::Cell(register),
                    (false, _) => Access::Local(register),
                }
            }
        };
        settled.push(access);
    }
    scopes.get_mut(id).has_namespace = namespace;
    let symbols = scopes.get_mut(id).symbols.values_mut();
    for (symbol, access) in symbols.zip(settled) {
        symbol.access = access;
    }
}
