"""What calls a rule: one batch, one call of the index for each of hashing,
remembering and looking up."""

import sys
import traceback

from . import clock
from .config import Config, ConfigError
from .edits import Edits, encoded
from .rule import Rule
from .spans import Message, Origin, Producer, Span

MOST_KEYS = 1024
"""The messages of one span that are looked at."""


def exports(rule):
    """The classes that componentize-py looks for in the module of a rule: it is to
    say `Lifecycle, Spans = linkmend.exports(MyRule)`."""
    try:
        from componentize_py_types import Err
        from wit_world.imports import index, types
    except ImportError:
        # An ordinary Python: nothing calls them.
        return None, None
    driver = Driver(rule, types, index)
    clock.stop()

    def answered(call, *arguments):
        try:
            return call(*arguments)
        except ConfigError as error:
            raise Err(str(error)) from None
        except Exception as error:
            raise Err(told(error)) from None
        finally:
            # What was printed in a call is told of that call.
            sys.stdout.flush()
            sys.stderr.flush()

    class Lifecycle:
        def describe(self):
            return driver.describe()

        def configure(self, config):
            return answered(driver.configure, config)

    class Spans:
        def process(self, tasks, traces):
            return answered(driver.process, tasks, traces)

    return Lifecycle, Spans


def told(error):
    """An error with its place, on one line: the last one that is the author's."""
    value = getattr(error, "value", None)
    text = f"{type(error).__name__}: {error if value is None else value}"
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [entry for entry in frames if entry[0].f_globals.get("__package__") != __package__] or frames
    if own:
        frame, line = own[-1]
        file = frame.f_code.co_filename.rsplit("/", 1)[-1]
        text += f" ({file}, line {line}, in {frame.f_code.co_name})"
    return ", ".join([text, *getattr(error, "__notes__", [])])


class Driver:
    """Calls a rule. `types` and `index` are those of the interface."""

    def __init__(self, rule, types, index):
        self.make, self.types, self.index = rule, types, index
        self.produces = rule.produces is not Rule.produces
        self.awaits = rule.awaits is not Rule.awaits

    def describe(self):
        about = self.make.about
        return self.types.About(name=about.name, version=about.version, summary=about.summary)

    def configure(self, text):
        config = Config.parse(text)
        self.rule = self.make()
        self.rule.configure(config)
        config.done()
        self.wants = wants = self.rule.wants()
        kinds = self.types.SpanKinds(0)
        for kind in wants.kinds:
            kinds |= self.types.SpanKinds[kind.name]
        return self.types.Plan(
            selector=self.types.Selector(
                kinds=kinds, attribute_keys=wants.attributes,
                attribute_prefixes=wants.prefixes, with_links=wants.with_links),
            uses_index=self.produces or self.awaits,
            type_attribute=wants.type_attribute,
            count_all_drops=wants.count_all_drops,
            reads=wants.reads)

    def process(self, tasks, traces):
        """Answers one batch."""
        asked = self.types.Tasks
        origins = [Origin(raw) for raw in traces.origins]
        spans = [Span(raw, origins[raw.origin], number) for number, raw in enumerate(traces.spans)]
        keys = Keys(self)
        mends = asked.MEND in tasks
        produced = self._keys(spans, self.rule.produces, keys)[0] if self.produces and asked.REMEMBER in tasks else []
        awaited, too_many = self._keys(spans, self.rule.awaits, keys) if self.awaits and mends else ([], {})
        keys.hash()
        self._remember(produced, keys)
        answer = Answer(self.types, keys)
        if not mends:
            return answer.verdict()
        known = keys.recall(awaited)
        awaited = dict((span.number, places) for span, places in awaited)
        call = Call(self, answer, keys, known, asked.DEFER in tasks, asked.EXPLAIN in tasks)
        for span in spans:
            try:
                call.mend(span, awaited.get(span.number, ()), too_many.get(span.number, 0))
            except Exception as error:
                raise of_span(error, span)
        return answer.verdict()

    def _keys(self, spans, name, keys):
        """The places of the keys that each span names, and how many were left out."""
        named, left_out = [], {}
        for span in spans:
            try:
                places = dict.fromkeys(keys.place(key) for key in name(span) or ())
            except Exception as error:
                raise of_span(error, span)
            places.pop(None, None)
            if len(places) > MOST_KEYS:
                left_out[span.number] = len(places) - MOST_KEYS
            if places:
                named.append((span, list(places)[:MOST_KEYS]))
        return named, left_out

    def _remember(self, produced, keys):
        texts = Texts(self.types)
        records = []
        for span, places in produced:
            if not span.is_valid:
                continue
            high, low, number = span.ids
            rank = max(0, min(self.rule.rank(span), 255))
            state = texts.add(span.trace_state)
            for place in places:
                records.append(self.index.Producer(
                    key=keys.hashes[place], trace_id_high=high, trace_id_low=low, span_id=number,
                    start=span.start, end=span.end, trace_state=state, flags=span.flags & 0xFFFFFFFF,
                    hint=0, rank=rank))
        if records:
            self.index.remember(records, bytes(texts.bytes))


