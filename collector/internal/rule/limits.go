package rule

import "time"

// Limits are what a rule may use.
type Limits struct {
	// Memory is the linear memory of an instance, in bytes.
	Memory uint64
	// TableElements are the elements of the tables of an instance.
	TableElements uint32
	// InitTime is the time for making an instance, and for each of describe and
	// configure.
	InitTime time.Duration
	// CallTime is the time for one call.
	CallTime time.Duration
	// Output is how much one call may hand to the host, in bytes.
	Output uint64
}
