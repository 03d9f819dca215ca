//! `import` and `from … import`.

use super::*;
use crate::syntax::ast::{Alias, Ident};

impl<'a> Gen<'a> {
    pub(super) fn import(&mut self, names: &'a [Alias], span: Span) {
        for alias in names {
            let t = self.alloc();
            self.import_name(&alias.name.name, Const::None, 0, span, t);
            let full = &alias.name.name;
            match (&alias.asname, full.split_once('.')) {
                (Some(asname), Some((_, path))) => {
                    // `import a.b.c as d` binds the innermost module.
                    let mut from = t;
                    for part in path.split('.') {
                        let to = self.alloc();
                        let part: Rc<str> = Rc::from(part);
                        self.asm.emit_site(span, Op::ImportFrom, to, from, &part, 0);
                        self.clear(from);
                        from = to;
                    }
                    self.store(&asname.name, span, from);
                }
                (Some(asname), None) => self.store(&asname.name, span, t),
                (None, Some((first, _))) => self.store(&Rc::from(first), span, t),
                (None, None) => self.store(full, span, t),
            }
            self.top = t;
        }
    }

    pub(super) fn import_from(
        &mut self,
        module: Option<&'a Ident>,
        level: u32,
        names: &'a [Alias],
        star: bool,
        span: Span,
    ) {
        let module: Name = module.map_or_else(|| Rc::from(""), |m| m.name.clone());
        let t = self.alloc();
        let wanted = |alias: &Alias| Const::Str(alias.name.name.clone());
        let list: Vec<Const> = if star {
            vec![Const::Str(Rc::from("*"))]
        } else {
            names.iter().map(wanted).collect()
        };
        self.import_name(&module, Const::Tuple(list), level, span, t);
        if star {
            self.emit(span, Op::ImportStar, t, 0, 0);
        } else {
            for alias in names {
                let value = self.alloc();
                let name = &alias.name.name;
                self.asm.emit_site(span, Op::ImportFrom, value, t, name, 0);
                let to = alias.asname.as_ref().unwrap_or(&alias.name);
                self.store(&to.name, span, value);
                self.top = value;
            }
            self.clear(t);
        }
        self.top = t;
    }

    fn import_name(&mut self, module: &Name, list: Const, level: u32, span: Span, dst: u16) {
        let base = self.alloc_n(2);
        self.load(span, base, list);
        self.load(span, base + 1, Const::Int(i64::from(level)));
        self.asm
            .emit_site(span, Op::ImportName, dst, base, module, 0);
        self.top = base;
    }
}
