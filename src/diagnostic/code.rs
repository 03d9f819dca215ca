//! The table of diagnostic codes. A code is stable: it names one kind of problem for good.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)*) => {
        /// The stable name of a kind of problem.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Code { $($(#[doc = $doc])+ $name,)* }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// As printed: `E0101`.
            pub const fn text(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// One sentence on what the code means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc),+).trim_ascii(),)* }
            }
        }
    };
}

codes! {
    /// The text is not a program: CPython's `SyntaxError`.
    Syntax = "E0101";
    /// Indentation that does not line up: CPython's `IndentationError`.
    Indentation = "E0102";
    /// Tabs and spaces that cannot be compared: CPython's `TabError`.
    Tab = "E0103";
    /// A program that surely does not do what was meant: CPython's `SyntaxWarning`.
    SyntaxWarning = "W0101";
    /// The source file could not be read.
    Input = "E0201";
    /// An exception that nothing caught.
    Uncaught = "E0301";
}
