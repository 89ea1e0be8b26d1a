package linkmendprocessor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/linkmend/linkmend/collector/linkmendprocessor/internal/metadata"
)

// configured is a configuration with a time to hold.
func configured(hold time.Duration) *Config {
	config := createDefaultConfig().(*Config)
	config.Hold.Time = hold
	return config
}

// isLinked compares the links of a consumer with the one that it is to have.
func isLinked(t *testing.T, span ptrace.Span) {
	t.Helper()
	require.Equal(t, 1, span.Links().Len())
	id := span.SpanID()
	n := binary.BigEndian.Uint64(id[:]) - 1
	link := span.Links().At(0)
	assert.Equal(t, traceOf(ptrace.SpanKindProducer, n), link.TraceID())
	assert.Equal(t, spanOf(n), link.SpanID())
	value, _ := link.Attributes().Get("link.type")
	assert.Equal(t, "triggered_by", value.Str())
}

func TestAConsumerIsLinkedToItsProducer(t *testing.T) {
	p, sink := started(t, configured(0))
	require.NoError(t, p.ConsumeTraces(t.Context(), request()))
	require.NoError(t, p.ConsumeTraces(t.Context(), join(request(), sends(1), request())))
	require.NoError(t, p.ConsumeTraces(t.Context(), join(request(), receives(1), request())))
	all := spans(sink.AllTraces())
	require.Len(t, all, 7)
	isLinked(t, all[5])
	for n, span := range all {
		if n != 5 {
			assert.Zero(t, span.Links().Len())
		}
	}
}

func TestAConsumerWaitsForItsProducer(t *testing.T) {
	p, sink := started(t, configured(time.Minute))
	require.NoError(t, p.ConsumeTraces(t.Context(), join(receives(1), request())))
	assert.Equal(t, 1, sink.SpanCount())
	require.NoError(t, p.ConsumeTraces(t.Context(), receives(2)))
	assert.Equal(t, 1, sink.SpanCount(), "a batch of which nothing is left goes nowhere")
	require.NoError(t, p.ConsumeTraces(t.Context(), sends(1)))
	require.Eventually(t, func() bool { return sink.SpanCount() == 3 }, 10*time.Second, time.Millisecond)
	all := spans(sink.AllTraces())
	isLinked(t, all[2])
	service, _ := sink.AllTraces()[2].ResourceSpans().At(0).Resource().Attributes().Get("service.name")
	assert.Equal(t, "orders", service.Str())
}

func TestAConsumerWaitsNoLonger(t *testing.T) {
	p, sink := started(t, configured(200*time.Millisecond))
	begun := time.Now()
	require.NoError(t, p.ConsumeTraces(t.Context(), receives(1)))
	require.Eventually(t, func() bool { return sink.SpanCount() == 1 }, 10*time.Second, time.Millisecond)
	assert.GreaterOrEqual(t, time.Since(begun), 200*time.Millisecond)
}

// TestShutdown: what is held goes to the next component before Shutdown returns.
func TestShutdown(t *testing.T) {
	sink := &consumertest.TracesSink{}
	p, err := NewFactory().CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), configured(time.Minute), sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	for n := range uint64(3000) {
		require.NoError(t, p.ConsumeTraces(t.Context(), receives(n)))
	}
	before := sink.SpanCount()
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Less(t, before, 3000)
	assert.Equal(t, 3000, sink.SpanCount())
}

func TestTooMuchIsHeld(t *testing.T) {
	config := configured(time.Minute)
	config.Hold.MaxSpans, config.Hold.GiveUpAfter = 10, 0
	p, sink := started(t, config)
	for n := range uint64(25) {
		require.NoError(t, p.ConsumeTraces(t.Context(), receives(n)))
	}
	assert.Equal(t, 15, sink.SpanCount())
}

// TestRefused: held spans that the next component does not take are offered again.
func TestRefused(t *testing.T) {
	var mutex sync.Mutex
	offered, taken := 0, 0
	next, err := consuming(func(_ context.Context, traces ptrace.Traces) error {
		mutex.Lock()
		defer mutex.Unlock()
		offered++
		if offered < 3 {
			traces.ResourceSpans().RemoveIf(func(ptrace.ResourceSpans) bool { return true })
			return errors.New("not now")
		}
		taken += traces.SpanCount()
		return nil
	})
	require.NoError(t, err)
	p, err := NewFactory().CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), configured(50*time.Millisecond), next)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, p.ConsumeTraces(t.Context(), receives(1)))
	require.Eventually(t, func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		return taken == 1
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Equal(t, 3, offered)
}

// consuming is a component that takes batches by a function.
func consuming(take consumer.ConsumeTracesFunc) (consumer.Traces, error) {
	return consumer.NewTraces(take)
}

