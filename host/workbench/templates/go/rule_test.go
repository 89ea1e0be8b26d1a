package main

import (
	"strings"
	"testing"

	linkmend "github.com/linkmend/linkmend/guest/go"
)

func bench(t *testing.T, config map[string]any) *linkmend.Bench {
	t.Helper()
	bench, err := linkmend.NewBench(func() linkmend.Rule { return new({{type}}) }, config)
	if err != nil {
		t.Fatal(err)
	}
	return bench
}

func span(kind linkmend.Kind, key string, id any) *linkmend.TestSpan {
	return &linkmend.TestSpan{Kind: kind, Attributes: map[string]any{key: id}}
}

func TestWorkIsLinkedToItsRequest(t *testing.T) {
	request := span(linkmend.Server, "job.id", "7")
	mended, err := bench(t, nil).Process([]*linkmend.TestSpan{request, span(linkmend.Internal, "job.id", "7")}, false)
	if err != nil || len(mended[0].Added) != 0 || len(mended[1].Added) != 1 {
		t.Fatal(mended, err)
	}
	link := mended[1].Added[0]
	if link.Context.IDs != request.Context.IDs || link.Attributes["link.type"] != "triggered_by" {
		t.Error(link)
	}
}

func TestALinkThatIsThereIsNotMadeAgain(t *testing.T) {
	request, work := span(linkmend.Server, "job.id", "7"), span(linkmend.Consumer, "job.id", "7")
	request.Context, _ = linkmend.ParseContext(strings.Repeat("1", 32), strings.Repeat("2", 16))
	work.Links = append(work.Links, linkmend.TestLink{Context: request.Context})
	mended, err := bench(t, nil).Process([]*linkmend.TestSpan{request, work}, false)
	if err != nil || len(mended[1].Added) != 0 {
		t.Error(mended, err)
	}
}

func TestTheAttributeIsConfigured(t *testing.T) {
	spans := []*linkmend.TestSpan{
		span(linkmend.Client, "task", 12), span(linkmend.Consumer, "task", []int64{12, 13}),
	}
	mended, err := bench(t, map[string]any{"attribute": "task"}).Process(spans, false)
	if err != nil || len(mended[1].Added) != 1 || mended[1].Notes[linkmend.Unresolved] != 1 {
		t.Error(mended, err)
	}
}

func TestWorkWaitsForARequestThatIsNotThereYet(t *testing.T) {
	mended, err := bench(t, nil).Process([]*linkmend.TestSpan{span(linkmend.Internal, "job.id", "7")}, true)
	if err != nil || !mended[0].Deferred {
		t.Error(mended, err)
	}
}

func TestAnUnknownKeyIsRefused(t *testing.T) {
	_, err := linkmend.NewBench(func() linkmend.Rule { return new({{type}}) }, map[string]any{"atribute": "x"})
	if err == nil || !strings.Contains(err.Error(), "`atribute` is not known; there is `attribute`") {
		t.Error(err)
	}
}
