//! The table of diagnostic codes. A code is stable: it names one mistake for good. `E` ends the
//! program, `W` does not. The table also says which of CPython's messages belong to a code, so
//! that whoever fails only has to find CPython's words; and each code has a page in `pages/`,
//! which `coro explain` shows. All that is known about codes is derived from here.

/// When a mistake is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// The program could not be read.
    Read,
    /// The program was refused before it ran, with this exception of CPython's.
    Refused(&'static str),
    /// CPython's SyntaxWarning: told before the program runs.
    Doubted,
    /// Told by `coro check`, which runs nothing; CPython says nothing at all.
    Checked,
    /// An exception that nothing caught.
    Raised,
    /// Told while the program runs, and the program goes on.
    Warned,
}

impl Stage {
    /// As the heading of a list.
    pub const fn title(self) -> &'static str {
        match self {
            Stage::Read => "The file",
            Stage::Refused(_) => "Refused before it runs",
            Stage::Raised => "Exceptions that nothing caught",
            Stage::Doubted => "Doubtful before it runs",
            Stage::Checked => "Told by `coro check`",
            Stage::Warned => "Told while the program runs",
        }
    }
}

macro_rules! codes {
    ($($text:literal $name:ident $stage:ident $(($exception:literal))? $meaning:literal [$($message:literal)*])*) => {
        /// The stable name of a mistake.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Code { $(#[doc = $meaning] $name,)* }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// As printed: `E0101`.
            pub const fn text(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// One sentence on what the mistake is.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning,)* }
            }

            pub const fn stage(self) -> Stage {
                match self { $(Code::$name => Stage::$stage $(($exception))?,)* }
            }

            /// The text of its page, for [`super::page::Page`].
            pub(super) const fn page(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("pages/", $text, ".md")),)* }
            }

            /// CPython's messages for this mistake, `*` for any text; of exceptions with their
            /// type, as in the last line of a traceback.
            pub const fn messages(self) -> &'static [&'static str] {
                match self { $(Code::$name => &[$($message),*],)* }
            }
        }
    };
}

