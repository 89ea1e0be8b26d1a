package linkmendprocessor

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"gopkg.in/yaml.v3"

	"github.com/linkmend/linkmend/collector/linkmendprocessor/internal/metadata"
)

// recordings are what real emitters say of messages.
const recordings = "../../tests/recordings/data"

// TestEveryDoor: every recording, and every golden case of the example rules in Rust, comes
// out of the processor, of a Collector with it, and of `linkmend run`, with the links that
// `linkmend process` gives it. That reads a file twice, so the others are shown each twice,
// too: what they make of it the second time counts.
func TestEveryDoor(t *testing.T) {
	linkmend := os.Getenv("LINKMEND")
	if linkmend == "" {
		t.Skip("SKIPPED: LINKMEND is not set to the path of a linkmend to compare with")
	}
	cases := append(ofRecordings(t, linkmend), ofExampleRules(t)...)
	t.Run("processor", func(t *testing.T) { through(t, cases, processes) })
	t.Run("run", func(t *testing.T) {
		run := []string{linkmend, "run", "--state-dir", t.TempDir(), "--config"}
		through(t, cases, func(t *testing.T, some []conforming) [][]ptrace.Traces {
			return passes(t, run, some)
		})
	})
	t.Run("Collector", func(t *testing.T) {
		otelcol := os.Getenv("OTELCOL_LINKMEND")
		if otelcol == "" {
			t.Skip("SKIPPED: OTELCOL_LINKMEND is not set to the path of a Collector of builder.yaml")
		}
		through(t, cases, func(t *testing.T, some []conforming) [][]ptrace.Traces {
			return passes(t, []string{otelcol, "--config"}, some)
		})
	})
}

// conforming is what goes in, and what is to come out.
type conforming struct {
	name string
	// rule is the path of one, or empty.
	rule   string
	config map[string]any
	// before and after are read anew by each who needs them.
	before, after func(testing.TB) []ptrace.Traces
}

// through shows cases to a door, some at a time.
func through(t *testing.T, cases []conforming, door func(*testing.T, []conforming) [][]ptrace.Traces) {
	const atOnce = 40
	for some := range slices.Chunk(cases, atOnce) {
		for n, came := range door(t, some) {
			t.Run(some[n].name, func(t *testing.T) {
				assert.Equal(t, normalised(t, some[n].after(t)), normalised(t, came))
			})
		}
	}
}

func ofRecordings(t *testing.T, linkmend string) (cases []conforming) {
	for _, folder := range []string{"go", "javascript", "jvm", "python"} {
		for _, of := range readRecordings(t, folder) {
			path := filepath.Join(recordings, folder, of.Name+".pb.gz")
			out := filepath.Join(t.TempDir(), "out.pb.gz")
			arguments := []string{"process", path, "--format", "framed", "-o", out}
			c := conforming{
				name:   folder + "/" + of.Name,
				before: func(t testing.TB) []ptrace.Traces { return readFrames(t, path) },
				after:  func(t testing.TB) []ptrace.Traces { return readFrames(t, out) },
			}
			if of.Config != "" {
				file := filepath.Join(recordings, folder, of.Config)
				arguments = append(arguments, "--rule-config", file)
				c.config = readConfig(t, file)
			}
			said, err := exec.CommandContext(t.Context(), linkmend, arguments...).CombinedOutput()
			require.NoError(t, err, string(said))
			cases = append(cases, c)
		}
	}
	assert.Greater(t, len(cases), 300)
	return cases
}

// ofExampleRules are golden cases: what comes out of them was written by people.
func ofExampleRules(t *testing.T) (cases []conforming) {
	built := os.Getenv("LINKMEND_RULES")
	if built == "" {
		t.Log("SKIPPED: LINKMEND_RULES is not set to a folder with the example rules in Rust")
		return nil
	}
	built, err := filepath.Abs(built)
	require.NoError(t, err)
	for _, rule := range []string{"scheduled-jobs", "team-types"} {
		found, err := filepath.Glob(filepath.Join("../../examples/rules", rule, "tests/*/before.jsonl"))
		require.NoError(t, err)
		require.NotEmpty(t, found)
		for _, before := range found {
			folder := filepath.Dir(before)
			c := conforming{
				name:   rule + "/" + filepath.Base(folder),
				rule:   filepath.Join(built, rule+".wasm"),
				before: func(t testing.TB) []ptrace.Traces { return readLines(t, before) },
				after:  func(t testing.TB) []ptrace.Traces { return readLines(t, filepath.Join(folder, "after.jsonl")) },
			}
			if config := filepath.Join(folder, "rule.yaml"); exists(config) {
				c.config = readConfig(t, config)
			}
			cases = append(cases, c)
		}
	}
	return cases
}

