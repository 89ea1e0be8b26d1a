package shared

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/linkmend/linkmend/collector/internal/redistest"
)

// TestRepliesAreFollowed: wherever the bytes are cut, the same is seen, and nothing is open
// when all of them are there.
func TestRepliesAreFollowed(t *testing.T) {
	said := "+OK\r\n:12\r\n$3\r\na\nb\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n*2\r\n$1\r\n*\r\n_\r\n-ERR no\r\n" +
		"%2\r\n+a\r\n#t\r\n+b\r\n~1\r\n,1.5\r\n>1\r\n+x\r\n=5\r\ntxt:a\r\n!3\r\nERR\r\n(1234567890123456789012\r\n" +
		"-" + strings.Repeat("long ", 50) + "\r\n"
	var whole replies
	wanted, err := whole.read([]byte(said))
	require.NoError(t, err)
	assert.Greater(t, wanted, int64(len(said)))
	for step := 1; step < len(said); step++ {
		var r replies
		var takes int64
		for rest := []byte(said); len(rest) > 0; {
			some, err := r.read(rest[:min(step, len(rest))])
			require.NoError(t, err)
			takes += some
			rest = rest[min(step, len(rest)):]
		}
		assert.Equal(t, wanted, takes)
		assert.Empty(t, r.lists)
		assert.Empty(t, r.line)
		assert.Zero(t, r.text)
	}
}

func TestWhatIsAnnouncedCounts(t *testing.T) {
	for said, least := range map[string]int64{
		"$500000000\r\n":      500_000_000,
		"=500000000\r\n":      500_000_000,
		"*1000000\r\n":        16_000_000,
		"%1000000\r\n":        100_000_000,
		"*1\r\n~1000000\r\n":  16_000_000,
		"*4294967295\r\n:1\r": math.MaxUint32 * 16,
	} {
		var r replies
		takes, err := r.read([]byte(said))
		require.NoError(t, err)
		assert.GreaterOrEqual(t, takes, least, said)
	}
	for _, said := range []string{
		"\r\n", "\n", "x1\r\n", "$\r\n", "$-2\r\n", "$+1\r\n", "$1\n", "$1\rx\n", "$?\r\n",
		"*9223372036854775807\r\n", "$99999999999999999999999\r\n", "|1\r\n",
		strings.Repeat("*1\r\n", 9), "%-9223372036854775808\r\n",
	} {
		var r replies
		_, err := r.read([]byte(said))
		assert.ErrorIs(t, err, errNonsense, said)
	}
}

// FuzzReplies: what the client reads of some bytes takes no more than is counted, and it
// neither panics nor goes deep.
func FuzzReplies(f *testing.F) {
	for _, said := range []string{"*2\r\n$1\r\na\r\n:1\r\n", "%1\r\n+a\r\n*1\r\n_\r\n", "$-1\r\n", ">2\r\n+a\r\n+b\r\n+OK\r\n"} {
		f.Add([]byte(said))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		one, other := net.Pipe()
		connection := &bounded{Conn: one}
		const left = 1 << 20
		connection.left.Store(left)
		go func() {
			_, _ = other.Write(said)
			_ = other.Close()
		}()
		rest, err := io.ReadAll(connection)
		_ = one.Close()
		if err == nil {
			assert.Equal(t, said, rest)
		} else if !errors.Is(err, errTooMuch) {
			assert.ErrorIs(t, err, errNonsense)
		}
	})
}

// hostile is a server that answers one command with something, and all others with an error.
func hostile(t *testing.T, command, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var running sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
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
					for range max(strings.Count(string(asked[:n]), "*"), 1) {
						said := "-ERR unknown command\r\n"
						if strings.Contains(string(asked[:n]), command) {
							said = answer
						}
						_, _ = io.WriteString(connection, said)
					}
				}
			})
		}
	})
	return listener.Addr().String()
}

// TestAServerThatAnnouncesTooMuch and sends nothing of it: a list of a billion answers would
// end a Collector, and so would lists in lists without end.
func TestAServerThatAnnouncesTooMuch(t *testing.T) {
	for _, answer := range []string{
		"*1\r\n$500000000\r\n",
		"*1000000000\r\n",
		"*9223372036854775807\r\n",
		"*1\r\n$9223372036854775807\r\n",
		"%100000000\r\n",
		strings.Repeat("*1\r\n", 500_000),
		strings.Repeat("|0\r\n", 500_000),
	} {
		t.Run(fmt.Sprintf("%.30q", answer), func(t *testing.T) {
			for _, command := range []string{"mget", "hello"} {
				store := Open(Options{
					Servers: Servers{Addresses: []string{hostile(t, command, answer)}}, KeyPrefix: "linkmend",
					Timeout: 200 * time.Millisecond, QueueSize: 10, Logger: zap.NewNop(),
				})
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for range 3 {
					producers, _ := store.Recall(t.Context(), keyOf(1))
					assert.Empty(t, producers)
				}
				runtime.ReadMemStats(&after)
				// A connection has a few buffers.
				assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
				require.NoError(t, store.Close(context.Background()))
			}
		})
	}
}

// TestACluster: what the client wants to know of its servers is not too much.
func TestACluster(t *testing.T) {
	server := redistest.StartCluster(t)
	options := func(o *Options) { o.Cluster = true }
	one, other := open(t, server, options), open(t, server, options)
	var keys []byte
	for n := range uint64(1000) {
		one.Remember(producerOf(n, 1), nil)
		keys = append(keys, keyOf(n)...)
	}
	require.Eventually(t, func() bool { return one.Waiting() == 0 }, patient, time.Millisecond)
	producers, _ := other.Recall(t.Context(), keys)
	assert.Len(t, producers, 1000*sizeOfProducer)
	assert.Zero(t, one.Counts().Failures.Load()+other.Counts().Failures.Load())

	// With the questions that it asks when it has to find out what a command is.
	client := other.client.(*redis.ClusterClient)
	commands, err := client.Command(t.Context()).Result()
	require.NoError(t, err)
	assert.NotEmpty(t, commands)
}
