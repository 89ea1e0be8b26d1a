"""Tests of the rule as ordinary Python: `python3 -m unittest discover tests`."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from linkmend import ConfigError
from linkmend.testing import Bench, span

from rule import DatabaseContext

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def mended(attributes, config=None, **more):
    [one] = Bench(DatabaseContext, config).process([span(attributes=attributes, **more)])
    return one


def row(trace_id=TRACE, span_id=SPAN, **more):
    return {"db.row.trace_id": trace_id, "db.row.span_id": span_id, **more}


class DatabaseContextTest(unittest.TestCase):
    def test_a_row_becomes_a_link(self):
        [link] = mended(row(**{"db.row.trace_flags": "01"})).links
        self.assertEqual((link.trace_id, link.span_id, link.flags), (TRACE, SPAN, 0x301))
        self.assertEqual(link.attributes, {"link.type": "triggered_by"})

    def test_several_rows_are_aggregated(self):
        other = "b7ad6b7169203332"
        links = mended(row([TRACE, TRACE], [SPAN, other], **{"db.row.trace_flags": ["00", "01"]})).links
        self.assertEqual([(link.span_id, link.flags) for link in links], [(SPAN, 0x300), (other, 0x301)])
        self.assertEqual(links[1].attributes, {"link.type": "aggregated_from"})

    def test_bytes_and_upper_case_are_ids_too(self):
        self.assertEqual(len(mended(row(bytes.fromhex(TRACE), SPAN.upper())).links), 1)

    def test_what_is_no_context_is_left_alone(self):
        for wrong in ["", "0" * 32, TRACE[:-1], "x" * 32, " " + TRACE[1:], 12, True, None, b"\0" * 16]:
            with self.subTest(trace_id=wrong):
                self.assertEqual(mended(row(trace_id=wrong)).links, [])

    def test_rows_that_cannot_be_told_apart_are_counted(self):
        one = mended(row([TRACE, TRACE], [SPAN]))
        self.assertEqual((one.links, one.notes), ([], {"incomplete": 2}))

    def test_the_parent_needs_no_link(self):
        self.assertEqual(mended(row(), trace_id=TRACE, parent_span_id=SPAN).links, [])

    def test_it_does_nothing_twice(self):
        bench = Bench(DatabaseContext)
        once = bench.process([span(attributes=row())])
        self.assertEqual(bench.process(once)[0].links, once[0].links)

    def test_columns_are_configured(self):
        names = {"trace_id": "item.trace", "span_id": "item.span"}
        self.assertEqual(len(mended({"item.trace": TRACE, "item.span": SPAN}, names).links), 1)
        with self.assertRaisesRegex(ConfigError, "`trace-id` is not known; did you mean `trace_id`"):
            Bench(DatabaseContext, {"trace-id": "item.trace"})


if __name__ == "__main__":
    unittest.main()
