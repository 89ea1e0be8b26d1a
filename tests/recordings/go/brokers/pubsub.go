package main

import (
	"cloud.google.com/go/pubsub/v2/pstest"
)

// The fake of Google Cloud Pub/Sub that its Go client is tested with; clients
// find it by PUBSUB_EMULATOR_HOST.
func pubsub([]string) (string, func(), error) {
	server := pstest.NewServer()
	return server.Addr, func() { _ = server.Close() }, nil
}
