//! The library's modules that are written in the language itself, embedded in the binary.

/// A module's text.
pub struct Embedded {
    pub name: &'static str,
    pub text: &'static str,
    pub is_package: bool,
}

macro_rules! embedded {
    ($($name:literal $file:literal $package:literal;)*) => {
        /// All of them, sorted by name.
        pub static MODULES: &[Embedded] = &[$(Embedded {
            name: $name,
            text: include_str!(concat!("lib/", $file)),
            is_package: $package,
        },)*];
    };
}

embedded! {
    "__future__" "__future__.coro" false;
    "_argparse_help" "_argparse_help.coro" false;
    "_argparse_read" "_argparse_read.coro" false;
    "_arguments" "_arguments.coro" false;
    "_calendar_math" "_calendar_math.coro" false;
    "_chainmap" "_chainmap.coro" false;
    "_decimal_arithmetic" "_decimal_arithmetic.coro" false;
    "_decimal_context" "_decimal_context.coro" false;
    "_decimal_digits" "_decimal_digits.coro" false;
    "_decimal_functions" "_decimal_functions.coro" false;
    "_decimal_order" "_decimal_order.coro" false;
    "_decimal_text" "_decimal_text.coro" false;
    "_dispatch" "_dispatch.coro" false;
    "_enum_body" "_enum_body.coro" false;
    "_enum_checks" "_enum_checks.coro" false;
    "_enum_flags" "_enum_flags.coro" false;
    "_help" "_help.coro" false;
    "_inspect_frames" "_inspect_frames.coro" false;
    "_io_streams" "_io_streams.coro" false;
    "_kde" "_kde.coro" false;
    "_log_file_config" "_log_file_config.coro" false;
    "_log_format" "_log_format.coro" false;
    "_normal_dist" "_normal_dist.coro" false;
    "_re_parse" "_re_parse.coro" false;
    "_re_run" "_re_run.coro" false;
    "_sha512" "_sha512.coro" false;
    "_signature" "_signature.coro" false;
    "_time_of_day" "_time_of_day.coro" false;
    "_timedelta" "_timedelta.coro" false;
    "_typing" "_typing.coro" false;
    "_typing_classes" "_typing_classes.coro" false;
    "_typing_hints" "_typing_hints.coro" false;
    "_user_containers" "_user_containers.coro" false;
    "_written_in_c" "_written_in_c.coro" false;
    "abc" "abc.coro" false;
    "argparse" "argparse.coro" false;
    "array" "array.coro" false;
    "asyncio" "asyncio/__init__.coro" true;
    "asyncio.base_events" "asyncio/base_events.coro" false;
    "asyncio.base_futures" "asyncio/base_futures.coro" false;
    "asyncio.base_tasks" "asyncio/base_tasks.coro" false;
    "asyncio.completion" "asyncio/completion.coro" false;
    "asyncio.constants" "asyncio/constants.coro" false;
    "asyncio.coroutines" "asyncio/coroutines.coro" false;
    "asyncio.events" "asyncio/events.coro" false;
    "asyncio.exceptions" "asyncio/exceptions.coro" false;
    "asyncio.format_helpers" "asyncio/format_helpers.coro" false;
    "asyncio.futures" "asyncio/futures.coro" false;
    "asyncio.graph" "asyncio/graph.coro" false;
    "asyncio.locks" "asyncio/locks.coro" false;
    "asyncio.log" "asyncio/log.coro" false;
    "asyncio.mixins" "asyncio/mixins.coro" false;
    "asyncio.policies" "asyncio/policies.coro" false;
    "asyncio.protocols" "asyncio/protocols.coro" false;
    "asyncio.queues" "asyncio/queues.coro" false;
    "asyncio.runners" "asyncio/runners.coro" false;
    "asyncio.servers" "asyncio/servers.coro" false;
    "asyncio.staggered" "asyncio/staggered.coro" false;
    "asyncio.streams" "asyncio/streams.coro" false;
    "asyncio.taskgroups" "asyncio/taskgroups.coro" false;
    "asyncio.tasks" "asyncio/tasks.coro" false;
    "asyncio.threads" "asyncio/threads.coro" false;
    "asyncio.timeouts" "asyncio/timeouts.coro" false;
    "asyncio.transports" "asyncio/transports.coro" false;
    "asyncio.unix_events" "asyncio/unix_events.coro" false;
    "base64" "base64.coro" false;
    "binascii" "binascii.coro" false;
    "calendar" "calendar.coro" false;
    "cmath" "cmath.coro" false;
    "codecs" "codecs.coro" false;
    "codetiming" "codetiming.coro" false;
    "collections" "collections/__init__.coro" true;
    "collections.abc" "collections/abc.coro" false;
    "colorsys" "colorsys.coro" false;
    "concurrent" "concurrent/__init__.coro" true;
    "concurrent.futures" "concurrent/futures.coro" false;
    "configparser" "configparser.coro" false;
    "contextlib" "contextlib.coro" false;
    "contextvars" "contextvars.coro" false;
    "copy" "copy.coro" false;
    "copyreg" "copyreg.coro" false;
    "csv" "csv.coro" false;
    "dataclasses" "dataclasses.coro" false;
    "datetime" "datetime.coro" false;
    "decimal" "decimal.coro" false;
    "difflib" "difflib.coro" false;
    "enum" "enum.coro" false;
    "errno" "errno.coro" false;
    "fnmatch" "fnmatch.coro" false;
    "fractions" "fractions.coro" false;
    "functools" "functools.coro" false;
    "getopt" "getopt.coro" false;
    "glob" "glob.coro" false;
    "graphlib" "graphlib.coro" false;
    "hashlib" "hashlib.coro" false;
    "heapq" "heapq.coro" false;
    "hmac" "hmac.coro" false;
    "html" "html/__init__.coro" true;
    "html.entities" "html/entities.coro" false;
    "importlib" "importlib/__init__.coro" true;
    "inspect" "inspect.coro" false;
    "io" "io.coro" false;
    "ipaddress" "ipaddress.coro" false;
    "json" "json/__init__.coro" true;
    "json.decoder" "json/decoder.coro" false;
    "json.encoder" "json/encoder.coro" false;
    "keyword" "keyword.coro" false;
    "linecache" "linecache.coro" false;
    "locale" "locale.coro" false;
    "logging" "logging/__init__.coro" true;
    "logging.config" "logging/config.coro" false;
    "logging.handlers" "logging/handlers.coro" false;
    "numbers" "numbers.coro" false;
    "operator" "operator.coro" false;
    "os" "os/__init__.coro" true;
    "os._files" "os/_files.coro" false;
    "os.path" "os/path.coro" false;
    "pathlib" "pathlib.coro" false;
    "platform" "platform.coro" false;
    "pprint" "pprint.coro" false;
    "queue" "queue.coro" false;
    "random" "random.coro" false;
    "re" "re/__init__.coro" true;
    "reprlib" "reprlib.coro" false;
    "sched" "sched.coro" false;
    "secrets" "secrets.coro" false;
    "shlex" "shlex.coro" false;
    "shutil" "shutil.coro" false;
    "signal" "signal.coro" false;
    "stat" "stat.coro" false;
    "statistics" "statistics.coro" false;
    "string" "string.coro" false;
    "struct" "struct.coro" false;
    "tempfile" "tempfile.coro" false;
    "textwrap" "textwrap.coro" false;
    "threading" "threading.coro" false;
    "timeit" "timeit.coro" false;
    "tomllib" "tomllib.coro" false;
    "traceback" "traceback.coro" false;
    "types" "types.coro" false;
    "typing" "typing.coro" false;
    "unittest" "unittest/__init__.coro" true;
    "unittest._assertions" "unittest/_assertions.coro" false;
    "unittest._contexts" "unittest/_contexts.coro" false;
    "unittest.async_case" "unittest/async_case.coro" false;
    "unittest.case" "unittest/case.coro" false;
    "unittest.loader" "unittest/loader.coro" false;
    "unittest.main" "unittest/main.coro" false;
    "unittest.result" "unittest/result.coro" false;
    "unittest.runner" "unittest/runner.coro" false;
    "unittest.signals" "unittest/signals.coro" false;
    "unittest.suite" "unittest/suite.coro" false;
    "unittest.util" "unittest/util.coro" false;
    "urllib" "urllib/__init__.coro" true;
    "urllib.parse" "urllib/parse.coro" false;
    "uuid" "uuid.coro" false;
    "warnings" "warnings.coro" false;
    "weakref" "weakref.coro" false;
    "zoneinfo" "zoneinfo/__init__.coro" true;
    "zoneinfo._tzfile" "zoneinfo/_tzfile.coro" false;
}

/// A module by its full name.
pub fn find(name: &str) -> Option<&'static Embedded> {
    MODULES
        .binary_search_by(|m| m.name.cmp(name))
        .ok()
        .and_then(|i| MODULES.get(i))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_table_is_sorted() {
        assert!(MODULES.windows(2).all(|w| w[0].name < w[1].name));
    }

    #[test]
    fn every_file_of_the_folder_has_its_row() {
        fn count(folder: &Path) -> usize {
            let Ok(entries) = std::fs::read_dir(folder) else {
                return 0;
            };
            let paths = entries.filter_map(Result::ok).map(|e| e.path());
            paths
                .map(|p| {
                    if p.is_dir() {
                        count(&p)
                    } else {
                        usize::from(p.extension().is_some_and(|e| e == "coro"))
                    }
                })
                .sum()
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stdlib/lib");
        assert_eq!(count(&folder), MODULES.len());
    }
}