codes! {
    // The file.
    "E0001" Input Read "The program could not be read" []
    "E0002" Encoding Refused("SyntaxError") "The text is not UTF-8" [
        "Non-UTF-8 code starting with *" "source code cannot contain null bytes"
        "encoding problem: *" "unknown encoding: *"
    ]

    // What the grammar wants.
    "E0101" Syntax Refused("SyntaxError") "A line fits no rule of the grammar" [
        "invalid syntax" "expected '*'" "Expected one or more names after 'import'"
        "trailing comma not allowed without surrounding parentheses"
        "Did you mean to use 'from ... import ...' instead?"
        "'in' expected after for-loop variables" "'not' after an operator must be parenthesized"
        "Type parameter list cannot be empty" "cannot use bound with *" "cannot use constraints with *"
    ]
    "E0102" Indentation Refused("IndentationError") "The indentation does not line up" [
        "unexpected indent" "unexpected unindent" "expected an indented block after *"
        "unindent does not match any outer indentation level" "too many levels of indentation"
    ]
    "E0103" Tab Refused("TabError") "Tabs and spaces that cannot be compared" [
        "inconsistent use of tabs and spaces in indentation"
    ]
    "E0104" Bracket Refused("SyntaxError") "A bracket has no partner" [
        "'*' was never closed" "unmatched '*'" "closing parenthesis '*"
    ]
    "E0105" StringEnd Refused("SyntaxError") "A string is never closed" [
        "unterminated *"
    ]
    "E0106" Character Refused("SyntaxError") "A character or number that means nothing" [
        "invalid character *" "invalid non-printable character *" "invalid * literal"
        "invalid digit *" "leading zeros in decimal integer literals *"
        "unexpected character after line continuation character" "unexpected EOF while parsing"
        "* number required in complex literal"
    ]
    "E0107" StringText Refused("SyntaxError") "A string whose text makes no sense" [
        "(unicode error) *" "(value error) *" "bytes can only contain ASCII literal characters"
        "cannot mix bytes and nonbytes literals"
    ]
    "E0108" FString Refused("SyntaxError") "A replacement field of an f-string is wrong" [
        "f-string: *"
    ]
    "E0109" Colon Refused("SyntaxError") "A block has no colon" [
        "expected ':'"
    ]
    "E0110" Comma Refused("SyntaxError") "Two values stand side by side" [
        "invalid syntax. Perhaps you forgot a comma?"
    ]
    "E0111" Print Refused("SyntaxError") "`print` is a function" [
        "Missing parentheses in call to '*"
    ]
    "E0112" EqualSign Refused("SyntaxError") "`=` where `==` is meant" [
        "*Maybe you meant '=='*" "expression cannot contain assignment, perhaps you meant *"
    ]
    "E0113" Target Refused("SyntaxError") "Something that cannot be assigned to" [
        "cannot assign to *" "cannot delete *" "illegal target for annotation"
        "only single target *" "*is an illegal expression for augmented assignment"
        "assignment to yield expression not possible" "cannot use assignment expressions with *"
    ]
    "E0114" Starred Refused("SyntaxError") "A star where nothing can be unpacked" [
        "can't use starred expression here" "cannot use starred expression here"
        "cannot use double starred expression here" "Invalid star expression"
        "iterable unpacking cannot be used in comprehension"
        "dict unpacking cannot be used in dict comprehension"
        "cannot use a starred expression in a dictionary value"
        "starred assignment target must be in a list or tuple"
        "multiple starred expressions in assignment"
        "too many expressions in star-unpacking assignment"
    ]
    "E0115" Arguments Refused("SyntaxError") "The arguments of a call are in disorder" [
        "positional argument follows keyword argument*" "keyword argument repeated: *"
        "iterable argument unpacking follows keyword argument unpacking"
        "Generator expression must be parenthesized" "expected argument value expression"
    ]
    "E0116" Parameters Refused("SyntaxError") "The parameters of a function are in disorder" [
        "parameter without a default follows parameter with a default" "duplicate argument *"
        "named arguments must follow bare *" "arguments cannot follow var-keyword argument"
        "*argument cannot have default value" "expected default value expression"
        "*parameters cannot be parenthesized" "at least one argument must precede /"
        "/ must be ahead of *" "/ may appear only once" "* argument may appear only once"
        "expected comma between / and *" "duplicate type parameter *"
        "non-default type parameter *" "too many arguments*"
    ]
    "E0117" Unfinished Refused("SyntaxError") "An expression breaks off in the middle" [
        "expected 'else' after 'if' expression" "expression expected after dictionary key and ':'"
        "':' expected after dictionary key"
        "did you forget parentheses around the comprehension target?"
    ]
    "E0118" Except Refused("SyntaxError") "A `try` statement is not complete or contradicts itself" [
        "expected 'except' or 'finally' block" "multiple exception types must be parenthesized"
        "cannot have both 'except' and 'except*' on the same 'try'"
        "expected one or more exception types" "default 'except:' must be last"
    ]
    "E0119" Pattern Refused("SyntaxError") "A pattern of `match` cannot be meant so" [
        "* makes remaining patterns unreachable" "multiple starred names in sequence pattern"
        "multiple assignments to name * in pattern" "alternative patterns bind different names"
        "mapping pattern checks duplicate key *" "attribute name repeated in class pattern: *"
        "positional patterns follow keyword patterns" "invalid pattern target"
        "cannot use '_' as a target" "patterns may only match literals and attribute lookups"
    ]
    "E0120" TooMuch Refused("SyntaxError") "Nested deeper or longer than the language allows" [
        "too many nested *" "too many statically nested blocks" "too many 'elif' clauses *"
        "Exceeds the limit *"
    ]

    // Where statements and expressions may stand.
    "E0201" AwaitPlace Refused("SyntaxError") "`await` outside a coroutine" [
        "'await' outside *" "'async for' outside *" "'async with' outside *"
        "asynchronous comprehension outside of an asynchronous function"
    ]
    "E0202" YieldPlace Refused("SyntaxError") "`yield` where nothing can be suspended" [
        "'yield' outside function" "'yield from' outside function" "'yield' inside *"
        "'yield from' inside async function"
    ]
    "E0203" ReturnPlace Refused("SyntaxError") "`return` outside a function" [
        "'return' outside function"
    ]
    "E0204" AsyncGeneratorResult Refused("SyntaxError") "An async generator returns a value" [
        "'return' with value in async generator"
    ]
    "E0205" LoopExit Refused("SyntaxError") "`break` or `continue` outside a loop" [
        "'break' outside loop" "'continue' not properly in loop"
    ]
    "E0206" StarExit Refused("SyntaxError") "An `except*` block is left early" [
        "'break', 'continue' and 'return' cannot appear in an except* block"
    ]
    "E0207" Declaration Refused("SyntaxError") "`global` or `nonlocal` contradicts the function" [
        "name '*' is parameter and *" "name '*' is used prior to *"
        "name '*' is assigned to before *" "annotated name '*' can't be *"
        "name '*' is nonlocal and global" "no binding for nonlocal '*' found"
        "nonlocal declaration not allowed at module level"
        "nonlocal binding not allowed for type parameter *"
    ]
    "E0208" Walrus Refused("SyntaxError") "`:=` in a comprehension that cannot bind the name" [
        "assignment expression *" "comprehension inner loop cannot rebind *"
    ]
    "E0209" Frozen Refused("SyntaxError") "A type or annotation that does something" [
        "* expression cannot be used within *"
    ]
    "E0210" ImportPlace Refused("SyntaxError") "An import that cannot stand here" [
        "from __future__ imports must occur at the beginning of the file"
        "future feature * is not defined" "not a chance"
        "import * only allowed at module level"
    ]

    // Exceptions that nothing caught.
    "E0301" Uncaught Raised "An exception that nothing caught" []
    "E0302" CoroutineAsValue Raised "A coroutine is used as if it were its result" [
        "TypeError: *'coroutine'*" "AttributeError: 'coroutine' object has no attribute '*"
        "TypeError: *(not \"coroutine\")*" "TypeError: *not coroutine*" "TypeError: *coroutine found"
        "TypeError: *type coroutine *" "TypeError: *got coroutine" "TypeError: *coroutine.__format__"
        "TypeError: cannot unpack non-iterable coroutine object"
    ]
    "E0303" NotAwaitable Raised "`await` on something that cannot be awaited" [
        "TypeError: object * can't be used in 'await' expression"
        "TypeError: 'async for' received an object from __anext__ that does not implement __await__: *"
        "TypeError: 'async with' received an object from * that does not implement __await__: *"
    ]
    "E0304" AwaitedTwice Raised "A coroutine is awaited a second time" [
        "RuntimeError: cannot reuse already awaited coroutine"
        "RuntimeError: coroutine is being awaited already"
        "RuntimeError: cannot reuse already awaited *"
    ]
    "E0305" LoopRunning Raised "An event loop is started inside a running one" [
        "RuntimeError: asyncio.run() cannot be called from a running event loop"
        "RuntimeError: This event loop is already running"
        "RuntimeError: Cannot run the event loop while another loop is running"
        "RuntimeError: Runner.run() cannot be called from a running event loop"
    ]
    "E0306" AsyncForMissing Raised "`for` over something that only `async for` can loop over" [
        "TypeError: *'async_generator'*" "TypeError: *not async_generator"
        "TypeError: cannot unpack non-iterable async_generator object"
    ]
    "E0307" PlainIterable Raised "`async for` over something that only `for` can loop over" [
        "TypeError: 'async for' requires an object with __aiter__ method, got *"
        "TypeError: 'async for' received an object from __aiter__ that does not implement __anext__: *"
    ]
    "E0308" AsyncWithMissing Raised "`with` on something that only `async with` can enter" [
        "TypeError: '*' object does not support the context manager protocol*"
    ]
    "E0309" PlainContext Raised "`async with` on something that only `with` can enter" [
        "TypeError: '*' object does not support the asynchronous context manager protocol*"
    ]
    "E0310" NoLoop Raised "Something needs a running event loop, and none runs" [
        "RuntimeError: no running event loop" "RuntimeError: no current event loop*"
        "RuntimeError: There is no current event loop*"
    ]
    "E0311" AlreadyRunning Raised "A generator or coroutine is resumed while it runs" [
        "ValueError: generator already executing" "ValueError: coroutine already executing"
        "ValueError: async generator already executing"
        "RuntimeError: anext(): asynchronous generator is already running"
        "RuntimeError: *(): asynchronous generator is already running"
    ]
    "E0312" NotCalled Raised "A function is used where its result is meant" [
        "TypeError: *'function'*" "TypeError: *'method'*" "TypeError: *'builtin_function_or_method'*"
        "AttributeError: 'function' object has no attribute '*"
        "AttributeError: 'method' object has no attribute '*"
        "TypeError: *(not \"function\")*" "TypeError: *got function"
        "TypeError: cannot unpack non-iterable function object" "TypeError: *function found"
    ]
    "E0313" SendTooEarly Raised "A value is sent to a generator that has not started" [
        "TypeError: can't send non-None value to a just-started *"
    ]
    "E0314" Exhausted Raised "A generator has no more values" [
        "StopIteration*" "StopAsyncIteration*" "RuntimeError: generator raised StopIteration"
        "RuntimeError: coroutine raised StopIteration"
        "RuntimeError: async generator raised StopAsyncIteration"
        "RuntimeError: async generator raised StopIteration"
    ]
    "E0315" Deadlock Raised "Every task waits for something that never comes" [
        "Deadlock: *" "RuntimeError: deadlock: *"
    ]
    "E0316" IgnoredExit Raised "A generator goes on after it was closed" [
        "RuntimeError: generator ignored GeneratorExit" "RuntimeError: coroutine ignored GeneratorExit"
        "RuntimeError: async generator ignored GeneratorExit"
    ]
    "E0317" Cancelled Raised "A task was cancelled" [
        "asyncio.exceptions.CancelledError*"
    ]
    "E0318" TimedOut Raised "Something took longer than it was given" [
        "TimeoutError*"
    ]
    "E0319" OtherLoop Raised "Something belongs to another event loop" [
        "RuntimeError: *attached to a different loop" "RuntimeError: * is bound to a different event loop"
        "ValueError: The future belongs to a different loop *" "RuntimeError: Event loop is closed"
        "RuntimeError: Event loop stopped before Future completed."
    ]
    "E0320" FutureState Raised "A future is asked too early or settled twice" [
        "asyncio.exceptions.InvalidStateError*"
    ]
    "E0321" TaskGroup Raised "Tasks of a group failed" [
        "ExceptionGroup: unhandled errors in a TaskGroup *"
        "BaseExceptionGroup: unhandled errors in a TaskGroup *"
    ]
    "E0322" CoroutineWanted Raised "A coroutine function is given where a coroutine is wanted" [
        "TypeError: a coroutine was expected, got *"
        "ValueError: a coroutine was expected, got *"
        "TypeError: An asyncio.Future, a coroutine or an awaitable is required"
        "TypeError: Passing coroutines is forbidden, use tasks explicitly."
        "TypeError: expect a list of futures, not *"
        "TypeError: expect an iterable of futures, not *"
    ]
    "E0323" FutureAsValue Raised "A task or future is used as if it were its result" [
        "TypeError: *'_asyncio.Task'*" "TypeError: *'_asyncio.Future'*"
        "TypeError: *(not \"_asyncio.Task\")*" "TypeError: *(not \"_asyncio.Future\")*"
        "AttributeError: '_asyncio.Task' object has no attribute '*"
        "AttributeError: '_asyncio.Future' object has no attribute '*"
        "TypeError: cannot unpack non-iterable _asyncio.Task object"
    ]
    "E0324" GeneratorAsValue Raised "A generator is used as if it were a list" [
        "TypeError: *'generator'*" "AttributeError: 'generator' object has no attribute '*"
        "TypeError: cannot pickle 'generator' object" "TypeError: *(not \"generator\")*"
    ]
    "E0325" UnknownName Raised "A name that nothing defines" [
        "NameError: *"
    ]
    "E0326" UnboundLocal Raised "A local name is read before it is assigned" [
        "UnboundLocalError: *"
    ]
    "E0327" UnknownAttribute Raised "An attribute that the object does not have" [
        "AttributeError: *"
    ]
    "E0328" UnknownModule Raised "A module or name that cannot be imported" [
        "ModuleNotFoundError: *" "ImportError: *"
    ]
    "E0329" Recursion Raised "Calls are nested too deeply" [
        "RecursionError*"
    ]
    "E0330" NoneAsValue Raised "`None` is used as if it were a value" [
        "TypeError: *'NoneType'*" "TypeError: cannot unpack non-iterable NoneType object"
        "TypeError: *(not \"NoneType\")*"
    ]

    // CPython's SyntaxWarnings.
    "W0101" Escape Doubted "A backslash that escapes nothing" [
        "invalid escape sequence *" "invalid octal escape sequence *"
    ]
    "W0102" Identity Doubted "`is` with a literal" [
        "\"is\" with *" "\"is not\" with *"
    ]
    "W0103" AlwaysTrue Doubted "An assertion that always holds" [
        "assertion is always true, perhaps remove parentheses?"
    ]
    "W0104" MissedComma Doubted "A comma is missing between two values" [
        "* is not callable; perhaps you missed a comma?"
        "* is not subscriptable; perhaps you missed a comma?"
        "* indices must be integers or slices, *; perhaps you missed a comma?"
    ]

    "W0105" NumberEnd Doubted "A number runs into a word" [
        "invalid decimal literal" "invalid hexadecimal literal" "invalid octal literal"
        "invalid binary literal" "invalid imaginary literal"
    ]

    // Told by `coro check`, beside those above as far as it can see them coming.
    "W0201" CoroutineTested Checked "A coroutine is tested, compared or shown instead of its result" []
    "W0202" Blocking Checked "A call in a coroutine stops the whole program" []
    "W0203" Unreachable Checked "Code that is never reached" []
    "W0204" Hidden Checked "A name hides the one that is meant" []
    "W0205" LostResult Checked "Nobody sees what a generator returns" []
    "W0206" SharedDefault Checked "All calls share a default that is changed" []
    "W0207" Swallowed Checked "A task that cannot be cancelled" []
    "W0208" NeverStarted Checked "A generator is made and never run" []
    "W0209" LoopedTwice Checked "A generator is looped over a second time" []
    "W0210" NamedOnly Checked "A function is named and not called" []

    // Told while the program runs.
    "W0301" NeverAwaited Warned "A coroutine was made and never awaited" [
        "RuntimeWarning: coroutine '*' was never awaited"
    ]
    "W0302" TaskDestroyed Warned "A task was forgotten while it still had work to do" [
        "Task was destroyed but it is pending!"
    ]
    "W0303" NeverRetrieved Warned "A task failed and nobody looked" [
        "*exception was never retrieved"
    ]
    "W0304" CallbackFailed Warned "A callback of the event loop failed" [
        "Exception in callback *" "Exception in default exception handler*"
        "Unhandled error in exception handler" "Unhandled exception in event loop"
    ]
    "W0305" Ignored Warned "An exception that nobody could catch" [
        "Exception ignored in*" "Exception ignored while *"
    ]
}

