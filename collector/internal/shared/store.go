// Package shared is a message index that hosts of linkmend share, on Valkey or Redis,
// as docs/index-format.md describes it.
package shared

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// Options say where a store is, and how it is used.
type Options struct {
	Servers            Servers
	Cluster            bool
	Username, Password string
	TLS                *tls.Config
	KeyPrefix          string
	// Timeout is how long a batch waits for an answer.
	Timeout time.Duration
	// TimeToLive is how long a producer is kept; 0: for good.
	TimeToLive time.Duration
	// QueueSize is how many producers may wait to be written.
	QueueSize int
	Logger    *zap.Logger
	// OnRoundTrip is told how long each answer took.
	OnRoundTrip func(time.Duration)
}

// A command has so many keys at most: a server does nothing else until it is done.
const keysAtOnce = 512

// A circuit opens after so many requests that came to nothing, one after the other.
const mostFailures = 3

// Store is a shared index. Its methods may be called at the same time.
type Store struct {
	options Options
	client  redis.UniversalClient
	queue   queue
	failed  atomic.Int64 // in a row
	lost    chan struct{}
	stop    context.CancelFunc
	running sync.WaitGroup
	counts  Counts
}

// Counts are what a store did. They only grow.
type Counts struct {
	Failures, Unanswered      atomic.Int64
	Written, Dropped, Refused atomic.Int64
}

// Open begins to connect to a store; it need not be there yet.
func Open(options Options) *Store {
	universal := &redis.UniversalOptions{
		Addrs:                 options.Servers.Addresses,
		DB:                    options.Servers.Database,
		Username:              options.Username,
		Password:              options.Password,
		TLSConfig:             options.TLS,
		IsClusterMode:         options.Cluster,
		MaxRetries:            -1,
		DialerRetries:         1,
		DialTimeout:           20 * options.Timeout,
		ReadTimeout:           20 * options.Timeout,
		ContextTimeoutEnabled: true,
		DisableIdentity:       true,
		// There are never more than a few; but after as many failures as this number the
		// client would begin to connect by itself, as the circuit here does.
		PoolSize: 1000,
	}
	universal.Dialer = bound(redis.NewDialer(&redis.Options{DialTimeout: universal.DialTimeout, TLSConfig: options.TLS}))
	quiet.Do(func() { redis.SetLogger(debugLog{options.Logger}) })
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{
		options: options,
		client:  redis.NewUniversalClient(universal),
		queue:   queue{most: options.QueueSize, added: make(chan struct{}, 1)},
		lost:    make(chan struct{}, 1),
		stop:    stop,
	}
	s.running.Go(func() { s.write(ctx) })
	s.running.Go(func() { s.reconnect(ctx) })
	return s
}

// The client logs by one logger for the whole process, to stderr by default.
var quiet sync.Once

type debugLog struct{ logger *zap.Logger }

// Printf implements the logger of the client.
func (l debugLog) Printf(_ context.Context, format string, values ...any) {
	l.logger.Debug(fmt.Sprintf(format, values...))
}

// Close ends the store, and writes what waits as far as there is time for it.
func (s *Store) Close(ctx context.Context) error {
	for s.queue.len() > 0 && s.isThere() && ctx.Err() == nil {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	s.stop()
	s.running.Wait()
	return s.client.Close()
}

// Counts tells what was done.
func (s *Store) Counts() *Counts { return &s.counts }

// Waiting is how many producers wait to be written.
func (s *Store) Waiting() int { return s.queue.len() }

// IsThere tells whether the store is asked at present.
func (s *Store) IsThere() bool { return s.isThere() }

// Recall looks up keys of 16 bytes each: producers of 72 bytes, and the texts that they
// name. Of a store that is away nothing is known.
func (s *Store) Recall(ctx context.Context, keys []byte) (producers, texts []byte) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	for part := range slices.Chunk(keys, keysAtOnce*sizeOfKey) {
		values, err := s.values(ctx, part)
		if err != nil {
			s.counts.Unanswered.Add(int64(len(part) / sizeOfKey))
			continue
		}
		for n, value := range values {
			high, low := keyAt(part, n)
			if value == nil {
				s.counts.Unanswered.Add(1)
			}
			for _, m := range best(value) {
				p, state, ok := readMember(high, low, m.member)
				if !ok {
					continue
				}
				if len(state) > 0 {
					p.stateAt, p.stateLen = uint32(len(texts)), uint32(len(state))
					texts = append(texts, state...)
				}
				producers = p.append(producers)
			}
		}
	}
	return producers, texts
}

