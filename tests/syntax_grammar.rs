//! The grammar in `grammar/coro.ebnf` and the parser say the same: programs written at random by the
//! grammar parse, and the programs of the corpus are found again in the grammar, by an interpreter of
//! it that knows nothing of the parser. Every alternative of every rule is used by some program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use coro::source::Source;
use coro::syntax;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// What an alternative is made of.
#[derive(Clone, Debug)]
enum Part {
    /// A keyword or sign.
    Word(String),
    /// A soft keyword.
    Soft(String),
    Token(String),
    Rule(String),
    /// Alternatives in brackets, with the place where they were written.
    Group(Choice),
    Optional(Choice),
    Repeat(Choice),
    Ahead(Box<Part>),
    NotAhead(Box<Part>),
}

/// Alternatives; each has a number of its own in the whole grammar.
type Choice = Vec<(usize, Vec<Part>)>;

struct Grammar {
    rules: BTreeMap<String, Choice>,
    /// The text of each alternative, for messages.
    texts: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A stack that deep programs fit on.
fn with_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(work)
        .unwrap();
    thread.join().unwrap()
}

// ---- reading the grammar ----

impl Grammar {
    fn read() -> Grammar {
        let mut text = std::fs::read_to_string(root().join("grammar/coro.ebnf")).unwrap();
        while let Some(start) = text.find("(*") {
            let end = text[start..].find("*)").unwrap() + start + 2;
            text.replace_range(start..end, " ");
        }
        let words: Vec<String> = text.split_whitespace().map(String::from).collect();
        let mut grammar = Grammar {
            rules: BTreeMap::new(),
            texts: Vec::new(),
        };
        let mut at = 0;
        while at < words.len() {
            let name = words[at].clone();
            assert_eq!(words[at + 1], "=", "after {name}");
            at += 2;
            let choice = grammar.choice(&name, &words, &mut at);
            assert_eq!(words[at], ";", "at the end of {name}");
            at += 1;
            assert!(
                grammar.rules.insert(name.clone(), choice).is_none(),
                "{name} twice"
            );
        }
        grammar
    }

    fn choice(&mut self, rule: &str, words: &[String], at: &mut usize) -> Choice {
        let mut choice = Vec::new();
        loop {
            let start = *at;
            let mut parts = Vec::new();
            while !matches!(words[*at].as_str(), "|" | ";" | ")" | "]" | "}") {
                parts.push(self.part(rule, words, at));
            }
            let number = self.texts.len();
            self.texts
                .push(format!("{rule}: {}", words[start..*at].join(" ")));
            choice.push((number, parts));
            if words[*at] != "|" {
                return choice;
            }
            *at += 1;
        }
    }

    fn part(&mut self, rule: &str, words: &[String], at: &mut usize) -> Part {
        let word = words[*at].as_str();
        *at += 1;
        let close = match word {
            "(" => ")",
            "[" => "]",
            "{" => "}",
            _ => return simple_part(word),
        };
        let choice = self.choice(rule, words, at);
        assert_eq!(words[*at], close, "in {rule}");
        *at += 1;
        match close {
            ")" => Part::Group(choice),
            "]" => Part::Optional(choice),
            _ => Part::Repeat(choice),
        }
    }

    /// All words that are keywords everywhere.
    fn keywords(&self) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        for choice in self.rules.values() {
            visit(choice, &mut |part| {
                if let Part::Word(word) = part
                    && word.starts_with(|c: char| c.is_alphabetic())
                {
                    words.insert(word.clone());
                }
            });
        }
        words
    }
}

fn simple_part(word: &str) -> Part {
    if let Some(rest) = word.strip_prefix('!').filter(|rest| rest.len() > 1) {
        return Part::NotAhead(Box::new(simple_part(rest)));
    }
    if let Some(rest) = word.strip_prefix('&') {
        return Part::Ahead(Box::new(simple_part(rest)));
    }
    let inner = |quote: char| {
        word.strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
    };
    if let Some(word) = inner('\'') {
        return Part::Word(word.into());
    }
    if let Some(word) = inner('"') {
        return Part::Soft(word.into());
    }
    if word.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
        Part::Token(word.into())
    } else {
        Part::Rule(word.into())
    }
}

fn visit(choice: &Choice, seen: &mut impl FnMut(&Part)) {
    for (_, parts) in choice {
        for part in parts {
            seen(part);
            match part {
                Part::Group(inner) | Part::Optional(inner) | Part::Repeat(inner) => {
                    visit(inner, seen)
                }
                Part::Ahead(inner) | Part::NotAhead(inner) => seen(inner),
                _ => {}
            }
        }
    }
}

