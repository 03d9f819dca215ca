//! The syntax tree: what a program says, with the place of everything in it. Plain data; the
//! names follow CPython's `ast` module so that a reader who knows that one finds the twin here.

use crate::source::Span;
use num_bigint::BigInt;
use std::rc::Rc;

/// Names are shared: the same identifier occurs many times.
pub type Name = Rc<str>;

/// An identifier and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    pub name: Name,
    pub span: Span,
}

/// A whole program or REPL entry.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Module {
    pub body: Vec<Stmt>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    pub kind: StmtKind,
    pub span: Span,
}

pub type Block = Vec<Stmt>;

#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    Expr(Expr),
    /// `a = b = value`: targets from left to right.
    Assign {
        targets: Vec<Expr>,
        value: Expr,
    },
    AugAssign {
        target: Expr,
        op: BinaryOp,
        value: Expr,
    },
    /// `simple` is false for `(x): int`, as in CPython's `AnnAssign.simple`.
    AnnAssign {
        target: Expr,
        annotation: Expr,
        value: Option<Expr>,
        simple: bool,
    },
    Return(Option<Expr>),
    Delete(Vec<Expr>),
    Pass,
    Break,
    Continue,
    Raise {
        exc: Option<Expr>,
        cause: Option<Expr>,
    },
    Global(Vec<Ident>),
    Nonlocal(Vec<Ident>),
    Assert {
        test: Expr,
        msg: Option<Expr>,
    },
    Import(Vec<Alias>),
    /// `from ..module import names`; `names` is empty for `*`.
    ImportFrom {
        module: Option<Ident>,
        level: u32,
        names: Vec<Alias>,
        star: bool,
    },
    /// `elif` is an `If` alone in `orelse`.
    If {
        test: Expr,
        body: Block,
        orelse: Block,
    },
    While {
        test: Expr,
        body: Block,
        orelse: Block,
    },
    For {
        is_async: bool,
        target: Expr,
        iter: Expr,
        body: Block,
        orelse: Block,
    },
    With {
        is_async: bool,
        items: Vec<WithItem>,
        body: Block,
    },
    Try(Box<Try>),
    Match {
        subject: Expr,
        cases: Vec<MatchCase>,
    },
    FunctionDef(Box<FunctionDef>),
    ClassDef(Box<ClassDef>),
    TypeAlias {
        name: Ident,
        params: Vec<TypeParam>,
        value: Expr,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// Dotted: `os.path`.
    pub name: Ident,
    pub asname: Option<Ident>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct WithItem {
    pub context: Expr,
    pub target: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    pub body: Block,
    pub handlers: Vec<ExceptHandler>,
    /// The handlers are `except*`.
    pub is_star: bool,
    pub orelse: Block,
    pub finalbody: Block,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExceptHandler {
    /// `None` is a bare `except:`.
    pub typ: Option<Expr>,
    pub name: Option<Ident>,
    pub body: Block,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDef {
    pub name: Ident,
    pub is_async: bool,
    pub decorators: Vec<Expr>,
    pub type_params: Vec<TypeParam>,
    pub params: Params,
    pub returns: Option<Expr>,
    pub body: Block,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ClassDef {
    pub name: Ident,
    pub decorators: Vec<Expr>,
    pub type_params: Vec<TypeParam>,
    pub args: Vec<Arg>,
    pub body: Block,
}

/// Parameters by kind, each in source order.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Params {
    pub posonly: Vec<Param>,
    pub args: Vec<Param>,
    pub vararg: Option<Param>,
    pub kwonly: Vec<Param>,
    pub kwarg: Option<Param>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: Ident,
    pub annotation: Option<Expr>,
    pub default: Option<Expr>,
}

/// PEP 695: `T`, `T: bound`, `*Ts`, `**P`, each with an optional default.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeParam {
    pub name: Ident,
    pub kind: TypeParamKind,
    pub bound: Option<Expr>,
    pub default: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TypeParamKind {
    TypeVar,
    TypeVarTuple,
    ParamSpec,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Constant(Constant),
    /// An f-string, with plain neighbours already joined in.
    JoinedStr(Vec<FStringPart>),
    Name(Name),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Set(Vec<Expr>),
    /// A `None` key is `**value`.
    Dict(Vec<(Option<Expr>, Expr)>),
    Starred(Box<Expr>),
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `a and b and c`: at least two values.
    Bool {
        op: BoolOp,
        values: Vec<Expr>,
    },
    /// `left op0 c0 op1 c1 …`
    Compare {
        left: Box<Expr>,
        rest: Vec<(CompareOp, Expr)>,
    },
    Conditional {
        test: Box<Expr>,
        body: Box<Expr>,
        orelse: Box<Expr>,
    },
    Lambda {
        params: Box<Params>,
        body: Box<Expr>,
    },
    /// `name := value`
    Named {
        target: Ident,
        value: Box<Expr>,
    },
    Attribute {
        value: Box<Expr>,
        attr: Ident,
    },
    Subscript {
        value: Box<Expr>,
        index: Box<Expr>,
    },
    /// Only inside a subscript.
    Slice {
        lower: Option<Box<Expr>>,
        upper: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
    Call {
        func: Box<Expr>,
        args: Vec<Arg>,
    },
    ListComp(Box<Comprehension>),
    SetComp(Box<Comprehension>),
    GeneratorExp(Box<Comprehension>),
    /// `element` is the value; the key stands in `Comprehension::key`.
    DictComp(Box<Comprehension>),
    Await(Box<Expr>),
    Yield(Option<Box<Expr>>),
    YieldFrom(Box<Expr>),
    /// Stands where recovery skipped something that did not parse; never compiled.
    Invalid,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    None,
    True,
    False,
    Ellipsis,
    Int(i64),
    BigInt(BigInt),
    Float(f64),
    /// `3j`
    Imaginary(f64),
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum FStringPart {
    /// Text with escapes and doubled braces resolved.
    Literal(Rc<str>),
    Field(Box<FStringField>),
}

/// `{value=!r:spec}`
#[derive(Clone, Debug, PartialEq)]
pub struct FStringField {
    pub value: Expr,
    /// For `{x = }`: the source text up to and with the `=` and the blanks around it. The parser
    /// also keeps it here instead of adding a literal part.
    pub debug: Option<Rc<str>>,
    pub conversion: Option<Conversion>,
    /// The format spec, itself a list of literals and nested fields.
    pub spec: Option<Vec<FStringPart>>,
    /// From brace to brace.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Conversion {
    Str,
    Repr,
    Ascii,
}

/// An argument of a call or of a class statement, in source order.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    Positional(Expr),
    /// `*iterable`
    Star(Expr),
    Keyword(Ident, Expr),
    /// `**mapping`
    DoubleStar(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// Only for a dict comprehension.
    pub key: Option<Expr>,
    pub element: Expr,
    pub generators: Vec<CompFor>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CompFor {
    pub is_async: bool,
    pub target: Expr,
    pub iter: Expr,
    pub ifs: Vec<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Neg,
    Pos,
    Invert,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Sub,
    Mult,
    MatMult,
    Div,
    FloorDiv,
    Mod,
    Pow,
    LShift,
    RShift,
    BitAnd,
    BitOr,
    BitXor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BoolOp {
    And,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    Eq,
    NotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Is,
    IsNot,
    In,
    NotIn,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MatchCase {
    pub pattern: Pattern,
    pub guard: Option<Expr>,
    pub body: Block,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub kind: PatternKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// A number (signed, or complex `1+2j` as a `Binary`), string or dotted name: compared with `==`.
    Value(Expr),
    /// `None`, `True`, `False`: compared with `is`.
    Singleton(Constant),
    Sequence(Vec<Pattern>),
    /// Keys are constants or dotted names; `rest` is `**name`.
    Mapping {
        items: Vec<(Expr, Pattern)>,
        rest: Option<Ident>,
    },
    Class {
        cls: Expr,
        positional: Vec<Pattern>,
        keyword: Vec<(Ident, Pattern)>,
    },
    /// `*name`, `*_` (no name). Only inside a sequence.
    Star(Option<Ident>),
    /// `pattern as name`; a capture has no pattern; the wildcard `_` has neither.
    As {
        pattern: Option<Box<Pattern>>,
        name: Option<Ident>,
    },
    Or(Vec<Pattern>),
}
