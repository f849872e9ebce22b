# SPDX-License-Identifier: BSD-2-Clause
"""Datapaths: what afxdp-engine does, from Python."""

from __future__ import annotations

import collections
import ctypes
import json
from collections.abc import Callable, Iterator

from . import _library
from ._config import Config
from ._library import Totals, lib

_libc = ctypes.CDLL(None)
_libc.free.argtypes = [ctypes.c_void_p]


class Engine:
    """A capture, an interface over AF_XDP, or the model inside the kernel. Options are those of the
    command line, with underscores for hyphens. To be used from one thread:

        with Engine(iface="eth1", model="nn.q8", action=["flood=drop"]) as engine:
            for totals in engine.poll(seconds=1):
                print(totals.packets, totals.dropped)
        print(engine.report["endings"])

    or, with `events=True`, one event after the other, as they happen:

        with Engine(iface="eth1", model="nn.q8", events=True) as engine:
            for event in engine.events():
                print(event["event_type"], event.get("src_ip"))
    """

    def __init__(self, *, message: Callable[[str], None] | None = None, events: bool = False,
                 **options) -> None:
        """`message` is called with each line that the engine has to say; without it they are kept in
        `messages`. `events` has events kept for `events()`."""
        self.messages: list[str] = []
        self.report: dict = {}
        self._config = Config(**options)
        say = message or self.messages.append
        self._message = _library.MessageFunction(
            lambda _context, _level, text: say(text.decode(errors="replace")))
        # The engine's thread puts them in, this one takes them out.
        self._events: collections.deque[bytes] | None = collections.deque() if events else None
        self._event = _library.EventFunction(self._keep) if events else _library.EventFunction()
        self._datapath = None

    def _keep(self, _context, text: int, length: int) -> None:
        self._events.append(ctypes.string_at(text, length))

    def __enter__(self) -> Engine:
        callbacks = _library.Callbacks(message=self._message, event=self._event)
        self._datapath = _library.new(lib.afxdp_datapath_open, self._config.pointer,
                                      ctypes.byref(callbacks))
        error = _library.Error()
        status = lib.afxdp_datapath_start(self._datapath, ctypes.byref(error))
        if status < 0:
            self._close()
        _library.check(status, error)
        return self

    def __exit__(self, *_problem) -> None:
        lib.afxdp_datapath_stop(self._datapath)
        self.report = self._read_report()
        self._close()

    def _close(self) -> None:
        lib.afxdp_datapath_close(self._datapath)
        self._datapath = None

    def _open(self) -> ctypes.c_void_p:
        if self._datapath is None:
            raise RuntimeError("the engine isn't running: use it in a `with` block")
        return self._datapath

    def poll(self, seconds: float = 1.0) -> Iterator[Totals]:
        """Looks after the engine and yields its sums every so many seconds, until a capture is at its
        end or a limit (packets=, duration=) is reached. Ctrl-C is noticed within 0.1 s."""
        turns = max(1, round(seconds * 10))
        go_on = 1
        while go_on:
            for _ in range(turns):
                error = _library.Error()
                go_on = _library.check(lib.afxdp_datapath_poll(self._open(), 100,
                                                               ctypes.byref(error)), error)
                if not go_on:
                    break
            yield self.totals()

    def events(self) -> Iterator[dict]:
        """Looks after the engine and yields its events (docs/operations.md), until a capture is at
        its end or a limit is reached; then the engine is stopped, and tells of the flows that there
        still were. Whoever stops iterating before that keeps the rest."""
        kept = self._events
        if kept is None:
            raise RuntimeError("no events are kept: Engine(…, events=True)")
        for _ in self.poll(0.1):
            while kept:
                yield json.loads(kept.popleft())
        lib.afxdp_datapath_stop(self._open())
        while kept:
            yield json.loads(kept.popleft())

    def totals(self) -> Totals:
        """The sums so far."""
        totals = Totals()
        lib.afxdp_datapath_read(self._open(), ctypes.byref(totals))
        return totals

    def reload(self) -> None:
        """Reads the model's file again and puts it to work between two bursts."""
        error = _library.Error()
        _library.check(lib.afxdp_datapath_reload(self._open(), ctypes.byref(error)), error)

    def _read_report(self) -> dict:
        text = lib.afxdp_datapath_report(self._datapath)
        if not text:
            raise MemoryError("no memory for a report")
        try:
            return json.loads(ctypes.string_at(text))
        finally:
            _libc.free(text)