#[test]
fn every_rule_is_defined_and_used_and_has_its_name_from_the_parser() {
    let grammar = Grammar::read();
    let mut used = BTreeSet::from(["module".to_string()]);
    for choice in grammar.rules.values() {
        visit(choice, &mut |part| {
            if let Part::Rule(name) = part {
                used.insert(name.clone());
            }
        });
    }
    let defined: BTreeSet<String> = grammar.rules.keys().cloned().collect();
    assert_eq!(
        used.difference(&defined).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "not defined"
    );
    assert_eq!(
        defined.difference(&used).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "not used"
    );
    let mut sources = String::new();
    for entry in std::fs::read_dir(root().join("src/syntax/parser")).unwrap() {
        sources.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    // These split up what one function reads from a list.
    let parts = [
        "as_name",
        "augmented",
        "class_arguments",
        "comp_for",
        "compound_stmt",
        "default_param",
        "default_params",
        "default_type_param",
        "slice_item",
        "trailer",
        "target",
        "elif_stmt",
        "dotted_as_name",
        "field_item",
        "field_items",
        "handlers",
        "import_names",
        "keyword_args",
        "keyword_params",
        "kwarg",
        "lambda_default",
        "lambda_defaults",
        "lambda_keywords",
        "lambda_plain",
        "lambda_positional",
        "lambda_star",
        "mapping_arg",
        "mapping_item",
        "open_sequence",
        "plain_params",
        "plain_type_param",
        "positional_arg",
        "positional_args",
        "positional_params",
        "positional_pattern",
        "single_target",
        "star_list",
        "del_target",
        "star_named_expressions",
        "star_param",
        "star_params",
        "star_target",
        "subject_expr",
        "target_primary",
        "type_param_list",
        "del_targets",
        "keyword_pattern",
        "except_star_block",
        "star_expression",
        "keyword_arg",
    ];
    for name in &defined {
        let named =
            sources.contains(&format!("fn {name}<")) || sources.contains(&format!("fn {name}("));
        let described =
            sources.contains(&format!("`{name}:")) || sources.contains(&format!("`{name}`"));
        assert!(
            named || described || parts.contains(&name.as_str()),
            "the parser does not know {name}"
        );
    }
}

// ---- writing programs ----

/// A small generator of numbers, the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

struct Writer<'g> {
    grammar: &'g Grammar,
    /// The least number of nested rules that each alternative needs.
    cost: HashMap<usize, usize>,
    dice: Dice,
    out: String,
    indent: usize,
    line_begins: bool,
    budget: usize,
}

