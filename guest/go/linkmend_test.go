package linkmend

import (
	"strings"
	"testing"
)

type jobs struct{ attribute string }

func (*jobs) About() About { return About{"jobs", "1.0.0", "Links a job to its request."} }

func (rule *jobs) Configure(config *Config) { rule.attribute = config.Text("attribute", "id") }

func (rule *jobs) Wants() Wants { return Wants{Attributes: []string{rule.attribute}} }

func (rule *jobs) Produces(span *Span) []Key {
	if span.Kind() != Producer {
		return nil
	}
	return Keys("job", span.IDsOf(rule.attribute))
}

func (rule *jobs) Awaits(span *Span) []Key {
	if span.Kind() != Consumer {
		return nil
	}
	return Keys("job", span.IDsOf(rule.attribute))
}

func (rule *jobs) Mend(span *Span, found []Message, edits *Edits) {
	for _, job := range found {
		edits.Link(job.Nearest(), String("link.type", "triggered_by"))
	}
	if _, ok := span.Attribute("id"); ok && span.Name() == "fails" {
		var nobody *Span
		_ = nobody.raw.Name
	}
}

func process(t *testing.T, spans ...*TestSpan) ([]Mended, error) {
	t.Helper()
	bench, err := NewBench(func() Rule { return new(jobs) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return bench.Process(spans, false)
}

func span(kind Kind, id any) *TestSpan {
	return &TestSpan{Kind: kind, Attributes: map[string]any{"id": id}}
}

func TestALinkIsMadeOnce(t *testing.T) {
	producer := span(Producer, "a")
	mended, err := process(t, producer, span(Consumer, []string{"a", "a", "b"}))
	if err != nil || len(mended[1].Added) != 1 || mended[1].Notes[Unresolved] != 1 {
		t.Fatal(mended, err)
	}
	if mended[1].Added[0].Context.IDs != producer.Context.IDs {
		t.Error(mended)
	}
}

func TestAProducerThatStartedLaterIsNone(t *testing.T) {
	producer, consumer := span(Producer, "a"), span(Consumer, "a")
	consumer.Start, producer.Start = 1_760_000_000_000_000_000, 1_760_000_006_000_000_000
	mended, err := process(t, producer, consumer)
	if err != nil || len(mended[1].Added) != 0 || mended[1].Notes[TooLate] != 1 {
		t.Error(mended, err)
	}
}

func TestAPanicNamesTheSpan(t *testing.T) {
	wrong := span(Consumer, "a")
	wrong.Name = "fails"
	_, err := process(t, wrong)
	if err == nil || !strings.Contains(err.Error(), "panic: runtime error") ||
		!strings.HasSuffix(err.Error(), "(fails)") {
		t.Error(err)
	}
}

func TestAllUnknownKeysAreRefused(t *testing.T) {
	_, err := NewBench(func() Rule { return new(jobs) }, map[string]any{"b": 1, "a": 2})
	if err == nil || err.Error() != "`a` is not known; `b` is not known; there is `attribute`" {
		t.Error(err)
	}
	_, err = NewBench(func() Rule { return new(jobs) }, map[string]any{"attribute": 2})
	if err == nil || err.Error() != "`attribute` must be a text, not 2" {
		t.Error(err)
	}
}
