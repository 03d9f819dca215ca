"""What modules offer, one line for each fact: run by CPython and by coro, and compared by compare_modules.py.

    shapes.py MODULE ...
"""

import importlib
import inspect
import sys

# These tell where a module comes from and not what it offers.
OF_THE_FILE = ("__builtins__", "__cached__", "__doc__", "__file__", "__loader__", "__package__", "__path__", "__spec__")


def signature(thing):
    try:
        return str(inspect.signature(thing))
    except ValueError:
        return "none"


def documented(thing):
    return "documented" if isinstance(getattr(thing, "__doc__", None), str) else "without __doc__"


def show_callable(path, thing):
    names = [str(getattr(thing, key, "-")) for key in ("__module__", "__qualname__", "__name__")]
    print(f"{path} names -> {' '.join(names)}")
    print(f"{path} signature -> {signature(thing)}")
    print(f"{path} doc -> {documented(thing)}")


def show_class(path, cls):
    print(f"{path} bases -> {' '.join(base.__name__ for base in cls.__mro__[1:] if not base.__name__.startswith('_'))}")
    for name in dir(cls):
        if name.startswith("_"):
            if name.endswith("__") and name not in ("__firstlineno__", "__static_attributes__", "__slots__"):
                print(f"{path}.{name} -> there")
            continue
        home = next((base for base in cls.__mro__ if name in base.__dict__), cls)
        member = getattr(cls, name, None)
        what = "method" if callable(member) else "attribute"
        print(f"{path}.{name} -> {what}")
        if home is cls and what == "method":
            show_callable(f"{path}.{name}", member)
        elif home is cls and inspect.isdatadescriptor(home.__dict__[name]):
            print(f"{path}.{name} doc -> {documented(home.__dict__[name])}")


def belongs(thing, module_name):
    """Whether a thing is the module's own and not one that it has imported."""
    if inspect.ismodule(thing):
        return False
    home = getattr(thing, "__module__", None)
    return not isinstance(home, str) or home.lstrip("_").partition(".")[0] == module_name.lstrip("_").partition(".")[0]


def show(module_name):
    module = importlib.import_module(module_name)
    offered = getattr(module, "__all__", None)
    print(f"{module_name} doc -> {documented(module)}")
    print(f"{module_name} __all__ -> {offered and sorted(offered)}")
    for name in sorted({*dir(module), *(offered or ())}):
        thing = getattr(module, name, None)
        if name not in (offered or ()) and (name.startswith("_") or not belongs(thing, module_name)):
            continue
        path = f"{module_name}.{name}"
        if isinstance(thing, type):
            print(f"{path} -> class")
            show_callable(path, thing)
            if belongs(thing, module_name):
                show_class(path, thing)
        elif callable(thing):
            print(f"{path} -> function")
            show_callable(path, thing)
        else:
            plain = isinstance(thing, (int, float, str, bytes, tuple, type(None))) and "0x" not in repr(thing)
            print(f"{path} -> {type(thing).__name__} {repr(thing)[:200] if plain else ''}")


for module_name in sys.argv[1:]:
    show(module_name)