/// Solves for the cheapest way to write each rule.
fn costs(grammar: &Grammar) -> HashMap<usize, usize> {
    const FAR: usize = 1 << 20;
    fn of_part(part: &Part, rules: &HashMap<&str, usize>) -> usize {
        match part {
            Part::Rule(name) => rules.get(name.as_str()).copied().unwrap_or(FAR) + 1,
            Part::Group(choice) => choice
                .iter()
                .map(|(_, parts)| of(parts, rules))
                .min()
                .unwrap_or(FAR),
            _ => 0,
        }
    }
    fn of(parts: &[Part], rules: &HashMap<&str, usize>) -> usize {
        parts
            .iter()
            .map(|part| of_part(part, rules))
            .max()
            .unwrap_or(0)
    }
    let mut rules: HashMap<&str, usize> = HashMap::new();
    loop {
        let mut changed = false;
        for (name, choice) in &grammar.rules {
            let best = choice
                .iter()
                .map(|(_, parts)| of(parts, &rules))
                .min()
                .unwrap_or(FAR);
            if best < FAR && rules.get(name.as_str()) != Some(&best) {
                rules.insert(name, best);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut all = HashMap::new();
    fn record(choice: &Choice, rules: &HashMap<&str, usize>, all: &mut HashMap<usize, usize>) {
        for (number, parts) in choice {
            all.insert(*number, of(parts, rules));
            for part in parts {
                if let Part::Group(inner) | Part::Optional(inner) | Part::Repeat(inner) = part {
                    record(inner, rules, all);
                }
            }
        }
    }
    for choice in grammar.rules.values() {
        record(choice, &rules, &mut all);
    }
    all
}

impl Writer<'_> {
    fn choice(&mut self, choice: &Choice) {
        let chosen = if self.budget == 0 {
            choice
                .iter()
                .min_by_key(|(number, _)| self.cost[number])
                .unwrap()
        } else {
            &choice[self.dice.roll(choice.len())]
        };
        for part in &chosen.1 {
            self.part(part);
        }
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Word(word) | Part::Soft(word) => self.word(word),
            Part::Token(kind) => self.token(kind),
            Part::Rule(name) => {
                self.budget = self.budget.saturating_sub(1);
                self.choice(&self.grammar.rules[name]);
            }
            Part::Group(choice) => self.choice(choice),
            Part::Optional(choice) => {
                if self.budget > 0 && self.dice.roll(3) == 0 {
                    self.choice(choice);
                }
            }
            Part::Repeat(choice) => {
                while self.budget > 0 && self.dice.roll(4) == 0 {
                    self.choice(choice);
                }
            }
            Part::Ahead(_) | Part::NotAhead(_) => {}
        }
    }

    fn word(&mut self, word: &str) {
        if self.line_begins {
            self.out.push_str(&" ".repeat(self.indent));
            self.line_begins = false;
        }
        self.out.push_str(word);
        // A conversion stands right after its mark.
        if word != "!" {
            self.out.push(' ');
        }
    }

    fn token(&mut self, kind: &str) {
        let text = match kind {
            "NEWLINE" => {
                self.out.push('\n');
                self.line_begins = true;
                return;
            }
            "INDENT" => {
                self.indent += 1;
                return;
            }
            "DEDENT" => {
                self.indent -= 1;
                return;
            }
            "ENDMARKER" => return,
            "NAME" if self.out.ends_with('!') => self.dice.pick(&["s", "r", "a"]),
            "NAME" => self.dice.pick(&[
                "a", "b", "spam", "x1", "_y", "Eggs", "größe", "case", "type",
            ]),
            "REAL" => self.dice.pick(&[
                "0",
                "42",
                "1_000",
                "0xFF",
                "0b101",
                "0o17",
                "1.5",
                ".5e-3",
                "99999999999999999999",
            ]),
            "IMAGINARY" => self.dice.pick(&["2j", "1.5J", "0j"]),
            "STRING" => self
                .dice
                .pick(&["'a'", "\"b\"", "r'\\d'", "'''c\nd'''", "'\\n'", "U'e'"]),
            "BYTES" => self.dice.pick(&["b'a'", "Rb\"\\x\"", "b'\\x00'"]),
            "FSTRING_START" => "f\"",
            "FSTRING_MIDDLE" => self.dice.pick(&["text", ">10", "{{", ".3f", "'", "é"]),
            "FSTRING_END" => "\"",
            _ => panic!("no token {kind}"),
        };
        // In a format spec, a brace is a brace.
        let text = if text == "{{" { "#" } else { text };
        self.word(text);
    }
}

#[test]
fn programs_written_by_the_grammar_parse() {
    with_stack(|| {
        let grammar = Grammar::read();
        let cost = costs(&grammar);
        for seed in 1..=3000u64 {
            let mut writer = Writer {
                grammar: &grammar,
                cost: cost.clone(),
                dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                out: String::new(),
                indent: 0,
                line_begins: true,
                budget: 60 + (seed as usize % 10) * 40,
            };
            for _ in 0..=writer.dice.roll(3) {
                writer.choice(&grammar.rules["statement"]);
            }
            let source = Source::new("generated", writer.out);
            let parsed = syntax::parse_module(&source);
            if let Some(error) = parsed.errors.first() {
                let at = source.position(error.labels.first().map_or(0, |label| label.span.start));
                panic!("seed {seed}: {} at {at:?}\n{}", error.title, source.text());
            }
        }
    });
}

// ---- finding programs in the grammar ----

struct Finder<'g> {
    grammar: &'g Grammar,
    keywords: &'g BTreeSet<String>,
    tokens: Vec<(String, String)>,
    /// For a rule at a place.
    memo: HashMap<(&'g str, usize), Found>,
    furthest: usize,
}

type Found = Option<(usize, Vec<usize>)>;

impl<'g> Finder<'g> {
    fn rule(&mut self, name: &'g str, at: usize) -> Found {
        if let Some(known) = self.memo.get(&(name, at)) {
            return known.clone();
        }
        let choice = self.grammar.rules.get(name).unwrap();
        let found = self.choice(choice, at);
        self.memo.insert((name, at), found.clone());
        found
    }

    fn choice(&mut self, choice: &'g Choice, at: usize) -> Found {
        choice.iter().find_map(|(number, parts)| {
            let (end, mut used) = self.parts(parts, at)?;
            used.push(*number);
            Some((end, used))
        })
    }

    fn parts(&mut self, parts: &'g [Part], mut at: usize) -> Found {
        let mut used = Vec::new();
        for part in parts {
            let (end, more) = self.part(part, at)?;
            at = end;
            used.extend(more);
        }
        Some((at, used))
    }

    fn part(&mut self, part: &'g Part, at: usize) -> Found {
        match part {
            // A rule's uses are counted where it is entered first; see `memo`.
            Part::Rule(name) => self.rule(name, at),
            Part::Group(choice) => self.choice(choice, at),
            Part::Optional(choice) => Some(self.choice(choice, at).unwrap_or((at, Vec::new()))),
            Part::Repeat(choice) => {
                let (mut at, mut used) = (at, Vec::new());
                while let Some((end, more)) = self.choice(choice, at).filter(|(end, _)| *end > at) {
                    at = end;
                    used.extend(more);
                }
                Some((at, used))
            }
            Part::Ahead(part) => self.part(part, at).map(|_| (at, Vec::new())),
            Part::NotAhead(part) => match self.part(part, at) {
                Some(_) => None,
                None => Some((at, Vec::new())),
            },
            terminal => self.terminal(terminal, at),
        }
    }

    fn terminal(&mut self, part: &Part, at: usize) -> Found {
        self.furthest = self.furthest.max(at);
        let (kind, text) = self.tokens.get(at)?;
        let matches = match part {
            Part::Word(word) | Part::Soft(word) => {
                matches!(kind.as_str(), "NAME" | "OP") && text == word
            }
            Part::Token(wanted) => match wanted.as_str() {
                "NAME" => kind == "NAME" && !self.keywords.contains(text),
                "REAL" => kind == "NUMBER" && !text.ends_with(['j', 'J']),
                "IMAGINARY" => kind == "NUMBER" && text.ends_with(['j', 'J']),
                "BYTES" => kind == "STRING" && is_bytes(text),
                "STRING" => kind == "STRING" && !is_bytes(text),
                wanted => kind == wanted,
            },
            _ => false,
        };
        matches.then(|| (at + 1, Vec::new()))
    }
}

fn is_bytes(text: &str) -> bool {
    text.chars()
        .take_while(|c| c.is_alphabetic())
        .any(|c| matches!(c, 'b' | 'B'))
}

/// The alternatives that a program uses, if the grammar has it.
fn find<'g>(
    grammar: &'g Grammar,
    keywords: &'g BTreeSet<String>,
    source: &Source,
) -> Result<Vec<usize>, String> {
    let tokens: Vec<_> = syntax::tokens(source)
        .into_iter()
        .map(|token| (token.kind.to_string(), token.text))
        .collect();
    let count = tokens.len();
    let mut finder = Finder {
        grammar,
        keywords,
        tokens,
        memo: HashMap::new(),
        furthest: 0,
    };
    match finder.rule("module", 0) {
        Some((end, used)) if end == count => Ok(used),
        _ => Err(format!("at token {:?}", finder.tokens.get(finder.furthest))),
    }
}

