// Package linkmend is what a link rule for linkmend is written with in Go.
//
// A rule is a type. linkmend shows it the spans that it wants, and the rule says
// what is to become of their links:
//
//	type jobs struct{}
//
//	func (jobs) About() linkmend.About {
//		return linkmend.About{Name: "jobs", Version: "1.0.0", Summary: "Links a job to its request."}
//	}
//
//	func (jobs) Wants() linkmend.Wants {
//		return linkmend.Wants{Attributes: []string{"job.id"}}
//	}
//
//	func (jobs) Produces(span *linkmend.Span) []linkmend.Key {
//		if span.Kind() != linkmend.Producer {
//			return nil
//		}
//		return linkmend.Keys("job", span.IDsOf("job.id"))
//	}
//
//	func (jobs) Awaits(span *linkmend.Span) []linkmend.Key {
//		if span.Kind() != linkmend.Consumer {
//			return nil
//		}
//		return linkmend.Keys("job", span.IDsOf("job.id"))
//	}
//
//	func (jobs) Mend(span *linkmend.Span, found []linkmend.Message, edits *linkmend.Edits) {
//		for _, job := range found {
//			edits.Link(job.Nearest(), linkmend.String("link.type", "triggered_by"))
//		}
//	}
//
//	func init() { linkmend.Export(func() linkmend.Rule { return jobs{} }) }
//
//	func main() {}
//
// What a rule prints is shown by `linkmend rule test` and its like. A rule has no
// clock, file, variable or network. Below is the world `span-rule` of
// `wit/rule.wit`; [Bench] runs a rule in an ordinary test.
package linkmend

// About is who a rule is.
type About struct {
	// 1 to 64 of `a-z 0-9 - _ .`: it appears in logs and metrics.
	Name string
	// The rule's own version.
	Version string
	// One sentence.
	Summary string
}

// Wants says which spans a rule is shown, and what of them.
//
// A span is shown when one of these is true: its kind is among Kinds, it has an
// attribute whose key is among Attributes or begins with one of Prefixes, or it has
// links and WithLinks is set.
//
// Of all attributes (of spans, resources and links) the rule sees those of
// Attributes, Prefixes and Reads; a last `*` in Reads stands for any ending.
// Whatever else a span has is not there for the rule.
type Wants struct {
	Kinds      []Kind
	Attributes []string
	Prefixes   []string
	WithLinks  bool
	Reads      []string
	// The attribute that says on a link why it exists; linkmend counts links by it.
	// "" is `link.type`; "-" is none.
	TypeAttribute string
	// Every dropped link counts in `dropped_links_count`, whatever the reason.
	CountAllDrops bool
}

// Rule is what every rule has. It may have the methods of [Configured], [Producing],
// [Awaiting] and [Ranking], too.
type Rule interface {
	// About says who it is.
	About() About
	// Wants is called once, after Configure.
	Wants() Wants
	// Mend says with edits what is to become of the links of a span. There is a
	// Message for each key of Awaits, in their order.
	Mend(span *Span, found []Message, edits *Edits)
}

// Configured is a rule that has a configuration.
type Configured interface {
	// Configure takes it; keys that it does not take are refused.
	Configure(config *Config)
}

// Producing is a rule that remembers.
type Producing interface {
	// Produces names what this span brought into being.
	Produces(span *Span) []Key
}

// Awaiting is a rule that looks up what others produced.
type Awaiting interface {
	// Awaits names what this span works off, or was caused by.
	Awaits(span *Span) []Key
}

// Ranking is a rule that prefers some producers of one message to others.
type Ranking interface {
	// Rank is 0 for the best.
	Rank(span *Span) uint8
}

// Key names what was produced: first the sort ("job"), so that others do not meet it
// by accident, then the ids. One with an empty part names nothing.
type Key []string

// Keys makes a key of each id.
func Keys(family string, ids []string) []Key {
	keys := make([]Key, 0, len(ids))
	for _, id := range ids {
		keys = append(keys, Key{family, id})
	}
	return keys
}

func (key Key) isNamed() bool {
	for _, part := range key {
		if part == "" {
			return false
		}
	}
	return len(key) > 1
}