// TestHostileRules: whatever a rule does, no span is lost, and the next batch is served.
func TestHostileRules(t *testing.T) {
	for mode, text := range map[string]string{
		"loop":              "rule `hostile` failed: it ran longer than limits.call_time = 100ms",
		"recall-loop":       "rule `hostile` failed: it ran longer than limits.call_time = 100ms",
		"trap":              "rule `hostile` failed: it trapped: unreachable in process",
		"recursion":         "rule `hostile` failed: it trapped: out of bounds memory access in recurse < recurse < recurse < recurse",
		"memory":            "rule `hostile` failed: it needs more linear memory than limits.memory = 8388608 bytes",
		"remember-past-end": "rule `hostile` failed: it does not fit the interface linkmend:rule: a range reaches past",
		"recall-misaligned": "linkmend:rule: a pointer is not aligned",
		"recall-many":       "linkmend:rule: a ",
		"result-past-end":   "linkmend:rule: a range reaches past the end of its memory",
		"list-past-end":     "linkmend:rule: a ",
		"list-misaligned":   "linkmend:rule: a pointer is not aligned",
		"answer-past-end":   "linkmend:rule: a ",
		"answer-misaligned": "linkmend:rule: a pointer is not aligned",
		"no-result":         "neither a success nor an error",
		"output":            "rule `hostile` failed: it handed more to the host than limits.output = 1048576 bytes in one call",
		"says-error":        "rule `hostile` failed: it says: it is not my day",
		"no-such-span":      "it names span 1000000, and was given 1 spans",
		"no-such-action":    "rule `hostile` failed: it does not fit the interface",
		"invalid-context":   "an all-zero trace id or span id",
	} {
		for _, onError := range []string{onErrorPass, onErrorDrop, onErrorReject} {
			t.Run(mode+"/"+onError, func(t *testing.T) {
				config := configured(0)
				config.Rule = "../internal/rule/testdata/hostile/hostile.wasm"
				config.RuleConfig = map[string]any{"do": mode}
				config.Limits.CallTime, config.Limits.Memory, config.Limits.Output = time.Minute, 8<<20, 1<<20
				if strings.Contains(mode, "loop") {
					config.Limits.CallTime = 100 * time.Millisecond
				}
				config.OnError = onError
				p, sink := started(t, config)
				want := normalised(t, []ptrace.Traces{receives(1)})
				err := p.ConsumeTraces(t.Context(), receives(1))
				switch onError {
				case onErrorPass:
					require.NoError(t, err)
					assert.Equal(t, want, normalised(t, sink.AllTraces()))
				case onErrorDrop:
					require.NoError(t, err)
					assert.Zero(t, sink.SpanCount())
				case onErrorReject:
					require.ErrorContains(t, err, text)
					assert.False(t, consumererror.IsPermanent(err))
					assert.Zero(t, sink.SpanCount())
				}
				// What concerns nobody passes in any case.
				require.NoError(t, p.ConsumeTraces(t.Context(), ptrace.NewTraces()))
			})
		}
	}
}

func TestAGoodRuleOfOnesOwn(t *testing.T) {
	config := configured(0)
	config.Rule = "../internal/rule/testdata/hostile/hostile.wasm"
	config.RuleConfig = map[string]any{"do": "good"}
	p, sink := started(t, config)
	require.NoError(t, p.ConsumeTraces(t.Context(), receives(1)))
	assert.Equal(t, 1, spans(sink.AllTraces())[0].Links().Len())
}

// TestStart: what is wrong with a rule ends the start, and says so.
func TestStart(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		text   string
	}{
		"no such file": {func(c *Config) { c.Rule = "no-such.wasm" }, "no such file"},
		"no rule":      {func(c *Config) { c.Rule = "processor.go" }, "it is no WebAssembly"},
		"another sha256": {func(c *Config) {
			c.Rule = "../internal/rule/testdata/c-jobs.wasm"
			c.SHA256 = "2fd9fe4055dde3a074bab50b9fd5e81bde97dcc98d5c19ee2397cf2647add1a7"
		}, "and sha256 is 2fd9fe"},
		"a wrong key": {func(c *Config) { c.RuleConfig = map[string]any{"invalid_link": "keep"} }, "invalid_link"},
	} {
		t.Run(name, func(t *testing.T) {
			config := configured(time.Minute)
			test.change(config)
			p, err := NewFactory().CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), config, consumertest.NewNop())
			require.NoError(t, err)
			require.ErrorContains(t, p.Start(t.Context(), componenttest.NewNopHost()), test.text)
			require.NoError(t, p.Shutdown(t.Context()))
		})
	}
}

