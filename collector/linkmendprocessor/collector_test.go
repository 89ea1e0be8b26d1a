package linkmendprocessor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// collector is a Collector that the builder made of builder.yaml, between a sender and
// a backend of OTLP over HTTP.
type collector struct {
	t       *testing.T
	process *exec.Cmd
	url     string
	backend *consumertest.TracesSink
	log     safeLog
	ended   chan error
}

// safeLog is what a process says, while it says it.
type safeLog struct {
	mutex sync.Mutex
	bytes bytes.Buffer
}

func (l *safeLog) Write(more []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.bytes.Write(more)
}

func (l *safeLog) has(text string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return bytes.Contains(l.bytes.Bytes(), []byte(text))
}

// startCollector starts one, with the settings of the processor.
func startCollector(t *testing.T, processor string) *collector {
	t.Helper()
	path := os.Getenv("OTELCOL_LINKMEND")
	if path == "" {
		t.Skip("SKIPPED: OTELCOL_LINKMEND is not set to the path of a Collector of builder.yaml")
	}
	c := &collector{t: t, backend: &consumertest.TracesSink{}, ended: make(chan error, 1)}
	server := httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(server.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	c.url = "http://" + address + "/v1/traces"
	config := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(config, []byte(fmt.Sprintf(`
receivers: {otlp: {protocols: {http: {endpoint: %q}}}}
processors: {linkmend: %s}
exporters: {otlp_http: {endpoint: %q, compression: none, sending_queue: {enabled: false}}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], processors: [linkmend], exporters: [otlp_http]}}
`, address, processor, server.URL)), 0o600))
	c.process = exec.Command(path, "--config", config)
	c.process.Stderr = &c.log
	require.NoError(t, c.process.Start())
	go func() { c.ended <- c.process.Wait() }()
	t.Cleanup(func() { _ = c.process.Process.Kill() })
	require.Eventually(t, func() bool { return c.log.has("Everything is ready") }, time.Minute, 10*time.Millisecond)
	// It says so before it begins to obey signals, and nothing tells when that is.
	time.Sleep(time.Second)
	return c
}

// take is the backend.
func (c *collector) take(answer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	taken := ptraceotlp.NewExportRequest()
	if err == nil {
		err = taken.UnmarshalProto(body)
	}
	if err == nil {
		err = c.backend.ConsumeTraces(context.Background(), taken.Traces())
	}
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadRequest)
	}
}

func (c *collector) send(batch ptrace.Traces) {
	c.t.Helper()
	body, err := ptraceotlp.NewExportRequestFromTraces(batch).MarshalProto()
	require.NoError(c.t, err)
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url, bytes.NewReader(body))
	require.NoError(c.t, err)
	request.Header.Set("Content-Type", "application/x-protobuf")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	require.NoError(c.t, err)
	require.NoError(c.t, answer.Body.Close())
	require.Equal(c.t, http.StatusOK, answer.StatusCode)
}

// stop ends the Collector as a system does.
func (c *collector) stop() {
	c.t.Helper()
	require.NoError(c.t, c.process.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-c.ended:
		require.NoError(c.t, err)
	case <-time.After(time.Minute):
		c.t.Fatal("it does not end")
	}
}

// TestACollector: recordings pass a real Collector, and come out as of `linkmend process`.
func TestACollector(t *testing.T) {
	linkmend := os.Getenv("LINKMEND")
	if linkmend == "" {
		t.Skip("SKIPPED: LINKMEND is not set to the path of a linkmend to compare with")
	}
	for _, of := range []string{
		"go/franz-links-zeroed", "javascript/amqplib-off", "jvm/spring-kafka-batches-old-agent-lost",
		"jvm/rabbitmq-client-newest-names-lost", "python/celery-off", "python/pubsub-zeroed",
	} {
		t.Run(of, func(t *testing.T) {
			path := filepath.Join(recordings, of+".pb.gz")
			if _, err := os.Stat(path); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(t.TempDir(), "out.pb.gz")
			said, err := exec.CommandContext(t.Context(), linkmend, "process", path, "--format", "framed", "-o", out).CombinedOutput()
			require.NoError(t, err, string(said))
			c := startCollector(t, "{hold: {time: 0s}}")
			for _, batch := range readFrames(t, path) {
				c.send(batch)
			}
			c.backend.Reset()
			for _, batch := range readFrames(t, path) {
				c.send(batch)
			}
			c.stop()
			assert.Equal(t, normalised(t, readFrames(t, out)), normalised(t, c.backend.AllTraces()))
		})
	}
}

// TestACollectorEnds: what it holds reaches the backend before it has ended.
func TestACollectorEnds(t *testing.T) {
	c := startCollector(t, "{hold: {time: 10m}}")
	for n := range uint64(100) {
		c.send(receives(n))
	}
	assert.Zero(t, c.backend.SpanCount())
	c.send(sends(7))
	c.stop()
	assert.Equal(t, 101, c.backend.SpanCount())
	for _, span := range spans(c.backend.AllTraces()) {
		if span.SpanID() == spanOf(7) && span.Kind() == ptrace.SpanKindConsumer {
			isLinked(t, span)
		}
	}
}

// TestACollectorWithAHostileRule: it goes on, and no span is lost.
func TestACollectorWithAHostileRule(t *testing.T) {
	for _, mode := range []string{"loop", "memory", "trap", "list-past-end"} {
		t.Run(mode, func(t *testing.T) {
			rule, err := filepath.Abs("../internal/rule/testdata/hostile/hostile.wasm")
			require.NoError(t, err)
			c := startCollector(t, fmt.Sprintf(
				"{rule: %q, config: {do: %s}, limits: {call_time: 200ms, memory: 8MiB}, hold: {time: 0s}}", rule, mode))
			begun := time.Now()
			for n := range uint64(20) {
				c.send(receives(n))
			}
			assert.Less(t, time.Since(begun), 30*time.Second)
			c.stop()
			assert.Equal(t, 20, c.backend.SpanCount())
		})
	}
}
