package shared

import (
	"context"
	"encoding/binary"
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
