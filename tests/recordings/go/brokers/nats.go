package main

import (
	"errors"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// A NATS server with JetStream, whose files are gone when it ends.
func nats([]string) (string, func(), error) {
	store, err := os.MkdirTemp("", "recordings-nats-")
	if err != nil {
		return "", nil, err
	}
	instance, err := server.NewServer(&server.Options{
		Host:      "127.0.0.1",
		Port:      server.RANDOM_PORT,
		JetStream: true,
		StoreDir:  store,
		NoLog:     true,
		NoSigs:    true,
	})
	if err != nil {
		return "", nil, err
	}
	stop := func() {
		instance.Shutdown()
		instance.WaitForShutdown()
		_ = os.RemoveAll(store)
	}
	go instance.Start()
	if !instance.ReadyForConnections(10 * time.Second) {
		stop()
		return "", nil, errors.New("the server was not ready within 10 s")
	}
	return instance.ClientURL(), stop, nil
}
