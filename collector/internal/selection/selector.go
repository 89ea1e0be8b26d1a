// Package selection finds the spans of a batch that concern a rule, takes them out to be
// shown to it, and puts what becomes of them back.
package selection

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/linkmend/linkmend/collector/internal/rule"
)

// Selector tells which spans concern any of some rules.
type Selector struct {
	kinds     uint32
	withLinks bool
	keys      map[string]struct{}
	prefixes  []string
	// Which first bytes and which lengths keys have (bit 63: that and above): most keys
	// of attributes are settled by these.
	firsts  [256]bool
	lengths uint64
}

// New is a selector for all of these.
func New(selectors ...rule.Selector) *Selector {
	s := &Selector{keys: map[string]struct{}{}}
	for _, of := range selectors {
		s.kinds |= of.Kinds
		s.withLinks = s.withLinks || of.WithLinks
		for _, key := range of.AttributeKeys {
			s.keys[key] = struct{}{}
			s.lengths |= bit(len(key))
			s.begins(key)
		}
		for _, prefix := range of.AttributePrefixes {
			s.prefixes = append(s.prefixes, prefix)
			s.lengths = ^uint64(0)
			s.begins(prefix)
		}
	}
	return s
}

func (s *Selector) begins(text string) {
	if text == "" {
		for n := range s.firsts {
			s.firsts[n] = true
		}
		return
	}
	s.firsts[text[0]] = true
}

func bit(length int) uint64 { return 1 << min(length, 63) }

// Takes tells whether a span concerns a rule.
func (s *Selector) Takes(span ptrace.Span) bool { return s.taker()(span) }

// taker is Takes for many spans: what it takes to look at attributes is made once.
func (s *Selector) taker() func(ptrace.Span) bool {
	var found bool
	look := func(key string, _ pcommon.Value) bool {
		found = s.takesKey(key)
		return !found
	}
	return func(span ptrace.Span) bool {
		if kind := uint32(span.Kind()); kind < 32 && s.kinds>>kind&1 == 1 {
			return true
		}
		if s.withLinks && span.Links().Len() > 0 {
			return true
		}
		found = false
		span.Attributes().Range(look)
		return found
	}
}

func (s *Selector) takesKey(key string) bool {
	if s.lengths&bit(len(key)) == 0 || key != "" && !s.firsts[key[0]] {
		return false
	}
	if _, ok := s.keys[key]; ok {
		return true
	}
	for _, prefix := range s.prefixes {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}
