//! What stands around a statement and must be undone when control leaves it: loops, `try`,
//! handlers, `with`. `break`, `continue` and `return` walk this stack outwards, as CPython's
//! frame blocks; `finally` bodies are compiled anew for each way out.

use super::*;
use crate::compile::assembler::Label;
use crate::syntax::ast::Ident;

/// CPython's limit on nested blocks; it also bounds the duplication of `finally` bodies.
const MAX_BLOCKS: usize = 21;

/// Where `break` and `continue` go.
#[derive(Clone, Copy)]
pub(super) struct Exits {
    pub brk: Label,
    pub cont: Label,
}

/// Something around the current statement.
#[derive(Clone, Copy)]
pub(super) enum Block<'a> {
    /// A loop; `state` is the register that holds its iterator.
    Loop { exits: Exits, state: Option<u16> },
    /// The body of a `try` with handlers.
    Try { outer: Handler },
    /// The part of a `try` that its `finally` body follows.
    FinallyTry { outer: Handler, body: &'a [Stmt] },
    /// A value on its way out, while a `finally` body runs that could change its mind.
    Held { value: u16 },
    /// A `finally` body that runs because of an exception.
    FinallyEnd { exc: u16, outer: Handler },
    /// A handler's body.
    Handler {
        exc: u16,
        name: Option<&'a Ident>,
        outer: Handler,
    },
    /// The body of a `with`.
    With {
        window: u16,
        is_async: bool,
        span: Span,
        outer: Handler,
    },
}

impl Block<'_> {
    /// How many blocks CPython counts for it.
    fn weight(&self) -> usize {
        match self {
            Block::Handler { .. } => 2,
            _ => 1,
        }
    }
}

impl<'a> Gen<'a> {
    /// Enters a block.
    pub(super) fn push_block(&mut self, block: Block<'a>, span: Span) {
        self.blocks.push(block);
        let depth: usize = self.blocks.iter().map(Block::weight).sum();
        if depth > MAX_BLOCKS && !self.too_deep {
            self.too_deep = true;
            let title = "too many statically nested blocks";
            self.cx
                .error(span, title, "move the inner part into a function");
        }
        if self.too_deep {
            self.asm.resume_flow(None);
        }
    }

    pub(super) fn pop_block(&mut self) {
        self.blocks.pop();
    }

    /// The loop that `break` and `continue` mean.
    pub(super) fn innermost_loop(&self) -> Option<(usize, Exits)> {
        let found = self.blocks.iter().enumerate().rev();
        let mut loops = found.filter_map(|(i, block)| match block {
            Block::Loop { exits, .. } => Some((i, *exits)),
            _ => None,
        });
        loops.next()
    }

    /// Whether leaving all blocks runs code that could assign variables.
    pub(super) fn unwinding_runs_code(&self) -> bool {
        self.blocks.iter().any(|block| match block {
            Block::FinallyTry { .. } | Block::With { .. } => true,
            Block::Handler { name, .. } => name.is_some(),
            _ => false,
        })
    }

    /// Emits what leaving the blocks from the innermost to number `depth` does. `held` is a
    /// temporary that must survive. The caller emits the jump or return and then goes back to the
    /// returned handler.
    #[must_use]
    pub(super) fn unwind_to(&mut self, depth: usize, held: Option<u16>) -> Handler {
        let handler = self.handler();
        let top = self.top;
        let mut left = Vec::new();
        while self.blocks.len() > depth {
            let Some(block) = self.blocks.pop() else {
                break;
            };
            self.leave(&block, held);
            self.top = top;
            left.push(block);
        }
        self.blocks.extend(left.into_iter().rev());
        handler
    }

    fn leave(&mut self, block: &Block<'a>, held: Option<u16>) {
        match *block {
            Block::Loop { state, .. } => {
                if let Some(state) = state {
                    self.clear(state);
                }
            }
            Block::Try { outer } => self.asm.enter(outer),
            Block::FinallyTry { outer, body } => {
                self.asm.enter(outer);
                if let Some(value) = held {
                    self.push_block(Block::Held { value }, NOWHERE);
                    self.block(body);
                    self.pop_block();
                } else {
                    self.block(body);
                }
            }
            Block::Held { value } => self.clear(value),
            Block::FinallyEnd { exc, outer } => {
                self.asm.enter(outer);
                self.emit(NOWHERE, Op::PopExc, exc, 0, 0);
            }
            Block::Handler { exc, name, outer } => {
                self.asm.enter(outer);
                self.emit(NOWHERE, Op::PopExc, exc, 0, 0);
                if let Some(name) = name {
                    self.unbind_handler_name(&name.name);
                }
            }
            Block::With {
                window,
                is_async,
                span,
                outer,
            } => {
                self.asm.enter(outer);
                self.leave_with(window, is_async, span, held);
            }
        }
    }
}