// TestManyAtOnce: batches come at the same time, consumers before and after producers;
// each span comes out once, and linked.
func TestManyAtOnce(t *testing.T) {
	p, sink := started(t, configured(time.Minute))
	const senders, each = 8, 200
	var wait sync.WaitGroup
	for s := range uint64(senders) {
		wait.Go(func() {
			for n := range uint64(each) {
				first, second := receives(s*each+n), sends(s*each+n)
				if n%2 == 0 {
					first, second = second, first
				}
				assert.NoError(t, p.ConsumeTraces(t.Context(), first))
				assert.NoError(t, p.ConsumeTraces(t.Context(), second))
			}
		})
	}
	wait.Wait()
	require.Eventually(t, func() bool { return sink.SpanCount() == 2*senders*each }, 30*time.Second, time.Millisecond)
	seen := map[string]bool{}
	for _, span := range spans(sink.AllTraces()) {
		name := fmt.Sprint(span.TraceID(), span.SpanID())
		assert.False(t, seen[name])
		seen[name] = true
		if span.Kind() == ptrace.SpanKindConsumer {
			isLinked(t, span)
		}
	}
	assert.Len(t, seen, 2*senders*each)
}

// TestARuleInC: a rule that is shown records.
func TestARuleInC(t *testing.T) { linksJobs(t, "../internal/rule/testdata/c-jobs.wasm") }

// TestARuleInGo: a rule of a language that cannot be compiled without WASI.
func TestARuleInGo(t *testing.T) {
	linkmend := os.Getenv("LINKMEND")
	if linkmend == "" {
		t.Skip("SKIPPED: LINKMEND is not set to the path of a linkmend to make a component with")
	}
	folder := t.TempDir()
	said, err := exec.CommandContext(t.Context(), linkmend, "rule", "new", "--lang", "go", "--into", folder, "go-jobs").CombinedOutput()
	require.NoError(t, err, string(said))
	build := exec.CommandContext(t.Context(), filepath.Join(folder, "go-jobs", "build"))
	build.Env = append(os.Environ(), "LINKMEND="+linkmend, "GOFLAGS=-modcacherw")
	if said, err := build.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: the rule cannot be built here: %v: %s", err, said)
	}
	linksJobs(t, filepath.Join(folder, "go-jobs", "go-jobs.wasm"))
}

// linksJobs: a rule that links spans by the ids of jobs does so, in more spans than one
// call brings.
func linksJobs(t *testing.T, rule string) {
	config := configured(0)
	config.Rule, config.Limits.CallTime = rule, time.Minute
	p, sink := started(t, config)
	job := func(kind ptrace.SpanKind, n uint64, ids ...string) ptrace.Traces {
		traces := message(kind, n)
		list := spans([]ptrace.Traces{traces})[0].Attributes().PutEmptySlice("job.id")
		for _, id := range ids {
			list.AppendEmpty().SetStr(id)
		}
		return traces
	}
	const jobs = 1200
	var created, worked []ptrace.Traces
	for n := range uint64(jobs + 1) {
		created = append(created, job(ptrace.SpanKindProducer, n, fmt.Sprint("job-", n)))
	}
	require.NoError(t, p.ConsumeTraces(t.Context(), join(created...)))
	for n := range uint64(jobs) {
		worked = append(worked, job(ptrace.SpanKindConsumer, n, fmt.Sprint("job-", n), fmt.Sprint("job-", n+1)), request())
	}
	sink.Reset()
	require.NoError(t, p.ConsumeTraces(t.Context(), join(worked...)))
	linked := 0
	for _, span := range spans(sink.AllTraces()) {
		if span.Kind() != ptrace.SpanKindConsumer {
			continue
		}
		require.Equal(t, 2, span.Links().Len())
		id := span.SpanID()
		n := binary.BigEndian.Uint64(id[:]) - 1
		assert.Equal(t, spanOf(n), span.Links().At(0).SpanID())
		assert.Equal(t, spanOf(n+1), span.Links().At(1).SpanID())
		linked++
	}
	assert.Equal(t, jobs, linked)
}

// TestAVeryLargeBatch: more spans than the kernel is shown at once.
func TestAVeryLargeBatch(t *testing.T) {
	before := mostSpans
	mostSpans = 100
	defer func() { mostSpans = before }()
	p, sink := started(t, configured(time.Minute))
	const messages = 1057
	batch := ptrace.NewTraces()
	for n := range uint64(messages) {
		receives(n).ResourceSpans().MoveAndAppendTo(batch.ResourceSpans())
		request().ResourceSpans().MoveAndAppendTo(batch.ResourceSpans())
	}
	for n := range uint64(messages) {
		sends(messages - 1 - n).ResourceSpans().MoveAndAppendTo(batch.ResourceSpans())
	}
	require.NoError(t, p.ConsumeTraces(t.Context(), batch))
	require.Eventually(t, func() bool { return sink.SpanCount() == 3*messages }, time.Minute, 10*time.Millisecond)
	for _, span := range spans(sink.AllTraces()) {
		if span.Kind() == ptrace.SpanKindConsumer {
			isLinked(t, span)
		}
	}
}
