//! Binding arguments to parameters, with CPython's error texts.
