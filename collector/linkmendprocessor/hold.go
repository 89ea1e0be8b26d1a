package linkmendprocessor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/linkmend/linkmend/collector/internal/kernel"
)

// Held spans that the next component does not take are offered to it again after these
// waits, and for so long: their senders were answered long ago.
const (
	firstWait    = 100 * time.Millisecond
	longestWait  = 5 * time.Second
	longestOffer = 30 * time.Second
)

// How often a shared store is asked for what held spans wait for.
const watchInterval = 250 * time.Millisecond

// tellRelease lets the releaser know when there is something to release earlier than it
// expects. The kernel is locked.
func (p *linkmend) tellRelease(ctx context.Context) {
	if p.config.Hold.Time == 0 {
		return
	}
	in, err := p.kernel.NextRelease(ctx)
	if err != nil {
		p.restart(ctx, err)
		return
	}
	if in == kernel.Never {
		return
	}
	if due := time.Now().Add(in); p.due.IsZero() || due.Before(p.due) {
		p.due = due
		select {
		case p.changed <- struct{}{}:
		default:
		}
	}
}

// release sends on what is ready or due, until it is told to end.
func (p *linkmend) release(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.changed:
		case <-timer.C:
		}
		for ctx.Err() == nil {
			bytes := p.take(ctx, (*kernel.Kernel).Release)
			if len(bytes) == 0 {
				break
			}
			p.sendOn(ctx, bytes)
		}
		timer.Reset(p.nextRelease(ctx))
	}
}

// take asks the kernel for a batch of held spans.
func (p *linkmend) take(ctx context.Context, from func(*kernel.Kernel, context.Context) ([]byte, error)) []byte {
	ctx = context.WithoutCancel(ctx)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.kernel == nil {
		return nil
	}
	bytes, err := from(p.kernel, ctx)
	if err != nil {
		p.restart(ctx, err)
		return nil
	}
	return bytes
}

// nextRelease is how long the releaser may wait.
func (p *linkmend) nextRelease(ctx context.Context) time.Duration {
	ctx = context.WithoutCancel(ctx)
	const longest = time.Minute
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.due = time.Time{}
	if p.kernel == nil {
		return longest
	}
	in, err := p.kernel.NextRelease(ctx)
	if err != nil {
		p.restart(ctx, err)
		return longest
	}
	if in != kernel.Never {
		p.due = time.Now().Add(in)
	}
	return min(in, longest)
}

// drain sends on all that is held.
func (p *linkmend) drain(ctx context.Context) error {
	lost := 0
	for {
		bytes := p.take(ctx, (*kernel.Kernel).Drain)
		if len(bytes) == 0 {
			break
		}
		lost += p.sendOn(ctx, bytes)
	}
	if lost > 0 {
		return fmt.Errorf("%d held spans were not taken by the next component at shutdown", lost)
	}
	return nil
}

// sendOverflow sends on held spans that had to make room. They do not go with the batch
// that took their place: its sender would not send them again.
func (p *linkmend) sendOverflow(ctx context.Context, batches [][]byte) {
	for _, bytes := range batches {
		p.sendOn(context.WithoutCancel(ctx), bytes)
	}
}

// sendOn sends on a batch of held spans, and tells how many were lost.
func (p *linkmend) sendOn(ctx context.Context, bytes []byte) (lost int) {
	traces, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(bytes)
	if err != nil {
		p.defect("held spans cannot be unmarshalled", err)
		return 0
	}
	spans := traces.SpanCount()
	if err := p.offer(ctx, traces); err != nil {
		p.logger.Error("Held spans are lost: the next component did not take them",
			zap.Int("spans", spans), zap.Error(err))
		return spans
	}
	return 0
}

// offer offers a batch to the next component until it takes it, or says that it never
// will, or for as long as that is of use.
func (p *linkmend) offer(ctx context.Context, traces ptrace.Traces) error {
	begun := time.Now()
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		// A consumer that changes what it is given and then refuses it must not be given that.
		offered := ptrace.NewTraces()
		traces.CopyTo(offered)
		err := p.next.ConsumeTraces(context.WithoutCancel(ctx), offered)
		if err == nil || consumererror.IsPermanent(err) || time.Since(begun)+wait > longestOffer {
			return err
		}
		p.logger.Warn("Held spans are not taken by the next component; they are offered again",
			zap.Int("spans", traces.SpanCount()), zap.Duration("in", wait), zap.Error(err))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			// The end: once more, and no more.
			if err := p.next.ConsumeTraces(context.WithoutCancel(ctx), traces); err != nil {
				return errors.Join(err, context.Cause(ctx))
			}
			return nil
		}
	}
}

// watch asks a shared store, time and again, for what held spans wait for.
func (p *linkmend) watch(ctx context.Context) {
	watcher := p.engine.store.NewWatcher()
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		awaited := p.take(ctx, (*kernel.Kernel).Awaited)
		if news := watcher.Look(ctx, awaited); len(news) > 0 {
			p.wake(ctx, news)
		}
	}
}

func (p *linkmend) wake(ctx context.Context, keys []byte) {
	ctx = context.WithoutCancel(ctx)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.kernel == nil {
		return
	}
	if err := p.kernel.Wake(ctx, keys); err != nil {
		p.restart(ctx, err)
		return
	}
	p.tellRelease(ctx)
}
