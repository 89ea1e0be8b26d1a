package shared

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/linkmend/linkmend/collector/internal/redistest"
)

// patient is a time that a test waits for what comes in a moment.
const patient = 30 * time.Second

func open(t *testing.T, server *redistest.Server, change func(*Options)) *Store {
	t.Helper()
	options := Options{
		Servers: Servers{Addresses: []string{server.Address}}, KeyPrefix: "linkmend",
		Timeout: time.Second, TimeToLive: time.Minute, QueueSize: 100_000, Logger: zap.NewNop(),
	}
	if change != nil {
		change(&options)
	}
	store := Open(options)
	t.Cleanup(func() { require.NoError(t, store.Close(context.Background())) })
	return store
}

func keyOf(n uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, n), n+1)
}

func producerOf(n, trace uint64) []byte {
	p := producer{
		high: n, low: n + 1, traceHigh: trace, traceLow: 1, span: n, start: 1_764_192_600_000_000_000 + trace<<20,
		end: 1_764_192_600_000_000_001 + trace<<20, flags: 0x101, hint: 3, rank: 1, stateAt: 2, stateLen: 3,
	}
	return p.append(nil)
}

func TestWhatOneRemembersTheOtherRecalls(t *testing.T) {
	server := redistest.Start(t)
	one, other := open(t, server, nil), open(t, server, nil)
	const messages = 3000
	var keys []byte
	for n := range uint64(messages) {
		one.Remember(producerOf(n, 1), []byte("  a=b "))
		keys = append(keys, keyOf(n)...)
	}
	require.Eventually(t, func() bool { return one.Waiting() == 0 }, patient, time.Millisecond)
	producers, texts := other.Recall(t.Context(), keys)
	require.Len(t, producers, messages*sizeOfProducer)
	for n := range uint64(messages) {
		p := readProducer(producers[n*sizeOfProducer:])
		assert.Equal(t, "a=b", string(texts[p.stateAt:][:p.stateLen]))
		p.stateAt = 2
		assert.Equal(t, producerOf(n, 1), p.append(nil))
	}
	ttl, err := other.client.TTL(t.Context(), key("linkmend", 0, 1)).Result()
	require.NoError(t, err)
	assert.InDelta(t, time.Minute.Seconds(), ttl.Seconds(), 5)
	assert.EqualValues(t, messages, one.Counts().Written.Load())
}

// TestManyWriteToOneKey: however many write to one key at the same time, and again and
// again, the best of all that they wrote are found, and the value is short.
func TestManyWriteToOneKey(t *testing.T) {
	server := redistest.Start(t)
	var stores []*Store
	for range 4 {
		stores = append(stores, open(t, server, nil))
	}
	var writing sync.WaitGroup
	for number, store := range stores {
		writing.Go(func() {
			for round := range uint64(100) {
				for one := range uint64(3) {
					store.Remember(producerOf(7, uint64(number)*1000+round*3+one), nil)
				}
				store.Remember(producerOf(7, 50_000), nil)
				for store.Waiting() > 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	writing.Wait()
	producers, _ := stores[0].Recall(t.Context(), keyOf(7))
	require.Len(t, producers, mostOfAKey*sizeOfProducer)
	assert.EqualValues(t, 50_000, readProducer(producers).traceHigh)
	for n := range uint64(mostOfAKey - 1) {
		assert.Equal(t, 3299-n, readProducer(producers[(n+1)*sizeOfProducer:]).traceHigh)
	}
	length, err := stores[0].client.StrLen(t.Context(), key("linkmend", 7, 8)).Result()
	require.NoError(t, err)
	assert.LessOrEqual(t, length, int64(longValue+4*4*44))
	for _, store := range stores {
		assert.EqualValues(t, 400, store.Counts().Written.Load())
		assert.Zero(t, store.Counts().Refused.Load())
	}
}

// TestWhatIsWrittenAgain takes no room, and a key that holds something else is left alone.
func TestWhatIsWrittenAgain(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server, nil)
	for range 20 {
		store.Remember(producerOf(1, 5), nil)
		require.Eventually(t, func() bool { return store.Waiting() == 0 }, patient, time.Millisecond)
	}
	value, err := store.client.Get(t.Context(), key("linkmend", 1, 2)).Bytes()
	require.NoError(t, err)
	p := readProducer(producerOf(1, 5))
	assert.Equal(t, p.member(nil), value)

	require.NoError(t, store.client.RPush(t.Context(), key("linkmend", 2, 3), "a list").Err())
	store.Remember(producerOf(2, 5), nil)
	require.Eventually(t, func() bool { return store.Waiting() == 0 }, patient, time.Millisecond)
	assert.EqualValues(t, 1, store.Counts().Refused.Load())
	producers, _ := store.Recall(t.Context(), append(keyOf(2), keyOf(1)...))
	assert.Len(t, producers, sizeOfProducer)
}

// TestAServerThatSaysTooMuch: whoever answers in place of a store has no say over the
// memory of a Collector.
func TestAServerThatSaysTooMuch(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var said atomic.Int64
	var running sync.WaitGroup
	running.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer func() { _ = connection.Close() }()
				asked := make([]byte, 4096)
				for {
					n, err := connection.Read(asked)
					if err != nil {
						return
					}
					if !bytes.Contains(asked[:n], []byte("mget")) {
						_, _ = connection.Write([]byte("-ERR unknown command\r\n"))
						continue
					}
					_, err = connection.Write([]byte("*1\r\n$500000000\r\n"))
					for block := make([]byte, 1<<16); err == nil; {
						n, err = connection.Write(block)
						said.Add(int64(n))
					}
					return
				}
			})
		}
	})
	store := Open(Options{
		Servers: Servers{Addresses: []string{listener.Addr().String()}}, KeyPrefix: "linkmend",
		Timeout: patient, QueueSize: 10, Logger: zap.NewNop(),
	})
	producers, _ := store.Recall(t.Context(), keyOf(1))
	assert.Empty(t, producers)
	assert.EqualValues(t, 1, store.Counts().Unanswered.Load())
	require.NoError(t, store.Close(context.Background()))
	require.NoError(t, listener.Close())
	running.Wait()
	assert.Less(t, said.Load(), int64(16<<20))
}

