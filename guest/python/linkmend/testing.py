"""Runs a rule in an ordinary unit test, with an index that it makes up:

    from linkmend.testing import Bench, span

    bench = Bench(Jobs, {"attribute": "job.id"})
    request = span(kind=Kind.SERVER, attributes={"job.id": "7"})
    [_, work] = bench.process([request, span(kind=Kind.INTERNAL, attributes={"job.id": "7"})])
    assert [link.span_id for link in work.links] == [request.span_id]

What linkmend would refuse is an error here, too; `linkmend rule test` has the
last word.
"""

import hashlib
import itertools
import json
import struct
from enum import Enum, Flag, IntEnum
from types import SimpleNamespace as Record

from .driver import Driver
from .edits import MOST_LINKS

_counter = itertools.count(1)


def span(name="span", kind=1, *, attributes=None, links=(), resource=None, scope_name="", start=None,
         end=None, trace_id=None, span_id=None, parent_span_id="0" * 16, trace_state="", flags=0x100):
    """A span for `Bench.process`; ids and times that are not given are made up."""
    number = next(_counter)
    start = 1_760_000_000_000_000_000 + number * 1_000_000 if start is None else start
    return Record(
        name=name, kind=int(kind), attributes=dict(attributes or {}), links=list(links),
        resource=dict(resource or {}), scope_name=scope_name, start=start,
        end=start + 1_000_000 if end is None else end,
        trace_id=trace_id or f"{number:032x}", span_id=span_id or f"{number:016x}",
        parent_span_id=parent_span_id, trace_state=trace_state, flags=flags,
        notes={}, deferred=False, explanation="")


def link(trace_id, span_id, attributes=None, trace_state="", flags=0x300):
    """A link for `span`."""
    return Record(trace_id=trace_id, span_id=span_id, attributes=dict(attributes or {}),
                  trace_state=trace_state, flags=flags)


class Bench:
    """A configured rule, and what it remembers."""

    def __init__(self, rule, config=None):
        self.driver = Driver(rule, _Types, _Index())
        self.plan = self.driver.configure(json.dumps(config or {}))

    def process(self, spans, *, remember=True, mend=True, defer=False, explain=False):
        """Shows spans to the rule as one batch; answers all of them, with their links as
        they are then, and with `notes`, `deferred` and `explanation`."""
        shown = [one for one in spans if self._selects(one)]
        tasks = _Types.Tasks(remember | mend << 1 | defer << 2 | explain << 3)
        traces = Record(origins=[self._origin(one) for one in shown],
                        spans=[self._span(one, place) for place, one in enumerate(shown)])
        verdict = self.driver.process(tasks, traces)
        if not mend and (verdict.edits or verdict.deferrals):
            raise AssertionError("edits that nobody asked for")
        answered = {id(one): _fresh(one) for one in shown}
        _apply(verdict, [answered[id(one)] for one in shown])
        return [answered.get(id(one), one) for one in spans]

    def _selects(self, one):
        wants = self.driver.wants
        return (one.kind in wants.kinds or wants.with_links and bool(one.links)
                or any(key in wants.attributes or key.startswith(tuple(wants.prefixes)) for key in one.attributes))

    def _origin(self, one):
        return Record(resource_attributes=self._pairs(one.resource), scope_name=one.scope_name, scope_version="")

    def _span(self, one, place):
        links = [Record(**_ids(old), trace_state=old.trace_state, flags=old.flags,
                        attributes=self._pairs(old.attributes)) for old in one.links]
        return Record(
            **_ids(one), origin=place, parent_span_id=int(one.parent_span_id, 16), name=one.name, kind=one.kind,
            trace_state=one.trace_state, start_time_unix_nano=one.start, end_time_unix_nano=one.end, links=links,
            attributes=self._pairs(one.attributes), dropped_links_count=0, status_code=0, flags=one.flags)

    def _pairs(self, attributes):
        sees = self.driver.wants.sees
        return [Record(key=key, value=Record(value=value)) for key, value in attributes.items() if sees(key)]


def _fresh(one):
    links = [link(**vars(old)) for old in one.links]
    return Record(**{**vars(one), "links": links, "notes": {}, "deferred": False, "explanation": ""})


def _ids(one):
    return {"trace_id_high": int(one.trace_id[:16] or "0", 16), "trace_id_low": int(one.trace_id[16:] or "0", 16),
            "span_id": int(one.span_id or "0", 16)}


