"""What the driver makes of what a rule asks for."""

import operator
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import linkmend
from linkmend import Config, ConfigError, Context, Kind, Wants, each
from linkmend.driver import told
from linkmend.testing import Bench, link, span

T1, T2, S1, S2 = "1" * 32, "2" * 32, "3" * 16, "4" * 16
ELSEWHERE = Context.from_ids(T1, S1, "01", "a=b")


def mending(mend, **wants):
    """A bench of a rule that sees spans with links, or an attribute `id`."""
    class Asked(linkmend.Rule):
        def wants(self):
            return Wants(attributes=["id"], with_links=True, **wants)

    Asked.mend = staticmethod(mend)
    return Bench(Asked)


def mended(mend, one, **wants):
    return mending(mend, **wants).process([one])[0]


class Jobs(linkmend.Rule):
    def wants(self):
        return Wants(attributes=["id"])

    def produces(self, span):
        return [("job", id) for id in each(span.attributes["id"])] if span.kind == Kind.PRODUCER else ()

    def awaits(self, span):
        return [("job", id) for id in each(span.attributes["id"])] if span.kind == Kind.CONSUMER else ()

    def rank(self, span):
        return 1 if span.name == "worse" else 0

    def mend(self, span, found, edits):
        for job in found:
            edits.link(job.nearest())


def job(kind, id="1", **more):
    return span(kind=kind, attributes={"id": id}, **more)


class LinkTest(unittest.TestCase):
    def test_a_link_has_what_it_was_given(self):
        one = mended(lambda span, found, edits: edits.link(
            ELSEWHERE, {"t": "x", "b": True, "i": -2, "d": 0.5}), span(attributes={"id": 1}))
        [made] = one.links
        self.assertEqual((made.trace_id, made.span_id, made.flags, made.trace_state), (T1, S1, 0x301, "a=b"))
        self.assertEqual(made.attributes, {"t": "x", "b": True, "i": -2, "d": 0.5})

    def test_no_link_is_made_twice_to_itself_or_to_nothing(self):
        def mend(span, found, edits):
            edits.link(ELSEWHERE)
            edits.link(ELSEWHERE)
            edits.link(span)
            edits.link(None)
            edits.link(Context((0, 0, 1)))
        one = mended(mend, span(attributes={"id": 1}))
        self.assertEqual(len(one.links), 1)
        self.assertEqual(len(mended(mend, one).links), 1)

    def test_what_does_not_fit_is_noted(self):
        links = [link(T2, f"{number:016x}") for number in range(1, 128)]

        def mend(span, found, edits):
            edits.link(ELSEWHERE)
            edits.link(Context.from_ids(T1, S2))
        one = mended(mend, span(links=links))
        self.assertEqual((len(one.links), one.notes), (128, {"no-room": 1}))

    def test_a_span_of_too_many_links_is_left_alone(self):
        links = [link(T2, f"{number:016x}") for number in range(1, 151)]
        one = mended(lambda span, found, edits: edits.drop(span.links[0]), span(links=links))
        self.assertEqual((one.links, one.notes), (links, {"no-room": 1}))

        def enough(span, found, edits):
            for old in span.links[:30]:
                edits.drop(old)
            edits.link(ELSEWHERE)
        self.assertEqual(len(mended(enough, span(links=links)).links), 121)


