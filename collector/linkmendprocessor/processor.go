package linkmendprocessor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.uber.org/zap"

	"github.com/linkmend/linkmend/collector/internal/kernel"
	"github.com/linkmend/linkmend/collector/internal/selection"
)

// linkmend is the processor: a kernel, which has one call at a time, and what is around it.
type linkmend struct {
	config *Config
	set    processor.Settings
	logger *zap.Logger
	next   consumer.Traces

	engine    *engine
	selector  *selection.Selector
	telemetry *telemetry
	// What is counted of spans that the kernel does not see.
	others others

	// mutex is for the kernel.
	mutex  sync.Mutex
	kernel *kernel.Kernel
	// due is when the kernel has something to release, as far as the releaser knows.
	due time.Time

	changed chan struct{}
	stop    context.CancelFunc
	running sync.WaitGroup
}

func newLinkmend(set processor.Settings, config *Config, next consumer.Traces) *linkmend {
	return &linkmend{
		config:  config,
		set:     set,
		logger:  set.Logger,
		next:    next,
		changed: make(chan struct{}, 1),
	}
}

// start loads the rule, and begins to release what is held.
func (p *linkmend) start(ctx context.Context, _ component.Host) error {
	// What is started lives longer than the start.
	ctx = context.WithoutCancel(ctx)
	telemetry, err := newTelemetry(p)
	if err != nil {
		return err
	}
	p.telemetry = telemetry
	if p.engine, err = newEngine(ctx, p); err != nil {
		return errors.Join(err, p.close(ctx))
	}
	if p.kernel, err = p.engine.newKernel(ctx); err != nil {
		return errors.Join(err, p.close(ctx))
	}
	p.selector = selection.New(p.engine.rule.Plan.Selector)
	if err := p.telemetry.register(); err != nil {
		return errors.Join(err, p.close(ctx))
	}
	ctx, p.stop = context.WithCancel(ctx)
	if p.config.Hold.Time > 0 {
		p.running.Go(func() { p.release(ctx) })
		if p.engine.store != nil {
			p.running.Go(func() { p.watch(ctx) })
		}
	}
	return nil
}

// shutdown sends on what is held, and ends.
func (p *linkmend) shutdown(ctx context.Context) error {
	if p.stop == nil {
		// It was not started.
		return nil
	}
	p.stop()
	p.running.Wait()
	drained := p.drain(ctx)
	return errors.Join(drained, p.close(ctx))
}

func (p *linkmend) close(ctx context.Context) error {
	if p.telemetry != nil {
		p.telemetry.shutdown()
	}
	var err error
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.kernel != nil {
		err = p.kernel.Close(ctx)
		p.kernel = nil
	}
	if p.engine != nil {
		err = errors.Join(err, p.engine.close(ctx))
	}
	return err
}

// mostSpans is how many spans the kernel is shown at once: it takes 524,288 resources,
// scopes and spans, and its memory does not get smaller again. A variable for tests.
var mostSpans = 100_000

// processTraces mends the links of a batch.
func (p *linkmend) processTraces(ctx context.Context, traces ptrace.Traces) (ptrace.Traces, error) {
	picked := p.selector.Pick(traces)
	p.others.add(picked.Others)
	var held []uint32
	for number, part := range picked.Parts(mostSpans) {
		answer, err := p.mend(ctx, part)
		if err != nil {
			return traces, err
		}
		for _, place := range answer.Held {
			held = append(held, place+uint32(number*mostSpans))
		}
	}
	if len(held) == 0 {
		return traces, nil
	}
	if err := picked.Remove(held); err != nil {
		p.defect("an answer of the kernel is refused", err)
	}
	if traces.ResourceSpans().Len() == 0 {
		return traces, processorhelper.ErrSkipProcessingData
	}
	return traces, nil
}

// mend lets the kernel mend spans; those that it holds are still to be taken out.
func (p *linkmend) mend(ctx context.Context, picked *selection.Picked) (*kernel.Answer, error) {
	unchanged := &kernel.Answer{}
	bytes, err := picked.Marshal()
	if err != nil {
		p.defect("spans cannot be marshalled", err)
		return unchanged, nil
	}
	answer := p.ask(ctx, bytes)
	if answer == nil {
		return unchanged, nil
	}
	p.sendOverflow(ctx, answer.Overflow)
	switch answer.Status {
	case kernel.Dropped:
		return nil, processorhelper.ErrSkipProcessingData
	case kernel.Rejected:
		// Not a permanent error: the sender tries again.
		return nil, errors.New(answer.Text)
	case kernel.NotWellFormed:
		p.defect("a batch is not well-formed", errors.New(answer.Text))
		return unchanged, nil
	}
	if err := p.apply(picked, answer); err != nil {
		p.defect("an answer of the kernel is refused", err)
	}
	return answer, nil
}

// ask shows a batch to the kernel; nil when that failed, and then the batch goes on as
// it came.
func (p *linkmend) ask(ctx context.Context, bytes []byte) *kernel.Answer {
	// A sender that goes away is no fault of a rule.
	ctx = context.WithoutCancel(ctx)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.kernel == nil {
		return nil
	}
	answer, err := p.kernel.Process(ctx, bytes)
	if err != nil {
		p.restart(ctx, err)
		return nil
	}
	p.tellRelease(ctx)
	return answer
}

// restart puts another kernel in the place of one that failed. What it held is lost.
func (p *linkmend) restart(ctx context.Context, failed error) {
	p.logger.Error("The kernel failed, which is a mistake in linkmend; it is started anew, "+
		"and what it held and remembered is lost", zap.Error(failed))
	closed := p.kernel.Close(ctx)
	started, err := p.engine.newKernel(ctx)
	if err != nil {
		p.logger.Error("The kernel cannot be started; batches go on as they come",
			zap.Error(errors.Join(err, closed)))
		started = nil
	}
	p.kernel = started
}

func (p *linkmend) apply(picked *selection.Picked, answer *kernel.Answer) error {
	if len(answer.Changed) == 0 {
		return nil
	}
	links, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(answer.Links)
	if err != nil {
		return fmt.Errorf("its links: %w", err)
	}
	return picked.Apply(answer.Changed, links, int(p.config.Limits.MaxLinks))
}

// defect logs what cannot be but by a mistake; the batch goes on.
func (p *linkmend) defect(what string, err error) {
	p.logger.Error("This is a mistake in linkmend; the batch goes on as it is: "+what, zap.Error(err))
}
