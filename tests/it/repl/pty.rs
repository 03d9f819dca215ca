//! A session of `coro` on a terminal of its own: what is typed, and what is then seen.

use crate::coro::root;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Time for something to appear, on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a program writes to be told where the cursor is.
const WHERE: &[u8] = b"\x1b[6n";

/// Keys that are no characters.
pub const ENTER: &str = "\r";
pub const TAB: &str = "\t";
pub const UP: &str = "\x1b[A";
pub const LEFT: &str = "\x1b[D";
pub const RIGHT: &str = "\x1b[C";
pub const BACKSPACE: &str = "\x7f";
pub const CTRL_C: &str = "\x03";
pub const CTRL_D: &str = "\x04";
pub const CTRL_R: &str = "\x12";
pub const CTRL_U: &str = "\x15";

pub struct Session {
    child: Box<dyn Child + Send + Sync>,
    keys: Arc<Mutex<Box<dyn Write + Send>>>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Kept open: the terminal goes with it.
    terminal: Box<dyn MasterPty + Send>,
}

/// How a session is started.
pub struct Setup<'a> {
    pub arguments: &'a [&'a str],
    /// The file of the history; none if it is empty.
    pub history: &'a str,
    pub color: bool,
    pub size: (u16, u16),
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Setup {
            arguments: &[],
            history: "",
            color: false,
            size: (24, 80),
        }
    }
}

/// A session with no history, at its first prompt.
pub fn session(arguments: &[&str]) -> Session {
    start(&Setup {
        arguments,
        ..Setup::default()
    })
}

/// A session at its first prompt.
pub fn start(setup: &Setup) -> Session {
    let session = spawn(setup);
    session.see(">>> ");
    session
}

/// A session that has just begun.
pub fn spawn(setup: &Setup) -> Session {
    let (rows, cols) = setup.size;
    let size = PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_coro"));
    command.args(setup.arguments);
    command.cwd(root());
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    command.env("CORO_HISTORY", setup.history);
    command.env_remove("CLICOLOR_FORCE");
    if setup.color {
        command.env_remove("NO_COLOR");
    } else {
        command.env("NO_COLOR", "1");
    }
    let child = pair.slave.spawn_command(command).expect("coro starts");
    drop(pair.slave);
    let output = pair.master.try_clone_reader().expect("what it writes");
    let keys = pair.master.take_writer().expect("its keys");
    let session = Session {
        child,
        keys: Arc::new(Mutex::new(keys)),
        screen: Arc::new(Mutex::new(vt100::Parser::new(rows, cols, 1000))),
        terminal: pair.master,
    };
    let (screen, keys) = (session.screen.clone(), session.keys.clone());
    thread::spawn(move || watch(output, &screen, &keys));
    session
}

/// Draws what comes, and answers when the program asks where the cursor is.
fn watch(
    mut output: Box<dyn Read + Send>,
    screen: &Mutex<vt100::Parser>,
    keys: &Mutex<Box<dyn Write + Send>>,
) {
    let mut block = [0; 4096];
    let mut rest: Vec<u8> = Vec::new();
    while let Ok(count @ 1..) = output.read(&mut block) {
        rest.extend_from_slice(&block[..count]);
        while let Some(at) = rest.windows(WHERE.len()).position(|w| w == WHERE) {
            let mut screen = screen.lock().unwrap();
            screen.process(&rest[..at]);
            let (row, column) = screen.screen().cursor_position();
            drop(screen);
            rest.drain(..at + WHERE.len());
            let _ = write!(keys.lock().unwrap(), "\x1b[{};{}R", row + 1, column + 1);
        }
        // A question may be cut in two.
        let keep = (1..WHERE.len())
            .rev()
            .find(|n| rest.ends_with(&WHERE[..*n]));
        let end = rest.len() - keep.unwrap_or(0);
        screen.lock().unwrap().process(&rest[..end]);
        rest.drain(..end);
    }
}

impl Session {
    /// Presses keys.
    pub fn keys(&self, keys: &str) -> &Self {
        let mut writer = self.keys.lock().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
        self
    }

    /// Types a line and Enter.
    pub fn line(&self, text: &str) -> &Self {
        self.keys(text).keys(ENTER)
    }

    /// What is on the screen, without the blanks at the ends of lines and below.
    pub fn screen(&self) -> String {
        let contents = self.screen.lock().unwrap().screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Waits until the screen is as wanted.
    pub fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(Instant::now() < end, "never seen: {what}\n{screen}\n--");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until the text is on the screen.
    pub fn see(&self, text: &str) -> String {
        // Blanks at the ends of lines are not seen.
        self.until(text, |screen| format!("{screen} ").contains(text))
    }

    /// Waits until the screen ends with the lines.
    pub fn end(&self, text: &str) -> String {
        self.until(text, |screen| screen.ends_with(text))
    }

    /// Where the cursor is: row and column from 0.
    pub fn cursor(&self) -> (u16, u16) {
        self.screen.lock().unwrap().screen().cursor_position()
    }

    /// Makes the terminal larger or smaller.
    pub fn resize(&self, rows: u16, cols: u16) {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.screen
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(rows, cols);
        self.terminal.resize(size).unwrap();
    }

    /// Whether the program has taken the whole screen for itself.
    pub fn is_taken(&self) -> bool {
        self.screen.lock().unwrap().screen().alternate_screen()
    }

    /// The colour of the first character of a text on the screen.
    pub fn color_of(&self, text: &str) -> vt100::Color {
        let screen = self.screen();
        let row = screen
            .lines()
            .position(|l| l.contains(text))
            .expect("the text is there");
        let column = screen.lines().nth(row).unwrap().find(text).unwrap();
        let parser = self.screen.lock().unwrap();
        let cell = parser.screen().cell(row as u16, column as u16).unwrap();
        cell.fgcolor()
    }

    /// Waits for the end; the exit code.
    pub fn code(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < end, "it does not end\n{}", self.screen());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
