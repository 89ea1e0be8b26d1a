"""What a rule is shown. Nothing is worked out before it is asked for."""

import re
from enum import IntEnum
from types import MappingProxyType

CLOCK_SKEW = 5_000_000_000
"""How much later than the span its producer may seem to start, in nanoseconds."""

REMOTE = 0x300
"""OTLP flags: it is known whether the context is remote, and it is."""

TRACE_FLAGS = 0xFF
"""OTLP flags: those of W3C Trace Context."""


class Kind(IntEnum):
    """Span kinds, with OTLP's numbers."""

    UNSPECIFIED = 0
    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


_KINDS = {int(kind): kind for kind in Kind}


def each(value):
    """The ids in the value of an attribute, be it one, an array or none."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


class Identified:
    """What has a trace id and a span id; `ids` are numbers."""

    __slots__ = ()

    @property
    def trace_id(self):
        """32 hex digits; all 0 when it is not valid."""
        high, low, _ = self.ids
        return f"{high:016x}{low:016x}"

    @property
    def span_id(self):
        """16 hex digits; all 0 when it is not valid."""
        return f"{self.ids[2]:016x}"

    @property
    def is_valid(self):
        """Neither id is all 0."""
        high, low, span = self.ids
        return span != 0 and (high | low) != 0

    def is_same(self, other):
        """Both have these ids."""
        return self.ids == other.ids

    def __repr__(self):
        return f"{type(self).__name__}({self.trace_id}/{self.span_id})"


class Context(Identified):
    """What a link points at."""

    __slots__ = ("ids", "trace_state", "flags")

    def __init__(self, ids, trace_state="", flags=REMOTE):
        self.ids, self.trace_state, self.flags = ids, trace_state, flags

    @classmethod
    def from_ids(cls, trace_id, span_id, trace_flags=None, trace_state=""):
        """A context as it may be stored: ids in hex digits of either case, or as
        bytes; flags in two hex digits, as a byte or as an integer, and 0 when they
        are none of it. None when an id is not valid.
        """
        trace, span = _number(trace_id, 16), _number(span_id, 8)
        if not trace or not span:
            return None
        if isinstance(trace_flags, int):
            flags = trace_flags if 0 <= trace_flags < 1 << 32 else 0
        else:
            flags = _number(trace_flags, 1) or 0
        ids = (trace >> 64, trace & (1 << 64) - 1, span)
        return cls(ids, trace_state, flags & TRACE_FLAGS | REMOTE)

    @classmethod
    def from_traceparent(cls, header, trace_state=""):
        """The context of a `traceparent` header of version 00; None when it is not valid."""
        fields = _TRACEPARENT.fullmatch(header) if isinstance(header, str) else None
        return fields and cls.from_ids(*fields.groups(), trace_state)


_TRACEPARENT = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_HEX = re.compile("[0-9a-fA-F]+")


def _number(value, size):
    if isinstance(value, bytes) and len(value) == size:
        return int.from_bytes(value, "big")
    if isinstance(value, str) and len(value) == 2 * size and _HEX.fullmatch(value):
        return int(value, 16)
    return None


def _attributes(pairs):
    # The sort `other` has no value. Of a key that comes twice the first counts.
    return MappingProxyType({pair.key: getattr(pair.value, "value", None) for pair in reversed(pairs)})


class Link(Identified):
    """A link of a span, as it came in."""

    __slots__ = ("ids", "number", "_raw", "_attributes")

    def __init__(self, raw, number):
        self.ids = (raw.trace_id_high, raw.trace_id_low, raw.span_id)
        self.number, self._raw, self._attributes = number, raw, None

    trace_state = property(lambda self: self._raw.trace_state)
    flags = property(lambda self: self._raw.flags)

    @property
    def attributes(self):
        """Those that the rule reads, by key."""
        if self._attributes is None:
            self._attributes = _attributes(self._raw.attributes)
        return self._attributes


class Origin:
    """The resource and the scope of spans."""

    __slots__ = ("raw", "_resource")

    def __init__(self, raw):
        self.raw, self._resource = raw, None

    @property
    def resource(self):
        if self._resource is None:
            self._resource = _attributes(self.raw.resource_attributes)
        return self._resource


class Span(Identified):
    """A span. Times are nanoseconds since the Unix epoch."""

    __slots__ = ("ids", "number", "_raw", "_origin", "_attributes", "_links")

    def __init__(self, raw, origin, number):
        self.ids = (raw.trace_id_high, raw.trace_id_low, raw.span_id)
        self.number, self._raw, self._origin = number, raw, origin
        self._attributes = self._links = None

    name = property(lambda self: self._raw.name)
    start = property(lambda self: self._raw.start_time_unix_nano)
    end = property(lambda self: self._raw.end_time_unix_nano)
    trace_state = property(lambda self: self._raw.trace_state)
    dropped_links_count = property(lambda self: self._raw.dropped_links_count)
    status_code = property(lambda self: self._raw.status_code, doc="0 unset, 1 ok, 2 error.")
    flags = property(lambda self: self._raw.flags, doc="OTLP's; bits 8 and 9 are about the parent.")
    parent_span_id = property(lambda self: f"{self._raw.parent_span_id:016x}", doc="All 0: a root.")
    scope_name = property(lambda self: self._origin.raw.scope_name)
    scope_version = property(lambda self: self._origin.raw.scope_version)
    resource = property(lambda self: self._origin.resource, doc="Attributes that the rule reads.")

    @property
    def kind(self):
        """A `Kind`, or the number when it is none."""
        return _KINDS.get(self._raw.kind, self._raw.kind)

    @property
    def attributes(self):
        """Those that the rule reads, by key. A value is a str, int, float, bool or
        bytes, a list of str or of int, or None when it is anything else."""
        if self._attributes is None:
            self._attributes = _attributes(self._raw.attributes)
        return self._attributes

    @property
    def links(self):
        """Its links, as they came in."""
        if self._links is None:
            self._links = [Link(raw, number) for number, raw in enumerate(self._raw.links)]
        return self._links


class Producer(Identified):
    """A span that produced a message, as it was remembered."""

    __slots__ = ("ids", "start", "end", "trace_state", "flags", "rank")

    def __init__(self, raw, texts):
        self.ids = (raw.trace_id_high, raw.trace_id_low, raw.span_id)
        self.start, self.end, self.rank = raw.start, raw.end, raw.rank
        self.flags = raw.flags
        begin = raw.trace_state.offset
        state = texts[begin:begin + raw.trace_state.length]
        self.trace_state = state.decode("utf-8", "replace")


class Message:
    """A key that a span awaits, and the producers that are known of it, best first:
    those of the best rank, of these the one that started last."""

    __slots__ = ("key", "producers", "_span", "_edits")

    def __init__(self, key, producers, span, edits):
        self.key, self.producers, self._span, self._edits = key, producers, span, edits

    def nearest(self):
        """The producer that started last, but not after the span (and not more than
        `CLOCK_SKEW` after it). None when there is none."""
        latest = self._span.start + CLOCK_SKEW
        early = [producer for producer in self.producers if producer.start <= latest]
        if early:
            return max(early, key=lambda producer: producer.start)
        if self.producers:
            self._edits.note("too-late")
        return None
