package linkmendprocessor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/confmap"

	"github.com/linkmend/linkmend/collector/internal/shared"
)

// RedisConfig says where a store is that others share, on Valkey or Redis.
type RedisConfig struct {
	// Endpoint is the server, as a URL.
	Endpoint string `mapstructure:"endpoint"`
	// Endpoints are several: of a cluster, or a primary and its replicas.
	Endpoints []string `mapstructure:"endpoints"`
	// Cluster says that the servers are one.
	Cluster bool `mapstructure:"cluster"`
	// Username is for whom to ask.
	Username string `mapstructure:"username"`
	// Password is theirs.
	Password configopaque.String `mapstructure:"password"`
	// TLS is that of the client, if URLs begin with rediss.
	TLS configtls.ClientConfig `mapstructure:"tls"`
	// KeyPrefix is what all keys begin with.
	KeyPrefix string `mapstructure:"key_prefix"`
	// Timeout is how long a batch waits for an answer.
	Timeout time.Duration `mapstructure:"timeout"`
	// QueueSize is how many producers may wait to be written.
	QueueSize int64 `mapstructure:"queue_size"`
}

var (
	_ confmap.Unmarshaler = (*RedisConfig)(nil)
	_ confmap.Validator   = (*RedisConfig)(nil)
)

func defaultRedisConfig() RedisConfig {
	return RedisConfig{
		TLS:       configtls.NewDefaultClientConfig(),
		KeyPrefix: "linkmend",
		Timeout:   50 * time.Millisecond,
		QueueSize: 200_000,
	}
}

// Unmarshal implements confmap.Unmarshaler: what is not said has its default.
func (c *RedisConfig) Unmarshal(conf *confmap.Conf) error {
	*c = defaultRedisConfig()
	return conf.Unmarshal(c)
}

// Validate implements confmap.Validator.
func (c *RedisConfig) Validate() error {
	errs := errors.Join(
		above("timeout", c.Timeout, time.Minute),
		above("queue_size", c.QueueSize, 1<<31),
	)
	if strings.ContainsAny(c.KeyPrefix, "{}") {
		errs = errors.Join(errs, fmt.Errorf("key_prefix: %q has a brace: all keys would be in one slot of a cluster", c.KeyPrefix))
	}
	switch {
	case c.Endpoint == "" && len(c.Endpoints) == 0:
		errs = errors.Join(errs, errors.New("endpoint: it is empty; give a URL like redis://host:6379"))
	case c.Endpoint != "" && len(c.Endpoints) > 0:
		errs = errors.Join(errs, errors.New("endpoint: give it or endpoints, not both"))
	default:
		errs = errors.Join(errs, c.validateServers())
	}
	return errs
}

func (c *RedisConfig) validateServers() error {
	servers, err := shared.ParseURLs(c.urls())
	switch {
	case err != nil:
		return err
	case c.Cluster && servers.Database != 0:
		return errors.New("endpoint: a cluster has one database, 0")
	case !c.Cluster && len(servers.Addresses) > 1:
		return errors.New("endpoints: several servers are those of a cluster here: say cluster: true; " +
			"of a primary and its replicas give the address that leads to the primary")
	}
	return nil
}

func (c *RedisConfig) urls() []string {
	if c.Endpoint != "" {
		return []string{c.Endpoint}
	}
	return c.Endpoints
}
