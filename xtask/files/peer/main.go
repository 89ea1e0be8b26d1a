// Command peer mends a file the plain way: pdata's structs, a map, two readings.
// It adds the missing link of a consumer whose message id a producer has, which is
// less than `linkmend process` does.
//
//	peer INPUT OUTPUT
//
// JSON Lines if INPUT ends in .jsonl, otherwise messages behind their lengths.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"os"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

type producer struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

type key struct{ system, destination, id string }

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: peer INPUT OUTPUT")
	}
	producers := map[key]producer{}
	check(each(os.Args[1], func(traces ptrace.Traces) error {
		spans(traces, func(span ptrace.Span) {
			if span.Kind() == ptrace.SpanKindProducer {
				if k, ok := keyOf(span); ok {
					producers[k] = producer{span.TraceID(), span.SpanID()}
				}
			}
		})
		return nil
	}))
	file, err := os.Create(os.Args[2])
	check(err)
	output := bufio.NewWriterSize(file, 1<<20)
	check(each(os.Args[1], func(traces ptrace.Traces) error {
		spans(traces, func(span ptrace.Span) { mend(span, producers) })
		return write(output, traces)
	}))
	check(output.Flush())
	check(file.Close())
}

func mend(span ptrace.Span, producers map[key]producer) {
	if span.Kind() != ptrace.SpanKindConsumer {
		return
	}
	k, ok := keyOf(span)
	if !ok {
		return
	}
	found, ok := producers[k]
	if !ok {
		return
	}
	for i := range span.Links().Len() {
		link := span.Links().At(i)
		if link.TraceID() == found.trace && link.SpanID() == found.span {
			return
		}
	}
	link := span.Links().AppendEmpty()
	link.SetTraceID(found.trace)
	link.SetSpanID(found.span)
	link.Attributes().PutStr("link.type", "message")
}

func keyOf(span ptrace.Span) (key, bool) {
	attributes := span.Attributes()
	id, ok := attributes.Get("messaging.message.id")
	if !ok {
		return key{}, false
	}
	return key{text(attributes, "messaging.system"), text(attributes, "messaging.destination.name"), id.Str()}, true
}

func text(attributes pcommon.Map, name string) string {
	value, _ := attributes.Get(name)
	return value.Str()
}

func spans(traces ptrace.Traces, do func(ptrace.Span)) {
	for _, resource := range traces.ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				do(span)
			}
		}
	}
}

func isJSON() bool { return strings.HasSuffix(os.Args[1], ".jsonl") }

// each reads a file batch by batch.
func each(path string, do func(ptrace.Traces) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	input := bufio.NewReaderSize(file, 1<<20)
	for {
		traces, err := read(input)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = do(traces)
		}
		if err != nil {
			return err
		}
	}
}

func read(input *bufio.Reader) (ptrace.Traces, error) {
	if isJSON() {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return ptrace.Traces{}, err
		}
		return (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
	}
	var length [4]byte
	if _, err := io.ReadFull(input, length[:]); err != nil {
		return ptrace.Traces{}, err
	}
	message := make([]byte, binary.BigEndian.Uint32(length[:]))
	if _, err := io.ReadFull(input, message); err != nil {
		return ptrace.Traces{}, err
	}
	return (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(message)
}

func write(output *bufio.Writer, traces ptrace.Traces) error {
	if isJSON() {
		line, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
		if err != nil {
			return err
		}
		_, err = output.Write(append(line, '\n'))
		return err
	}
	message, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	if err != nil {
		return err
	}
	length := binary.BigEndian.AppendUint32(nil, uint32(len(message)))
	if _, err := output.Write(length); err != nil {
		return err
	}
	_, err = output.Write(message)
	return err
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
