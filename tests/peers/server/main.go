// Command server is a bare grpc-go server of OTLP. It answers as its arguments
// say, in the compression in which it was asked, as grpc-go does by itself, and
// prints a line of JSON for each request.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"sync"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	// Register these compressions with grpc-go.
	_ "github.com/mostynb/go-grpc-compression/nonclobbering/zstd"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

var (
	listen = flag.String("listen", "127.0.0.1:0", "where to listen")
	reject = flag.Int64("reject", 0, "how many items of each request to reject")
	say    = flag.String("say", "", "the text of the partial success")
	code   = flag.Uint("code", 0, "the code of gRPC to answer with")
	first  = flag.Int("first", -1, "how many requests are answered with it; all by default")
)

var (
	lock  sync.Mutex
	count int
)

// took notes a request, and says what it is answered.
func took(ctx context.Context, signal string, items int) error {
	lock.Lock()
	defer lock.Unlock()
	headers, _ := metadata.FromIncomingContext(ctx)
	line, err := json.Marshal(map[string]any{
		"signal": signal, "items": items,
		"accepts": headers.Get("grpc-accept-encoding"),
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, string(line))
	count++
	if *code != 0 && (*first < 0 || count <= *first) {
		return status.Error(codes.Code(*code), "as it was told")
	}
	return nil
}

type traces struct {
	ptraceotlp.UnimplementedGRPCServer
}

func (*traces) Export(ctx context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	response := ptraceotlp.NewExportResponse()
	response.PartialSuccess().SetRejectedSpans(*reject)
	response.PartialSuccess().SetErrorMessage(*say)
	return response, took(ctx, "traces", request.Traces().SpanCount())
}

type metrics struct {
	pmetricotlp.UnimplementedGRPCServer
}

func (*metrics) Export(ctx context.Context, request pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	response := pmetricotlp.NewExportResponse()
	response.PartialSuccess().SetRejectedDataPoints(*reject)
	response.PartialSuccess().SetErrorMessage(*say)
	return response, took(ctx, "metrics", request.Metrics().DataPointCount())
}

type logs struct {
	plogotlp.UnimplementedGRPCServer
}

func (*logs) Export(ctx context.Context, request plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	response := plogotlp.NewExportResponse()
	response.PartialSuccess().SetRejectedLogRecords(*reject)
	response.PartialSuccess().SetErrorMessage(*say)
	return response, took(ctx, "logs", request.Logs().LogRecordCount())
}

func main() {
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, &traces{})
	pmetricotlp.RegisterGRPCServer(server, &metrics{})
	plogotlp.RegisterGRPCServer(server, &logs{})
	fmt.Fprintf(os.Stdout, "{\"listening\":%q}\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
