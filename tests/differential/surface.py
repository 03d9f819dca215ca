"""What a module shows of itself: one line for each fact about a public name. Run by compare_surface.py, by both.

    surface.py names MODULE…          the names, as CPython has them: "MODULE NAME" or "MODULE CLASS.NAME"
    surface.py facts FILE             the facts about the names that stand in a file
"""
import importlib
import inspect
import sys

SPECIAL = (
    "__init__", "__aenter__", "__aexit__", "__enter__", "__exit__", "__await__", "__iter__", "__next__", "__aiter__",
    "__anext__", "__repr__", "__str__", "__del__", "__class_getitem__", "__eq__", "__hash__", "__lt__", "__reduce__",
)


def is_public(name):
    return not name.startswith("_") or name in SPECIAL


def names_of(module):
    found = list(getattr(module, "__all__", ()))
    for name, value in vars(module).items():
        home = getattr(value, "__module__", None)
        if name not in found and not name.startswith("_") and (home == module.__name__ or not callable(value)):
            if not inspect.ismodule(value):
                found.append(name)
    return found


def print_names(modules):
    for title in modules:
        module = importlib.import_module(title)
        for name in names_of(module):
            print(title, name)
            value = getattr(module, name)
            if inspect.isclass(value) and value.__module__.startswith(title.partition(".")[0]):
                for attribute in dir(value):
                    if is_public(attribute):
                        print(title, f"{name}.{attribute}")


def attempt(function, *args):
    try:
        return function(*args)
    except AttributeError as exc:
        return "missing"
    except (ValueError, TypeError) as exc:
        return type(exc).__name__


def kind_of(value):
    if inspect.isclass(value):
        return "class"
    if isinstance(value, (staticmethod, classmethod)):
        return type(value).__name__
    if isinstance(value, property) or inspect.isdatadescriptor(value):
        return "attribute"
    if callable(value):
        return "callable"
    if isinstance(value, (int, float, str, bool, type(None))):
        return repr(value)
    return type(value).__name__


def facts(title, path):
    value = importlib.import_module(title)
    raw = None
    for part in path.split("."):
        owner, value = value, getattr(value, part)
        raw = inspect.getattr_static(owner, part, value)
    yield "kind", kind_of(value if raw is None else raw)
    if inspect.isclass(value):
        yield "mro", " ".join(f"{base.__module__}.{base.__qualname__}" for base in value.__mro__)
        yield "abstract", inspect.isabstract(value)
    if callable(value):
        yield "module", attempt(getattr, value, "__module__")
        yield "qualname", attempt(getattr, value, "__qualname__")
        yield "name", attempt(getattr, value, "__name__")
        yield "signature", attempt(lambda: str(inspect.signature(value)))
        yield "coroutine function", inspect.iscoroutinefunction(value)
        yield "generator function", inspect.isgeneratorfunction(value), inspect.isasyncgenfunction(value)
    if callable(value) or kind_of(raw) == "attribute":
        yield "has doc", bool(getattr(value, "__doc__", None))


def print_facts(file):
    with open(file) as lines:
        wanted = [line.split() for line in lines]
    for title, path in wanted:
        try:
            for what, *answer in facts(title, path):
                print(f"{title}.{path} {what}: {' '.join(map(str, answer))}")
        except (ImportError, AttributeError) as exc:
            print(f"{title}.{path}: {type(exc).__name__}")


print_names(sys.argv[2:]) if sys.argv[1] == "names" else print_facts(sys.argv[2])
