"""What a rule answers for one span. Whatever is asked for, and however often,
linkmend can do it, and doing it to its own output changes nothing."""

import struct

from .spans import REMOTE, TRACE_FLAGS, Link, Producer, Span

MOST_LINKS = 128
"""The links that an edited span may have (`LinkCountLimit` of OpenTelemetry)."""

REASONS = ("invalid", "duplicate", "over-limit", "unwanted")
NOTES = ("unresolved", "too-late", "too-many", "ambiguous", "no-room", "incomplete", "unnamed")


class Edits:
    """The edits of one span."""

    def __init__(self, span, wants, explaining=False):
        self._span, self._wants = span, wants
        self.explaining = explaining
        """Somebody asks why: `explain` is read."""
        self.added = []
        self.changes = {}
        self.notes = {}
        self.lines = []

    def link(self, target, attributes=None):
        """Appends a link to a producer, a span, a context, or what another link points
        at. Does nothing when the span is linked to it already, when it is the
        span itself, and when it is None or not valid."""
        if target is None or not target.is_valid or target.ids == self._span.ids:
            return
        if any(context.ids == target.ids for context, _ in self.added) or self._is_linked(target.ids):
            return
        if self._count() >= MOST_LINKS:
            self.note("no-room")
            return
        self.added.append((_Target(target), checked(attributes or {})))

    def replace(self, link, target, attributes=None):
        """Lets a link point elsewhere. Its attributes stay, and it gets those of
        `attributes` that it does not have."""
        change = self._change(link)
        if target is None or not target.is_valid or change.reason:
            return
        if target.ids == self._span.ids:
            return
        if target.ids != link.ids:
            change.context = _Target(target)
        for key, value in (attributes or {}).items():
            self.annotate(link, key, value)

    def drop(self, link, reason="unwanted"):
        """Removes a link: `invalid`, `duplicate`, `over-limit` or `unwanted`."""
        if reason not in REASONS:
            raise ValueError(f"a link is dropped as one of {', '.join(REASONS)}, not {reason!r}")
        change = self._change(link)
        change.reason = change.reason or reason

    def annotate(self, link, key, value):
        """Adds an attribute to a link, unless the link has one of this key."""
        if not self._wants.sees(key):
            raise ValueError(f"whether a link has `{key}` already is not known: add it to `reads` of Wants")
        attributes = self._change(link).attributes
        if key not in link.attributes and key not in attributes:
            attributes.update(checked({key: value}))

    def note(self, kind, count=1):
        """Counts a reason why a link is not there; linkmend reports how often."""
        if kind not in NOTES:
            raise ValueError(f"a note is one of {', '.join(NOTES)}, not {kind!r}")
        self.notes[kind] = self.notes.get(kind, 0) + count

    def explain(self, line):
        """Says why, when somebody asks (`linkmend process --explain`)."""
        if self.explaining:
            self.lines.append(str(line))

    def _change(self, link):
        if not isinstance(link, Link):
            raise TypeError(f"what is changed is a link of the span, not {link!r}")
        return self.changes.setdefault(link.number, _Change())

    def _count(self):
        dropped = sum(1 for change in self.changes.values() if change.reason)
        return len(self._span._raw.links) - dropped + len(self.added)

    def _is_linked(self, ids):
        for link in self._span.links:
            change = self.changes.get(link.number)
            if change is None:
                if link.ids == ids:
                    return True
            elif not change.reason and (change.context or link).ids == ids:
                return True
        return False

    def settle(self):
        """Leaves out what changes nothing. A span that would keep more links than it
        may have cannot be edited at all."""
        self.changes = {number: change for number, change in self.changes.items() if change.is_any()}
        if self.changes and self._count() > MOST_LINKS:
            self.changes = {}
            self.note("no-room")


class _Target:
    """What a link is to point at, with the flags that are right for it."""

    __slots__ = ("ids", "trace_state", "flags")

    def __init__(self, target):
        self.ids, self.trace_state, self.flags = target.ids, target.trace_state, target.flags
        # The upper bits of a span are about its parent.
        if isinstance(target, (Producer, Span)):
            self.flags = target.flags & TRACE_FLAGS | REMOTE


class _Change:
    """What becomes of one link that the span came with."""

    __slots__ = ("context", "reason", "attributes")

    def __init__(self):
        self.context, self.reason, self.attributes = None, None, {}

    def is_any(self):
        return bool(self.context or self.reason or self.attributes)


def checked(attributes):
    """The attributes, if they can be those of a link."""
    for key, value in attributes.items():
        if not isinstance(key, str) or not key:
            raise ValueError(f"the key of an attribute is a text that is not empty, not {key!r}")
        encoded(value)
    return dict(attributes)


def encoded(value):
    """Which kind of value an attribute has, its text and its bits."""
    if isinstance(value, str):
        return "TEXT", value, 0
    if isinstance(value, bool):
        return "BOOLEAN", "", int(value)
    if isinstance(value, int):
        if not -1 << 63 <= value < 1 << 63:
            raise ValueError(f"{value} does not fit into the 64 bits of an attribute")
        return "INTEGER", "", value & (1 << 64) - 1
    if isinstance(value, float):
        return "DOUBLE", "", int.from_bytes(struct.pack(">d", value), "big")
    raise TypeError(f"an attribute of a link is a str, bool, int or float, not {value!r}")