impl Code {
    /// The code with this text, in any case of letters.
    pub fn find(text: &str) -> Option<Code> {
        let same = |code: &&Code| code.text().eq_ignore_ascii_case(text.trim());
        Code::ALL.iter().find(same).copied()
    }

    /// What a message of CPython's `SyntaxError` and its kin is about.
    pub fn of_refusal(message: &str) -> Code {
        Code::of(message, |stage| matches!(stage, Stage::Refused(_))).unwrap_or(Code::Syntax)
    }

    /// What a message of CPython's `SyntaxWarning` is about.
    pub fn of_doubt(message: &str) -> Code {
        Code::of(message, |stage| stage == Stage::Doubted).unwrap_or(Code::Escape)
    }

    /// What a line that is told while the program runs is about.
    pub fn of_warning(line: &str) -> Option<Code> {
        Code::of(line, |stage| stage == Stage::Warned)
    }

    /// What the last line of a traceback is about.
    pub fn of_exception(last_line: &str) -> Code {
        let refused = |(exception, message)| {
            let code = Code::of_refusal(message);
            (code.refusal() == Some(exception)).then_some(code)
        };
        if let Some(code) = last_line.split_once(": ").and_then(refused) {
            return code;
        }
        Code::of(last_line, |stage| stage == Stage::Raised).unwrap_or(Code::Uncaught)
    }

