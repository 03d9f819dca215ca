//! Comprehensions that wait: each becomes a function with loops, because nothing may be yielded
//! out of a comprehension.

use super::text::Lines;
use super::{Kind, Rewriter};
use crate::syntax::ast::{Comprehension, Expr, ExprKind};
use crate::syntax::walk;

/// Whether a comprehension itself waits for something.
pub(super) fn waits(c: &Comprehension) -> bool {
    let mut any = c.generators.iter().any(|g| g.is_async);
    let mut look = |e: &Expr| {
        walk::everything(e, &mut |e| {
            any |= matches!(e.kind, ExprKind::Await(_)) || is_asynchronous(e);
        });
    };
    c.key.iter().for_each(&mut look);
    look(&c.element);
    for (i, part) in c.generators.iter().enumerate() {
        // What the first loop goes over is not evaluated within.
        if i > 0 {
            look(&part.iter);
        }
        part.ifs.iter().for_each(&mut look);
    }
    any
}

/// Whether an expression is a comprehension with `async for`.
pub(super) fn is_asynchronous(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::ListComp(c)
        | ExprKind::SetComp(c)
        | ExprKind::DictComp(c)
        | ExprKind::GeneratorExp(c) => c.generators.iter().any(|g| g.is_async),
        _ => false,
    }
}

impl Rewriter<'_> {
    /// Makes a function of a comprehension, and a call of it.
    pub(super) fn comprehension(&mut self, e: &Expr, c: &Comprehension) -> String {
        let first = match c.generators.first() {
            Some(first) => self.expr(&first.iter),
            None => String::new(),
        };
        let number = self.number();
        let lazy = matches!(e.kind, ExprKind::GeneratorExp(_));
        let name = match lazy {
            true => self.names.name(&format!("generator_{number}")),
            false => self.names.name(&format!("comprehension_{number}")),
        };
        // Within it only awaiting means something else than in a plain function.
        self.functions.push(super::Function {
            kind: Kind::Marked,
            lifted: Vec::new(),
        });
        let (head, loops) = self.loops(e, c, &name, number);
        let within = self.functions.pop().map_or_else(Vec::new, |f| f.lifted);
        // Comprehensions within it see its variables.
        let within = within.iter().map(|text| Lines::moved(text, "", "    "));
        let text = format!("{head}{}{loops}", within.collect::<String>());
        if let Some(function) = self.functions.last_mut() {
            function.lifted.push(text);
        }
        match lazy {
            true => format!("{name}({first})"),
            false => format!("(yield from {name}({first}))"),
        }
    }

    /// The head of the function that a comprehension becomes, and its loops.
    fn loops(
        &mut self,
        e: &Expr,
        c: &Comprehension,
        name: &str,
        number: usize,
    ) -> (String, String) {
        let (items, result) = (
            self.names.name(&format!("items_{number}")),
            self.names.name(&format!("result_{number}")),
        );
        let key = c.key.as_ref().map(|k| self.expr(k));
        let element = self.expr(&c.element);
        let (empty, add) = match &e.kind {
            ExprKind::ListComp(_) => ("[]", format!("{result}.append({element})")),
            ExprKind::SetComp(_) => ("set()", format!("{result}.add({element})")),
            ExprKind::DictComp(_) => {
                let key = key.unwrap_or_default();
                ("{}", format!("{result}[{key}] = ({element})"))
            }
            _ => ("", format!("yield {}({element})", self.names.name("Item"))),
        };
        let lazy = empty.is_empty();
        let mut head = String::new();
        if lazy {
            self.used.async_generator = true;
            head.push_str(&format!("@{}\n", self.names.name("async_generator")));
        }
        head.push_str(&format!("def {name}({items}):\n"));
        let mut out = String::new();
        if !lazy {
            out.push_str(&format!("    {result} = {empty}\n"));
        }
        let mut inset = "    ".to_owned();
        for (i, part) in c.generators.iter().enumerate() {
            let over = match i {
                0 => items.clone(),
                _ => self.expr(&part.iter),
            };
            let target = self.expr(&part.target);
            match part.is_async {
                false => out.push_str(&format!("{inset}for {target} in ({over}):\n")),
                true => {
                    let next = self.names.name(&format!("next_{}", self.count + 1));
                    self.count += 1;
                    out.push_str(&self.each(&inset, &target, &over, &next));
                }
            }
            inset.push_str("    ");
            for condition in &part.ifs {
                let condition = self.expr(condition);
                out.push_str(&format!("{inset}if ({condition}):\n"));
                inset.push_str("    ");
            }
        }
        out.push_str(&format!("{inset}{add}\n"));
        if !lazy {
            out.push_str(&format!("    return {result}\n"));
        }
        (head, out)
    }

    /// The head of a loop that waits for each item.
    fn each(&mut self, inset: &str, target: &str, over: &str, iterator: &str) -> String {
        self.used.coroutine = true;
        let wait = self.names.name("await");
        format!(
            "{inset}{iterator} = {over}\n\
             {inset}{iterator} = type({iterator}).__aiter__({iterator})\n\
             {inset}while True:\n\
             {inset}    try:\n\
             {inset}        {target} = yield from {wait}(type({iterator}).__anext__({iterator}))\n\
             {inset}    except StopAsyncIteration:\n\
             {inset}        break\n"
        )
    }
}
