// Brokers for recordings, each in this one process: `brokers kafka|nats|pubsub`
// listens on a free port of 127.0.0.1, prints its address on the first line of
// the standard output, and ends on SIGTERM or SIGINT.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// A broker is started by its constructor, which gives the address that clients
// connect to and what stops it.
type broker func(args []string) (address string, stop func(), err error)

var brokers = map[string]broker{
	"kafka":  kafka,
	"nats":   nats,
	"pubsub": pubsub,
}

func main() {
	if len(os.Args) < 2 || brokers[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: brokers kafka [TOPIC…] | nats | pubsub")
		os.Exit(2)
	}
	// Before the broker starts, so that no signal is missed.
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)

	address, stop, err := brokers[os.Args[1]](os.Args[2:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "brokers %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
	fmt.Println(address)
	<-ended
	stop()
}