def of_span(error, span):
    """Says at which span it went wrong."""
    if hasattr(error, "add_note"):
        error.add_note(f"at span {span.trace_id}/{span.span_id} ({span.name})")
    return error


class Call:
    """One call of `process` that mends."""

    def __init__(self, driver, answer, keys, known, defers, explains):
        self.rule, self.wants = driver.rule, driver.wants
        self.answer, self.keys, self.known = answer, keys, known
        self.defers, self.explains = defers, explains

    def mend(self, span, places, too_many):
        edits = Edits(span, self.wants, self.explains)
        found = [Message(self.keys.named[place], self._producers(span, place), span, edits) for place in places]
        missing = [message for message in found if not message.producers]
        for message in missing if self.explains else ():
            edits.explain("no producer is known of " + " ".join(message.key))
        if missing and self.defers:
            self.answer.defer(span, [self.keys.hashes[place] for place in places
                                     if not self._producers(span, place)])
        else:
            if missing:
                edits.note("unresolved", len(missing))
            if too_many:
                edits.note("too-many", too_many)
            self.rule.mend(span, found, edits)
            edits.settle()
            self.answer.add(span, edits)
        self.answer.explain(span, edits)

    def _producers(self, span, place):
        """Never the span itself."""
        return [producer for producer in self.known.get(place, ()) if producer.ids != span.ids]


class Keys:
    """The keys of a batch, each once."""

    def __init__(self, driver):
        self.driver = driver
        self.places, self.named, self.hashes = {}, [], []

    def place(self, key):
        """Where a key is; None for one that names nothing."""
        parts = texts_of(key)
        if parts is None:
            return None
        place = self.places.setdefault(parts, len(self.named))
        if place == len(self.named):
            self.named.append(parts)
        return place

    def hash(self):
        if self.named:
            self.hashes = self.driver.index.hash([list(parts) for parts in self.named])

    def recall(self, awaited):
        """The producers that are known, by place."""
        wanted = list(dict.fromkeys(place for _, places in awaited for place in places))
        if not wanted:
            return {}
        recalled = self.driver.index.recall([self.hashes[place] for place in wanted])
        producers = iter(recalled.producers)
        # 5 stands for more than the 4 that are given.
        return {place: [Producer(next(producers), recalled.texts) for _ in range(min(count, 4))]
                for place, count in zip(wanted, recalled.counts) if count}


