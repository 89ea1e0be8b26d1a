package kernel

import "github.com/linkmend/linkmend/collector/internal/rule"

// Config is what a kernel is told at its start.
type Config struct {
	Rules []Rule `json:"rules"`
	// Hold is nil where no span waits.
	Hold         *Hold `json:"hold,omitempty"`
	Index        Index `json:"index"`
	Store        bool  `json:"store"`
	CountSystems bool  `json:"count_systems"`
}

// Rule is what the kernel is told of a rule.
type Rule struct {
	About   rule.About `json:"about"`
	Plan    rule.Plan  `json:"plan"`
	World   string     `json:"world"`
	Limits  Limits     `json:"limits"`
	OnError string     `json:"on_error"`
}

// Limits are those of a rule: some are kept by the kernel, and of others it tells.
type Limits struct {
	Memory        uint64 `json:"memory"`
	TableElements uint64 `json:"table_elements"`
	InitTimeMS    uint64 `json:"init_time_ms"`
	CallTimeMS    uint64 `json:"call_time_ms"`
	Output        uint64 `json:"output"`
	Growth        uint64 `json:"growth"`
	EditsPerSpan  uint64 `json:"edits_per_span"`
	MaxLinks      uint64 `json:"max_links"`
}

// Hold says how spans wait.
type Hold struct {
	TimeMS      uint64 `json:"time_ms"`
	MaxSpans    uint64 `json:"max_spans"`
	MaxBytes    uint64 `json:"max_bytes"`
	GiveUpAfter uint64 `json:"give_up_after"`
}

// Index says what is remembered.
type Index struct {
	MaxEntries uint64 `json:"max_entries"`
	// TimeToLiveMS is nil for what is remembered as long as there is room.
	TimeToLiveMS *uint64 `json:"time_to_live_ms"`
}
