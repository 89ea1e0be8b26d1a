package rule

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errOverrun is why a context is done whose call took too long.
var errOverrun = errors.New("the call took too long")

// clock ends a call that takes too long. It stands still while the host is asked
// for something that may wait.
type clock struct {
	mutex  sync.Mutex
	left   time.Duration
	since  time.Time // zero: it stands still
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

// startClock begins a call that may take this long.
func startClock(ctx context.Context, limit time.Duration) (context.Context, *clock) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := &clock{left: limit, since: time.Now(), cancel: cancel}
	c.timer = time.AfterFunc(limit, func() { cancel(errOverrun) })
	return ctx, c
}

func (c *clock) pause() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.timer.Stop() && !c.since.IsZero() {
		c.left -= time.Since(c.since)
		c.since = time.Time{}
	}
}

func (c *clock) goOn() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.since.IsZero() {
		c.since = time.Now()
		c.timer.Reset(max(c.left, 0))
	}
}

func (c *clock) stop() {
	c.timer.Stop()
	c.cancel(nil)
}
