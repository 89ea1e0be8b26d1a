"""What the author of a rule writes."""

from .spans import Kind


class About:
    """Who a rule is: a name (1 to 64 of `a-z 0-9 - _ .`), its version, one sentence."""

    def __init__(self, name, version, summary):
        self.name, self.version, self.summary = name, version, summary


class Wants:
    """Which spans a rule is shown, and what of them.

    A span is shown when one of these is true: its kind is among `kinds`, it has
    an attribute whose key is among `attributes` or begins with one of
    `prefixes`, or it has links and `with_links` is set.

    Of all attributes (of spans, resources and links) the rule sees those of
    `attributes`, `prefixes` and `reads`; a last `*` in `reads` stands for any
    ending. Whatever else a span has is not there for the rule.

    `type_attribute` says on a link why it exists; linkmend counts links by it.
    """

    def __init__(self, *, kinds=(), attributes=(), prefixes=(), with_links=False, reads=(),
                 type_attribute="link.type", count_all_drops=False):
        self.kinds = [Kind(kind) for kind in kinds]
        self.attributes, self.prefixes = list(attributes), list(prefixes)
        self.with_links = with_links
        self.type_attribute, self.count_all_drops = type_attribute, count_all_drops
        begins = [prefix + "*" for prefix in self.prefixes]
        named = [type_attribute] if type_attribute else []
        self.reads = list(dict.fromkeys([*self.attributes, *begins, *reads, *named]))
        self._keys = {key for key in self.reads if not key.endswith("*")}
        self._begins = tuple(key[:-1] for key in self.reads if key.endswith("*"))

    def sees(self, key):
        """Whether the rule sees attributes of this key."""
        return key in self._keys or key.startswith(self._begins)


class Rule:
    """A rule. It needs `about`, `wants` and `mend`; the rest may be left out."""

    about = None
    """Its `About`."""

    def configure(self, config):
        """Takes the configuration, a `Config`; keys that it does not take are refused."""

    def wants(self):
        """Its `Wants`. Called once, after `configure`."""
        raise NotImplementedError("a rule needs a method `wants`")

    def produces(self, span):
        """The keys of the messages that this span is the producer of.

        A key is a tuple: first the sort of message ("report"), so that others
        do not meet it by accident, then the ids, texts or integers. A key with
        an id that is missing or empty names nothing, and is left out.
        """
        return ()

    def rank(self, span):
        """Which of several producers of one message to prefer: 0 (best) to 255."""
        return 0

    def awaits(self, span):
        """The keys of the messages whose producers this span is to be linked to."""
        return ()

    def mend(self, span, found, edits):
        """Says with `edits` what is to become of the links of a span.

        `found` has a `Message` for each key of `awaits`, in their order.
        """
        raise NotImplementedError("a rule needs a method `mend`")
