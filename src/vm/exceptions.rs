//! THE table of built-in exception classes. Base, fields with a place of their own, and doc.

use super::heap::Ref;
use super::object::Class;

/// One built-in exception class.
pub struct ExceptionDef {
    pub name: &'static str,
    pub base: &'static str,
    /// Names of the special attributes, in the order of `Exception::fields` (inherited ones first).
    pub fields: &'static [&'static str],
    pub doc: &'static str,
}

macro_rules! exceptions {
    ($($field:ident $name:ident($base:ident) [$($attr:ident)*] $doc:literal;)*) => {
        /// The classes, for raising and matching.
        pub struct ExceptionTypes { $(pub $field: Ref<Class>,)* }

        impl ExceptionTypes {
            pub const TABLE: &'static [ExceptionDef] = &[$(ExceptionDef {
                name: stringify!($name),
                base: stringify!($base),
                fields: &[$(stringify!($attr)),*],
                doc: $doc,
            },)*];

            /// Makes all classes, each with the class of its base.
            pub fn new(mut make: impl FnMut(&ExceptionDef) -> Ref<Class>) -> Self {
                let mut rows = Self::TABLE.iter();
                ExceptionTypes { $($field: {
                    let _ = stringify!($field);
                    match rows.next() { Some(row) => make(row), None => unreachable!() }
                },)* }
            }

            /// All classes in the order of the table.
            pub fn all(&self) -> Vec<&Ref<Class>> {
                vec![$(&self.$field),*]
            }
        }
    };
}

