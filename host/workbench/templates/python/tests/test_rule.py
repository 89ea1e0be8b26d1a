"""Tests of the rule as ordinary Python: `python3 -m unittest discover tests`."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from linkmend import ConfigError, Kind
from linkmend.testing import Bench, link, span

from rule import {{type}}


def request(**more):
    return span("POST /jobs", Kind.SERVER, attributes={"job.id": "7"}, **more)


def work(**more):
    return span("run job", Kind.INTERNAL, attributes={"job.id": "7"}, **more)


class {{type}}Test(unittest.TestCase):
    def test_work_is_linked_to_its_request(self):
        created, worked = Bench({{type}}).process([request(), work()])
        self.assertEqual([one.span_id for one in worked.links], [created.span_id])
        self.assertEqual(worked.links[0].attributes, {"link.type": "triggered_by"})
        self.assertEqual(created.links, [])

    def test_a_link_that_is_there_is_not_made_again(self):
        created = request()
        there = link(created.trace_id, created.span_id)
        _, worked = Bench({{type}}).process([created, work(links=[there])])
        self.assertEqual(len(worked.links), 1)

    def test_the_attribute_is_configured(self):
        bench = Bench({{type}}, {"attribute": "task"})
        created = span(kind=Kind.CLIENT, attributes={"task": 12})
        _, worked = bench.process([created, span(kind=Kind.CONSUMER, attributes={"task": [12, 13]})])
        self.assertEqual([one.span_id for one in worked.links], [created.span_id])
        self.assertEqual(worked.notes, {"unresolved": 1})

    def test_work_waits_for_a_request_that_is_not_there_yet(self):
        [worked] = Bench({{type}}).process([work()], defer=True)
        self.assertTrue(worked.deferred)

    def test_an_unknown_key_is_refused(self):
        with self.assertRaisesRegex(ConfigError, "`atribute` is not known; did you mean `attribute`"):
            Bench({{type}}, {"atribute": "job.id"})


if __name__ == "__main__":
    unittest.main()
