"""A rule has no clock: in the sandbox it would always be 1970, which nobody notices."""

import sys
import time

_CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
           "process_time", "process_time_ns", "sleep", "localtime", "gmtime")


class NoClock(RuntimeError):
    """What a rule is told that asks for the time."""


def stop():
    """Lets all clocks fail, but for those of `logging`, which stamps what it says."""
    for name in _CLOCKS:
        clock = getattr(time, name)
        setattr(time, name, _stopped(name, clock))


def _stopped(name, clock):
    def stopped(*arguments):
        caller = sys._getframe(1).f_globals.get("__name__", "")
        # A time that is given can be taken apart without a clock.
        if caller.partition(".")[0] == "logging" or (arguments and name in ("localtime", "gmtime")):
            return clock(*arguments)
        raise NoClock(f"a rule has no clock, so there is no time.{name}(); when something was, "
                      "span.start and span.end say")
    return stopped
