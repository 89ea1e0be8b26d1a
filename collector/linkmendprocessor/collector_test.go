package linkmendprocessor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// hop is a program with some pipelines, each between a sender and a backend of OTLP over
// HTTP: a Collector that the builder made of builder.yaml, or `linkmend run`.
type hop struct {
	t        *testing.T
	process  *exec.Cmd
	urls     []string
	backends []*consumertest.TracesSink
	log      safeLog
	ended    chan error
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

func (l *safeLog) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.bytes.String()
}

// startCollector starts one with one pipeline, with the settings of the processor.
func startCollector(t *testing.T, processor string) *hop {
	t.Helper()
	path := os.Getenv("OTELCOL_LINKMEND")
	if path == "" {
		t.Skip("SKIPPED: OTELCOL_LINKMEND is not set to the path of a Collector of builder.yaml")
	}
	return startHop(t, []string{path, "--config"}, []string{processor})
}

// startHop starts a program, which takes the path of its configuration as its last argument,
// with a pipeline for each of these settings of the processor.
func startHop(t *testing.T, program, processors []string) *hop {
	t.Helper()
	h := &hop{t: t, ended: make(chan error, 1)}
	addresses := freeAddresses(t, len(processors))
	sections := map[string]string{}
	for n, processor := range processors {
		backend := &consumertest.TracesSink{}
		server := httptest.NewServer(take(backend))
		t.Cleanup(server.Close)
		h.backends = append(h.backends, backend)
		h.urls = append(h.urls, "http://"+addresses[n]+"/v1/traces")
		for section, text := range map[string]string{
			"receivers":  fmt.Sprintf("  otlp/%d: {protocols: {http: {endpoint: %q}}}\n", n, addresses[n]),
			"processors": fmt.Sprintf("  linkmend/%d: %s\n", n, processor),
			"exporters": fmt.Sprintf("  otlp_http/%d: {endpoint: %q, compression: none, "+
				"sending_queue: {enabled: false}}\n", n, server.URL),
			"pipelines": fmt.Sprintf("    traces/%d: {receivers: [otlp/%d], processors: [linkmend/%d], "+
				"exporters: [otlp_http/%d]}\n", n, n, n, n),
		} {
			sections[section] += text
		}
	}
	config := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(config, []byte(
		"receivers:\n"+sections["receivers"]+"processors:\n"+sections["processors"]+
			"exporters:\n"+sections["exporters"]+
			"service:\n  telemetry: {metrics: {level: none}}\n  pipelines:\n"+sections["pipelines"]), 0o600))
	h.process = exec.Command(program[0], append(slices.Clone(program[1:]), config)...)
	h.process.Stderr = &h.log
	require.NoError(t, h.process.Start())
	go func() { h.ended <- h.process.Wait() }()
	t.Cleanup(func() { _ = h.process.Process.Kill() })
	listen := func() bool { return !slices.ContainsFunc(addresses, isSilent) }
	for begun := time.Now(); !listen(); time.Sleep(10 * time.Millisecond) {
		if len(h.ended) > 0 || time.Since(begun) > time.Minute {
			t.Fatal(h.log.String())
		}
	}
	// It listens before it begins to obey signals, and nothing tells when that is.
	time.Sleep(time.Second)
	return h
}

// freeAddresses are so many, all of them others. They are below those that systems give to
// connections, so that none of them is taken until the program listens.
func freeAddresses(t *testing.T, count int) (addresses []string) {
	t.Helper()
	for len(addresses) < count {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		listener, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		defer func() { require.NoError(t, listener.Close()) }()
		addresses = append(addresses, address)
	}
	return addresses
}

func isSilent(address string) bool {
	connection, err := net.Dial("tcp", address)
	return err != nil || connection.Close() != nil
}

// take is a backend.
func take(backend *consumertest.TracesSink) http.HandlerFunc {
	return func(answer http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		taken := ptraceotlp.NewExportRequest()
		if err == nil {
			err = taken.UnmarshalProto(body)
		}
		if err == nil {
			err = backend.ConsumeTraces(context.Background(), taken.Traces())
		}
		if err != nil {
			http.Error(answer, err.Error(), http.StatusBadRequest)
		}
	}
}

// send sends a batch into a pipeline.
func (h *hop) send(pipeline int, batch ptrace.Traces) {
	h.t.Helper()
	body, err := ptraceotlp.NewExportRequestFromTraces(batch).MarshalProto()
	require.NoError(h.t, err)
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.urls[pipeline], bytes.NewReader(body))
	require.NoError(h.t, err)
	request.Header.Set("Content-Type", "application/x-protobuf")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	require.NoError(h.t, err)
	require.NoError(h.t, answer.Body.Close())
	require.Equal(h.t, http.StatusOK, answer.StatusCode)
}

// stop ends the program as a system does.
func (h *hop) stop() {
	h.t.Helper()
	require.NoError(h.t, h.process.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-h.ended:
		require.NoError(h.t, err)
	case <-time.After(time.Minute):
		h.t.Fatal("it does not end")
	}
}

// TestACollectorEnds: what it holds reaches the backend before it has ended.
func TestACollectorEnds(t *testing.T) {
	h := startCollector(t, "{hold: {time: 10m}}")
	for n := range uint64(100) {
		h.send(0, receives(n))
	}
	assert.Zero(t, h.backends[0].SpanCount())
	h.send(0, sends(7))
	h.stop()
	assert.Equal(t, 101, h.backends[0].SpanCount())
	for _, span := range spans(h.backends[0].AllTraces()) {
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
			h := startCollector(t, fmt.Sprintf(
				"{rule: %q, config: {do: %s}, limits: {call_time: 200ms, memory: 8MiB}, hold: {time: 0s}}", rule, mode))
			begun := time.Now()
			for n := range uint64(20) {
				h.send(0, receives(n))
			}
			assert.Less(t, time.Since(begun), 30*time.Second)
			h.stop()
			assert.Equal(t, 20, h.backends[0].SpanCount())
		})
	}
}
