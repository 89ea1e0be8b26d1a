package rule

import (
	"fmt"
	"strings"
)

// mostKeys is how many attribute keys and prefixes a rule may select spans by, and
// how many attributes it may read: the host compares every attribute of every span
// with them.
const mostKeys = 1000

// About is what a rule says of itself.
type About struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Summary string `json:"summary"`
}

// Plan is what a configured rule asks of the host.
type Plan struct {
	Selector      Selector `json:"selector"`
	UsesIndex     bool     `json:"uses_index"`
	TypeAttribute string   `json:"type_attribute"`
	CountAllDrops bool     `json:"count_all_drops"`
	Reads         []string `json:"reads"`
}

// Selector tells which spans a rule wants to see: those for which one member says so.
type Selector struct {
	// Kinds has a bit for each kind of OTLP.
	Kinds             uint32   `json:"kinds"`
	AttributeKeys     []string `json:"attribute_keys"`
	AttributePrefixes []string `json:"attribute_prefixes"`
	WithLinks         bool     `json:"with_links"`
}

// check refuses names that are not fit for logs and metrics.
func (a *About) check() error {
	const (
		longest = 64
		fit     = "abcdefghijklmnopqrstuvwxyz0123456789-_."
	)
	if a.Name == "" || len(a.Name) > longest || strings.Trim(a.Name, fit) != "" {
		return fmt.Errorf("it calls itself %q; a name has 1 to %d characters of a-z, 0-9, -, _ and .",
			clip(a.Name), longest)
	}
	a.Version, a.Summary = clip(a.Version), clip(a.Summary)
	return nil
}

func (p *Plan) check() error {
	selects := len(p.Selector.AttributeKeys) + len(p.Selector.AttributePrefixes)
	if keys := max(selects, len(p.Reads)); keys > mostKeys {
		return fmt.Errorf("it asks for %d attribute keys, and may ask for %d", keys, mostKeys)
	}
	return nil
}
