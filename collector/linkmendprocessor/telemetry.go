package linkmendprocessor

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/linkmend/linkmend/collector/internal/kernel"
	"github.com/linkmend/linkmend/collector/internal/rule"
	"github.com/linkmend/linkmend/collector/internal/selection"
	"github.com/linkmend/linkmend/collector/linkmendprocessor/internal/metadata"
)

// unnamed is the messaging system of what has none.
const unnamed = "-"

// others are counts of spans that the kernel does not see.
type others struct{ links, invalid atomic.Int64 }

func (o *others) add(more selection.Others) {
	o.links.Add(more.Links)
	o.invalid.Add(more.Invalid)
}

// telemetry is the processor's own: its metrics have the names of those of `linkmend run`.
type telemetry struct {
	processor *linkmend
	builder   *metadata.TelemetryBuilder
	of        attribute.KeyValue
	set       metric.MeasurementOption

	// One collection asks the kernel once.
	mutex  sync.Mutex
	counts *kernel.Counts
	taken  time.Time
}

func newTelemetry(p *linkmend) (*telemetry, error) {
	builder, err := metadata.NewTelemetryBuilder(p.set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	of := attribute.String("processor", p.set.ID.String())
	set := metric.WithAttributeSet(attribute.NewSet(of))
	return &telemetry{processor: p, builder: builder, of: of, set: set}, nil
}

func (t *telemetry) shutdown() { t.builder.Shutdown() }

// called is told of each call of a rule.
func (t *telemetry) called(_ int, took time.Duration, _ *rule.Fault) {
	t.builder.RuleDuration.Record(context.Background(), took.Seconds(), t.set)
}

// roundTrip is told of each answer of a shared store.
func (t *telemetry) roundTrip(took time.Duration) {
	t.builder.SharedIndexRoundTrip.Record(context.Background(), took.Seconds(), t.set)
}

// look is what the kernel has done; nothing when it failed.
func (t *telemetry) look(ctx context.Context) *kernel.Counts {
	const fresh = 500 * time.Millisecond
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.counts != nil && time.Since(t.taken) < fresh {
		return t.counts
	}
	p := t.processor
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.kernel == nil {
		return &kernel.Counts{}
	}
	counts, err := p.kernel.Counts(context.WithoutCancel(ctx))
	if err != nil {
		p.defect("the kernel does not tell what it did", err)
		return &kernel.Counts{}
	}
	t.counts, t.taken = counts, time.Now()
	return counts
}

// observer observes the values of one metric.
type observer struct {
	metric.Int64Observer
	of attribute.KeyValue
}

// see observes a value with its attributes beside the processor: keys and values.
func (o observer) see(value int64, attributes ...string) {
	set := make([]attribute.KeyValue, 0, 1+len(attributes)/2)
	set = append(set, o.of)
	for n := 0; n+1 < len(attributes); n += 2 {
		set = append(set, attribute.String(attributes[n], attributes[n+1]))
	}
	o.Observe(value, metric.WithAttributes(set...))
}

// register registers what is observed, each metric by itself.
func (t *telemetry) register() error {
	b := t.builder
	observe := func(register func(metric.Int64Callback) error, see func(*kernel.Counts, observer)) error {
		return register(func(ctx context.Context, to metric.Int64Observer) error {
			see(t.look(ctx), observer{to, t.of})
			return nil
		})
	}
	return errors.Join(
		observe(b.RegisterLinksInCallback, func(c *kernel.Counts, o observer) {
			o.see(c.Counts.LinksIn + t.processor.others.links.Load())
		}),
		observe(b.RegisterLinksOutCallback, func(c *kernel.Counts, o observer) {
			o.see(c.Counts.LinksOut + t.processor.others.links.Load())
		}),
		observe(b.RegisterSpansInvalidCallback, func(c *kernel.Counts, o observer) {
			o.see(c.Counts.SpansInvalid + t.processor.others.invalid.Load())
		}),
		observe(b.RegisterLinksAddedCallback, bySystem(func(c kernel.OfLinks) int64 { return c.Added })),
		observe(b.RegisterLinksRepairedCallback, bySystem(func(c kernel.OfLinks) int64 { return c.Repaired })),
		observe(b.RegisterLinksCutCallback, bySystem(func(c kernel.OfLinks) int64 { return c.Cut })),
		observe(b.RegisterLinksDroppedCallback, seeDropped),
		observe(b.RegisterLinksTypedCallback, seeTyped),
		observe(b.RegisterUnresolvedCallback, seeUnresolved),
		observe(b.RegisterHeldCallback, func(c *kernel.Counts, o observer) { o.see(c.Hold.HeldTotal) }),
		observe(b.RegisterHeldSpansCallback, func(c *kernel.Counts, o observer) { o.see(c.Hold.Held) }),
		observe(b.RegisterHeldBytesCallback, func(c *kernel.Counts, o observer) { o.see(c.Hold.Bytes) }),
		observe(b.RegisterNotHeldCallback, func(c *kernel.Counts, o observer) { o.see(c.Hold.GivenUp) }),
		observe(b.RegisterReleasedCallback, seeReleased),
		observe(b.RegisterIndexEntriesCallback, func(c *kernel.Counts, o observer) { o.see(c.Index.Entries) }),
		observe(b.RegisterIndexEvictionsCallback, func(c *kernel.Counts, o observer) {
			o.see(c.Index.Evicted, "reason", "full")
			o.see(c.Index.Expired, "reason", "expired")
		}),
		observe(b.RegisterRuleCallsCallback, func(c *kernel.Counts, o observer) { o.see(c.Counts.RuleCalls) }),
		observe(b.RegisterRuleFaultsCallback, func(c *kernel.Counts, o observer) {
			o.see(c.Counts.RuleFaults, "rule", t.processor.config.Rule)
		}),
		t.registerShared(observe),
	)
}

// registerShared registers what is observed of a shared store.
func (t *telemetry) registerShared(
	observe func(func(metric.Int64Callback) error, func(*kernel.Counts, observer)) error,
) error {
	store := t.processor.engine.store
	if store == nil {
		return nil
	}
	did := store.Counts()
	b := t.builder
	return errors.Join(
		observe(b.RegisterSharedIndexLookupsCallback, func(c *kernel.Counts, o observer) {
			if c.Shared != nil {
				o.see(c.Shared.Here, "result", "here")
				o.see(c.Shared.There, "result", "there")
				o.see(c.Shared.Nowhere, "result", "nowhere")
			}
			o.see(did.Unanswered.Load(), "result", "unanswered")
		}),
		observe(b.RegisterSharedIndexFailuresCallback, func(_ *kernel.Counts, o observer) { o.see(did.Failures.Load()) }),
		observe(b.RegisterSharedIndexWaitingCallback, func(_ *kernel.Counts, o observer) { o.see(int64(store.Waiting())) }),
		observe(b.RegisterSharedIndexWritesCallback, func(_ *kernel.Counts, o observer) {
			o.see(did.Written.Load(), "result", "written")
			o.see(did.Dropped.Load(), "result", "dropped")
			o.see(did.Refused.Load(), "result", "refused")
		}),
		observe(b.RegisterSharedIndexServersCallback, func(_ *kernel.Counts, o observer) {
			asked, away := int64(0), int64(1)
			if store.IsThere() {
				asked, away = 1, 0
			}
			o.see(asked, "state", "asked")
			o.see(away, "state", "away")
		}),
	)
}

// systems are what was done to links by messaging system; what is not told by system,
// or is nothing at all, is of the one without a name.
func systems(c *kernel.Counts) map[string]kernel.OfLinks {
	if len(c.Systems) > 0 {
		return c.Systems
	}
	return map[string]kernel.OfLinks{unnamed: c.Counts.OfLinks}
}

func bySystem(value func(kernel.OfLinks) int64) func(*kernel.Counts, observer) {
	return func(c *kernel.Counts, o observer) {
		for system, of := range systems(c) {
			o.see(value(of), "messaging_system", system)
		}
	}
}

func seeDropped(c *kernel.Counts, o observer) {
	for system, of := range systems(c) {
		o.see(of.DroppedInvalid, "reason", "invalid", "messaging_system", system)
		o.see(of.DroppedDuplicate, "reason", "duplicate", "messaging_system", system)
		o.see(of.DroppedUnwanted, "reason", "unwanted", "messaging_system", system)
	}
}

func seeTyped(c *kernel.Counts, o observer) {
	for system, of := range systems(c) {
		for linkType, count := range of.ByType {
			o.see(count, "link_type", linkType, "messaging_system", system)
		}
	}
}

func seeUnresolved(c *kernel.Counts, o observer) {
	for _, r := range c.Reasons {
		o.see(r.Count, "reason", r.Reason, "service", r.Service, "messaging_system", r.MessagingSystem)
	}
}

func seeReleased(c *kernel.Counts, o observer) {
	o.see(c.Hold.ReleasedReady, "reason", "ready")
	o.see(c.Hold.ReleasedDue, "reason", "due")
	o.see(c.Hold.ReleasedOverflow, "reason", "overflow")
	o.see(c.Hold.ReleasedDrained, "reason", "drained")
}
