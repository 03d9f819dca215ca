//! What each kind of tree node is called in CPython's `ast`, and which fields it has there.

use super::Item;
use super::constant::{quoted, repr};
use crate::source::Span;
use crate::syntax::ast::*;

/// How CPython marks what is done with a name, attribute, subscript, tuple or list.
#[derive(Clone, Copy)]
enum Ctx {
    Load,
    Store,
    Del,
}

/// Builds a node, leaving out what is empty, as `ast.dump` does.
struct Builder {
    name: &'static str,
    fields: Vec<(&'static str, Item)>,
    span: Option<Span>,
}

fn new(name: &'static str, span: Option<Span>) -> Builder {
    Builder {
        name,
        fields: Vec::new(),
        span,
    }
}

impl Builder {
    fn with(mut self, field: &'static str, value: Item) -> Self {
        self.fields.push((field, value));
        self
    }

    fn maybe(self, field: &'static str, value: Option<Item>) -> Self {
        match value {
            Some(value) => self.with(field, value),
            None => self,
        }
    }

    fn list(self, field: &'static str, items: Vec<Item>) -> Self {
        if items.is_empty() {
            self
        } else {
            self.with(field, Item::List(items))
        }
    }

    fn ctx(self, ctx: Ctx) -> Self {
        let name = match ctx {
            Ctx::Load => "Load",
            Ctx::Store => "Store",
            Ctx::Del => "Del",
        };
        self.with("ctx", bare(name))
    }

