package shared

import (
	"context"
	"errors"
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
			key:   key(s.options.KeyPrefix, p.high, p.low),
			value: p.member(state),
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

// group are the producers of one message that are to be written.
type group struct {
	pending
	parts  []pending
	isDone bool
	err    error
}

func groups(some []pending) []*group {
	all := make([]*group, 0, len(some))
	byKey := make(map[string]*group, len(some))
	for _, p := range some {
		of := byKey[p.key]
		if of == nil {
			of = &group{pending: pending{key: p.key}}
			byKey[p.key], all = of, append(all, of)
		}
		of.parts = append(of.parts, p)
		of.value = append(of.value, p.value...)
	}
	for _, of := range all {
		if len(of.parts) > 1 {
			of.value = valueOf(best(of.value))
		}
	}
	return all
}

// writeSome writes some; all of it may be done twice, and in any order. Nearly all are the
// first of their message, and take one command (docs/index-format.md, "Writing").
func (s *Store) writeSome(ctx context.Context, some []pending) bool {
	if !s.isThere() {
		s.queue.settle(some, nil)
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 20*s.options.Timeout)
	defer cancel()
	all := groups(some)
	lost, err := s.put(ctx, all)
	left := lost
	var written []pending
	for _, of := range all {
		switch {
		case of.isDone:
			s.counts.Written.Add(first(of.parts))
			written = append(written, of.parts...)
		case of.err != nil:
			// One that is full, or that one may not write to, will not take it later either.
			refused := first(of.parts)
			if s.counts.Refused.Add(refused) == refused && refused > 0 {
				s.options.Logger.Warn("The shared index does not take what is remembered: other hosts will not find it",
					zap.Error(of.err))
			}
		default:
			left = append(left, of.parts...)
		}
	}
	s.queue.settle(left, written)
	return err == nil
}

// first is how many were not written before.
func first(parts []pending) (count int64) {
	for _, p := range parts {
		if !p.isAgain {
			count++
		}
	}
	return count
}

// put writes to the keys that nobody has written to, and changes what others have; what they
// added to a value while it was replaced is lost, and to be written again.
func (s *Store) put(ctx context.Context, all []*group) (lost []pending, err error) {
	ttl := s.options.TimeToLive
	if ttl > 0 {
		ttl = max(ttl, time.Second).Truncate(time.Second)
	}
	var taken []*group
	puts, err := s.step(ctx, all, func(pipe redis.Pipeliner, of *group) redis.Cmder {
		return pipe.SetNX(ctx, of.key, of.value, ttl)
	})
	for n, put := range puts {
		if all[n].err = put.Err(); all[n].err == nil {
			all[n].isDone = put.(*redis.BoolCmd).Val()
			if !all[n].isDone {
				taken = append(taken, all[n])
			}
		}
	}
	if err != nil || len(taken) == 0 {
		return nil, err
	}
	gets, err := s.step(ctx, taken, func(pipe redis.Pipeliner, of *group) redis.Cmder {
		return pipe.Get(ctx, of.key)
	})
	if err != nil {
		return nil, err
	}
	type changed struct{ value, replaces redis.Cmder }
	after := make([][]byte, len(taken))
	changes := make([]changed, len(taken))
	_, err = s.pipelined(ctx, func(pipe redis.Pipeliner) {
		for n, of := range taken {
			// It may have expired.
			if err := gets[n].Err(); err != nil && !errors.Is(err, redis.Nil) {
				of.err = err
				continue
			}
			there, _ := gets[n].(*redis.StringCmd).Bytes()
			value, replaces := change(there, of.value)
			switch {
			case replaces:
				after[n] = value
				changes[n].replaces = pipe.SetArgs(ctx, of.key, value, redis.SetArgs{TTL: ttl, Get: true})
				continue
			case len(value) > 0:
				changes[n].value = pipe.Append(ctx, of.key, string(value))
			}
			if ttl > 0 {
				pipe.Expire(ctx, of.key, ttl)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for n, of := range taken {
		if of.err != nil {
			continue
		}
		if did := changes[n].value; did != nil {
			of.err = did.Err()
		}
		if did := changes[n].replaces; did != nil {
			before, err := did.(*redis.StatusCmd).Result()
			if err != nil && !errors.Is(err, redis.Nil) {
				of.err = err
			} else if added := missing(after[n], []byte(before)); len(added) > 0 {
				lost = append(lost, pending{key: of.key, value: added, isAgain: true})
			}
		}
		of.isDone = of.err == nil
	}
	return lost, nil
}

// step makes one request with a command for each group.
func (s *Store) step(
	ctx context.Context, all []*group, command func(redis.Pipeliner, *group) redis.Cmder,
) ([]redis.Cmder, error) {
	return s.pipelined(ctx, func(pipe redis.Pipeliner) {
		for _, of := range all {
			command(pipe, of)
		}
	})
}

// pipelined makes one request, and answers with an error when all of it came to nothing.
func (s *Store) pipelined(ctx context.Context, put func(redis.Pipeliner)) ([]redis.Cmder, error) {
	pipe := s.client.Pipeline()
	put(pipe)
	answers, err := pipe.Exec(ctx)
	if s.isLost(err) {
		return nil, err
	}
	return answers, nil
}
