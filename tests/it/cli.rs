//! The command line: what it accepts, where programs come from, exit codes.

use crate::coro::{LIMIT, Run, command, coro, finish, root, scratch};
use std::io::Read;
use std::process::Stdio;

fn piped(arguments: &[&str], input: &[u8]) -> Run {
    finish(command().args(arguments).current_dir(root()), input, LIMIT)
}

#[test]
fn version_and_help() {
    let run = coro(&["--version"]);
    assert_eq!(
        (run.code, run.out()),
        (Some(0), format!("coro {}\n", env!("CARGO_PKG_VERSION")))
    );
    let run = coro(&["--help"]);
    assert_eq!(run.code, Some(0));
    for word in [
        "run",
        "dis",
        "ast",
        "tokens",
        "--virtual-time",
        "--traceback",
        "--color",
    ] {
        assert!(run.out().contains(word), "{word}");
    }
}

#[test]
fn wrong_command_lines() {
    for arguments in [
        &["--bogus"][..],
        &["--color", "pink", "x"],
        &["-c"],
        &["dis"],
        &["run", "--bogus", "x"],
    ] {
        let run = coro(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}");
        assert!(
            run.stderr.contains("Usage") || run.stderr.contains("--help"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn programs_from_everywhere() {
    assert_eq!(coro(&["-c", "print(1 + 1)"]).out(), "2\n");
    assert_eq!(piped(&["-"], b"print('in')").out(), "in\n");
    assert_eq!(piped(&[], b"print('in')").out(), "in\n");
    let folder = scratch("from_everywhere");
    std::fs::write(folder.join("run"), "print('not me')").unwrap();
    std::fs::write(folder.join("p.coro"), "print('file')").unwrap();
    std::fs::write(folder.join("bom.coro"), "\u{feff}print('bom')\r\n").unwrap();
    let here =
        |arguments: &[&str]| finish(command().args(arguments).current_dir(&folder), b"", LIMIT);
    assert_eq!(here(&["p.coro"]).out(), "file\n");
    assert_eq!(here(&["run", "p.coro"]).out(), "file\n");
    assert_eq!(here(&["bom.coro"]).out(), "bom\n");
    // A file that is called like a command is reached by its path.
    assert_eq!(here(&["./run"]).out(), "not me\n");
}

#[test]
fn arguments_belong_to_the_program() {
    let show = "import sys; print(sys.argv)";
    assert_eq!(
        coro(&["-c", show, "-v", "--color", "x"]).out(),
        "['-c', '-v', '--color', 'x']\n"
    );
    assert_eq!(
        piped(&["-", "--help"], show.as_bytes()).out(),
        "['-', '--help']\n"
    );
    let folder = scratch("arguments");
    std::fs::write(folder.join("p.coro"), show).unwrap();
    let run = finish(
        command()
            .args(["p.coro", "-c", "--", "run"])
            .current_dir(&folder),
        b"",
        LIMIT,
    );
    assert_eq!(run.out(), "['p.coro', '-c', '--', 'run']\n");
}

// Recorded from CPython 3.13.
#[test]
fn exit_codes() {
    let cases = [
        ("pass", 0, ""),
        ("1/0", 1, "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(None)", 0, ""),
        ("import sys; sys.exit(7)", 7, ""),
        ("import sys; sys.exit(-1)", 255, ""),
        ("import sys; sys.exit(256)", 0, ""),
        ("import sys; sys.exit(True)", 1, ""),
        ("import sys; sys.exit('sorry')", 1, "sorry"),
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit((1, 2))", 1, "(1, 2)"),
        ("raise KeyboardInterrupt", 130, "KeyboardInterrupt"),
        ("(", 1, "SyntaxError: '(' was never closed"),
    ];
    for (program, code, last) in cases {
        let run = coro(&["-c", program]);
        assert_eq!((run.code, run.last_line()), (Some(code), last), "{program}");
    }
}

#[test]
fn files_that_cannot_be_run() {
    let folder = scratch("cannot_be_run");
    std::fs::write(folder.join("hello.coro"), "").unwrap();
    std::fs::write(folder.join("bytes.coro"), b"a = 1\nb = '\xff'\n").unwrap();
    let here = |name: &str| finish(command().arg(name).current_dir(&folder), b"", LIMIT);
    let run = here("hallo.coro");
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr
            .contains("can't open file 'hallo.coro': [Errno 2] No such file or directory"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("did you mean 'hello.coro'?"),
        "{}",
        run.stderr
    );
    assert!(here("hello").stderr.contains("did you mean 'hello.coro'?"));
    let run = here(".");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("it is a folder"), "{}", run.stderr);
    let run = here("bytes.coro");
    assert_eq!(run.code, Some(1));
    assert!(run.last_line().starts_with(
        "SyntaxError: Non-UTF-8 code starting with '\\xff' in file bytes.coro on line 2"
    ));
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    for arguments in [
        &["-c", "while True: print('x' * 1000)"][..],
        &["trace", "-c", "while True: print(1)"],
        &["trace", "--json", "-c", "while True: print(1)"],
        &["tokens", "examples/rock.coro"],
    ] {
        let mut child = command()
            .args(arguments)
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let end = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&end.stderr), "", "{arguments:?}");
        assert_ne!(end.status.code(), Some(101));
    }
}

#[test]
fn both_forms_of_tracebacks() {
    let program = "def f(x):\n    return 1 / x\nf(0)\n";
    let run = coro(&["--traceback=python", "-c", program]);
    let want = "\
Traceback (most recent call last):
  File \"<string>\", line 3, in <module>
    f(0)
    ~^^^
  File \"<string>\", line 2, in f
    return 1 / x
           ~~^~~
ZeroDivisionError: division by zero
";
    assert_eq!(run.stderr, want);
    let run = coro(&["-c", program]);
    assert!(run.stderr.contains("╭─[ <string>:2:12 ]"), "{}", run.stderr);
    assert_eq!(run.last_line(), "ZeroDivisionError: division by zero");
}

#[test]
fn colours_follow_the_environment() {
    let run = |set: Option<(&str, &str)>, arguments: &[&str]| {
        let mut command = command();
        command
            .env_remove("NO_COLOR")
            .envs(set)
            .args(arguments)
            .args(["-c", "("]);
        finish(&mut command, b"", LIMIT).stderr.contains('\u{1b}')
    };
    assert!(!run(None, &[]));
    assert!(run(None, &["--color=always"]));
    assert!(run(Some(("CLICOLOR_FORCE", "1")), &[]));
    assert!(!run(Some(("CLICOLOR_FORCE", "1")), &["--color=never"]));
    assert!(run(Some(("NO_COLOR", "1")), &["--color=always"]));
}

#[test]
fn virtual_time_jumps() {
    let program = "import asyncio, time\nt = time.monotonic()\nasyncio.run(asyncio.sleep(3600))\n\
                   time.sleep(60)\nprint(round(time.monotonic() - t))\n";
    assert_eq!(coro(&["--virtual-time", "-c", program]).out(), "3660\n");
    assert_eq!(
        coro(&["run", "--virtual-time", "-c", program]).out(),
        "3660\n"
    );
}

/// The corpus runs in virtual time; here the operating system's clock counts.
#[test]
fn without_it_sleeping_takes_as_long_as_it_says() {
    let program = "import asyncio, time\n\
                   async def after(s):\n    await asyncio.sleep(s)\n    print(s, flush=True)\n\
                   async def main():\n    \
                   await asyncio.gather(*map(after, (0.4, 0.1, 0)))\n    \
                   async with asyncio.timeout(0.1) as limit:\n        \
                   try: await asyncio.Event().wait()\n        \
                   finally: print(limit.when() <= asyncio.get_running_loop().time() + 0.01)\n\
                   t = time.monotonic()\n\
                   try: asyncio.run(main())\n\
                   except TimeoutError as e: print(repr(e))\n\
                   print(0.5 <= time.monotonic() - t < 30)\n";
    assert_eq!(
        coro(&["-c", program]).out(),
        "0\n0.1\n0.4\nTrue\nTimeoutError()\nTrue\n"
    );
}

#[test]
fn the_stages_can_be_looked_at() {
    for (stage, part) in [("tokens", "NAME"), ("ast", "BinOp"), ("dis", "Return")] {
        let run = coro(&[stage, "-c", "a = b + 1"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.out().contains(part), "{stage}: {}", run.out());
        assert_eq!(coro(&[stage, "-c", "("]).code, Some(1));
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_interrupts_whatever_runs() {
    let ready = "print('started', flush=True)";
    let programs = [
        format!("{ready}\nwhile True: pass"),
        format!("import time\n{ready}\ntime.sleep(100)"),
        format!(
            "import asyncio\nasync def main():\n    {ready}\n    await asyncio.sleep(100)\nasyncio.run(main())"
        ),
        // With nothing to do and nobody waiting, a loop idles as CPython's does.
        format!("import asyncio\n{ready}\nasyncio.new_event_loop().run_forever()"),
        format!("{ready}\ninput()"),
        format!("import sys\n{ready}\nsys.stdin.read()"),
    ];
    for program in &programs {
        let mut child = command()
            .args(["-c", program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 8];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut first)
            .unwrap();
        let pid = child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status();
        assert!(sent.is_ok_and(|s| s.success()));
        let begin = std::time::Instant::now();
        // Keeps its input open.
        let input = child.stdin.take();
        let end = child.wait_with_output().unwrap();
        drop(input);
        let stderr = String::from_utf8_lossy(&end.stderr);
        assert_eq!(end.status.code(), Some(130), "{program}: {stderr}");
        assert_eq!(
            stderr.lines().last(),
            Some("KeyboardInterrupt"),
            "{program}"
        );
        assert!(begin.elapsed().as_secs() < 10, "{program}");
    }
}

/// A folder without `__init__` is a package all the same; one with it, or a module, comes first.
#[test]
fn a_folder_of_modules_is_a_namespace_package() {
    let folder = scratch("namespace_package").canonicalize().unwrap();
    for (name, text) in [
        (
            "plain/inner/mod.coro",
            "from .. import sibling\nprint(__name__, __package__, sibling.x)\n",
        ),
        ("plain/sibling.coro", "x = 1\n"),
        ("both/other.coro", ""),
        ("both.coro", "print('the module')\n"),
        (
            "main.coro",
            "import plain.inner.mod\nimport both\nprint(plain, plain.__file__)\n\
             print(len(plain.__path__), plain.__package__)\n",
        ),
    ] {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let run = finish(command().arg("main.coro").current_dir(&folder), b"", LIMIT);
    let here = folder.display();
    let expected = format!(
        "plain.inner.mod plain.inner 1\nthe module\n\
         <module 'plain' (namespace) from ['{here}/plain']> None\n1 plain\n"
    );
    assert_eq!(run.out(), expected, "{}", run.stderr);
}

/// As in CPython: `__file__` and `co_filename` are full paths with nothing resolved in them,
/// `sys.path[0]` is the folder's real one, `sys.argv[0]` is what was given; reports name files as
/// they were given.
#[test]
fn programs_see_full_paths() {
    let folder = scratch("full_paths").canonicalize().unwrap();
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    let program = "import sys\nimport near\nprint(__file__, sys.argv[0], sys.path[0])\n\
                   print(near.__file__, near.f.__code__.co_filename)\nnear.f()\n";
    std::fs::write(folder.join("sub/main.coro"), program).unwrap();
    std::fs::write(folder.join("sub/near.coro"), "def f():\n    1 / 0\n").unwrap();
    let given = "sub/../sub/main.coro";
    let run = finish(command().arg(given).current_dir(&folder), b"", LIMIT);
    let here = folder.display();
    let near = format!("{here}/sub/near.coro");
    let expected = format!("{here}/{given} {given} {here}/sub\n{near} {near}\n");
    assert_eq!(run.out(), expected);
    assert!(
        run.stderr.contains("[ sub/near.coro:2:5 ]"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains(&format!("[ {given}:5:1 ]")),
        "{}",
        run.stderr
    );
}

/// The end of the process releases most things; a file that only a circle holds is no such thing.
#[test]
fn a_file_in_a_circle_is_written_at_the_end() {
    let folder = scratch("file_in_a_circle");
    let program = "class A: pass\na = A()\na.a = a\na.f = open('out.txt', 'w')\na.f.write('all')\n";
    std::fs::write(folder.join("main.coro"), program).unwrap();
    let run = finish(command().arg("main.coro").current_dir(&folder), b"", LIMIT);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(
        std::fs::read_to_string(folder.join("out.txt")).unwrap(),
        "all"
    );
}

/// What coro leaves out on purpose says so, and what may stand for it.
#[test]
fn what_wants_connections_or_processes_is_refused_with_a_word_of_help() {
    let cases = [
        ("import socket", "coro opens no connections"),
        (
            "from asyncio import start_server",
            "coro opens no connections",
        ),
        ("import subprocess", "coro starts no other programs"),
        (
            "import asyncio\nasyncio.create_subprocess_exec('ls')",
            "coro starts no other programs",
        ),
        (
            "import asyncio\nasyncio.new_event_loop().add_reader(0, print)",
            "coro opens no connections",
        ),
    ];
    for (text, expected) in cases {
        let run = coro(&["-c", text]);
        assert_eq!(run.code, Some(1), "{text}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{text}: {}", run.stderr);
    }
}
