//! The syntax tree as indented text, for `coro ast`: the same text that `python -m ast` prints, so
//! that the two can be laid side by side. `node` says what becomes of each kind of tree node.

use super::ast::Module;
use crate::source::{Source, Span};

mod constant;
mod node;

/// A tree as the printer sees it.
enum Item {
    Node {
        name: &'static str,
        fields: Vec<(&'static str, Item)>,
        span: Option<Span>,
    },
    List(Vec<Item>),
    /// Already as it is to be printed.
    Text(String),
}

/// The tree of a program.
pub fn dump(module: &Module) -> String {
    Printer { source: None }.print(&node::module(module), 0).0
}

/// The same with the place of every node, as `ast.dump` has it with `include_attributes=True`.
pub fn dump_with_places(module: &Module, source: &Source) -> String {
    Printer {
        source: Some(source),
    }
    .print(&node::module(module), 0)
    .0
}

struct Printer<'s> {
    source: Option<&'s Source>,
}

/// Blanks per level, as `python -m ast` has it.
const INDENT: usize = 3;
/// A node with simple fields stands on one line if it has at most this many.
const MAX_INLINE: usize = 3;

impl Printer<'_> {
    /// The text of an item, and whether it is simple enough to stand on its parent's line.
    fn print(&self, item: &Item, level: usize) -> (String, bool) {
        let level = level + 1;
        let prefix = format!("\n{}", " ".repeat(INDENT * level));
        let separator = format!(",{prefix}");
        match item {
            Item::Text(text) => (text.clone(), true),
            Item::List(items) if items.is_empty() => ("[]".into(), true),
            Item::List(items) => {
                let items: Vec<String> =
                    items.iter().map(|item| self.print(item, level).0).collect();
                (format!("[{prefix}{}]", items.join(&separator)), false)
            }
            Item::Node { name, fields, span } => {
                let mut simple = true;
                let mut texts = Vec::new();
                for (field, value) in fields {
                    let (text, value_is_simple) = self.print(value, level);
                    simple &= value_is_simple;
                    texts.push(format!("{field}={text}"));
                }
                texts.extend(self.place(*span));
                if simple && texts.len() <= MAX_INLINE {
                    return (format!("{name}({})", texts.join(", ")), texts.is_empty());
                }
                (format!("{name}({prefix}{})", texts.join(&separator)), false)
            }
        }
    }

    fn place(&self, span: Option<Span>) -> Vec<String> {
        let (Some(source), Some(span)) = (self.source, span) else {
            return Vec::new();
        };
        let column = |offset: u32| {
            let line = source.line_of(offset);
            let text = source.text().get(..offset as usize).unwrap_or("");
            let start = text.rfind(['\n', '\r']).map_or(0, |i| i + 1);
            (line, offset as usize - start)
        };
        let ((line, start), (end_line, end)) = (column(span.start), column(span.end));
        vec![
            format!("lineno={line}"),
            format!("col_offset={start}"),
            format!("end_lineno={end_line}"),
            format!("end_col_offset={end}"),
        ]
    }
}
