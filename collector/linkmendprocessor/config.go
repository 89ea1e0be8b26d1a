package linkmendprocessor

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// builtin is the rule that lies in the binary.
const builtin = "builtin"

// What becomes of a batch when the rule fails.
const (
	onErrorPass   = "pass"
	onErrorDrop   = "drop"
	onErrorReject = "reject"
)

// Config is the configuration of the processor: keys and defaults are those of the
// processor of `linkmend run`.
type Config struct {
	// Rule is "builtin", or the path of a component.
	Rule string `mapstructure:"rule"`
	// SHA256 is what the file of the rule must have, in hex; empty: any.
	SHA256 string `mapstructure:"sha256"`
	// RuleConfig is the configuration of the rule.
	RuleConfig map[string]any `mapstructure:"config"`
	// Limits are what the rule may use.
	Limits LimitsConfig `mapstructure:"limits"`
	// OnError is what to do with a batch when the rule fails: pass, drop or reject.
	OnError string `mapstructure:"on_error"`
	// Hold says how spans wait for those that they will be linked to.
	Hold HoldConfig `mapstructure:"hold"`
	// Index says what is remembered of messages.
	Index IndexConfig `mapstructure:"index"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// LimitsConfig are the limits of a rule.
type LimitsConfig struct {
	// Memory is the linear memory of an instance.
	Memory ByteSize `mapstructure:"memory"`
	// TableElements are the table elements of an instance.
	TableElements uint32 `mapstructure:"table_elements"`
	// InitTime is the time for making an instance and configuring it.
	InitTime time.Duration `mapstructure:"init_time"`
	// CallTime is the time for one call.
	CallTime time.Duration `mapstructure:"call_time"`
	// Output is how much one call may pass to the host.
	Output ByteSize `mapstructure:"output"`
	// Growth is by how much the edits may let a batch grow.
	Growth ByteSize `mapstructure:"growth"`
	// EditsPerSpan are the edits for one span.
	EditsPerSpan uint64 `mapstructure:"edits_per_span"`
	// MaxLinks are the links that a span may have after a rule has edited it.
	MaxLinks uint32 `mapstructure:"max_links"`
}

// HoldConfig says how spans wait.
type HoldConfig struct {
	// Time is how long a span waits; 0: no span waits.
	Time time.Duration `mapstructure:"time"`
	// MaxSpans is how many spans may wait.
	MaxSpans uint64 `mapstructure:"max_spans"`
	// MaxBytes is how large they may be together.
	MaxBytes ByteSize `mapstructure:"max_bytes"`
	// GiveUpAfter is how many spans of one resource in a row may wait in vain.
	GiveUpAfter uint64 `mapstructure:"give_up_after"`
}

// IndexConfig says what is remembered.
type IndexConfig struct {
	// MaxEntries is how many producers of messages are remembered.
	MaxEntries uint64 `mapstructure:"max_entries"`
	// TimeToLive is how long a producer is remembered; 0: as long as there is room.
	TimeToLive time.Duration `mapstructure:"time_to_live"`
	// Redis is a store that others share; nil: none.
	Redis *RedisConfig `mapstructure:"redis"`
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
	_ confmap.Validator   = (*Config)(nil)
	_ confmap.Validator   = (*LimitsConfig)(nil)
	_ confmap.Validator   = (*HoldConfig)(nil)
	_ confmap.Validator   = (*IndexConfig)(nil)
)

func createDefaultConfig() component.Config {
	return &Config{
		Rule: builtin,
		Limits: LimitsConfig{
			Memory:        64 << 20,
			TableElements: 100_000,
			InitTime:      5 * time.Second,
			CallTime:      time.Second,
			Output:        64 << 20,
			Growth:        64 << 20,
			EditsPerSpan:  65_536,
			MaxLinks:      128,
		},
		OnError: onErrorPass,
		Hold: HoldConfig{
			Time:        6 * time.Second,
			MaxSpans:    20_000,
			MaxBytes:    32 << 20,
			GiveUpAfter: 256,
		},
		Index: IndexConfig{MaxEntries: 1_000_000, TimeToLive: 15 * time.Minute},
	}
}

// elsewhere are the keys that the processor of `linkmend run` has and this one has not.
var elsewhere = map[string]string{
	"public_key":            "rules of registries are pulled by `linkmend rule pull`; give the path of the file",
	"scope":                 "keep tenants apart by a Collector, or a pipeline with a processor of its own, for each",
	"flows":                 "`linkmend run` has them",
	"hold::storage":         "spans that wait are in memory here, and are sent on at shutdown",
	"hold::wait_for_result": "the sender of a batch does not wait for its held spans here",
	"index::storage":        "use index::redis for what is to outlive a restart",
}

// Unmarshal implements confmap.Unmarshaler: keys of `linkmend run` that mean nothing
// here are told apart from keys that do not exist.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	var errs error
	for _, key := range conf.AllKeys() {
		for known, instead := range elsewhere {
			if key == known || strings.HasPrefix(key, known+confmap.KeyDelimiter) {
				errs = errors.Join(errs, fmt.Errorf("%s: the Collector's processor does not have it: %s", known, instead))
			}
		}
	}
	if errs != nil {
		return errs
	}
	return conf.Unmarshal(c)
}

// Validate implements confmap.Validator.
func (c *Config) Validate() error {
	var errs error
	switch {
	case c.Rule == "":
		errs = errors.Join(errs, errors.New("rule: it is empty; give `builtin` or the path of a component"))
	case strings.HasPrefix(c.Rule, "oci://"):
		errs = errors.Join(errs, errors.New("rule: the Collector pulls no rules from registries: "+
			"fetch it with `linkmend rule pull`, and give the path of the file and its sha256"))
	case c.Rule == builtin && c.SHA256 != "":
		errs = errors.Join(errs, errors.New("sha256: the built-in rule has none; give the path of a rule, or leave it away"))
	}
	if sum, err := hex.DecodeString(c.SHA256); c.SHA256 != "" && (err != nil || len(sum) != 32) {
		errs = errors.Join(errs, fmt.Errorf("sha256: %q is not 64 hex digits", c.SHA256))
	}
	switch c.OnError {
	case onErrorPass, onErrorDrop, onErrorReject:
	default:
		errs = errors.Join(errs, fmt.Errorf("on_error: %q is not one of pass, drop and reject", c.OnError))
	}
	if _, err := c.ruleConfig(); err != nil {
		errs = errors.Join(errs, fmt.Errorf("config: %w", err))
	}
	return errs
}

// Validate implements confmap.Validator.
func (c *LimitsConfig) Validate() error {
	const largest = 4 << 30 // what a module can address
	return errors.Join(
		above("memory", c.Memory, largest),
		above("table_elements", c.TableElements, 1<<32-1),
		above("init_time", c.InitTime, time.Hour),
		above("call_time", c.CallTime, time.Hour),
		above("output", c.Output, largest),
		above("growth", c.Growth, largest),
		above("edits_per_span", c.EditsPerSpan, 1<<32-1),
	)
}

// Validate implements confmap.Validator.
func (c *HoldConfig) Validate() error {
	if c.Time == 0 {
		return nil
	}
	const most = 1 << 31
	return errors.Join(
		above("time", c.Time, 24*time.Hour),
		above("max_spans", c.MaxSpans, most),
		above("max_bytes", c.MaxBytes, most),
	)
}

// Validate implements confmap.Validator.
func (c *IndexConfig) Validate() error {
	errs := above("max_entries", c.MaxEntries, 20_000_000)
	if c.TimeToLive < 0 {
		errs = errors.Join(errs, fmt.Errorf("time_to_live: %v is negative; 0 is as long as there is room", c.TimeToLive))
	}
	return errs
}

// above tells of a value that is not above 0, or more than it can be.
func above[T ~int64 | ~uint32 | ~uint64](key string, value, most T) error {
	if value > 0 && value <= most {
		return nil
	}
	return fmt.Errorf("%s: %v is not between 0 (excluded) and %v", key, value, most)
}

// ruleConfig is the configuration of the rule, a JSON object.
func (c *Config) ruleConfig() (string, error) {
	if c.RuleConfig == nil {
		return "{}", nil
	}
	text, err := json.Marshal(c.RuleConfig)
	return string(text), err
}
