#!/usr/bin/env python3
"""Turns what a sink received into recordings that are kept, with their truth.

    derive.py NAME FILE --data FOLDER --entry JSON [--pairs FILE] [--off]
              [--variants as-is,lost,zeroed] [--sends REGEX] [--received REGEX]
              [--services-apart] [--both]

FILE is framed OTLP of sink.py. Written to FOLDER are, for each variant, a
recording (gzip), its truth, and its object in recordings.json: the object
JSON (emitter, language, instrumentation, client, broker, script, ...) with what
is known here (name, variant, truth, recorded) added.

Truth is, by default, the contexts that travelled: the remote parent of a span,
and its links to spans of other services; of spans whose names --received fits,
where an instrumentation makes others children of the sender too. With --pairs
it comes from bodies: each line of that file is [trace, span, trace, span] in
hex, the consumer's current span and the span of the application around the
send, as the message's body told it ([] where none did); a number behind them says which of several
sends below that span it was, in the order of their starts. The sender is then
the innermost producer span below the latter; or, with --sends, the outermost
one whose name fits. Of what is as it was, contexts are the truth all the same,
if any travelled. With --both, truth is what contexts and what bodies say: a client
may have one span that receives a message, and another that processes it.

Variants: as-is; lost (contexts that travelled are gone: links to messages
removed, spans with remote parents in traces of their own); zeroed (the same,
but links stay, with ids of zeros: only where there are links). --off is for a
run in which no context travelled: NAME-off alone is written, and needs --pairs.
--services-apart: no message stays in the service that sent it. Some clients hand
contexts on within their process by headers, and call them remote.
"""

import argparse
import collections
import datetime
import gzip
import hashlib
import json
import os
import pathlib
import re
import struct
import sys

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

TRACEPARENT = re.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
HAS_IS_REMOTE, IS_REMOTE = 0x100, 0x200
PRODUCER = 4
# What tells of the machine rather than of the emitter does not belong in a
# repository.
MACHINE = re.compile(r"^(host|process|os|container)\.|^service\.instance\.id$")
PLACES = {"exception.stacktrace", "code.filepath", "code.file.path"}
FORBIDDEN = (os.getcwd().encode(), b"/root/", b"/home/", b"/tmp/")


def requests(path):
    """The requests of a framed file."""
    data, at = pathlib.Path(path).read_bytes(), 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        request = ExportTraceServiceRequest()
        request.ParseFromString(data[at + 4 : at + 4 + size])
        yield request
        at += 4 + size


def framed(recorded):
    """The bytes of a framed file."""
    parts = (request.SerializeToString() for request in recorded)
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def without_machine(request):
    """Removes what tells of the machine on which it was recorded."""

    def keep(attributes, unwanted):
        for at in reversed(range(len(attributes))):
            if unwanted(attributes[at].key):
                del attributes[at]

    for group in request.resource_spans:
        keep(group.resource.attributes, MACHINE.search)
        for scope in group.scope_spans:
            for span in scope.spans:
                keep(span.attributes, PLACES.__contains__)
                for event in span.events:
                    keep(event.attributes, PLACES.__contains__)


