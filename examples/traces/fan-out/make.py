#!/usr/bin/env python3
"""Makes before.jsonl: one event, several services that react to it."""

import sys
from pathlib import Path

from opentelemetry.trace import SpanKind

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from story import Story  # noqa: E402

story = Story(seed=3)
accounts = story.service("accounts")
mailer, crm, risk = (story.service(name) for name in ("mailer", "crm", "risk"))
shops = {name: story.service(f"shop-{name}") for name in ("north", "south")}
ledger, stock = story.service("ledger"), story.service("stock")


def react(service, name, event, attributes):
    with service.span(name, SpanKind.CONSUMER, {**attributes, "story.name": event}):
        service.record("work", attributes={"story.name": event})


# Events of the application itself, with an id under a name of its own.
events = {customer: {"event.id": story.message_id(), "event.type": "account.created"} for customer in ("ann", "bob", "eve")}
for customer, event in events.items():
    with accounts.span("POST /accounts", SpanKind.SERVER, {"story.name": customer}):
        accounts.record("account.created emit", SpanKind.PRODUCER, {**event, "story.name": customer})
story.wait(20)
for customer, event in events.items():
    react(mailer, "send welcome mail", customer, event)
    react(crm, "add contact", customer, event)
story.wait(3_000)
for customer, event in events.items():
    react(risk, "check account", customer, event)

# CloudEvents: an id means something together with its source only, and both
# shops begin to count at 1.
for shop, service in shops.items():
    for number in ("1", "2"):
        event = {"cloudevents.event_id": number, "cloudevents.event_source": f"/shops/{shop}"}
        name = f"{shop} {number}"
        with service.span("POST /sales", SpanKind.SERVER, {"story.name": name}):
            service.record("sale.made emit", SpanKind.PRODUCER, {**event, "story.name": name})
        story.wait(5)
        react(ledger, "book sale", name, event)
        react(stock, "reorder", name, event)

for service in (mailer, crm, ledger, stock, accounts, *shops.values(), risk):
    service.export()
story.write()
