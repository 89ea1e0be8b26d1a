package linkmendprocessor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/linkmend/linkmend/collector/internal/redistest"
	"github.com/linkmend/linkmend/collector/linkmendprocessor/internal/metadatatest"
)

// sharing is a configuration with a store.
func sharing(server *redistest.Server, hold time.Duration) *Config {
	config := configured(hold)
	store := defaultRedisConfig()
	store.Endpoint, store.Timeout = server.URL(), time.Second
	config.Index.Redis = &store
	return config
}

// TestTwoCollectorsShare: a consumer that passes one Collector is linked to its producer
// that passed the other one, before it or after it.
func TestTwoCollectorsShare(t *testing.T) {
	server := redistest.Start(t)
	one, sinkOfOne := started(t, sharing(server, time.Minute))
	other, sinkOfOther := started(t, sharing(server, time.Minute))
	require.NoError(t, one.ConsumeTraces(t.Context(), sends(1)))
	require.NoError(t, other.ConsumeTraces(t.Context(), receives(2)))
	require.NoError(t, one.ConsumeTraces(t.Context(), sends(2)))
	require.NoError(t, other.ConsumeTraces(t.Context(), receives(1)))
	require.Eventually(t, func() bool { return sinkOfOther.SpanCount() == 2 }, 30*time.Second, time.Millisecond)
	for _, span := range spans(sinkOfOther.AllTraces()) {
		isLinked(t, span)
	}
	assert.Equal(t, 2, sinkOfOne.SpanCount())
}

// TestACollectorAndLinkmendShare: what `linkmend process` remembers is found by the
// Collector, and the other way round.
func TestACollectorAndLinkmendShare(t *testing.T) {
	linkmend := os.Getenv("LINKMEND")
	if linkmend == "" {
		t.Skip("SKIPPED: LINKMEND is not set to the path of a linkmend to share with")
	}
	server := redistest.Start(t)
	process := func(name string, batch ptrace.Traces) ptrace.Traces {
		path := filepath.Join(t.TempDir(), name+".pb")
		bytes, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(batch)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, bytes, 0o600))
		said, err := exec.CommandContext(t.Context(), linkmend, "process", path, "--index", server.URL(),
			"--format", "proto", "-o", path+".mended").CombinedOutput()
		require.NoError(t, err, string(said))
		mended, err := os.ReadFile(path + ".mended")
		require.NoError(t, err)
		traces, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(mended)
		require.NoError(t, err)
		return traces
	}
	p, sink := started(t, sharing(server, time.Minute))

	require.NoError(t, p.ConsumeTraces(t.Context(), receives(1)))
	process("producer", sends(1))
	require.Eventually(t, func() bool { return sink.SpanCount() == 1 }, 30*time.Second, time.Millisecond)
	isLinked(t, spans(sink.AllTraces())[0])

	require.NoError(t, p.ConsumeTraces(t.Context(), sends(2)))
	require.Eventually(t, func() bool {
		mended := spans([]ptrace.Traces{process("consumer", receives(2))})
		return mended[0].Links().Len() == 1
	}, 30*time.Second, 50*time.Millisecond)
}

// TestAStoreThatIsAway: it costs no span and little time.
func TestAStoreThatIsAway(t *testing.T) {
	server := redistest.Start(t)
	config := sharing(server, 0)
	config.Index.Redis.Timeout = 50 * time.Millisecond
	p, sink := started(t, config)
	require.NoError(t, p.ConsumeTraces(t.Context(), sends(1)))
	server.Stop()
	begun := time.Now()
	for range 50 {
		require.NoError(t, p.ConsumeTraces(t.Context(), receives(1)))
	}
	assert.Less(t, time.Since(begun), 20*time.Second)
	all := spans(sink.AllTraces())
	require.Len(t, all, 51)
	for _, span := range all[1:] {
		isLinked(t, span)
	}
}

// TestSharedTelemetry: what the store was asked and told is counted.
func TestSharedTelemetry(t *testing.T) {
	server := redistest.Start(t)
	other, _ := started(t, sharing(server, 0))
	require.NoError(t, other.ConsumeTraces(t.Context(), sends(1)))

	of := componenttest.NewTelemetry()
	defer func() { require.NoError(t, of.Shutdown(context.Background())) }()
	p, err := NewFactory().CreateTraces(t.Context(), metadatatest.NewSettings(of), sharing(server, 0), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, p.Shutdown(context.Background())) }()
	require.NoError(t, p.ConsumeTraces(t.Context(), sends(2)))
	require.Eventually(t, func() bool { return values(t, of, "linkmend_shared_index_writes")["result=written"] == 1 }, 30*time.Second, 10*time.Millisecond)
	client := redis.NewClient(&redis.Options{Addr: server.Address, DisableIdentity: true})
	defer func() { require.NoError(t, client.Close()) }()
	require.Eventually(t, func() bool { return client.DBSize(t.Context()).Val() == 2 }, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, p.ConsumeTraces(t.Context(), join(receives(1), receives(2), receives(3))))
	// The figures of the kernel are looked at twice a second.
	require.Eventually(t, func() bool {
		return values(t, of, "linkmend_shared_index_lookups")["result=there"] == 1
	}, 30*time.Second, 10*time.Millisecond)
	assert.Equal(t, map[string]int64{"result=here": 1, "result=there": 1, "result=nowhere": 1, "result=unanswered": 0},
		values(t, of, "linkmend_shared_index_lookups"))
	assert.Equal(t, map[string]int64{"state=asked": 1, "state=away": 0}, values(t, of, "linkmend_shared_index_servers"))
	assert.Equal(t, map[string]int64{"": 0}, values(t, of, "linkmend_shared_index_waiting"))
	took, err := of.GetMetric("linkmend_shared_index_round_trip")
	require.NoError(t, err)
	assert.Positive(t, took.Data.(metricdata.Histogram[float64]).DataPoints[0].Count)
}
