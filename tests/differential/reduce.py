"""Makes a program small while something stays true of it: statements go, blocks are replaced by
their bodies, expressions by their parts."""

import ast
import copy

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def reduce(text, still, rounds=20):
    """The smallest program found for which `still(text)` holds; it holds for `text`."""
    try:
        if not still(ast.unparse(ast.parse(text))):
            return text
    except (SyntaxError, ValueError, RecursionError):
        return text
    best = ast.unparse(ast.parse(text))
    for _ in range(rounds):
        smaller = one_round(best, still)
        if smaller == best:
            return best
        best = smaller
    return best


def one_round(text, still):
    text = without_statements(text, still)
    text = attempt_each(text, still, unwrapped)
    return attempt_each(text, still, simpler_expressions)


def lists(tree):
    """Each list of statements (or handlers, cases) with its owner and field."""
    found = []
    for node in ast.walk(tree):
        for name in BLOCKS:
            if isinstance(getattr(node, name, None), list):
                found.append((node, name))
    return found


def accepted(tree, still):
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return text if still(text) else None


def without_statements(text, still):
    """Runs of statements are deleted, long ones first."""
    place = 0
    while True:
        places = lists(ast.parse(text))
        if place >= len(places):
            return text
        size = len(getattr(*places[place]))
        while size:
            start = 0
            while True:
                tree = ast.parse(text)
                found = lists(tree)
                if place >= len(found):
                    break
                owner, name = found[place]
                block = getattr(owner, name)
                if start >= len(block):
                    break
                del block[start:start + size]
                if not block and name == "body" and not isinstance(owner, ast.Module):
                    block.append(ast.Pass())
                shorter = accepted(tree, still)
                if shorter is not None and len(shorter) < len(text):
                    text = shorter
                else:
                    start += size
            size //= 2
        place += 1


def attempt_each(text, still, changes):
    """Tries each of the changes that can be made to the program, again after each success."""
    number = 0
    while True:
        tree = ast.parse(text)
        options = changes(tree)
        if number >= len(options):
            return text
        options[number]()
        shorter = accepted(tree, still)
        if shorter is not None and len(shorter) < len(text):
            text = shorter
        else:
            number += 1


def unwrapped(tree):
    """Compound statements by one of their blocks."""
    options = []
    for owner, name in lists(tree):
        for i, statement in enumerate(getattr(owner, name)):
            for inner in BLOCKS:
                block = getattr(statement, inner, None)
                if block and isinstance(block, list) and all(isinstance(s, ast.stmt) for s in block):
                    options.append(lambda o=owner, n=name, i=i, b=block: getattr(o, n).__setitem__(slice(i, i + 1), b))
            for handler in getattr(statement, "handlers", None) or getattr(statement, "cases", []):
                options.append(lambda o=owner, n=name, i=i, b=handler.body: getattr(o, n).__setitem__(slice(i, i + 1), b))
    return options


def simpler_expressions(tree):
    """Expressions by their parts, or by a name that says little; elements of lists by nothing."""
    options = []
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                for part in parts(value):
                    options.append(lambda n=node, f=name, p=part: setattr(n, f, p))
                if name in ("annotation", "returns"):
                    options.append(lambda n=node, f=name: setattr(n, f, None))
            if isinstance(value, list) and name not in BLOCKS:
                for i, item in enumerate(value):
                    options.append(lambda v=value, i=i: v.pop(i))
                    if isinstance(item, ast.expr):
                        for part in parts(item):
                            options.append(lambda v=value, i=i, p=part: v.__setitem__(i, p))
    return options


def parts(expression):
    """What might stand for an expression."""
    if isinstance(expression, (ast.Constant, ast.Name)):
        return []
    inner = [copy.deepcopy(part) for part in ast.iter_child_nodes(expression) if isinstance(part, ast.expr)]
    if not isinstance(getattr(expression, "ctx", ast.Load()), ast.Load):
        return []
    return [ast.Constant(0), ast.Constant(None)] + inner
