// Command tally is a backend that counts: it takes spans by OTLP/gRPC, and when it
// is told to end (SIGTERM) it prints how many spans came, and of how many consumers
// the link is there, to the producer of the same message and to no other.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip"
)

var listen = flag.String("listen", "127.0.0.1:0", "where to listen")

type identity struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

type consumer struct {
	message string
	links   []identity
}

type tally struct {
	ptraceotlp.UnimplementedGRPCServer
	lock      sync.Mutex
	spans     map[identity]struct{}
	twice     int
	producers map[string]identity
	consumers []consumer
}

func (t *tally) Export(_ context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	for _, resource := range request.Traces().ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				t.take(span)
			}
		}
	}
	return ptraceotlp.NewExportResponse(), nil
}

func (t *tally) take(span ptrace.Span) {
	id := identity{span.TraceID(), span.SpanID()}
	if _, known := t.spans[id]; known {
		t.twice++
		return
	}
	t.spans[id] = struct{}{}
	message, is := span.Attributes().Get("messaging.message.id")
	if !is {
		return
	}
	if span.Kind() == ptrace.SpanKindProducer {
		t.producers[message.Str()] = id
		return
	}
	consumer := consumer{message: message.Str()}
	for _, link := range span.Links().All() {
		consumer.links = append(consumer.links, identity{link.TraceID(), link.SpanID()})
	}
	t.consumers = append(t.consumers, consumer)
}

// told is what came.
func (t *tally) told() map[string]int {
	t.lock.Lock()
	defer t.lock.Unlock()
	linked := 0
	for _, consumer := range t.consumers {
		producer, known := t.producers[consumer.message]
		if known && len(consumer.links) == 1 && consumer.links[0] == producer {
			linked++
		}
	}
	return map[string]int{
		"spans": len(t.spans), "twice": t.twice, "producers": len(t.producers),
		"consumers": len(t.consumers), "linked": linked,
	}
}

func main() {
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	counts := &tally{spans: map[identity]struct{}{}, producers: map[string]identity{}}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	ptraceotlp.RegisterGRPCServer(server, counts)
	fmt.Fprintf(os.Stdout, "{\"listening\":%q}\n", listener.Addr())
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-ends
		server.GracefulStop()
	}()
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(counts.told()); err != nil {
		log.Fatal(err)
	}
}