class Recording:
    """Spans by their ids, with the services that they are of."""

    def __init__(self, recorded, apart=False):
        self.requests, self.apart = recorded, apart
        self.spans, self.service = {}, {}
        self.below = collections.defaultdict(list)
        for request in recorded:
            for group in request.resource_spans:
                name = {e.key: e.value.string_value for e in group.resource.attributes}
                for scope in group.scope_spans:
                    for span in scope.spans:
                        key = (span.trace_id, span.span_id)
                        self.spans[key] = span
                        self.service[key] = name.get("service.name", "")
                        if span.parent_span_id:
                            above = (span.trace_id, span.parent_span_id)
                            self.below[above].append(key)

    def copy(self):
        copies = []
        for request in self.requests:
            copies.append(ExportTraceServiceRequest())
            copies[-1].CopyFrom(request)
        return Recording(copies, self.apart)

    def travelled(self, key, flags, to):
        """Whether the context `to` came to the span `key` with a message."""
        if to in self.service and self.service[to] != self.service[key]:
            return True
        if to in self.service and self.apart:
            return False
        return bool(flags & HAS_IS_REMOTE and flags & IS_REMOTE)

    def remote_parent(self, key):
        """The parent of a span, when its context travelled."""
        span = self.spans[key]
        above = (span.trace_id, span.parent_span_id)
        if span.parent_span_id and self.travelled(key, span.flags, above):
            return above
        return None

    def message_links(self, key):
        """The links of a span whose contexts travelled: where, and to what."""
        for at, link in enumerate(self.spans[key].links):
            to = (link.trace_id, link.span_id)
            if any(link.trace_id) and self.travelled(key, link.flags, to):
                yield at, to

    def has_message_links(self):
        return any(any(self.message_links(key)) for key in self.spans)

    def truth_of_contexts(self, received):
        for key, span in self.spans.items():
            if received and not re.search(received, span.name):
                continue
            above = self.remote_parent(key)
            if above in self.spans:
                yield key, above
            for _, to in self.message_links(key):
                if to in self.spans:
                    yield key, to

    def truth_of_bodies(self, pairs, sends):
        for line in pathlib.Path(pairs).read_text().splitlines():
            parts = json.loads(line)
            if not parts:
                continue
            which = parts.pop() if len(parts) == 5 else None
            ids = [bytes.fromhex(part) for part in parts]
            consumer, around = (ids[0], ids[1]), (ids[2], ids[3])
            if consumer not in self.spans:
                # Some instrumentations never end the span of a message that
                # was not acknowledged.
                print(f"derive: a span was never exported: {line}", file=sys.stderr)
                continue
            if around not in self.spans:
                raise SystemExit(f"derive: span around a send of no request: {line}")
            yield consumer, self.sender(around, sends, which)

    def sender(self, around, sends, which):
        """The span of the send below the application's span around it."""
        found, level = None, [around]
        while level and not (sends and found):
            here = [key for key in level if self.is_send(key, sends)]
            if len(here) > 1 and which is not None:
                here.sort(key=lambda key: self.spans[key].start_time_unix_nano)
                here = [here[which]]
            if len(here) > 1:
                names = sorted(self.spans[key].name for key in here)
                raise SystemExit(f"derive: several sends below one span: {names}")
            found = here[0] if here else found
            # What a consumer sent on is not this send.
            level = [
                key
                for above in level
                for key in self.below[above]
                if self.remote_parent(key) is None
            ]
        if found is None:
            raise SystemExit(f"derive: no send below {self.spans[around].name!r}")
        return found

    def is_send(self, key, sends):
        span = self.spans[key]
        if sends:
            return bool(re.search(sends, span.name))
        return span.kind == PRODUCER

    def lose(self, zero):
        """Takes away the contexts that travelled; gives the new ids of spans."""
        cut = [key for key in self.spans if self.remote_parent(key) is not None]
        links = [key for key in self.spans if any(self.message_links(key))]
        for key in links:
            of_messages = [at for at, _ in self.message_links(key)]
            for at in reversed(of_messages):
                if zero:
                    zeros(self.spans[key].links[at])
                else:
                    del self.spans[key].links[at]
        moved = {}
        for root in cut:
            trace = hashlib.sha256(b"lost" + root[0] + root[1]).digest()[:16]
            for key in self.subtree(root, set(cut)):
                moved[key] = (trace, key[1])
        for root in cut:
            span = self.spans[root]
            span.parent_span_id = b""
            # As SDKs write a root: known not to be remote, or nothing at all.
            span.flags &= ~IS_REMOTE
        for key, span in self.spans.items():
            span.trace_id = moved.get(key, key)[0]
            for link in span.links:
                to = moved.get((link.trace_id, link.span_id))
                if to:
                    link.trace_id = to[0]
            for attribute in span.attributes:
                rename_captured(attribute.value, moved)
        return moved

    def subtree(self, root, cut):
        yield root
        for key in self.below[root]:
            if key not in cut:
                yield from self.subtree(key, cut)


