package rule

// Status is the answer of an index, by the numbers that the kernel has for it.
type Status uint32

// Answers of an index.
const (
	// OK is for success.
	OK Status = 0
	// Malformed is for a range or a list that does not fit the others.
	Malformed Status = 1
	// TooMany is for more than is taken or given in one call.
	TooMany Status = 2
	// Unavailable is for a store that cannot be reached.
	Unavailable Status = 3
)

// Index is what is known of messages. Producers and keys are in the bytes of the
// interface (wit/rule.wit, remember-numbers and recall-numbers), and views: they are
// good for the time of the call.
type Index interface {
	// Remember adds producers.
	Remember(producers, texts []byte) Status
	// Recall looks up keys of three numbers each.
	Recall(keys []byte) (Recalled, Status)
	// Hash makes keys of messages.
	Hash(messages []byte) ([]byte, Status)
}

// Recalled is what is known of keys.
type Recalled struct {
	Counts, Producers, Texts []byte
}

// Level is how important a line is.
type Level uint32

// The levels of linkmend:rule/log.
const (
	Trace Level = iota
	Debug
	Info
	Warn
	Error
)

// Log is told what a rule says.
type Log func(level Level, text string)
