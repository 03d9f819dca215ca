//! Marks: instructions that do nothing but tell an observer where a program is. They stand only in
//! code that was compiled for observing, so that the dispatch loop pays nothing for being watched.

/// What a `Mark` instruction tells; its operand `b`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum Mark {
    /// A frame that can be suspended begins.
    Begin = 0,
    /// It is about to yield the value.
    Yield = 1,
    /// It goes on after a `yield`, with the value that was sent.
    Received = 2,
    /// It is about to delegate to the value: `await`, `yield from`, `async with`; or to what the
    /// value, an async iterator, gives: `async for`.
    Await = 3,
    /// The delegation is over, with this result.
    Awaited = 4,
    /// It is about to return the value; None if there is no register.
    Return = 5,
    /// A statement begins, in any frame.
    Line = 6,
    /// The next instruction may look at objects, or change them, that others see too.
    Touch = 7,
}

impl Mark {
    pub const ALL: &'static [Mark] = &[
        Mark::Begin,
        Mark::Yield,
        Mark::Received,
        Mark::Await,
        Mark::Awaited,
        Mark::Return,
        Mark::Line,
        Mark::Touch,
    ];

    /// The one that an operand means.
    #[inline]
    pub fn from_operand(operand: u16) -> Option<Mark> {
        Mark::ALL.get(usize::from(operand)).copied()
    }
}

/// Which marks code is compiled with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum Marks {
    #[default]
    None,
    /// What goes into frames that can be suspended and comes out of them.
    Frames,
    /// That, and where statements begin.
    Lines,
    /// No marks, but instructions that count and measure: where frames are entered and left;
    /// in the library, too.
    Profile,
    /// Everything that could matter to somebody else: what frames give and get, and which objects
    /// are touched; in the library, too.
    Touches,
}