def texts_of(key):
    """The parts of a key as texts; None when one of them is missing."""
    if not isinstance(key, (tuple, list)) or len(key) < 2:
        raise TypeError(f"a key is a tuple of its family and at least one id, not {key!r}")
    texts = []
    for part in key:
        if isinstance(part, int) and not isinstance(part, bool):
            part = str(part)
        elif not isinstance(part, str):
            if part is None or isinstance(part, (bool, float, bytes)):
                return None
            raise TypeError(f"a part of a key is a text or an integer, not {part!r}")
        if not part:
            return None
        texts.append(part)
    return tuple(texts)


class Texts:
    """The buffer that ranges point into; each text is in it once."""

    def __init__(self, types):
        self.types, self.bytes, self.known = types, bytearray(), {}

    def add(self, text):
        found = self.known.get(text)
        if found is None:
            encoded_text = text.encode("utf-8", "replace")
            found = self.types.Text(offset=len(self.bytes), length=len(encoded_text))
            self.bytes += encoded_text
            self.known[text] = found
        return found


class Answer:
    """The verdict, as it grows."""

    def __init__(self, types, keys):
        self.types, self.keys = types, keys
        self.texts = Texts(types)
        self.edits, self.attributes, self.notes = [], [], []
        self.deferrals, self.awaited, self.explanations = [], [], []
        self.known = {}
        self.nowhere = types.SpanContext(
            trace_id_high=0, trace_id_low=0, span_id=0, trace_state=types.Text(offset=0, length=0), flags=0)

    def add(self, span, edits):
        """The edits and notes of a span."""
        Action = self.types.Action
        for number, change in edits.changes.items():
            if change.reason:
                reason = self.types.DropReason[change.reason.upper().replace("-", "_")]
                self._edit(span, number, Action.DROP_LINK, None, {}, reason)
                continue
            if change.context:
                self._edit(span, number, Action.REPLACE_CONTEXT, change.context, {})
            if change.attributes:
                self._edit(span, number, Action.ADD_ATTRIBUTES, None, change.attributes)
        for target, attributes in edits.added:
            self._edit(span, 0, Action.ADD_LINK, target, attributes)
        for kind, count in edits.notes.items():
            kind = self.types.NoteKind[kind.upper().replace("-", "_")]
            self.notes.append(self.types.Note(span=span.number, kind=kind, count=count))

    def defer(self, span, keys):
        """Keeps a span back."""
        self.deferrals.append(self.types.Deferral(
            span=span.number, first_key=len(self.awaited), key_count=len(keys)))
        self.awaited += keys

    def explain(self, span, edits):
        """What is said of a span."""
        if edits.lines:
            text = self.texts.add("\n".join(edits.lines))
            self.explanations.append(self.types.Explanation(span=span.number, text=text))

    def verdict(self):
        return self.types.Verdict(
            edits=self.edits, attributes=self.attributes, notes=self.notes, deferrals=self.deferrals,
            keys=self.awaited, texts=bytes(self.texts.bytes), explanations=self.explanations)

    def _edit(self, span, link, action, target, attributes, reason=None):
        first, count = self._range(attributes)
        self.edits.append(self.types.Edit(
            span=span.number, link=link, action=action, reason=reason or self.types.DropReason.INVALID,
            context=self._context(target) if target else self.nowhere,
            first_attribute=first, attribute_count=count))

    def _context(self, target):
        high, low, number = target.ids
        return self.types.SpanContext(
            trace_id_high=high, trace_id_low=low, span_id=number,
            trace_state=self.texts.add(target.trace_state), flags=target.flags)

    def _range(self, attributes):
        """Links with the same attributes share them."""
        if not attributes:
            return 0, 0
        same = tuple((key, type(value), value) for key, value in attributes.items())
        found = self.known.get(same)
        if found is None:
            found = self.known[same] = len(self.attributes), len(attributes)
            self.attributes += [self._attribute(key, value) for key, value in attributes.items()]
        return found

    def _attribute(self, key, value):
        kind, text, bits = encoded(value)
        return self.types.Attribute(
            key=self.texts.add(key), kind=self.types.ValueKind[kind], text=self.texts.add(text), bits=bits)
