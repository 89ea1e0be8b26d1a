"""database-context: links a work item to the span that wrote it into its table.

Whoever inserts a row stores the trace context in columns, and whoever works the
row off has them as attributes of its span. Nothing has to be looked up.
"""

import linkmend
from linkmend import Context, Wants, each


class DatabaseContext(linkmend.Rule):
    about = linkmend.About(
        name="database-context",
        version="1.0.0",
        summary="Links work items to the context that is stored in their row.",
    )

    def configure(self, config):
        self.trace_id = config.text("trace_id", "db.row.trace_id")
        self.span_id = config.text("span_id", "db.row.span_id")
        self.trace_flags = config.text("trace_flags", "db.row.trace_flags")

    def wants(self):
        return Wants(attributes=[self.trace_id], reads=[self.span_id, self.trace_flags])

    def mend(self, span, found, edits):
        contexts = self.contexts(span)
        valid = [context for context in contexts if context is not None]
        if len(valid) < len(contexts):
            edits.note("incomplete", len(contexts) - len(valid))
            edits.explain(f"{len(contexts) - len(valid)} of {len(contexts)} rows hold no valid context")
        why = "triggered_by" if len(contexts) == 1 else "aggregated_from"
        for context in valid:
            if not is_parent(context, span):
                edits.link(context, {"link.type": why})

    def contexts(self, span):
        """A context for each row; None for one that cannot be told."""
        traces = each(span.attributes.get(self.trace_id))
        spans = each(span.attributes.get(self.span_id))
        flags = each(span.attributes.get(self.trace_flags))
        if len(spans) != len(traces):
            # Which belongs to which is not known.
            return [None] * max(len(traces), len(spans))
        # Flags that are not there for every row say nothing.
        flags = flags if len(flags) == len(traces) else [None] * len(traces)
        return [Context.from_ids(*row) for row in zip(traces, spans, flags)]


def is_parent(context, span):
    """Whoever went on in the trace of the row needs no link to it."""
    return (context.trace_id, context.span_id) == (span.trace_id, span.parent_span_id)


Lifecycle, Spans = linkmend.exports(DatabaseContext)