class Folder:
    """Where recordings are kept."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)

    def keep(self, name, recording, truth, entry):
        data = framed(recording.requests)
        for word in FORBIDDEN:
            if word in data:
                at = data.index(word)
                around = data[max(0, at - 60) : at + 100]
                raise SystemExit(f"derive: {name} has a path of this machine: {around}")
        packed = gzip.compress(data, 9, mtime=0)
        (self.path / f"{name}.pb.gz").write_bytes(packed)
        lines = sorted({hexadecimal(pair) for pair in truth})
        text = "".join(f"{line}\n" for line in lines)
        (self.path / f"{name}.truth.jsonl").write_text(text)
        self.list({"name": name, **entry})
        spans = len(recording.spans)
        print(f"{name}: {spans} spans, {len(lines)} pairs, {len(packed)} bytes")

    def list(self, entry):
        """Puts the object of a recording into recordings.json."""
        path = self.path / "recordings.json"
        entries = json.loads(path.read_text()) if path.exists() else []
        entries = [old for old in entries if old["name"] != entry["name"]]
        entries.append(entry)
        entries.sort(key=lambda one: one["name"])
        lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in entries)
        path.write_text(f"[\n{lines}\n]\n")


def zeros(link):
    """Makes a link one to a context that was never there."""
    link.trace_id, link.span_id = bytes(16), bytes(8)
    link.trace_state = ""
    link.flags &= HAS_IS_REMOTE


def rename_captured(value, moved):
    """Has captured headers name the traces in which their senders are now."""
    if value.WhichOneof("value") == "array_value":
        for element in value.array_value.values:
            rename_captured(element, moved)
    elif header := TRACEPARENT.fullmatch(value.string_value):
        trace, span = bytes.fromhex(header[2]), bytes.fromhex(header[3])
        if to := moved.get((trace, span)):
            value.string_value = f"{header[1]}-{to[0].hex()}-{header[3]}-{header[4]}"


def hexadecimal(pair):
    (a, b), (c, d) = pair
    return json.dumps([a.hex(), b.hex(), c.hex(), d.hex()])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("file")
    parser.add_argument("--data", required=True)
    parser.add_argument("--entry", required=True, type=json.loads)
    parser.add_argument("--pairs")
    parser.add_argument("--off", action="store_true")
    parser.add_argument("--variants", default="as-is,lost,zeroed")
    parser.add_argument("--sends")
    parser.add_argument("--received")
    parser.add_argument("--services-apart", action="store_true")
    parser.add_argument("--both", action="store_true")
    given = parser.parse_args()
    if given.off and not given.pairs:
        parser.error("--off needs --pairs: no context travelled")
    return given


def main():
    given = arguments()
    recorded = list(requests(given.file))
    for request in recorded:
        without_machine(request)
    intact = Recording(recorded, given.services_apart)
    contexts = list(intact.truth_of_contexts(given.received))
    bodies = list(intact.truth_of_bodies(given.pairs, given.sends)) if given.pairs else None
    if given.both and bodies:
        contexts = bodies = [*contexts, *bodies]
    folder = Folder(given.data)
    entry = {
        "language": pathlib.Path(given.data).resolve().name,
        "recorded": datetime.date.today().isoformat(),
        "advice": None,
        **given.entry,
    }

    def keep(suffix, variant, recording, truth, moved):
        if not truth:
            sys.exit(f"derive: {given.name}{suffix}: nothing is true of it")
        rewritten = [tuple(moved.get(key, key) for key in pair) for pair in truth]
        source = "body" if truth is bodies else "context"
        about = {**entry, "variant": variant, "truth": source}
        folder.keep(given.name + suffix, recording, rewritten, about)

    if given.off:
        keep("-off", "off", intact, bodies, {})
        return
    for variant in given.variants.split(","):
        if variant == "as-is":
            keep("", variant, intact, contexts or bodies, {})
        elif variant != "zeroed" or intact.has_message_links():
            lost = intact.copy()
            moved = lost.lose(zero=variant == "zeroed")
            keep(f"-{variant}", variant, lost, bodies or contexts, moved)


if __name__ == "__main__":
    main()
