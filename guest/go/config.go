package linkmend

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Config is the configuration of a rule: a JSON object. What nobody takes from it is
// refused by name.
type Config struct {
	values map[string]any
	known  []string
}

// ConfigError is what is wrong with the configuration, for its user: the key and the
// way out.
type ConfigError string

func (text ConfigError) Error() string { return string(text) }

func refuse(format string, arguments ...any) {
	panic(ConfigError(fmt.Sprintf(format, arguments...)))
}

func parseConfig(text string) *Config {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var values any
	if err := decoder.Decode(&values); err != nil {
		refuse("the configuration is not JSON: %v", err)
	}
	object, ok := values.(map[string]any)
	if !ok {
		refuse("the configuration must be an object, not %s", said(values))
	}
	return &Config{values: object}
}

func (config *Config) take(key string) (any, bool) {
	config.known = append(config.known, key)
	value, ok := config.values[key]
	return value, ok
}

// Text is a text that is not empty; what it is where the key is missing comes second.
func (config *Config) Text(key, missing string) string {
	value, ok := config.take(key)
	if !ok {
		return missing
	}
	text, ok := value.(string)
	if !ok || text == "" {
		refuse("`%s` must be a text, not %s", key, said(value))
	}
	return text
}

// Texts is a list of texts.
func (config *Config) Texts(key string, missing []string) []string {
	value, ok := config.take(key)
	if !ok {
		return missing
	}
	list, ok := value.([]any)
	var texts []string
	for _, item := range list {
		text, is := item.(string)
		ok = ok && is && text != ""
		texts = append(texts, text)
	}
	if !ok {
		refuse("`%s` must be a list of texts, not %s", key, said(value))
	}
	return texts
}

// Flag is true or false.
func (config *Config) Flag(key string, missing bool) bool {
	value, ok := config.take(key)
	if !ok {
		return missing
	}
	flag, ok := value.(bool)
	if !ok {
		refuse("`%s` must be true or false, not %s", key, said(value))
	}
	return flag
}

// Integer is one from least to most.
func (config *Config) Integer(key string, missing, least, most int64) int64 {
	value, ok := config.take(key)
	if !ok {
		return missing
	}
	number, ok := value.(json.Number)
	integer, err := number.Int64()
	if !ok || err != nil || integer < least || integer > most {
		refuse("`%s` must be an integer of at least %d and at most %d, not %s",
			key, least, most, said(value))
	}
	return integer
}

// done refuses what was not taken.
func (config *Config) done() {
	var unknown []string
	for key := range config.values {
		if !slices.Contains(config.known, key) {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) == 0 {
		return
	}
	slices.Sort(unknown)
	there := "there is none"
	if len(config.known) > 0 {
		there = "there is `" + strings.Join(config.known, "`, `") + "`"
	}
	// All at once: whoever mends one would be told of the next.
	refuse("`%s` is not known; %s", strings.Join(unknown, "` is not known; `"), there)
}

func said(value any) string {
	text, _ := json.Marshal(value)
	if len(text) > 40 {
		return string(text[:40]) + "..."
	}
	return string(text)
}