// values are those of some keys: empty where there is none, and nil where that is not known.
// One server is asked by one command; those of a cluster take none about several slots.
func (s *Store) values(ctx context.Context, keys []byte) ([][]byte, error) {
	values := make([][]byte, len(keys)/sizeOfKey)
	if s.options.Cluster {
		answers, err := s.ask(ctx, keys, func(pipe redis.Pipeliner, key string) redis.Cmder {
			return pipe.Get(ctx, key)
		})
		for n, answer := range answers {
			value, err := answer.(*redis.StringCmd).Bytes()
			if err == nil || errors.Is(err, redis.Nil) {
				values[n] = append([]byte{}, value...)
			}
		}
		return values, err
	}
	names := make([]string, len(values))
	for n := range names {
		high, low := keyAt(keys, n)
		names[n] = key(s.options.KeyPrefix, high, low)
	}
	var answer *redis.SliceCmd
	if err := s.request(func() error {
		answer = s.client.MGet(ctx, names...)
		return answer.Err()
	}); err != nil {
		return nil, err
	}
	// No more than it was asked for.
	for n, value := range answer.Val()[:min(len(answer.Val()), len(values))] {
		text, _ := value.(string)
		values[n] = []byte(text)
	}
	return values, nil
}

func keyAt(keys []byte, n int) (high, low uint64) {
	at := keys[n*sizeOfKey:]
	return binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint64(at[8:])
}

// ask makes one request about some keys, and an error of it as a whole.
func (s *Store) ask(
	ctx context.Context, keys []byte, command func(redis.Pipeliner, string) redis.Cmder,
) ([]redis.Cmder, error) {
	pipe := s.client.Pipeline()
	answers := make([]redis.Cmder, len(keys)/sizeOfKey)
	for n := range answers {
		high, low := keyAt(keys, n)
		answers[n] = command(pipe, key(s.options.KeyPrefix, high, low))
	}
	err := s.request(func() error {
		_, err := pipe.Exec(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answers, nil
}

// request makes one, if the store is there, and tells how long it took. An error is one of
// the whole request.
func (s *Store) request(make func() error) error {
	if !s.isThere() {
		return errAway
	}
	begun := time.Now()
	if err := make(); s.isLost(err) {
		return err
	}
	if s.options.OnRoundTrip != nil {
		s.options.OnRoundTrip(time.Since(begun))
	}
	return nil
}

var errAway = errors.New("the store is away")

func (s *Store) isThere() bool { return s.failed.Load() < mostFailures }

// isLost tells of the error of a request whether nothing was answered; an error that
// the server answers to one command is none.
func (s *Store) isLost(err error) bool {
	var said redis.Error
	if err == nil || errors.As(err, &said) {
		s.failed.Store(0)
		return false
	}
	s.counts.Failures.Add(1)
	if s.failed.Add(1) == mostFailures {
		s.options.Logger.Warn("The shared index is away: what other hosts remember is not known here",
			zap.Strings("servers", s.options.Servers.Addresses), zap.Error(err))
		select {
		case s.lost <- struct{}{}:
		default:
		}
	}
	return true
}

// reconnect closes an open circuit when the store answers again, the second time in
// the time that a batch would wait.
func (s *Store) reconnect(ctx context.Context) {
	const first, longest = 100 * time.Millisecond, time.Second
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.lost:
		}
		for wait := first; !s.answers(ctx); wait = min(2*wait, longest) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
		s.queue.again()
		s.failed.Store(0)
		s.options.Logger.Info("The shared index is back", zap.Strings("servers", s.options.Servers.Addresses))
	}
}

func (s *Store) answers(ctx context.Context) bool {
	for _, timeout := range []time.Duration{20 * s.options.Timeout, s.options.Timeout} {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		err := s.client.Ping(ctx).Err()
		cancel()
		var said redis.Error
		if err != nil && !errors.As(err, &said) {
			return false
		}
	}
	return true
}
