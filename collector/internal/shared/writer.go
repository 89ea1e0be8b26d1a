package shared

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// Remember takes producers of 72 bytes each to be written, and does not wait. The oldest
// that wait make room for them.
func (s *Store) Remember(producers, texts []byte) {
	some := make([]pending, 0, len(producers)/sizeOfProducer)
	for ; len(producers) >= sizeOfProducer; producers = producers[sizeOfProducer:] {
		p := readProducer(producers)
		var state []byte
		if from, end := uint64(p.stateAt), uint64(p.stateAt)+uint64(p.stateLen); end <= uint64(len(texts)) {
			state = texts[from:end]
		}
		some = append(some, pending{
			key:    key(s.options.KeyPrefix, p.high, p.low),
			member: p.member(state),
			score:  p.score(),
		})
	}
	s.counts.Dropped.Add(int64(s.queue.add(some)))
}

// write writes what waits, until it is told to end.
func (s *Store) write(ctx context.Context) {
	const again = 100 * time.Millisecond
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.queue.added:
		}
		for ctx.Err() == nil {
			some := s.queue.take()
			if len(some) == 0 {
				break
			}
			if !s.writeSome(ctx, some) {
				select {
				case <-ctx.Done():
				case <-time.After(again):
				}
			}
		}
	}
}

// writeSome makes one request; all in it may be done twice, and in any order.
func (s *Store) writeSome(ctx context.Context, some []pending) bool {
	if !s.isThere() {
		s.queue.settle(some, nil)
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 20*s.options.Timeout)
	defer cancel()
	pipe := s.client.Pipeline()
	adds := make([]redis.Cmder, len(some))
	for n, p := range some {
		adds[n] = pipe.ZAdd(ctx, p.key, redis.Z{Score: p.score, Member: p.member})
		pipe.ZRemRangeByRank(ctx, p.key, mostOfAKey, -1)
		if ttl := s.options.TimeToLive; ttl > 0 {
			pipe.Expire(ctx, p.key, max(ttl, time.Second))
		}
	}
	if _, err := pipe.Exec(ctx); s.isLost(err) {
		s.queue.settle(some, nil)
		return false
	}
	var written []pending
	for n, p := range some {
		// One that is full, or that one may not write to, will not take it later either.
		if err := adds[n].Err(); err != nil {
			if !p.isAgain && s.counts.Refused.Add(1) == 1 {
				s.options.Logger.Warn("The shared index does not take what is remembered: other hosts will not find it",
					zap.Error(err))
			}
			continue
		}
		if !p.isAgain {
			s.counts.Written.Add(1)
		}
		written = append(written, p)
	}
	s.queue.settle(nil, written)
	return true
}
