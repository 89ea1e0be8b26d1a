package linkmendprocessor

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
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

// TestRecordings: every recording comes out of the processor with the links that
// `linkmend process` gives it. That reads a file twice, so the processor is shown each
// twice, too: what it makes of it the second time counts.
func TestRecordings(t *testing.T) {
	linkmend := os.Getenv("LINKMEND")
	if linkmend == "" {
		t.Skip("SKIPPED: LINKMEND is not set to the path of a linkmend to compare with")
	}
	compared := 0
	for _, folder := range []string{"go", "javascript", "jvm", "python"} {
		for _, recording := range readRecordings(t, folder) {
			t.Run(folder+"/"+recording.Name, func(t *testing.T) {
				compare(t, linkmend, folder, recording)
			})
			compared++
		}
	}
	assert.Greater(t, compared, 300)
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

func compare(t *testing.T, linkmend, folder string, of recording) {
	path := filepath.Join(recordings, folder, of.Name+".pb.gz")
	out := filepath.Join(t.TempDir(), "out.pb.gz")
	arguments := []string{"process", path, "--format", "framed", "-o", out}
	config := createDefaultConfig().(*Config)
	config.Hold.Time = 0
	if of.Config != "" {
		file := filepath.Join(recordings, folder, of.Config)
		arguments = append(arguments, "--rule-config", file)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(text, &config.RuleConfig))
	}
	said, err := exec.CommandContext(t.Context(), linkmend, arguments...).CombinedOutput()
	require.NoError(t, err, string(said))

	p, sink := started(t, config)
	for _, batch := range readFrames(t, path) {
		require.NoError(t, p.ConsumeTraces(t.Context(), batch))
	}
	sink.Reset()
	for _, batch := range readFrames(t, path) {
		require.NoError(t, p.ConsumeTraces(t.Context(), batch))
	}
	assert.Equal(t, normalised(t, readFrames(t, out)), normalised(t, sink.AllTraces()))
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