// TestTheBestSeventeen: of a message no more are kept than there is room for, and the
// latest are.
func TestTheBestSeventeen(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server, func(o *Options) { o.TimeToLive = 0 })
	for trace := range uint64(40) {
		store.Remember(producerOf(7, trace), nil)
	}
	require.Eventually(t, func() bool { return store.Waiting() == 0 }, patient, time.Millisecond)
	producers, _ := store.Recall(t.Context(), keyOf(7))
	require.Len(t, producers, mostOfAKey*sizeOfProducer)
	for n := range uint64(mostOfAKey) {
		p := readProducer(producers[n*sizeOfProducer:])
		assert.Equal(t, 39-n, p.traceHigh)
	}
}

func TestAWatcherTellsWhatIsNew(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server, nil)
	watcher := store.NewWatcher()
	awaited := append(keyOf(1), keyOf(2)...)
	assert.Empty(t, watcher.Look(t.Context(), awaited))
	store.Remember(producerOf(2, 1), nil)
	require.Eventually(t, func() bool { return store.Waiting() == 0 }, patient, time.Millisecond)
	assert.Equal(t, keyOf(2), watcher.Look(t.Context(), awaited))
	assert.Empty(t, watcher.Look(t.Context(), awaited))
	store.Remember(producerOf(2, 9), nil)
	require.Eventually(t, func() bool { return store.Waiting() == 0 }, patient, time.Millisecond)
	assert.Equal(t, keyOf(2), watcher.Look(t.Context(), awaited))
}

// TestAStoreThatIsAway: nothing waits for it once that is known, what is remembered
// meanwhile is written when it is back, and so is what was written last.
func TestAStoreThatIsAway(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server, func(o *Options) { o.Timeout = 200 * time.Millisecond })
	store.Remember(producerOf(1, 1), nil)
	require.Eventually(t, func() bool { return store.Waiting() == 0 }, patient, time.Millisecond)
	server.Stop()
	store.Remember(producerOf(2, 1), nil)
	require.Eventually(t, func() bool {
		producers, _ := store.Recall(t.Context(), keyOf(1))
		return len(producers) == 0 && !store.IsThere()
	}, patient, time.Millisecond)
	begun := time.Now()
	for range 1000 {
		store.Recall(t.Context(), keyOf(1))
	}
	assert.Less(t, time.Since(begun), time.Second)
	server.Again()
	require.Eventually(t, func() bool {
		one, _ := store.Recall(t.Context(), keyOf(1))
		two, _ := store.Recall(t.Context(), keyOf(2))
		return len(one) > 0 && len(two) > 0
	}, patient, 10*time.Millisecond)
	assert.Positive(t, store.Counts().Unanswered.Load())
	assert.Positive(t, store.Counts().Failures.Load())
}

func TestTheOldestMakeRoom(t *testing.T) {
	server := redistest.Start(t)
	server.Stop()
	store := open(t, server, func(o *Options) { o.QueueSize, o.Timeout = 10, 5*time.Millisecond })
	for n := range uint64(100) {
		store.Remember(producerOf(n, 1), nil)
	}
	// Those that are on their way come back behind the others.
	assert.LessOrEqual(t, store.Waiting(), 20)
	assert.GreaterOrEqual(t, store.Counts().Dropped.Load(), int64(80))
}
