"""A website with a client and a writer at work; the clock stands still."""

from tests.api.desk import atlas, client, clock, writer

__all__ = ["atlas", "client", "clock", "writer"]