fn programs(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            programs(&path, out);
        } else if path.extension().is_some_and(|ext| ext == "coro") {
            out.push(path);
        }
    }
}

/// What the corpus has no use for.
const SAMPLES: &str = include_str!("syntax/samples.coro");

#[test]
fn the_corpus_is_in_the_grammar_and_uses_all_of_it() {
    with_stack(|| {
        let grammar = Grammar::read();
        let keywords = grammar.keywords();
        let mut files = Vec::new();
        programs(&root().join("tests/conformance"), &mut files);
        programs(&root().join("examples"), &mut files);
        let mut sources: Vec<Source> = files
            .iter()
            .map(|path| {
                Source::new(
                    path.display().to_string(),
                    std::fs::read_to_string(path).unwrap(),
                )
            })
            .filter(|source| syntax::parse_module(source).errors.is_empty())
            .collect();
        assert!(sources.len() > 100, "the corpus is missing");
        sources.push(Source::new("samples", SAMPLES));
        let mut used = BTreeSet::new();
        for source in &sources {
            match find(&grammar, &keywords, source) {
                Ok(numbers) => used.extend(numbers),
                Err(place) => panic!("{} is not in the grammar: {place}", source.name()),
            }
        }
        let unused: Vec<&String> = grammar
            .texts
            .iter()
            .enumerate()
            .filter(|(i, _)| !used.contains(i))
            .map(|(_, text)| text)
            .collect();
        assert!(unused.is_empty(), "no program uses\n{unused:#?}");
    });
}

#[test]
fn trees_are_those_of_cpython() {
    with_stack(|| {
        let source = Source::new("tour", include_str!("syntax/tour.coro"));
        let parsed = syntax::parse_module(&source);
        assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
        let ours = syntax::dump::dump(&parsed.module);
        for (number, (ours, theirs)) in ours
            .lines()
            .zip(include_str!("syntax/tour.ast").lines())
            .enumerate()
        {
            assert_eq!(ours, theirs, "in line {}", number + 1);
        }
    });
}
