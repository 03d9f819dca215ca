//! How deep the tree of a line can become, counted on its tokens before anything is parsed. It lets
//! the parser, the compiler and the dropping of a tree recurse without a thought for the stack:
//! whatever could nest too deeply is refused first. Knows tokens, no grammar.

use super::token::{Tok, Token};

/// The deepest tree that is parsed. CPython's own limits lie between 3000 and 10000.
const MAX_DEPTH: u32 = 5000;
/// How often the parser may call itself for one line.
const MAX_RECURSION: u32 = 1000;

/// Is the line's tree too deep, or could it be? Short lines never are.
pub fn too_deep(line: &[Token]) -> bool {
    line.len() as u64 > u64::from(MAX_RECURSION)
        && (bound(line, tree_weight) > MAX_DEPTH || bound(line, parser_weight) > MAX_RECURSION)
}

/// How a token makes an expression deeper.
#[derive(Clone, Copy, PartialEq)]
enum Weight {
    Nothing,
    /// It nests within operands: `+`, `.`, a call.
    Tight,
    /// It nests whatever follows, up to a comma: `lambda`, `else`.
    Loose,
}

/// One level deeper in the tree.
fn tree_weight(kind: Tok, after_operand: bool) -> Weight {
    match kind {
        Tok::Lambda | Tok::Else | Tok::ColonEqual => Weight::Loose,
        Tok::Not | Tok::Await | Tok::Tilde | Tok::DoubleStar | Tok::Dot => Weight::Tight,
        Tok::LParen | Tok::LBracket if after_operand => Weight::Tight,
        _ if kind.binary().is_some() => Weight::Tight,
        _ => Weight::Nothing,
    }
}

/// One more call of the parser by itself; brackets count anyway.
fn parser_weight(kind: Tok, _: bool) -> Weight {
    match kind {
        Tok::Lambda | Tok::Else | Tok::ColonEqual => Weight::Loose,
        Tok::DoubleStar => Weight::Tight,
        _ => Weight::Nothing,
    }
}

/// What has been counted between two brackets.
#[derive(Clone, Copy, Default)]
struct Level {
    loose: u32,
    tight: u32,
    /// The deepest bracket since `tight` began.
    inner: u32,
    /// The deepest operand since `loose` began.
    operand: u32,
    /// The deepest item.
    item: u32,
    /// Lambdas whose parameters have not ended: their commas separate nothing else.
    lambdas: u32,
}

impl Level {
    fn end_operand(&mut self) {
        self.operand = self.operand.max(self.tight.saturating_add(self.inner));
        (self.tight, self.inner) = (0, 0);
    }

    fn end_item(&mut self) {
        self.end_operand();
        self.item = self.item.max(self.loose.saturating_add(self.operand));
        (self.loose, self.operand) = (0, 0);
    }

    fn depth(mut self) -> u32 {
        self.end_item();
        self.item
    }
}

/// At most how deep the line nests, by this way of weighing tokens.
fn bound(line: &[Token], weigh: fn(Tok, bool) -> Weight) -> u32 {
    let mut outer: Vec<Level> = Vec::new();
    let mut level = Level::default();
    let mut after_operand = false;
    for token in line {
        match weigh(token.kind, after_operand) {
            Weight::Tight => level.tight = level.tight.saturating_add(1),
            Weight::Loose => level.loose = level.loose.saturating_add(1),
            Weight::Nothing => {}
        }
        match token.kind {
            Tok::LParen | Tok::LBracket | Tok::LBrace => {
                outer.push(level);
                level = Level::default();
            }
            Tok::RParen | Tok::RBracket | Tok::RBrace => {
                let depth = level.depth().saturating_add(1);
                level = outer.pop().unwrap_or_default();
                level.inner = level.inner.max(depth);
            }
            Tok::Lambda => level.lambdas = level.lambdas.saturating_add(1),
            Tok::Colon => level.lambdas = level.lambdas.saturating_sub(1),
            Tok::Comma | Tok::Semicolon if level.lambdas == 0 => level.end_item(),
            Tok::And | Tok::Or | Tok::Is | Tok::In => level.end_operand(),
            Tok::EqEqual | Tok::NotEqual => level.end_operand(),
            Tok::Less | Tok::LessEqual | Tok::Greater | Tok::GreaterEqual => level.end_operand(),
            _ => {}
        }
        after_operand = token.kind.ends_operand();
    }
    while let Some(enclosing) = outer.pop() {
        let depth = level.depth().saturating_add(1);
        level = enclosing;
        level.inner = level.inner.max(depth);
    }
    level.depth()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::syntax::lexer::lex;

    fn depth(text: &str, weigh: fn(Tok, bool) -> Weight) -> u32 {
        bound(&lex(&Source::new("t", text)).tokens, weigh)
    }

    #[test]
    fn bounds() {
        assert_eq!(depth("a + b + c", tree_weight), 2);
        assert_eq!(depth("a + b, c + d + e", tree_weight), 2);
        assert_eq!(depth("a.b + c and d + e", tree_weight), 2);
        assert_eq!(depth("f(a + b)(c)", tree_weight), 2 + 1 + 1);
        assert_eq!(depth("lambda x, y: lambda z: a", tree_weight), 2);
        assert_eq!(depth("[lambda: a, lambda: b]", tree_weight), 1 + 1);
        assert_eq!(depth("a if b else c if d and e else f", parser_weight), 2);
        assert_eq!(depth("((a))", parser_weight), 2);
        assert_eq!(depth("a ** b ** c", parser_weight), 2);
        assert_eq!(depth("not not a", parser_weight), 0);
    }

    #[test]
    fn long_but_flat_is_fine() {
        let fine = |text: String| !too_deep(&lex(&Source::new("t", text)).tokens);
        assert!(fine(format!("[{}]", "a.b + 1, ".repeat(10_000))));
        assert!(fine(format!("a{}", " and a.b".repeat(10_000))));
        assert!(fine(format!("a{}", " + a".repeat(4_900))));
        assert!(!fine(format!("a{}", " + a".repeat(5_100))));
        assert!(!fine("lambda: ".repeat(2_000)));
        assert!(!fine("lambda a, b: ".repeat(2_000)));
    }
}
