package linkmendprocessor

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/linkmend/linkmend/collector/linkmendprocessor/internal/metadatatest"
)

// values are those of a metric, by their attributes but the processor.
func values(t *testing.T, of *componenttest.Telemetry, name string) map[string]int64 {
	t.Helper()
	got, err := of.GetMetric(name)
	require.NoError(t, err)
	var points []metricdata.DataPoint[int64]
	switch data := got.Data.(type) {
	case metricdata.Sum[int64]:
		points = data.DataPoints
	case metricdata.Gauge[int64]:
		points = data.DataPoints
	}
	values := map[string]int64{}
	for _, point := range points {
		id, ok := point.Attributes.Value("processor")
		assert.True(t, ok)
		assert.Equal(t, "linkmend", id.AsString())
		rest, _ := point.Attributes.Filter(func(kv attribute.KeyValue) bool { return kv.Key != "processor" })
		encoded := rest.Encoded(attribute.DefaultEncoder())
		values[encoded] = point.Value
	}
	return values
}

// TestTelemetry: what was done is told, under the names of `linkmend run`.
func TestTelemetry(t *testing.T) {
	of := componenttest.NewTelemetry()
	defer func() { require.NoError(t, of.Shutdown(context.Background())) }()
	sink := &consumertest.TracesSink{}
	p, err := NewFactory().CreateTraces(t.Context(), metadatatest.NewSettings(of), configured(0), sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, p.Shutdown(context.Background())) }()

	linked := request()
	link := spans([]ptrace.Traces{linked})[0].Links().AppendEmpty()
	link.SetTraceID(traceOf(0, 1))
	link.SetSpanID(spanOf(1))
	unnamed := receives(3)
	spans([]ptrace.Traces{unnamed})[0].Attributes().Remove("messaging.message.id")
	require.NoError(t, p.ConsumeTraces(t.Context(), join(sends(1), receives(1), receives(2), unnamed, linked, request())))

	for name, want := range map[string]map[string]int64{
		"linkmend_links_in":        {"": 1},
		"linkmend_links_out":       {"": 2},
		"linkmend_links_added":     {"messaging_system=rabbitmq": 1},
		"linkmend_spans_invalid":   {"": 0},
		"linkmend_held_spans":      {"": 0},
		"linkmend_index_entries":   {"": 1},
		"linkmend_index_evictions": {"reason=full": 0, "reason=expired": 0},
		"linkmend_rule_calls":      {"": 1},
		"linkmend_rule_faults":     {"rule=builtin": 0},
		"linkmend_unresolved": {
			"messaging_system=rabbitmq,reason=unresolved,service=orders": 1,
			"messaging_system=rabbitmq,reason=unnamed,service=orders":    1,
		},
	} {
		got := values(t, of, name)
		for attributes, value := range want {
			assert.Equal(t, value, got[attributes], "%s{%s} of %v", name, attributes, got)
		}
	}
	assert.Equal(t, int64(1), values(t, of, "linkmend_links_typed")["link_type=triggered_by,messaging_system=rabbitmq"])
	took, err := of.GetMetric("linkmend_rule_duration")
	require.NoError(t, err)
	assert.Equal(t, uint64(1), took.Data.(metricdata.Histogram[float64]).DataPoints[0].Count)
}