    fn end(self) -> Item {
        Item::Node {
            name: self.name,
            fields: self.fields,
            span: self.span,
        }
    }
}

fn bare(name: &'static str) -> Item {
    new(name, None).end()
}

fn number(value: impl ToString) -> Item {
    Item::Text(value.to_string())
}

fn text(value: &str) -> Item {
    Item::Text(quoted(value))
}

pub fn module(module: &Module) -> Item {
    new("Module", None).list("body", block(&module.body)).end()
}

fn block(body: &[Stmt]) -> Vec<Item> {
    body.iter().map(stmt).collect()
}

fn exprs(items: &[Expr], ctx: Ctx) -> Vec<Item> {
    items.iter().map(|item| expr_in(item, ctx)).collect()
}

fn opt(value: &Option<Expr>) -> Option<Item> {
    value.as_ref().map(expr)
}

fn stmt(stmt: &Stmt) -> Item {
    let node = |name| new(name, Some(stmt.span));
    match &stmt.kind {
        StmtKind::Expr(value) => node("Expr").with("value", expr(value)).end(),
        StmtKind::Assign { targets, value } => node("Assign")
            .list("targets", exprs(targets, Ctx::Store))
            .with("value", expr(value))
            .end(),
        StmtKind::AugAssign { target, op, value } => node("AugAssign")
            .with("target", expr_in(target, Ctx::Store))
            .with("op", binary_op(*op))
            .with("value", expr(value))
            .end(),
        StmtKind::AnnAssign {
            target,
            annotation,
            value,
            simple,
        } => node("AnnAssign")
            .with("target", expr_in(target, Ctx::Store))
            .with("annotation", expr(annotation))
            .maybe("value", opt(value))
            .with("simple", number(i32::from(*simple)))
            .end(),
        StmtKind::Return(value) => node("Return").maybe("value", opt(value)).end(),
        StmtKind::Delete(targets) => node("Delete")
            .list("targets", exprs(targets, Ctx::Del))
            .end(),
        StmtKind::Pass => node("Pass").end(),
        StmtKind::Break => node("Break").end(),
        StmtKind::Continue => node("Continue").end(),
        StmtKind::Raise { exc, cause } => node("Raise")
            .maybe("exc", opt(exc))
            .maybe("cause", opt(cause))
            .end(),
        StmtKind::Global(names) => node("Global").list("names", idents(names)).end(),
        StmtKind::Nonlocal(names) => node("Nonlocal").list("names", idents(names)).end(),
        StmtKind::Assert { test, msg } => node("Assert")
            .with("test", expr(test))
            .maybe("msg", opt(msg))
            .end(),
        StmtKind::Import(names) => node("Import")
            .list("names", names.iter().map(alias).collect())
            .end(),
        StmtKind::ImportFrom {
            module,
            level,
            names,
            star,
        } => {
            let names = if *star {
                vec![new("alias", None).with("name", text("*")).end()]
            } else {
                names.iter().map(alias).collect()
            };
            node("ImportFrom")
                .maybe("module", module.as_ref().map(|module| text(&module.name)))
                .list("names", names)
                .with("level", number(level))
                .end()
        }
        _ => compound(stmt),
    }
}

fn compound(stmt: &Stmt) -> Item {
    let node = |name| new(name, Some(stmt.span));
    match &stmt.kind {
        StmtKind::If { test, body, orelse } => conditional(node("If"), test, body, orelse),
        StmtKind::While { test, body, orelse } => conditional(node("While"), test, body, orelse),
        StmtKind::For {
            is_async,
            target,
            iter,
            body,
            orelse,
        } => node(if *is_async { "AsyncFor" } else { "For" })
            .with("target", expr_in(target, Ctx::Store))
            .with("iter", expr(iter))
            .list("body", block(body))
            .list("orelse", block(orelse))
            .end(),
        StmtKind::With {
            is_async,
            items,
            body,
        } => node(if *is_async { "AsyncWith" } else { "With" })
            .list("items", items.iter().map(with_item).collect())
            .list("body", block(body))
            .end(),
        StmtKind::Try(parts) => node(if parts.is_star { "TryStar" } else { "Try" })
            .list("body", block(&parts.body))
            .list("handlers", parts.handlers.iter().map(handler).collect())
            .list("orelse", block(&parts.orelse))
            .list("finalbody", block(&parts.finalbody))
            .end(),
        StmtKind::Match { subject, cases } => node("Match")
            .with("subject", expr(subject))
            .list("cases", cases.iter().map(case).collect())
            .end(),
        StmtKind::FunctionDef(def) => node(if def.is_async {
            "AsyncFunctionDef"
        } else {
            "FunctionDef"
        })
        .with("name", text(&def.name.name))
        .with("args", arguments(&def.params))
        .list("body", block(&def.body))
        .list("decorator_list", exprs(&def.decorators, Ctx::Load))
        .maybe("returns", opt(&def.returns))
        .list(
            "type_params",
            def.type_params.iter().map(type_param).collect(),
        )
        .end(),
        StmtKind::ClassDef(class) => {
            let (bases, keywords) = call_args(&class.args);
            node("ClassDef")
                .with("name", text(&class.name.name))
                .list("bases", bases)
                .list("keywords", keywords)
                .list("body", block(&class.body))
                .list("decorator_list", exprs(&class.decorators, Ctx::Load))
                .list(
                    "type_params",
                    class.type_params.iter().map(type_param).collect(),
                )
                .end()
        }
        StmtKind::TypeAlias {
            name,
            params,
            value,
        } => node("TypeAlias")
            .with("name", name_node(name, Ctx::Store))
            .list("type_params", params.iter().map(type_param).collect())
            .with("value", expr(value))
            .end(),
        _ => node("Pass").end(),
    }
}

fn conditional(node: Builder, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Item {
    node.with("test", expr(test))
        .list("body", block(body))
        .list("orelse", block(orelse))
        .end()
}

fn idents(names: &[Ident]) -> Vec<Item> {
    names.iter().map(|ident| text(&ident.name)).collect()
}

fn name_node(ident: &Ident, ctx: Ctx) -> Item {
    new("Name", Some(ident.span))
        .with("id", text(&ident.name))
        .ctx(ctx)
        .end()
}

fn alias(alias: &Alias) -> Item {
    let asname = alias.asname.as_ref().map(|name| text(&name.name));
    new("alias", None)
        .with("name", text(&alias.name.name))
        .maybe("asname", asname)
        .end()
}

fn with_item(item: &WithItem) -> Item {
    new("withitem", None)
        .with("context_expr", expr(&item.context))
        .maybe(
            "optional_vars",
            item.target
                .as_ref()
                .map(|target| expr_in(target, Ctx::Store)),
        )
        .end()
}

fn handler(handler: &ExceptHandler) -> Item {
    new("ExceptHandler", None)
        .maybe("type", opt(&handler.typ))
        .maybe("name", handler.name.as_ref().map(|name| text(&name.name)))
        .list("body", block(&handler.body))
        .end()
}

fn case(case: &MatchCase) -> Item {
    new("match_case", None)
        .with("pattern", pattern(&case.pattern))
        .maybe("guard", opt(&case.guard))
        .list("body", block(&case.body))
        .end()
}

fn param(param: &Param) -> Item {
    new("arg", None)
        .with("arg", text(&param.name.name))
        .maybe("annotation", opt(&param.annotation))
        .end()
}

fn arguments(params: &Params) -> Item {
    let defaults = params
        .posonly
        .iter()
        .chain(&params.args)
        .filter_map(|param| opt(&param.default))
        .collect();
    let keyword_default =
        |param: &Param| opt(&param.default).unwrap_or_else(|| Item::Text("None".into()));
    new("arguments", None)
        .list("posonlyargs", params.posonly.iter().map(param).collect())
        .list("args", params.args.iter().map(param).collect())
        .maybe("vararg", params.vararg.as_ref().map(param))
        .list("kwonlyargs", params.kwonly.iter().map(param).collect())
        .list(
            "kw_defaults",
            params.kwonly.iter().map(keyword_default).collect(),
        )
        .maybe("kwarg", params.kwarg.as_ref().map(param))
        .list("defaults", defaults)
        .end()
}

fn type_param(param: &TypeParam) -> Item {
    let name = match param.kind {
        TypeParamKind::TypeVar => "TypeVar",
        TypeParamKind::TypeVarTuple => "TypeVarTuple",
        TypeParamKind::ParamSpec => "ParamSpec",
    };
    new(name, None)
        .with("name", text(&param.name.name))
        .maybe("bound", opt(&param.bound))
        .maybe("default_value", opt(&param.default))
        .end()
}

fn call_args(args: &[Arg]) -> (Vec<Item>, Vec<Item>) {
    let (mut positional, mut keywords) = (Vec::new(), Vec::new());
    for arg in args {
        match arg {
            Arg::Positional(value) => positional.push(expr(value)),
            Arg::Star(value) => {
                positional.push(
                    new("Starred", None)
                        .with("value", expr(value))
                        .ctx(Ctx::Load)
                        .end(),
                );
            }
            Arg::Keyword(name, value) => {
                let node = new("keyword", None).with("arg", text(&name.name));
                keywords.push(node.with("value", expr(value)).end());
            }
            Arg::DoubleStar(value) => {
                keywords.push(new("keyword", None).with("value", expr(value)).end())
            }
        }
    }
    (positional, keywords)
}

fn expr(value: &Expr) -> Item {
    expr_in(value, Ctx::Load)
}

fn expr_in(value: &Expr, ctx: Ctx) -> Item {
    let node = |name| new(name, Some(value.span));
    match &value.kind {
        ExprKind::Name(name) => node("Name").with("id", text(name)).ctx(ctx).end(),
        ExprKind::Tuple(items) => node("Tuple").list("elts", exprs(items, ctx)).ctx(ctx).end(),
        ExprKind::List(items) => node("List").list("elts", exprs(items, ctx)).ctx(ctx).end(),
        ExprKind::Starred(inner) => node("Starred")
            .with("value", expr_in(inner, ctx))
            .ctx(ctx)
            .end(),
        ExprKind::Attribute { value, attr } => node("Attribute")
            .with("value", expr(value))
            .with("attr", text(&attr.name))
            .ctx(ctx)
            .end(),
        ExprKind::Subscript { value, index } => node("Subscript")
            .with("value", expr(value))
            .with("slice", expr(index))
            .ctx(ctx)
            .end(),
        _ => plain_expr(value),
    }
}

fn boxed(value: &Option<Box<Expr>>) -> Option<Item> {
    value.as_deref().map(expr)
}

fn plain_expr(value: &Expr) -> Item {
    let node = |name| new(name, Some(value.span));
    match &value.kind {
        ExprKind::Constant(constant) => node("Constant")
            .with("value", Item::Text(repr(constant)))
            .end(),
        ExprKind::JoinedStr(parts) => node("JoinedStr").list("values", joined(parts)).end(),
        ExprKind::Set(items) => node("Set").list("elts", exprs(items, Ctx::Load)).end(),
        ExprKind::Dict(pairs) => {
            let key = |(key, _): &(Option<Expr>, Expr)| {
                opt(key).unwrap_or_else(|| Item::Text("None".into()))
            };
            node("Dict")
                .list("keys", pairs.iter().map(key).collect())
                .list(
                    "values",
                    pairs.iter().map(|(_, value)| expr(value)).collect(),
                )
                .end()
        }
        ExprKind::Unary { op, operand } => node("UnaryOp")
            .with("op", bare(unary_name(*op)))
            .with("operand", expr(operand))
            .end(),
        ExprKind::Binary { op, left, right } => node("BinOp")
            .with("left", expr(left))
            .with("op", binary_op(*op))
            .with("right", expr(right))
            .end(),
        ExprKind::Bool { op, values } => {
            let op = if *op == BoolOp::And { "And" } else { "Or" };
            node("BoolOp")
                .with("op", bare(op))
                .list("values", exprs(values, Ctx::Load))
                .end()
        }
        ExprKind::Compare { left, rest } => node("Compare")
            .with("left", expr(left))
            .list(
                "ops",
                rest.iter().map(|(op, _)| bare(compare_name(*op))).collect(),
            )
            .list(
                "comparators",
                rest.iter().map(|(_, value)| expr(value)).collect(),
            )
            .end(),
        ExprKind::Conditional { test, body, orelse } => node("IfExp")
            .with("test", expr(test))
            .with("body", expr(body))
            .with("orelse", expr(orelse))
            .end(),
        ExprKind::Lambda { params, body } => node("Lambda")
            .with("args", arguments(params))
            .with("body", expr(body))
            .end(),
        ExprKind::Named { target, value } => node("NamedExpr")
            .with("target", name_node(target, Ctx::Store))
            .with("value", expr(value))
            .end(),
        ExprKind::Slice { lower, upper, step } => node("Slice")
            .maybe("lower", boxed(lower))
            .maybe("upper", boxed(upper))
            .maybe("step", boxed(step))
            .end(),
        ExprKind::Call { func, args } => {
            let (args, keywords) = call_args(args);
            node("Call")
                .with("func", expr(func))
                .list("args", args)
                .list("keywords", keywords)
                .end()
        }
        ExprKind::ListComp(comp) => comprehension(node("ListComp"), comp),
        ExprKind::SetComp(comp) => comprehension(node("SetComp"), comp),
        ExprKind::GeneratorExp(comp) => comprehension(node("GeneratorExp"), comp),
        ExprKind::DictComp(comp) => comprehension(node("DictComp"), comp),
        ExprKind::Await(value) => node("Await").with("value", expr(value)).end(),
        ExprKind::Yield(value) => node("Yield").maybe("value", boxed(value)).end(),
        ExprKind::YieldFrom(value) => node("YieldFrom").with("value", expr(value)).end(),
        _ => node("Invalid").end(),
    }
}

fn comprehension(node: Builder, comp: &Comprehension) -> Item {
    let node = match &comp.key {
        None => node.with("elt", expr(&comp.element)),
        Some(key) => node
            .with("key", expr(key))
            .with("value", expr(&comp.element)),
    };
    let clause = |clause: &CompFor| {
        new("comprehension", None)
            .with("target", expr_in(&clause.target, Ctx::Store))
            .with("iter", expr(&clause.iter))
            .list("ifs", exprs(&clause.ifs, Ctx::Load))
            .with("is_async", number(i32::from(clause.is_async)))
            .end()
    };
    node.list("generators", comp.generators.iter().map(clause).collect())
        .end()
}

/// The parts of an f-string; the text of `{x=}` joins the literal before it.
fn joined(parts: &[FStringPart]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut pending = String::new();
    let flush = |pending: &mut String, items: &mut Vec<Item>| {
        if !pending.is_empty() {
            items.push(new("Constant", None).with("value", text(pending)).end());
            pending.clear();
        }
    };
    for part in parts {
        match part {
            FStringPart::Literal(literal) => pending.push_str(literal),
            FStringPart::Field(field) => {
                pending.push_str(field.debug.as_deref().unwrap_or(""));
                flush(&mut pending, &mut items);
                items.push(formatted(field));
            }
        }
    }
    flush(&mut pending, &mut items);
    items
}

fn formatted(field: &FStringField) -> Item {
    let conversion = match field.conversion {
        None => -1,
        Some(Conversion::Str) => 's' as i32,
        Some(Conversion::Repr) => 'r' as i32,
        Some(Conversion::Ascii) => 'a' as i32,
    };
    let spec = field
        .spec
        .as_ref()
        .map(|parts| new("JoinedStr", None).list("values", joined(parts)).end());
    new("FormattedValue", None)
        .with("value", expr(&field.value))
        .with("conversion", number(conversion))
        .maybe("format_spec", spec)
        .end()
}

fn pattern(pattern_node: &Pattern) -> Item {
    let node = |name| new(name, Some(pattern_node.span));
    let patterns = |items: &[Pattern]| items.iter().map(pattern).collect::<Vec<_>>();
    let ident = |name: &Option<Ident>| name.as_ref().map(|name| text(&name.name));
    match &pattern_node.kind {
        PatternKind::Value(value) => node("MatchValue").with("value", expr(value)).end(),
        PatternKind::Singleton(constant) => node("MatchSingleton")
            .with("value", Item::Text(repr(constant)))
            .end(),
        PatternKind::Sequence(items) => node("MatchSequence")
            .list("patterns", patterns(items))
            .end(),
        PatternKind::Mapping { items, rest } => node("MatchMapping")
            .list("keys", items.iter().map(|(key, _)| expr(key)).collect())
            .list(
                "patterns",
                items.iter().map(|(_, value)| pattern(value)).collect(),
            )
            .maybe("rest", ident(rest))
            .end(),
        PatternKind::Class {
            cls,
            positional,
            keyword,
        } => node("MatchClass")
            .with("cls", expr(cls))
            .list("patterns", patterns(positional))
            .list(
                "kwd_attrs",
                keyword.iter().map(|(name, _)| text(&name.name)).collect(),
            )
            .list(
                "kwd_patterns",
                keyword.iter().map(|(_, value)| pattern(value)).collect(),
            )
            .end(),
        PatternKind::Star(name) => node("MatchStar").maybe("name", ident(name)).end(),
        PatternKind::As {
            pattern: inner,
            name,
        } => node("MatchAs")
            .maybe("pattern", inner.as_deref().map(pattern))
            .maybe("name", ident(name))
            .end(),
        PatternKind::Or(items) => node("MatchOr").list("patterns", patterns(items)).end(),
    }
}

fn unary_name(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Neg => "USub",
        UnaryOp::Pos => "UAdd",
        UnaryOp::Invert => "Invert",
        UnaryOp::Not => "Not",
    }
}

fn binary_op(op: BinaryOp) -> Item {
    bare(match op {
        BinaryOp::Add => "Add",
        BinaryOp::Sub => "Sub",
        BinaryOp::Mult => "Mult",
        BinaryOp::MatMult => "MatMult",
        BinaryOp::Div => "Div",
        BinaryOp::FloorDiv => "FloorDiv",
        BinaryOp::Mod => "Mod",
        BinaryOp::Pow => "Pow",
        BinaryOp::LShift => "LShift",
        BinaryOp::RShift => "RShift",
        BinaryOp::BitAnd => "BitAnd",
        BinaryOp::BitOr => "BitOr",
        BinaryOp::BitXor => "BitXor",
    })
}

fn compare_name(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "Eq",
        CompareOp::NotEq => "NotEq",
        CompareOp::Lt => "Lt",
        CompareOp::LtE => "LtE",
        CompareOp::Gt => "Gt",
        CompareOp::GtE => "GtE",
        CompareOp::Is => "Is",
        CompareOp::IsNot => "IsNot",
        CompareOp::In => "In",
        CompareOp::NotIn => "NotIn",
    }
}
