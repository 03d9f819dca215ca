//! Keys pressed while an entry runs wait for the next prompt: they are not shown in the midst of
//! what the entry prints, and Enter among them stays the key it is.
//!
//! Between two lines the editor gives the terminal back as it found it. A terminal that edits
//! lines itself would turn Enter into a line end, which the editor does not take for Enter: of
//! several lines typed ahead only the first would be left. So this is what the editor finds.

#[cfg(unix)]
mod unix {
    use nix::sys::termios::{InputFlags, LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
    use std::io::stdin;

    /// Holds the terminal as it should be between two lines.
    pub struct Ahead {
        before: Option<Termios>,
    }

    impl Ahead {
        pub fn begin() -> Self {
            let before = tcgetattr(stdin()).ok();
            if let Some(before) = &before {
                let mut quiet = before.clone();
                quiet
                    .local_flags
                    .remove(LocalFlags::ECHO | LocalFlags::ICANON);
                quiet.input_flags.remove(InputFlags::ICRNL);
                // A terminal that refuses stays as it is, and shows what is typed ahead.
                let _ = tcsetattr(stdin(), SetArg::TCSANOW, &quiet);
            }
            Ahead { before }
        }
    }

    impl Drop for Ahead {
        fn drop(&mut self) {
            if let Some(before) = &self.before {
                // A terminal that is gone needs nothing.
                let _ = tcsetattr(stdin(), SetArg::TCSANOW, before);
            }
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    /// There the console hands keys over as they are pressed.
    pub struct Ahead;

    impl Ahead {
        pub fn begin() -> Self {
            Ahead
        }
    }
}

#[cfg(not(unix))]
pub use elsewhere::Ahead;
#[cfg(unix)]
pub use unix::Ahead;