    /// The code to which a message belongs, whatever it is a message of.
    pub fn of_any(message: &str) -> Option<Code> {
        let says = |code: &Code| {
            let bare = |p: &str| {
                p.split_once(": ")
                    .is_some_and(|(_, p)| p != "*" && fits(p, message))
            };
            code.messages().iter().any(|p| bare(p))
        };
        Code::of(message, |_| true).or_else(|| Code::ALL.iter().copied().find(says))
    }

    /// The code to whose messages this one belongs. Where several fit, the one that says most:
    /// with the longest fixed text.
    fn of(message: &str, stage: impl Fn(Stage) -> bool) -> Option<Code> {
        let line = message.lines().next().unwrap_or("");
        let mut best: Option<(usize, Code)> = None;
        for code in Code::ALL.iter().filter(|code| stage(code.stage())) {
            for pattern in code.messages().iter().filter(|p| fits(p, line)) {
                let fixed = pattern.chars().filter(|c| *c != '*').count();
                if best.is_none_or(|(most, _)| fixed > most) {
                    best = Some((fixed, *code));
                }
            }
        }
        best.map(|(_, code)| code)
    }

    /// Whether this message is one of those that the table gives to the code.
    pub fn says(self, message: &str) -> bool {
        self.messages().iter().any(|p| fits(p, message))
    }

