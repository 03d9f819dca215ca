//! The tokens: one table of kinds with their spelling. Knows nothing of lines, nesting or grammar.

use crate::source::Span;
use crate::syntax::ast::BinaryOp;
use logos::Logos;

/// A token: what it is and where it stands. Its text is looked up in the source when needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Tok,
    pub span: Span,
}

/// Every kind of token. Soft keywords (`match`, `case`, `type`, `_`) have kinds of their own and are
/// names wherever the grammar asks for a name.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[logos(skip r"[ \t\x0c]+")]
pub enum Tok {
    // Layout. NEWLINE, INDENT and DEDENT come from `layout`; the lexer gives line ends.
    #[regex(r"\r\n|\n|\r")]
    Newline,
    Indent,
    Dedent,
    #[regex(r"#[^\r\n]*", allow_greedy = true)]
    Comment,
    #[regex(r"\\(\r\n|\n|\r)")]
    LineJoin,
    #[token("\\")]
    Backslash,
    /// Something that is no token; the lexer has reported it.
    Error,
    /// A character that no rule of the grammar wants: `$`, `?`, a backquote.
    #[regex(r"[$?`]")]
    Unknown,

    // Names and literals.
    #[regex(r"[A-Za-z_\u{80}-\u{10FFFF}][A-Za-z0-9_\u{80}-\u{10FFFF}]*")]
    Name,
    /// The lexer is only told that a number begins; `number::scan` finds its end.
    #[regex(r"[0-9]|\.[0-9]")]
    Number,
    /// A whole string or bytes literal. As with numbers, the pattern is only its opening.
    #[regex("([rR]|[uU]|[bB]|[bB][rR]|[rR][bB])?(\"\"\"|'''|\"|')")]
    String,
    #[regex("([fF]|[fF][rR]|[rR][fF])(\"\"\"|'''|\"|')")]
    FStringStart,
    FStringMiddle,
    /// As `FStringMiddle`, in an `rf"…"`: backslashes are plain text.
    FStringMiddleRaw,
    FStringEnd,

    // Keywords.
    #[token("False")]
    False,
    #[token("None")]
    None,
    #[token("True")]
    True,
    #[token("and")]
    And,
    #[token("as")]
    As,
    #[token("assert")]
    Assert,
    #[token("async")]
    Async,
    #[token("await")]
    Await,
    #[token("break")]
    Break,
    #[token("class")]
    Class,
    #[token("continue")]
    Continue,
    #[token("def")]
    Def,
    #[token("del")]
    Del,
    #[token("elif")]
    Elif,
    #[token("else")]
    Else,
    #[token("except")]
    Except,
    #[token("finally")]
    Finally,
    #[token("for")]
    For,
    #[token("from")]
    From,
    #[token("global")]
    Global,
    #[token("if")]
    If,
    #[token("import")]
    Import,
    #[token("in")]
    In,
    #[token("is")]
    Is,
    #[token("lambda")]
    Lambda,
    #[token("nonlocal")]
    Nonlocal,
    #[token("not")]
    Not,
    #[token("or")]
    Or,
    #[token("pass")]
    Pass,
    #[token("raise")]
    Raise,
    #[token("return")]
    Return,
    #[token("try")]
    Try,
    #[token("while")]
    While,
    #[token("with")]
    With,
    #[token("yield")]
    Yield,

    // Soft keywords.
    #[token("match")]
    Match,
    #[token("case")]
    Case,
    #[token("type")]
    Type,
    #[token("_", priority = 10)]
    Underscore,

    // Brackets.
    #[token("(")]
    LParen,
    #[token(")")]
    RParen,
    #[token("[")]
    LBracket,
    #[token("]")]
    RBracket,
    #[token("{")]
    LBrace,
    #[token("}")]
    RBrace,

    // Punctuation.
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token(";")]
    Semicolon,
    #[token(".")]
    Dot,
    #[token("...")]
    Ellipsis,
    #[token("->")]
    Arrow,
    #[token("@")]
    At,
    #[token("!")]
    Exclamation,
    #[token("=")]
    Equal,
    #[token(":=")]
    ColonEqual,

    // Operators.
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("**")]
    DoubleStar,
    #[token("/")]
    Slash,
    #[token("//")]
    DoubleSlash,
    #[token("%")]
    Percent,
    #[token("<<")]
    LeftShift,
    #[token(">>")]
    RightShift,
    #[token("&")]
    Amper,
    #[token("|")]
    Bar,
    #[token("^")]
    Caret,
    #[token("~")]
    Tilde,
    #[token("==")]
    EqEqual,
    #[token("!=")]
    NotEqual,
    /// `<>`, which only ever meant `!=` in Python 2.
    #[token("<>")]
    LessGreater,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEqual,

    // Augmented assignment.
    #[token("+=")]
    PlusEqual,
    #[token("-=")]
    MinusEqual,
    #[token("*=")]
    StarEqual,
    #[token("@=")]
    AtEqual,
    #[token("/=")]
    SlashEqual,
    #[token("//=")]
    DoubleSlashEqual,
    #[token("%=")]
    PercentEqual,
    #[token("&=")]
    AmperEqual,
    #[token("|=")]
    BarEqual,
    #[token("^=")]
    CaretEqual,
    #[token("<<=")]
    LeftShiftEqual,
    #[token(">>=")]
    RightShiftEqual,
    #[token("**=")]
    DoubleStarEqual,

    /// The end of the program.
    End,
}

impl Tok {
    /// Names, soft keywords included.
    pub fn is_name(self) -> bool {
        matches!(
            self,
            Tok::Name | Tok::Match | Tok::Case | Tok::Type | Tok::Underscore
        )
    }

