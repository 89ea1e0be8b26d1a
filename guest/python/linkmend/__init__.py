"""What a link rule for linkmend is written with in Python.

A rule is a class. linkmend shows it the spans that it wants, and the rule says
what is to become of their links:

    import linkmend
    from linkmend import Kind, Wants

    class Jobs(linkmend.Rule):
        about = linkmend.About("jobs", "1.0.0", "Links a job to the request that created it.")

        def configure(self, config):
            self.attribute = config.text("attribute", "job.id")

        def wants(self):
            return Wants(attributes=[self.attribute])

        def produces(self, span):
            if span.kind in (Kind.PRODUCER, Kind.CLIENT, Kind.SERVER):
                yield "job", span.attributes.get(self.attribute)

        def awaits(self, span):
            if span.kind in (Kind.CONSUMER, Kind.INTERNAL):
                yield "job", span.attributes.get(self.attribute)

        def mend(self, span, found, edits):
            for message in found:
                edits.link(message.nearest(), {"link.type": "triggered_by"})

    Lifecycle, Spans = linkmend.exports(Jobs)

`exports` makes the component of it; without componentize-py it does nothing.
`linkmend.testing` runs a rule in an ordinary unit test. What is below is the
world `span-rule` of `wit/rule.wit`.

- `rule`: `Rule`, `Wants`, `About`
- `spans`: what a rule is shown: `Span`, `Link`, `Context`, `Kind`, `each`
- `edits`: what it answers: `Edits`
- `config`: its configuration: `Config`, `ConfigError`
- `driver`: what calls it
- `clock`: there is none

What a rule prints is shown by `linkmend rule test` and its like.
"""

from .config import Config, ConfigError
from .driver import exports
from .edits import Edits
from .rule import About, Rule, Wants
from .spans import Context, Kind, Link, Message, Producer, Span, each

__all__ = [
    "About", "Config", "ConfigError", "Context", "Edits", "Kind", "Link", "Message",
    "Producer", "Rule", "Span", "Wants", "each", "exports",
]
