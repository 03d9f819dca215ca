//! What coro leaves out on purpose: sockets, pipes and processes.

use super::{Failure, Hint};
use crate::syntax::ast::ExprKind;
use crate::syntax::walk;

/// What of asyncio wants connections to other machines or programs.
const CONNECTIONS: &[&str] = &[
    "open_connection",
    "open_unix_connection",
    "start_server",
    "start_unix_server",
    "Server",
    "create_connection",
    "create_datagram_endpoint",
    "create_server",
    "create_unix_connection",
    "create_unix_server",
    "connect_accepted_socket",
    "getaddrinfo",
    "getnameinfo",
    "sendfile",
    "start_tls",
    "add_reader",
    "remove_reader",
    "add_writer",
    "remove_writer",
];

/// What wants processes.
const PROCESSES: &[&str] = &[
    "create_subprocess_exec",
    "create_subprocess_shell",
    "subprocess",
    "subprocess_exec",
    "subprocess_shell",
    "connect_read_pipe",
    "connect_write_pipe",
    "get_child_watcher",
    "set_child_watcher",
    "AbstractChildWatcher",
    "FastChildWatcher",
    "MultiLoopChildWatcher",
    "PidfdChildWatcher",
    "SafeChildWatcher",
    "ThreadedChildWatcher",
];

/// Modules of Python that are about nothing else.
const MODULES: &[(&str, What)] = &[
    ("socket", What::Connections),
    ("socketserver", What::Connections),
    ("ssl", What::Connections),
    ("select", What::Connections),
    ("selectors", What::Connections),
    ("http", What::Connections),
    ("urllib", What::Connections),
    ("subprocess", What::Processes),
    ("multiprocessing", What::Processes),
    ("asyncio.subprocess", What::Processes),
];

#[derive(Clone, Copy)]
enum What {
    Connections,
    Processes,
}

impl What {
    fn of(name: &str) -> Option<What> {
        if CONNECTIONS.contains(&name) || name.starts_with("sock_") {
            return Some(What::Connections);
        }
        PROCESSES.contains(&name).then_some(What::Processes)
    }

    fn hint(self) -> Hint {
        Hint::help(match self {
            What::Connections => {
                "coro opens no connections, so that a program does the same each time it runs; let \
                 an `asyncio.Queue` or an `asyncio.StreamReader` that the program feeds stand for one"
            }
            What::Processes => {
                "coro starts no other programs; let a coroutine that sleeps stand for one"
            }
        })
    }
}

/// A name of asyncio, a method of the loop or a module that coro does not have.
pub fn left_out(failure: &Failure<'_>) -> Option<Hint> {
    let text = failure.text;
    if let Some(module) = text.strip_prefix("ModuleNotFoundError: No module named '") {
        let module = module.trim_end_matches('\'');
        let head = module.split('.').next()?;
        let known = MODULES.iter().find(|(m, _)| *m == module || *m == head);
        return known.map(|(_, what)| what.hint());
    }
    let of_asyncio = [
        "AttributeError: module 'asyncio",
        "ImportError: cannot import name '",
    ];
    if of_asyncio.iter().any(|start| text.starts_with(start)) && text.contains("asyncio") {
        let name = text.split('\'').filter_map(What::of).next();
        return name.map(What::hint);
    }
    if text == "NotImplementedError" {
        let mut found = None;
        walk::expressions(failure.site.stmt()?, &mut |e| {
            walk::everything(e, &mut |e| {
                if let ExprKind::Attribute { attr, .. } = &e.kind {
                    found = found.or(What::of(&attr.name));
                }
            });
        });
        return found.map(What::hint);
    }
    None
}
