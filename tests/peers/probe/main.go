// Command probe asks the health service of gRPC, as probes do: once, or it
// watches until the server ends.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

var (
	target  = flag.String("target", "", "host:port")
	service = flag.String("service", "", "the service to ask for")
	watch   = flag.Bool("watch", false, "watch it until the end")
	idle    = flag.Duration("idle", 0, "how long to keep the connection before, with a ping each 10 s")
)

func main() {
	flag.Parse()
	connection, err := grpc.NewClient(*target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 10 * time.Second, PermitWithoutStream: true,
		}))
	if err != nil {
		log.Fatal(err)
	}
	connection.Connect()
	time.Sleep(*idle)
	fmt.Println(connection.GetState())
	health := grpc_health_v1.NewHealthClient(connection)
	request := &grpc_health_v1.HealthCheckRequest{Service: *service}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if !*watch {
		response, err := health.Check(ctx, request)
		fmt.Println(response.GetStatus(), status.Code(err))
		return
	}
	stream, err := health.Watch(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			fmt.Println(status.Code(err))
			return
		}
		fmt.Println(response.GetStatus())
	}
}
