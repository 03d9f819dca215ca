//! Reading, assigning and deleting names.

use super::*;
use crate::bytecode::opcode::{DIES_A, Intrinsic};

impl<'a> Gen<'a> {
    /// The register of a local variable that is read in place; checks that it is assigned.
    pub(super) fn local(&mut self, name: &Name, span: Span) -> Option<u16> {
        let name = self.mangled(name);
        match self.access(&name) {
            Access::Local(reg) => {
                if !self.asm.is_bound(reg) {
                    self.emit(span, Op::CheckBound, reg, 0, 0);
                    self.asm.set_bound(reg);
                }
                Some(reg)
            }
            _ => None,
        }
    }

    /// The register that a target name is, if a value can be put straight into it.
    pub(super) fn local_target(&self, target: &Expr) -> Option<u16> {
        match &target.kind {
            ExprKind::Name(name) => match self.access(&self.mangled(name)) {
                Access::Local(reg) => Some(reg),
                _ => None,
            },
            _ => None,
        }
    }

    /// dst = name.
    pub(super) fn load_name(&mut self, name: &Name, span: Span, dst: u16) {
        let name = self.mangled(name);
        match self.access(&name) {
            Access::Local(_) => {
                if let Some(reg) = self.local(&name, span) {
                    self.move_to(span, dst, reg);
                }
            }
            Access::Cell(cell) => self.emit(span, Op::LoadCell, dst, cell, 0),
            Access::Global => self.asm.emit_site(span, Op::LoadGlobal, dst, 0, &name, 0),
            Access::Name => self.asm.emit_site(span, Op::LoadName, dst, 0, &name, 0),
            Access::NameOrCell(cell) => {
                self.asm
                    .emit_site(span, Op::LoadNameOrCell, dst, cell, &name, 0);
            }
        }
    }

    /// name = value; a temporary is taken.
    pub(super) fn store(&mut self, name: &Name, span: Span, value: u16) {
        self.store_kept(name, span, value, false);
    }

    /// name = value; the temporary survives if `keep`.
    pub(super) fn store_kept(&mut self, name: &Name, span: Span, value: u16, keep: bool) {
        let name = self.mangled(name);
        let kept = if keep { DIES_A } else { 0 };
        match self.access(&name) {
            Access::Local(reg) if keep => self.emit(span, Op::Copy, reg, value, 0),
            Access::Local(reg) => self.move_to(span, reg, value),
            Access::Cell(cell) | Access::NameOrCell(cell) => {
                let kept = if keep {
                    crate::bytecode::opcode::DIES_B
                } else {
                    0
                };
                self.emit_kept(span, Op::StoreCell, [cell, value, 0], kept);
            }
            Access::Global => self
                .asm
                .emit_site(span, Op::StoreGlobal, value, 0, &name, kept),
            Access::Name => self
                .asm
                .emit_site(span, Op::StoreName, value, 0, &name, kept),
        }
    }

    /// `del name`.
    pub(super) fn delete_name(&mut self, name: &Name, span: Span) {
        let name = self.mangled(name);
        match self.access(&name) {
            Access::Local(reg) => {
                self.emit(span, Op::DeleteLocal, reg, 0, 0);
                self.asm.set_unbound(reg);
            }
            Access::Cell(cell) | Access::NameOrCell(cell) => {
                self.emit(span, Op::DeleteCell, cell, 0, 0);
            }
            Access::Global => self.asm.emit_site(span, Op::DeleteGlobal, 0, 0, &name, 0),
            Access::Name => self.asm.emit_site(span, Op::DeleteName, 0, 0, &name, 0),
        }
    }

    /// `name = None; del name`, at the end of an `except … as name`.
    pub(super) fn unbind_handler_name(&mut self, name: &Name) {
        let mangled = self.mangled(name);
        if let Access::Local(reg) = self.access(&mangled) {
            self.clear(reg);
            self.asm.set_unbound(reg);
            return;
        }
        let t = self.alloc();
        self.load(NOWHERE, t, Const::None);
        self.store(name, NOWHERE, t);
        self.delete_name(name, NOWHERE);
        self.top = t;
    }

    /// Makes `__annotations__` for a module or class body, unless it is there.
    pub(super) fn setup_annotations(&mut self) {
        let name = Rc::from("__annotations__");
        let present = match self.access(&name) {
            Access::Name | Access::NameOrCell(_) => Intrinsic::OwnAnnotations,
            _ => Intrinsic::GlobalAnnotations,
        };
        let t = self.alloc();
        self.emit(NOWHERE, Op::LoadIntrinsic, t, present as u16, 0);
        self.store(&name, NOWHERE, t);
        self.top = t;
    }
}
