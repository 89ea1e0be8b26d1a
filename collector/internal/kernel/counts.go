package kernel

// Counts is what a kernel has done since it was started.
type Counts struct {
	Counts struct {
		SpansInvalid int64 `json:"spans_invalid"`
		LinksIn      int64 `json:"links_in"`
		LinksOut     int64 `json:"links_out"`
		RuleCalls    int64 `json:"rule_calls"`
		RuleFaults   int64 `json:"rule_faults"`
		OfLinks
	} `json:"counts"`
	// Reasons tell why links were not made.
	Reasons []Reason `json:"reasons"`
	// Systems are what was done to links, by messaging system.
	Systems map[string]OfLinks `json:"systems"`
	Hold    struct {
		Held             int64 `json:"held"`
		Bytes            int64 `json:"bytes"`
		HeldTotal        int64 `json:"held_total"`
		ReleasedReady    int64 `json:"released_ready"`
		ReleasedDue      int64 `json:"released_due"`
		ReleasedOverflow int64 `json:"released_overflow"`
		ReleasedDrained  int64 `json:"released_drained"`
		GivenUp          int64 `json:"given_up"`
	} `json:"hold"`
	Index struct {
		Entries int64 `json:"entries"`
		Evicted int64 `json:"evicted"`
		Expired int64 `json:"expired"`
	} `json:"index"`
	// Shared is where messages were known whose index is shared.
	Shared *Lookups `json:"shared"`
}

// OfLinks is what was done to links.
type OfLinks struct {
	Added            int64            `json:"links_added"`
	Repaired         int64            `json:"links_repaired"`
	DroppedInvalid   int64            `json:"links_dropped_invalid"`
	DroppedDuplicate int64            `json:"links_dropped_duplicate"`
	DroppedUnwanted  int64            `json:"links_dropped_unwanted"`
	Cut              int64            `json:"links_cut"`
	ByType           map[string]int64 `json:"by_link_type"`
}

// Reason tells how often links were not made, and why.
type Reason struct {
	Reason          string `json:"reason"`
	Service         string `json:"service"`
	MessagingSystem string `json:"messaging_system"`
	Count           int64  `json:"count"`
}

// Lookups are numbers of messages, by where their producers were known.
type Lookups struct {
	Here    int64 `json:"here"`
	There   int64 `json:"there"`
	Nowhere int64 `json:"nowhere"`
}
