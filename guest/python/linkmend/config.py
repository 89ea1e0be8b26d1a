"""The configuration of a rule: a JSON object, and what is wrong with it."""

import difflib
import json

_REQUIRED = object()


class ConfigError(ValueError):
    """What is wrong with the configuration, for its user: the key and the way out."""


class Config:
    """The configuration. What nobody takes from it is refused by name."""

    def __init__(self, values, path=""):
        self._values, self._path = values, path
        self._known = {}

    @classmethod
    def parse(cls, text):
        """From JSON."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"the configuration is not JSON: {error}") from None
        if not isinstance(values, dict):
            raise ConfigError(f"the configuration must be an object, not {_said(values)}")
        return cls(values)

    def take(self, key, default=_REQUIRED):
        """A value of any sort. Without a default the key must be there."""
        self._known[key] = None
        if key in self._values:
            return self._values[key]
        if default is _REQUIRED:
            raise ConfigError(f"`{self._path}{key}` is missing")
        return default

    def text(self, key, default=_REQUIRED):
        """A text that is not empty."""
        return self._is(key, default, "a text", lambda value: isinstance(value, str) and value != "")

    def texts(self, key, default=_REQUIRED):
        """A list of texts, none of them empty."""
        return self._is(key, default, "a list of texts", lambda value: isinstance(value, list)
                        and all(isinstance(item, str) and item for item in value))

    def flag(self, key, default=_REQUIRED):
        """true or false."""
        return self._is(key, default, "true or false", lambda value: isinstance(value, bool))

    def integer(self, key, default=_REQUIRED, least=None, most=None):
        """An integer; bounds are included."""
        bounds = [f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None)
        wanted = " and ".join(["an integer" + " of" * bool(bounds), *bounds]).replace("of and", "of")
        return self._is(key, default, wanted, lambda value: isinstance(value, int)
                        and not isinstance(value, bool)
                        and (least is None or value >= least) and (most is None or value <= most))

    def one_of(self, key, choices, default=_REQUIRED):
        """One of some texts."""
        return self._is(key, default, "one of " + ", ".join(choices), lambda value: value in choices)

    def object(self, key):
        """A `Config` of its own; empty when it is not there."""
        value = self._is(key, {}, "an object", lambda value: isinstance(value, dict))
        return self._inner(key, f"{self._path}{key}.", value)

    def objects(self, key):
        """A list of `Config`s; empty when it is not there."""
        values = self._is(key, [], "a list of objects", lambda value: isinstance(value, list)
                          and all(isinstance(item, dict) for item in value))
        return [self._inner((key, place), f"{self._path}{key}[{place}].", value)
                for place, value in enumerate(values)]

    def done(self):
        """Refuses what was not taken. The driver calls it after `configure`."""
        for inner in self._known.values():
            if inner is not None:
                inner.done()
        unknown = [f"`{self._path}{key}` is not known{self._hint(key)}"
                   for key in self._values if key not in self._known]
        # All at once: whoever mends one would be told of the next.
        if unknown:
            raise ConfigError("; and ".join(unknown))

    def _inner(self, key, path, value):
        inner = Config(value, path)
        self._known[key] = inner
        return inner

    def _hint(self, key):
        known = [name for name in self._known if isinstance(name, str)]
        close = difflib.get_close_matches(key, known, 1)
        if close:
            return f"; did you mean `{close[0]}`?"
        return f"; there is {', '.join(f'`{name}`' for name in known)}" if known else "; there is none"

    def _is(self, key, default, wanted, fits):
        value = self.take(key, default)
        if key in self._values and not fits(value):
            raise ConfigError(f"`{self._path}{key}` must be {wanted}, not {_said(value)}")
        return value


def _said(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:40] + "..."
