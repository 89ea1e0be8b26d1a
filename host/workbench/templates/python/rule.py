"""{{name}}: links every piece of work to the span that created it.

Both carry the same id in an attribute: a request that creates a job, say, and
the job itself, hours later and in a trace of its own.
"""

import linkmend
from linkmend import Kind, Wants, each

CREATES = (Kind.PRODUCER, Kind.CLIENT, Kind.SERVER)
WORKS = (Kind.CONSUMER, Kind.INTERNAL)


class {{type}}(linkmend.Rule):
    about = linkmend.About(
        name="{{name}}",
        version="0.1.0",
        summary="Links the spans that work a job off to the span that created it.",
    )

    def configure(self, config):
        # Keys that are not taken here are refused, by name.
        self.attribute = config.text("attribute", "job.id")

    def wants(self):
        return Wants(attributes=[self.attribute])

    def produces(self, span):
        return self.jobs(span) if span.kind in CREATES else ()

    def awaits(self, span):
        return self.jobs(span) if span.kind in WORKS else ()

    def mend(self, span, found, edits):
        for job in found:
            edits.link(job.nearest(), {"link.type": "triggered_by"})

    def jobs(self, span):
        """The jobs that a span names: one, or an array of them."""
        return [("job", id) for id in each(span.attributes.get(self.attribute))]


Lifecycle, Spans = linkmend.exports({{type}})
