package shared

import (
	"sync"
	"time"
)

const (
	// writtenAtOnce is how many producers one request writes.
	writtenAtOnce = 512
	// What was written this short while ago is written again when a server is back: it
	// may be another one.
	recentTime = 10 * time.Second
	mostRecent = 50_000
)

// pending is a producer that is to be written.
type pending struct {
	key string
	// value is its member, or several of one message.
	value   []byte
	isAgain bool
	written time.Time
}

// queue is what waits to be written; when there is too much, the oldest make room.
type queue struct {
	most  int
	added chan struct{}

	mutex           sync.Mutex
	waiting, recent []pending
	writing         int
}

// add puts some behind the others, and tells how many had to make room.
func (q *queue) add(some []pending) int {
	q.mutex.Lock()
	q.waiting = append(q.waiting, some...)
	surplus := max(len(q.waiting)-q.most, 0)
	q.waiting = q.waiting[surplus:]
	q.mutex.Unlock()
	q.tell()
	return surplus
}

func (q *queue) tell() {
	select {
	case q.added <- struct{}{}:
	default:
	}
}

func (q *queue) len() int {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return len(q.waiting) + q.writing
}

// take takes some, which are on their way then.
func (q *queue) take() []pending {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.writing = min(len(q.waiting), writtenAtOnce)
	taken := q.waiting[:q.writing:q.writing]
	q.waiting = q.waiting[q.writing:]
	return taken
}

// settle ends the way of what was taken: some were written, and some are left.
func (q *queue) settle(left, written []pending) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.writing = 0
	q.waiting = append(q.waiting, left...)
	now := time.Now()
	for _, p := range written {
		// Once: a server that comes and goes is not given the same again and again.
		if !p.isAgain {
			p.written = now
			q.recent = append(q.recent, p)
		}
	}
	q.forget(now)
}

// again lets what was written last be written again.
func (q *queue) again() {
	q.mutex.Lock()
	q.forget(time.Now())
	for _, p := range q.recent {
		p.isAgain = true
		q.waiting = append(q.waiting, p)
	}
	q.recent = nil
	q.mutex.Unlock()
	q.tell()
}

func (q *queue) forget(now time.Time) {
	from := max(len(q.recent)-mostRecent, 0)
	for from < len(q.recent) && now.Sub(q.recent[from].written) > recentTime {
		from++
	}
	q.recent = q.recent[from:]
}