class _Index:
    """The index, in memory."""

    Producer = Record

    def __init__(self):
        self.known = {}

    def hash(self, messages):
        digests = [hashlib.blake2b(repr(parts).encode(), digest_size=16).digest() for parts in messages]
        return [Record(high=int.from_bytes(digest[:8], "big"), low=int.from_bytes(digest[8:], "big"))
                for digest in digests]

    def remember(self, producers, texts):
        for one in producers:
            begin = one.trace_state.offset
            state = texts[begin:begin + one.trace_state.length]
            known = self.known.setdefault((one.key.high, one.key.low), {})
            known[(one.trace_id_high, one.trace_id_low, one.span_id)] = one, state

    def recall(self, keys):
        recalled = Record(counts=bytearray(), producers=[], texts=b"")
        for key in keys:
            known = sorted(self.known.get((key.high, key.low), {}).values(),
                           key=lambda entry: (entry[0].rank, -entry[0].start))
            recalled.counts.append(min(len(known), 5))
            for one, state in known[:4]:
                place = Record(offset=len(recalled.texts), length=len(state))
                recalled.texts += state
                recalled.producers.append(Record(**{**vars(one), "trace_state": place}))
        return recalled


def _apply(verdict, spans):
    """Does what the verdict says, as linkmend does."""
    def text(range):
        return verdict.texts[range.offset:range.offset + range.length].decode()

    def attributes(edit):
        chosen = verdict.attributes[edit.first_attribute:edit.first_attribute + edit.attribute_count]
        return {text(one.key): _value(one, text) for one in chosen}

    dropped, edited = {}, set()
    for edit in verdict.edits:
        links, action, context = spans[edit.span].links, edit.action.name, edit.context
        new = {"trace_id": f"{context.trace_id_high:016x}{context.trace_id_low:016x}",
               "span_id": f"{context.span_id:016x}", "flags": context.flags}
        sort = action == "ADD_ATTRIBUTES"
        if action != "ADD_LINK":
            assert (edit.span, edit.link, sort) not in edited, "a link was edited twice"
            edited.add((edit.span, edit.link, sort))
        if action == "ADD_LINK":
            links.append(link(**new, attributes=attributes(edit), trace_state=text(context.trace_state)))
        elif action == "DROP_LINK":
            dropped.setdefault(edit.span, []).append(edit.link)
        else:
            if action == "REPLACE_CONTEXT":
                vars(links[edit.link]).update(new, trace_state=text(context.trace_state) or links[edit.link].trace_state)
            assert not links[edit.link].attributes.keys() & attributes(edit).keys(), "an attribute came twice"
            links[edit.link].attributes.update(attributes(edit))
    for number in {edit.span for edit in verdict.edits}:
        gone = dropped.get(number, ())
        spans[number].links = [one for place, one in enumerate(spans[number].links) if place not in gone]
        assert len(spans[number].links) <= MOST_LINKS, "more links than a span may have"
    for note in verdict.notes:
        spans[note.span].notes[note.kind.name.lower().replace("_", "-")] = note.count
    for deferral in verdict.deferrals:
        spans[deferral.span].deferred = True
    for explanation in verdict.explanations:
        spans[explanation.span].explanation = text(explanation.text)


def _value(one, text):
    bits = one.bits.to_bytes(8, "big")
    return {"TEXT": lambda: text(one.text), "BOOLEAN": lambda: one.bits != 0,
            "INTEGER": lambda: int.from_bytes(bits, "big", signed=True),
            "DOUBLE": lambda: struct.unpack(">d", bits)[0]}[one.kind.name]()


class _Types:
    """The types of the interface."""

    About = Plan = Selector = Text = SpanContext = Attribute = Edit = Note = Record
    Explanation = Deferral = Verdict = Record
    Tasks = Flag("Tasks", "REMEMBER MEND DEFER EXPLAIN")
    SpanKinds = Flag("SpanKinds", "UNSPECIFIED INTERNAL SERVER CLIENT PRODUCER CONSUMER")
    Action = Enum("Action", "ADD_LINK REPLACE_CONTEXT DROP_LINK ADD_ATTRIBUTES", start=0)
    DropReason = Enum("DropReason", "INVALID DUPLICATE OVER_LIMIT UNWANTED", start=0)
    ValueKind = IntEnum("ValueKind", "TEXT BOOLEAN INTEGER DOUBLE", start=0)
    NoteKind = IntEnum("NoteKind", "UNRESOLVED TOO_LATE TOO_MANY AMBIGUOUS NO_ROOM INCOMPLETE UNNAMED", start=0)