type recording struct {
	Name   string `json:"name"`
	Config string `json:"config"`
}

func readRecordings(t *testing.T, folder string) (read []recording) {
	text, err := os.ReadFile(filepath.Join(recordings, folder, "recordings.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &read))
	return read
}

func readConfig(t *testing.T, file string) (config map[string]any) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &config))
	return config
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readLines reads a file of OTLP in JSON, a batch a line.
func readLines(t testing.TB, path string) (batches []ptrace.Traces) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range bytes.Lines(content) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		batch, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
		require.NoError(t, err)
		batches = append(batches, batch)
	}
	return batches
}

// processes is the processor by itself.
func processes(t *testing.T, cases []conforming) (came [][]ptrace.Traces) {
	for _, c := range cases {
		config := createDefaultConfig().(*Config)
		config.Hold.Time = 0
		config.RuleConfig = c.config
		if c.rule != "" {
			config.Rule = c.rule
		}
		p, sink := started(t, config)
		for _, batch := range c.before(t) {
			require.NoError(t, p.ConsumeTraces(t.Context(), batch))
		}
		sink.Reset()
		for _, batch := range c.before(t) {
			require.NoError(t, p.ConsumeTraces(t.Context(), batch))
		}
		came = append(came, sink.AllTraces())
	}
	return came
}

// passes is a program with a pipeline for each case: its configuration is that of
// linkmend as well as of a Collector.
func passes(t *testing.T, program []string, cases []conforming) (came [][]ptrace.Traces) {
	settings := make([]string, len(cases))
	for n, c := range cases {
		rule := builtin
		if c.rule != "" {
			rule = c.rule
		}
		config, err := json.Marshal(c.config)
		require.NoError(t, err)
		if c.config == nil {
			config = []byte("{}")
		}
		settings[n] = fmt.Sprintf("{rule: %q, config: %s, hold: {time: 0s}}", rule, config)
	}
	h := startHop(t, program, settings)
	for n, c := range cases {
		for _, batch := range c.before(t) {
			h.send(n, batch)
		}
		h.backends[n].Reset()
		for _, batch := range c.before(t) {
			h.send(n, batch)
		}
	}
	h.stop()
	for n := range cases {
		came = append(came, h.backends[n].AllTraces())
	}
	return came
}

// started is a processor that runs until the test ends.
func started(t testing.TB, config *Config) (processor.Traces, *consumertest.TracesSink) {
	t.Helper()
	sink := &consumertest.TracesSink{}
	p, err := NewFactory().CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), config, sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, p.Shutdown(context.Background())) })
	return p, sink
}

// readFrames reads a file of OTLP requests, each behind its length.
func readFrames(t testing.TB, path string) (batches []ptrace.Traces) {
	t.Helper()
	packed, err := os.ReadFile(path)
	require.NoError(t, err)
	unpacker, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	content, err := io.ReadAll(unpacker)
	require.NoError(t, err)
	for len(content) > 0 {
		length := binary.BigEndian.Uint32(content)
		batch, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(content[4 : 4+length])
		require.NoError(t, err)
		batches = append(batches, batch)
		content = content[4+length:]
	}
	return batches
}

// normalised are spans as OTLP, in an order that does not depend on that of the
// batches, and with attributes in the order of their keys. Links keep theirs.
func normalised(t testing.TB, batches []ptrace.Traces) (spans []string) {
	t.Helper()
	for _, batch := range batches {
		for _, resource := range batch.ResourceSpans().All() {
			for _, scope := range resource.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					alone := ptrace.NewTraces()
					to := alone.ResourceSpans().AppendEmpty()
					resource.Resource().CopyTo(to.Resource())
					toScope := to.ScopeSpans().AppendEmpty()
					scope.Scope().CopyTo(toScope.Scope())
					toSpan := toScope.Spans().AppendEmpty()
					span.CopyTo(toSpan)
					for _, link := range toSpan.Links().All() {
						sort(link.Attributes())
					}
					text, err := (&ptrace.JSONMarshaler{}).MarshalTraces(alone)
					require.NoError(t, err)
					spans = append(spans, string(text))
				}
			}
		}
	}
	slices.Sort(spans)
	return spans
}

func sort(attributes pcommon.Map) {
	type pair struct {
		key   string
		value pcommon.Value
	}
	var pairs []pair
	for key, value := range attributes.All() {
		kept := pcommon.NewValueEmpty()
		value.CopyTo(kept)
		pairs = append(pairs, pair{key, kept})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	attributes.Clear()
	for _, p := range pairs {
		p.value.CopyTo(attributes.PutEmpty(p.key))
	}
}