exceptions! {
    base_exception BaseException(object) [] "Common base class for all exceptions.";
    exception Exception(BaseException) [] "Common base class for all non-exit exceptions.";
    deadlock Deadlock(BaseException) [] "Every task waits for something that can never happen.";
    generator_exit GeneratorExit(BaseException) [] "Request that a generator exit.";
    keyboard_interrupt KeyboardInterrupt(BaseException) [] "Program interrupted by user.";
    system_exit SystemExit(BaseException) [code] "Request to exit from the interpreter.";
    base_exception_group BaseExceptionGroup(BaseException) [message exceptions] "A combination of multiple unrelated exceptions.";
    stop_iteration StopIteration(Exception) [value] "Signal the end from iterator.__next__().";
    stop_async_iteration StopAsyncIteration(Exception) [value] "Signal the end from iterator.__anext__().";
    arithmetic_error ArithmeticError(Exception) [] "Base class for arithmetic errors.";
    floating_point_error FloatingPointError(ArithmeticError) [] "Floating-point operation failed.";
    overflow_error OverflowError(ArithmeticError) [] "Result too large to be represented.";
    zero_division_error ZeroDivisionError(ArithmeticError) [] "Second argument to a division or modulo operation was zero.";
    assertion_error AssertionError(Exception) [] "Assertion failed.";
    attribute_error AttributeError(Exception) [name obj] "Attribute not found.";
    buffer_error BufferError(Exception) [] "Buffer error.";
    eof_error EOFError(Exception) [] "Read beyond end of file.";
    import_error ImportError(Exception) [msg name path name_from] "Import can't find module, or can't find name in module.";
    module_not_found_error ModuleNotFoundError(ImportError) [msg name path name_from] "Module not found.";
    lookup_error LookupError(Exception) [] "Base class for lookup errors.";
    index_error IndexError(LookupError) [] "Sequence index out of range.";
    key_error KeyError(LookupError) [] "Mapping key not found.";
    memory_error MemoryError(Exception) [] "Out of memory.";
    name_error NameError(Exception) [name] "Name not found globally.";
    unbound_local_error UnboundLocalError(NameError) [name] "Local name referenced but not bound to a value.";
    os_error OSError(Exception) [errno strerror filename filename2] "Base class for I/O related errors.";
    blocking_io_error BlockingIOError(OSError) [errno strerror filename filename2] "I/O operation would block.";
    child_process_error ChildProcessError(OSError) [errno strerror filename filename2] "Child process error.";
    connection_error ConnectionError(OSError) [errno strerror filename filename2] "Connection error.";
    broken_pipe_error BrokenPipeError(ConnectionError) [errno strerror filename filename2] "Broken pipe.";
    connection_aborted_error ConnectionAbortedError(ConnectionError) [errno strerror filename filename2] "Connection aborted.";
    connection_refused_error ConnectionRefusedError(ConnectionError) [errno strerror filename filename2] "Connection refused.";
    connection_reset_error ConnectionResetError(ConnectionError) [errno strerror filename filename2] "Connection reset.";
    file_exists_error FileExistsError(OSError) [errno strerror filename filename2] "File already exists.";
    file_not_found_error FileNotFoundError(OSError) [errno strerror filename filename2] "File not found.";
    interrupted_error InterruptedError(OSError) [errno strerror filename filename2] "Interrupted by signal.";
    is_a_directory_error IsADirectoryError(OSError) [errno strerror filename filename2] "Operation doesn't work on directories.";
    not_a_directory_error NotADirectoryError(OSError) [errno strerror filename filename2] "Operation only works on directories.";
    permission_error PermissionError(OSError) [errno strerror filename filename2] "Not enough permissions.";
    process_lookup_error ProcessLookupError(OSError) [errno strerror filename filename2] "Process not found.";
    timeout_error TimeoutError(OSError) [errno strerror filename filename2] "Timeout expired.";
    reference_error ReferenceError(Exception) [] "Weak ref proxy used after referent went away.";
    runtime_error RuntimeError(Exception) [] "Unspecified run-time error.";
    not_implemented_error NotImplementedError(RuntimeError) [] "Method or function hasn't been implemented yet.";
    python_finalization_error PythonFinalizationError(RuntimeError) [] "Operation blocked during Python finalization.";
    recursion_error RecursionError(RuntimeError) [] "Recursion limit exceeded.";
    syntax_error SyntaxError(Exception) [msg filename lineno offset text end_lineno end_offset print_file_and_line] "Invalid syntax.";
    indentation_error IndentationError(SyntaxError) [msg filename lineno offset text end_lineno end_offset print_file_and_line] "Improper indentation.";
    tab_error TabError(IndentationError) [msg filename lineno offset text end_lineno end_offset print_file_and_line] "Improper mixture of spaces and tabs.";
    system_error SystemError(Exception) [] "Internal error in the interpreter.";
    type_error TypeError(Exception) [] "Inappropriate argument type.";
    value_error ValueError(Exception) [] "Inappropriate argument value (of correct type).";
    unicode_error UnicodeError(ValueError) [] "Unicode related error.";
    unicode_decode_error UnicodeDecodeError(UnicodeError) [encoding object start end reason] "Unicode decoding error.";
    unicode_encode_error UnicodeEncodeError(UnicodeError) [encoding object start end reason] "Unicode encoding error.";
    unicode_translate_error UnicodeTranslateError(UnicodeError) [encoding object start end reason] "Unicode translation error.";
    exception_group ExceptionGroup(BaseExceptionGroup) [message exceptions] "A combination of multiple unrelated exceptions.";
    warning Warning(Exception) [] "Base class for warning categories.";
    bytes_warning BytesWarning(Warning) [] "Base class for warnings about bytes and buffer related problems.";
    deprecation_warning DeprecationWarning(Warning) [] "Base class for warnings about deprecated features.";
    encoding_warning EncodingWarning(Warning) [] "Base class for warnings about encodings.";
    future_warning FutureWarning(Warning) [] "Base class for warnings about constructs that will change semantically in the future.";
    import_warning ImportWarning(Warning) [] "Base class for warnings about probable mistakes in module imports.";
    pending_deprecation_warning PendingDeprecationWarning(Warning) [] "Base class for warnings about features which will be deprecated in the future.";
    resource_warning ResourceWarning(Warning) [] "Base class for warnings about resource usage.";
    runtime_warning RuntimeWarning(Warning) [] "Base class for warnings about dubious runtime behavior.";
    syntax_warning SyntaxWarning(Warning) [] "Base class for warnings about dubious syntax.";
    unicode_warning UnicodeWarning(Warning) [] "Base class for warnings about Unicode related problems.";
    user_warning UserWarning(Warning) [] "Base class for warnings generated by user code.";
    cancelled_error CancelledError(BaseException) [] "The Future or Task was cancelled.";
    invalid_state_error InvalidStateError(Exception) [] "The operation is not allowed in this state.";
}

/// The special attributes that a built-in exception class gives its instances.
pub fn fields_of(name: &str) -> &'static [&'static str] {
    ExceptionTypes::TABLE
        .iter()
        .find(|row| row.name == name)
        .map_or(&[], |row| row.fields)
}