class ChangeTest(unittest.TestCase):
    def test_edits_of_one_link_are_merged(self):
        def mend(span, found, edits):
            first, second, third = span.links
            edits.replace(first, ELSEWHERE, {"a": 1, "old": "new"})
            edits.replace(first, Context.from_ids(T2, S2), {"b": 2})
            edits.annotate(first, "a", 3)
            edits.annotate(second, "a", 1)
            edits.drop(second, "invalid")
            edits.drop(second, "duplicate")
            edits.replace(second, ELSEWHERE)
            edits.annotate(third, "old", "other")
        links = [link(T1, "5" * 16, {"old": "x"}, "s=1"), link(T1, "6" * 16), link(T1, "7" * 16, {"old": "x"})]
        one = mended(mend, span(links=links), reads=["a", "b", "old"])
        first, third = one.links
        self.assertEqual((first.trace_id, first.span_id, first.trace_state), (T2, S2, "s=1"))
        self.assertEqual(first.attributes, {"old": "x", "a": 1, "b": 2})
        self.assertEqual(third, links[2])

    def test_a_link_that_went_can_be_made_again(self):
        def mend(span, found, edits):
            edits.drop(span.links[0])
            edits.link(ELSEWHERE)
        one = mended(mend, span(links=[link(T1, S1, {"x": 1})]))
        self.assertEqual([made.attributes for made in one.links], [{}])

    def test_mistakes_of_an_author_are_told(self):
        old = [link(T2, S2)]
        for error, mend in [
            ("add it to `reads`", lambda span, found, edits: edits.annotate(span.links[0], "x", 1)),
            ("dropped as one of invalid", lambda span, found, edits: edits.drop(span.links[0], "old")),
            ("a link of the span", lambda span, found, edits: edits.drop(0)),
            ("64 bits", lambda span, found, edits: edits.link(ELSEWHERE, {"x": 1 << 63})),
            ("a str, bool, int or float", lambda span, found, edits: edits.link(ELSEWHERE, {"x": []})),
            ("not support item assignment", lambda span, found, edits: operator.setitem(span.attributes, "x", 1)),
        ]:
            with self.subTest(error=error):
                text = ""
                try:
                    mended(mend, span(links=old, attributes={"id": 1}))
                except (TypeError, ValueError) as raised:
                    text = told(raised)
                self.assertIn(error, text)
                self.assertIn("(test_linkmend.py, line ", text)
                self.assertIn("at span ", text)


class IndexTest(unittest.TestCase):
    def test_a_key_of_a_missing_id_names_nothing(self):
        for id in ["", None, True, 0.5, b"x"]:
            produced, awaiting = Bench(Jobs).process([job(Kind.PRODUCER, id), job(Kind.CONSUMER, id)])
            self.assertEqual((awaiting.links, awaiting.notes), ([], {}))

    def test_numbers_and_texts_are_the_same_id(self):
        _, awaiting = Bench(Jobs).process([job(Kind.PRODUCER, 7), job(Kind.CONSUMER, ["7", "8"])])
        self.assertEqual((len(awaiting.links), awaiting.notes), (1, {"unresolved": 1}))

    def test_tasks_are_kept_apart(self):
        bench = Bench(Jobs)
        produced, awaiting = job(Kind.PRODUCER), job(Kind.CONSUMER)
        self.assertEqual(bench.process([awaiting, produced], mend=False)[0].links, [])
        self.assertEqual(len(bench.process([awaiting], remember=False)[0].links), 1)
        self.assertEqual(Bench(Jobs).process([produced, awaiting], remember=False)[1].links, [])

    def test_what_is_missing_defers(self):
        bench = Bench(Jobs)
        awaiting = job(Kind.CONSUMER, ["1", "2"])
        [first] = bench.process([awaiting], defer=True, explain=True)
        self.assertEqual((first.deferred, first.notes), (True, {}))
        self.assertEqual(first.explanation, "no producer is known of job 1\nno producer is known of job 2")
        _, second = bench.process([job(Kind.PRODUCER, "1"), awaiting], defer=True)
        self.assertTrue(second.deferred)
        _, third = bench.process([job(Kind.PRODUCER, "2"), awaiting], defer=True)
        self.assertEqual((third.deferred, len(third.links)), (False, 2))

    def test_the_nearest_is_the_last_before(self):
        start, second = 1_760_000_000_000_000_000, 1_000_000_000
        early, late = job(Kind.PRODUCER, start=start), job(Kind.PRODUCER, start=start + 60 * second)
        near = job(Kind.CONSUMER, start=start + 30 * second)
        self.assertEqual(Bench(Jobs).process([early, late, near])[2].links[0].span_id, early.span_id)
        skewed = job(Kind.CONSUMER, start=start + 57 * second)
        self.assertEqual(Bench(Jobs).process([early, late, skewed])[2].links[0].span_id, late.span_id)
        before = job(Kind.CONSUMER, start=start - 60 * second)
        one = Bench(Jobs).process([early, late, before])[2]
        self.assertEqual((one.links, one.notes), ([], {"too-late": 1}))

    def test_no_span_is_its_own_producer(self):
        class Own(Jobs):
            awaits = produces = lambda self, span: [("job", 1)]
        [one] = Bench(Own).process([job(Kind.CONSUMER)])
        self.assertEqual((one.links, one.notes), ([], {"unresolved": 1}))

    def test_spans_without_ids_are_not_remembered(self):
        _, awaiting = Bench(Jobs).process([job(Kind.PRODUCER, span_id="0" * 16), job(Kind.CONSUMER)])
        self.assertEqual(awaiting.notes, {"unresolved": 1})

    def test_flags_of_producers_are_those_of_remote_ones(self):
        produced = job(Kind.PRODUCER, flags=0x101, trace_state="a=b")
        _, awaiting = Bench(Jobs).process([produced, job(Kind.CONSUMER)])
        [made] = awaiting.links
        self.assertEqual((made.flags, made.trace_state), (0x301, "a=b"))


