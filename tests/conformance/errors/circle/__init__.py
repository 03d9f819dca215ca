"""Modules that import one another: neighbours of import_circles.coro."""
__all__ = ["listed"]
