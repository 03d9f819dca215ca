//! Runs the `coro` binary under a time limit and keeps what it printed.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Time for one program, as in the corpus.
pub const LIMIT: Duration = Duration::from_secs(20);

/// What a run left behind.
#[derive(Debug)]
pub struct Run {
    /// `None`: it ran past the limit, or a signal ended it.
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub late: bool,
}

impl Run {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The last line of stderr that is not blank.
    pub fn last_line(&self) -> &str {
        self.stderr
            .lines()
            .rfind(|l| !l.trim().is_empty())
            .unwrap_or("")
    }
}

/// The root of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a program in a folder printed, without the path of the folder: programs see full paths.
pub fn without_folder(text: &str, folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap();
    text.replace(&format!("{}/", folder.display()), "")
}

/// A folder for the files of one test, emptied.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A `coro` command with nothing of the environment that changes what it prints.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coro"));
    for name in [
        "CLICOLOR_FORCE",
        "LC_ALL",
        "LC_CTYPE",
        "LANG",
        "TERM",
        "COLUMNS",
    ] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

/// Runs `coro` with arguments in the project's root.
pub fn coro<S: AsRef<OsStr>>(arguments: &[S]) -> Run {
    finish(command().args(arguments).current_dir(root()), b"", LIMIT)
}

/// Runs program text as `coro run FILE`, in a folder of its own.
pub fn program(name: &str, text: &str) -> Run {
    let folder = scratch(name);
    std::fs::write(folder.join("t.coro"), text).unwrap();
    finish(
        command().args(["run", "t.coro"]).current_dir(folder),
        b"",
        LIMIT,
    )
}

/// Runs a command with some input; ends it at the limit.
pub fn finish(command: &mut Command, input: &[u8], limit: Duration) -> Run {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().expect("coro starts");
    let (mut stdin, out, err) = (
        child.stdin.take().unwrap(),
        child.stdout.take(),
        child.stderr.take(),
    );
    thread::scope(|scope| {
        let stdout = scope.spawn(|| read(out.unwrap()));
        let stderr = scope.spawn(|| read(err.unwrap()));
        // A program that does not read its input closes it: no failure of the test.
        scope.spawn(move || stdin.write_all(input));
        let (code, late) = wait(&mut child, limit);
        let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
        Run {
            code,
            stdout,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            late,
        }
    })
}

fn read(mut from: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = from.read_to_end(&mut bytes);
    bytes
}

fn wait(child: &mut Child, limit: Duration) -> (Option<i32>, bool) {
    let end = Instant::now() + limit;
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), false);
        }
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            return (None, true);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
