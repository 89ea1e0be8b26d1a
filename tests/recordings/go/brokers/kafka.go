package main

import (
	"github.com/twmb/franz-go/pkg/kfake"
)

// One Kafka broker, topics made when they are first asked for, with two
// partitions each; those that are named are there from the start.
func kafka(topics []string) (string, func(), error) {
	options := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.Ports(0),
		kfake.AllowAutoTopicCreation(),
		kfake.DefaultNumPartitions(2),
	}
	if len(topics) > 0 {
		options = append(options, kfake.SeedTopics(2, topics...))
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		return "", nil, err
	}
	return cluster.ListenAddrs()[0], cluster.Close, nil
}