    pub fn is_soft_keyword(self) -> bool {
        matches!(self, Tok::Match | Tok::Case | Tok::Type | Tok::Underscore)
    }

    pub fn is_keyword(self) -> bool {
        (Tok::False as u8..=Tok::Yield as u8).contains(&(self as u8))
    }

    /// A statement with blocks begins with this token; decorators are part of it.
    pub fn starts_compound(self) -> bool {
        matches!(
            self,
            Tok::At
                | Tok::Def
                | Tok::Class
                | Tok::If
                | Tok::While
                | Tok::For
                | Tok::With
                | Tok::Try
                | Tok::Async
                | Tok::Match
        )
    }

    pub fn is_constant(self) -> bool {
        matches!(self, Tok::None | Tok::True | Tok::False | Tok::Ellipsis)
    }

    /// The token may be an atom of its own.
    pub fn is_atom(self) -> bool {
        self.is_name() || self.is_constant() || matches!(self, Tok::Number | Tok::String)
    }

    /// An operand may end with this token, so that an operator may follow.
    pub fn ends_operand(self) -> bool {
        self.is_name()
            || matches!(
                self,
                Tok::Number
                    | Tok::String
                    | Tok::FStringEnd
                    | Tok::RParen
                    | Tok::RBracket
                    | Tok::RBrace
                    | Tok::True
                    | Tok::False
                    | Tok::None
                    | Tok::Ellipsis
            )
    }

    /// No expression goes on with this token, which is one that often stands behind one.
    pub fn ends_expression(self) -> bool {
        matches!(
            self,
            Tok::Newline
                | Tok::Comma
                | Tok::Colon
                | Tok::Equal
                | Tok::RParen
                | Tok::RBracket
                | Tok::RBrace
        )
    }

    /// No operand goes on with this token: an operator may follow, or something else.
    pub fn ends_operand_before(self) -> bool {
        !matches!(
            self,
            Tok::Dot
                | Tok::LParen
                | Tok::LBracket
                | Tok::DoubleStar
                | Tok::String
                | Tok::FStringStart
        )
    }

    /// An expression may begin with this token.
    pub fn starts_expression(self) -> bool {
        self.is_name()
            || matches!(
                self,
                Tok::Number
                    | Tok::String
                    | Tok::FStringStart
                    | Tok::LParen
                    | Tok::LBracket
                    | Tok::LBrace
                    | Tok::True
                    | Tok::False
                    | Tok::None
                    | Tok::Ellipsis
                    | Tok::Plus
                    | Tok::Minus
                    | Tok::Tilde
                    | Tok::Not
                    | Tok::Lambda
                    | Tok::Await
            )
    }

    /// The binary operators with their precedence: a higher number binds tighter. Powers, unary
    /// operators and comparisons have rules of their own.
    pub fn binary(self) -> Option<(BinaryOp, u8)> {
        Some(match self {
            Tok::Bar => (BinaryOp::BitOr, 1),
            Tok::Caret => (BinaryOp::BitXor, 2),
            Tok::Amper => (BinaryOp::BitAnd, 3),
            Tok::LeftShift => (BinaryOp::LShift, 4),
            Tok::RightShift => (BinaryOp::RShift, 4),
            Tok::Plus => (BinaryOp::Add, 5),
            Tok::Minus => (BinaryOp::Sub, 5),
            Tok::Star => (BinaryOp::Mult, 6),
            Tok::Slash => (BinaryOp::Div, 6),
            Tok::DoubleSlash => (BinaryOp::FloorDiv, 6),
            Tok::Percent => (BinaryOp::Mod, 6),
            Tok::At => (BinaryOp::MatMult, 6),
            _ => return None,
        })
    }

    /// `+=` and its kin.
    pub fn augmented(self) -> Option<BinaryOp> {
        Some(match self {
            Tok::PlusEqual => BinaryOp::Add,
            Tok::MinusEqual => BinaryOp::Sub,
            Tok::StarEqual => BinaryOp::Mult,
            Tok::AtEqual => BinaryOp::MatMult,
            Tok::SlashEqual => BinaryOp::Div,
            Tok::DoubleSlashEqual => BinaryOp::FloorDiv,
            Tok::PercentEqual => BinaryOp::Mod,
            Tok::AmperEqual => BinaryOp::BitAnd,
            Tok::BarEqual => BinaryOp::BitOr,
            Tok::CaretEqual => BinaryOp::BitXor,
            Tok::LeftShiftEqual => BinaryOp::LShift,
            Tok::RightShiftEqual => BinaryOp::RShift,
            Tok::DoubleStarEqual => BinaryOp::Pow,
            _ => return None,
        })
    }

    /// The closing bracket that belongs to an opening one.
    pub fn closer(self) -> Option<Tok> {
        Some(match self {
            Tok::LParen => Tok::RParen,
            Tok::LBracket => Tok::RBracket,
            Tok::LBrace => Tok::RBrace,
            _ => return None,
        })
    }

    /// CPython's name for the kind of token, as `coro tokens` prints it.
    pub fn category(self) -> &'static str {
        match self {
            Tok::Newline => "NEWLINE",
            Tok::Indent => "INDENT",
            Tok::Dedent => "DEDENT",
            Tok::Comment => "COMMENT",
            Tok::Error | Tok::Unknown | Tok::Backslash | Tok::LineJoin => "ERRORTOKEN",
            Tok::Number => "NUMBER",
            Tok::String => "STRING",
            Tok::FStringStart => "FSTRING_START",
            Tok::FStringMiddle | Tok::FStringMiddleRaw => "FSTRING_MIDDLE",
            Tok::FStringEnd => "FSTRING_END",
            Tok::End => "ENDMARKER",
            kind if kind.is_name() || kind.is_keyword() => "NAME",
            _ => "OP",
        }
    }
}