    /// CPython's exception for a program that is refused.
    pub const fn refusal(self) -> Option<&'static str> {
        match self.stage() {
            Stage::Refused(exception) => Some(exception),
            _ => None,
        }
    }
}

/// Whether a message fits a pattern in which `*` is any text.
fn fits(pattern: &str, message: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = message.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            match rest.find(middle) {
                Some(at) => rest = rest.get(at + middle.len()..).unwrap_or(""),
                None => return false,
            }
        }
    }
    match last {
        Some(end) => rest.ends_with(end),
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_none_stands_twice() {
        let texts: Vec<_> = Code::ALL.iter().map(|c| c.text()).collect();
        let mut sorted = texts.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(texts, sorted);
    }

    #[test]
    fn a_code_is_found_by_its_text() {
        assert_eq!(Code::find("e0302"), Some(Code::CoroutineAsValue));
        assert_eq!(Code::find("E9999"), None);
    }

    #[test]
    fn patterns() {
        assert!(fits("a * c", "a b c") && fits("*b*", "abc") && fits("abc", "abc"));
        assert!(!fits("a*a", "a") && !fits("abc", "abcd") && !fits("*b", "bc"));
    }

    #[test]
    fn the_closest_pattern_names_the_code() {
        let of = Code::of_refusal;
        assert_eq!(of("expected ':'"), Code::Colon);
        assert_eq!(of("expected '('"), Code::Syntax);
        assert_eq!(
            of("invalid syntax. Perhaps you forgot a comma?"),
            Code::Comma
        );
        let equal = "cannot assign to literal here. Maybe you meant '==' instead of '='?";
        assert_eq!(of(equal), Code::EqualSign);
        let added = "TypeError: unsupported operand type(s) for +: 'coroutine' and 'int'";
        assert_eq!(Code::of_exception(added), Code::CoroutineAsValue);
        assert_eq!(Code::of_exception("ValueError: 3"), Code::Uncaught);
    }
}
