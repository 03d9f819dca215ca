//! `AbstractEventLoop`: what every event loop promises. It keeps nothing of it itself; what a
//! class of loops leaves out ends in `NotImplementedError`, as with the loops here all that wants
//! sockets, pipes or processes.

use super::loop_type::import;
use crate::vm::native::NativeDef;
use crate::vm::object::{Exception, Tuple};
use crate::vm::value::Value;
use crate::vm::{R, Vm};

/// A method that a class of loops may define.
const fn promised(name: &'static str, signature: &'static str, doc: &'static str) -> NativeDef {
    NativeDef::new(name, signature, refuse, doc)
}

/// One whose refusal has to be awaited.
const fn promised_soon(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
) -> NativeDef {
    NativeDef::new(name, signature, refuse_soon, doc).making_coroutine()
}

fn refuse(vm: &mut Vm, _: &[Value]) -> R {
    let class = vm.exc.not_implemented_error.clone();
    Err(vm.raise(Exception::new(&class, Tuple::new([])).into()))
}

fn refuse_soon(vm: &mut Vm, _: &[Value]) -> R {
    let module = import(vm, "asyncio.base_events")?;
    let name = vm.intern("_not_implemented");
    vm.call_method(&module, &name, &[])
}

pub(super) static METHODS: &[NativeDef] = &[
    promised("run_forever", "(self)", "Run until stop() is called."),
    promised(
        "run_until_complete",
        "(self, future)",
        "Run until the future is done; its result.",
    ),
    promised("stop", "(self)", "Stop after the present turn."),
    promised("is_running", "(self)", "Whether it is running."),
    promised("is_closed", "(self)", "Whether it was closed."),
    promised(
        "close",
        "(self)",
        "Close the loop for good; its executor too, without waiting for it.",
    ),
    promised_soon(
        "shutdown_asyncgens",
        "(self)",
        "Close all async generators.",
    ),
    promised_soon(
        "shutdown_default_executor",
        "(self)",
        "Wait for the work of the executor.",
    ),
    promised(
        "_timer_handle_cancelled",
        "(self, handle)",
        "A timer was cancelled.",
    ),
    promised("call_soon", "(self, callback, *args, context=None)", ""),
    promised(
        "call_later",
        "(self, delay, callback, *args, context=None)",
        "",
    ),
    promised("call_at", "(self, when, callback, *args, context=None)", ""),
    promised("time", "(self)", ""),
    promised("create_future", "(self)", ""),
    promised(
        "create_task",
        "(self, coro, *, name=None, context=None)",
        "",
    ),
    promised(
        "call_soon_threadsafe",
        "(self, callback, *args, context=None)",
        "",
    ),
    promised("run_in_executor", "(self, executor, func, *args)", ""),
    promised("set_default_executor", "(self, executor)", ""),
    promised_soon(
        "getaddrinfo",
        "(self, host, port, *, family=0, type=0, proto=0, flags=0)",
        "",
    ),
    promised_soon("getnameinfo", "(self, sockaddr, flags=0)", ""),
    promised_soon(
        "create_connection",
        "(self, protocol_factory, host=None, port=None, *, ssl=None, family=0, proto=0, flags=0, sock=None, local_addr=None, server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, happy_eyeballs_delay=None, interleave=None)",
        "Connect to a server.",
    ),
    promised_soon(
        "create_server",
        "(self, protocol_factory, host=None, port=None, *, family=0, flags=1, sock=None, backlog=100, ssl=None, reuse_address=None, reuse_port=None, keep_alive=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True)",
        "Listen for connections.",
    ),
    promised_soon(
        "sendfile",
        "(self, transport, file, offset=0, count=None, *, fallback=True)",
        "Send a file through a transport.",
    ),
    promised_soon(
        "start_tls",
        "(self, transport, protocol, sslcontext, *, server_side=False, server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None)",
        "Turn a transport into an encrypted one.",
    ),
    promised_soon(
        "create_unix_connection",
        "(self, protocol_factory, path=None, *, ssl=None, sock=None, server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None)",
        "",
    ),
    promised_soon(
        "create_unix_server",
        "(self, protocol_factory, path=None, *, sock=None, backlog=100, ssl=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True)",
        "Listen at a path.",
    ),
    promised_soon(
        "connect_accepted_socket",
        "(self, protocol_factory, sock, *, ssl=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None)",
        "Make a transport of a connection that was accepted elsewhere.",
    ),
    promised_soon(
        "create_datagram_endpoint",
        "(self, protocol_factory, local_addr=None, remote_addr=None, *, family=0, proto=0, flags=0, reuse_address=None, reuse_port=None, allow_broadcast=None, sock=None)",
        "Make a transport of datagrams.",
    ),
    promised_soon(
        "connect_read_pipe",
        "(self, protocol_factory, pipe)",
        "Make a transport of the reading end of a pipe.",
    ),
    promised_soon(
        "connect_write_pipe",
        "(self, protocol_factory, pipe)",
        "Make a transport of the writing end of a pipe.",
    ),
    promised_soon(
        "subprocess_shell",
        "(self, protocol_factory, cmd, *, stdin=-1, stdout=-1, stderr=-1, **kwargs)",
        "",
    ),
    promised_soon(
        "subprocess_exec",
        "(self, protocol_factory, *args, stdin=-1, stdout=-1, stderr=-1, **kwargs)",
        "",
    ),
    promised("add_reader", "(self, fd, callback, *args)", ""),
    promised("remove_reader", "(self, fd)", ""),
    promised("add_writer", "(self, fd, callback, *args)", ""),
    promised("remove_writer", "(self, fd)", ""),
    promised_soon("sock_recv", "(self, sock, nbytes)", ""),
    promised_soon("sock_recv_into", "(self, sock, buf)", ""),
    promised_soon("sock_recvfrom", "(self, sock, bufsize)", ""),
    promised_soon("sock_recvfrom_into", "(self, sock, buf, nbytes=0)", ""),
    promised_soon("sock_sendall", "(self, sock, data)", ""),
    promised_soon("sock_sendto", "(self, sock, data, address)", ""),
    promised_soon("sock_connect", "(self, sock, address)", ""),
    promised_soon("sock_accept", "(self, sock)", ""),
    promised_soon(
        "sock_sendfile",
        "(self, sock, file, offset=0, count=None, *, fallback=None)",
        "",
    ),
    promised("add_signal_handler", "(self, sig, callback, *args)", ""),
    promised("remove_signal_handler", "(self, sig)", ""),
    promised("set_task_factory", "(self, factory)", ""),
    promised("get_task_factory", "(self)", ""),
    promised("get_exception_handler", "(self)", ""),
    promised("set_exception_handler", "(self, handler)", ""),
    promised("default_exception_handler", "(self, context)", ""),
    promised("call_exception_handler", "(self, context)", ""),
    promised("get_debug", "(self)", ""),
    promised("set_debug", "(self, enabled)", ""),
];
