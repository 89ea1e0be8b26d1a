package linkmendprocessor

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"gopkg.in/yaml.v3"
)

func parse(t *testing.T, text string) (*Config, error) {
	t.Helper()
	values := map[string]any{}
	require.NoError(t, yaml.Unmarshal([]byte(text), &values))
	config := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(values).Unmarshal(config); err != nil {
		return nil, err
	}
	return config, confmap.Validate(config)
}

// TestEveryKey reads a file with every key.
func TestEveryKey(t *testing.T) {
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	require.NoError(t, conf.Unmarshal(config))
	require.NoError(t, confmap.Validate(config))

	redis := defaultRedisConfig()
	redis.Endpoint, redis.Username, redis.Password = "rediss://localhost:6380", "linkmend", "secret"
	redis.KeyPrefix, redis.Timeout, redis.QueueSize, redis.Cluster = "team", 20*time.Millisecond, 1000, true
	redis.TLS.ServerName = "store"
	assert.Equal(t, &Config{
		Rule:       "rules/team.wasm",
		SHA256:     "2fd9fe4055dde3a074bab50b9fd5e81bde97dcc98d5c19ee2397cf2647add1a7",
		RuleConfig: map[string]any{"max_links": 64, "retry": map[string]any{"names": []any{"a", "b"}}},
		Limits: LimitsConfig{
			Memory: 32 << 20, TableElements: 1000, InitTime: 2 * time.Second, CallTime: 500 * time.Millisecond,
			Output: 1048576, Growth: 2e6, EditsPerSpan: 1024, MaxLinks: 64,
		},
		OnError: "reject",
		Hold:    HoldConfig{Time: 3 * time.Second, MaxSpans: 100, MaxBytes: 1 << 20, GiveUpAfter: 10},
		Index:   IndexConfig{MaxEntries: 1000, TimeToLive: time.Minute, Redis: &redis},
	}, config)
}

func TestDefaults(t *testing.T) {
	config, err := parse(t, "{}")
	require.NoError(t, err)
	assert.Equal(t, createDefaultConfig(), config)
	config, err = parse(t, "{index: {redis: {endpoint: valkey://store}}}")
	require.NoError(t, err)
	want := defaultRedisConfig()
	want.Endpoint = "valkey://store"
	assert.Equal(t, &want, config.Index.Redis)
}

// TestWhatIsWrong: each mistake is told by its key, and the way out.
func TestWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"{rules: builtin}":                                          "rules",
		"{rule: ''}":                                                "rule: it is empty; give `builtin`",
		"{rule: oci://host/name}":                                   "linkmend rule pull",
		"{sha256: ab}":                                              "sha256: the built-in rule has none",
		"{rule: a.wasm, sha256: xyz}":                               `sha256: "xyz" is not 64 hex digits`,
		"{on_error: skip}":                                          `on_error: "skip" is not one of pass, drop and reject`,
		"{limits: {memory: 64 gigs}}":                               `"64 gigs" is no number of bytes`,
		"{limits: {memory: 0}}":                                     "limits: memory: 0 is not between 0 (excluded)",
		"{limits: {call_time: -1s}}":                                "limits: call_time: -1s",
		"{hold: {time: -1s}}":                                       "hold: time: -1s",
		"{hold: {max_spans: 0}}":                                    "hold: max_spans: 0",
		"{hold: {storage: file_storage}}":                           "hold::storage: the Collector's processor does not have it",
		"{hold: {wait_for_result: true}}":                           "hold::wait_for_result: the Collector's",
		"{scope: {metadata_keys: [tenant]}}":                        "scope: the Collector's processor does not have it",
		"{flows: {metrics: true}}":                                  "`linkmend run` has them",
		"{index: {storage: file_storage}}":                          "use index::redis",
		"{index: {max_entries: 0}}":                                 "index: max_entries: 0",
		"{index: {time_to_live: -1s}}":                              "time_to_live: -1s is negative",
		"{index: {redis: {}}}":                                      "index::redis: endpoint: it is empty",
		"{index: {redis: {endpoint: host:6379}}}":                   "it is no URL of a store",
		"{index: {redis: {endpoint: 'redis://u:p@host'}}}":          "has credentials in it",
		"{index: {redis: {endpoint: 'redis://host/x'}}}":            `"x" is no number of a database`,
		"{index: {redis: {endpoints: ['redis://a', 'redis://b']}}}": "cluster: true",
		"{index: {redis: {endpoint: 'redis://a', endpoints: ['redis://b']}}}":       "not both",
		"{index: {redis: {endpoint: 'redis://a', key_prefix: '{x}'}}}":              "has a brace",
		"{index: {redis: {endpoint: 'redis://a', timeout: 0s}}}":                    "timeout: 0s",
		"{index: {redis: {cluster: true, endpoints: ['redis://a', 'rediss://b']}}}": "differ in more than the server",
		"{index: {redis: {cluster: true, endpoint: 'redis://a/1'}}}":                "a cluster has one database",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := parse(t, text)
			require.ErrorContains(t, err, want)
			assert.NotContains(t, err.Error(), "u:p@")
		})
	}
}