class ConfigTest(unittest.TestCase):
    def test_errors_name_the_key_and_the_way_out(self):
        def read(config):
            config.text("name")
            config.integer("size", 1, least=1, most=9)
            config.texts("paths", [])
            config.flag("on", False)
            config.one_of("mode", ["a", "b"], "a")
            config.object("inner").text("key", "x")
            for rule in config.objects("rules"):
                rule.text("type")
            config.done()
        read(Config.parse('{"name": "n", "inner": {"key": "k"}, "rules": [{"type": "t"}]}'))
        for text, told_text in [
            ("[]", "the configuration must be an object, not []"),
            ("{", "the configuration is not JSON"),
            ("{}", "`name` is missing"),
            ('{"name": ""}', '`name` must be a text, not ""'),
            ('{"name": "n", "size": 10}', "`size` must be an integer of at least 1 and at most 9, not 10"),
            ('{"name": "n", "size": true}', "not true"),
            ('{"name": "n", "paths": "x"}', "`paths` must be a list of texts"),
            ('{"name": "n", "on": 1}', "`on` must be true or false, not 1"),
            ('{"name": "n", "mode": "c"}', "`mode` must be one of a, b"),
            ('{"name": "n", "nam": 1}', "`nam` is not known; did you mean `name`?"),
            ('{"name": "n", "inner": {"kee": 1}}', "`inner.kee` is not known; did you mean `key`?"),
            ('{"name": "n", "rules": [{"type": "t"}, {}]}', "`rules[1].type` is missing"),
            ('{"name": "n", "rules": [{"type": "t", "x": 1}]}', "`rules[0].x` is not known; there is `type`"),
        ]:
            with self.subTest(text=text), self.assertRaises(ConfigError) as raised:
                read(Config.parse(text))
            self.assertIn(told_text, str(raised.exception))


class ContextTest(unittest.TestCase):
    def test_traceparent(self):
        made = Context.from_traceparent(f"00-{T1}-{S1}-01")
        self.assertEqual((made.trace_id, made.span_id, made.flags), (T1, S1, 0x301))
        for wrong in ["", None, f"01-{T1}-{S1}-01", f"00-{'0' * 32}-{S1}-01", f"00-{T1}-{S1}-01-", f"00-{T1}-{S1}-0_"]:
            self.assertIsNone(Context.from_traceparent(wrong))


if __name__ == "__main__":
    unittest.main()
