package linkmend

import (
	"fmt"
	"path"
	"runtime"
	"strings"

	spans "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_spans"
	types "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_types"
)

// How many messages of one span are looked at.
const mostKeys = 1024

// index is the message index: the host's, or that of a test.
type index interface {
	hash(messages [][]string) []types.MessageKey
	remember(producers []remembered, texts []byte) error
	// As many lists as keys.
	recall(keys []types.MessageKey) ([][]*Source, error)
}

type remembered struct {
	key   types.MessageKey
	span  *Span
	state types.Text
	rank  uint8
}

// driver calls a rule.
type driver struct {
	make  func() Rule
	index index
	rule  Rule
	wants Wants
	reads []string
}

func (driver *driver) describe() About { return driver.make().About() }

func (driver *driver) configure(text string) (plan types.Plan, refused error) {
	defer func() {
		if cause := recover(); cause != nil {
			refused = told(cause, nil)
		}
	}()
	config := parseConfig(text)
	rule := driver.make()
	if configured, ok := rule.(Configured); ok {
		configured.Configure(config)
	}
	config.done()
	driver.rule, driver.wants = rule, rule.Wants()
	wants := &driver.wants
	switch wants.TypeAttribute {
	case "":
		wants.TypeAttribute = "link.type"
	case "-":
		wants.TypeAttribute = ""
	}
	driver.reads = reads(wants)
	_, produces := rule.(Producing)
	_, awaits := rule.(Awaiting)
	plan = types.Plan{
		Selector: types.Selector{
			AttributeKeys:     wants.Attributes,
			AttributePrefixes: wants.Prefixes,
			WithLinks:         wants.WithLinks,
		},
		UsesIndex:     produces || awaits,
		TypeAttribute: wants.TypeAttribute,
		CountAllDrops: wants.CountAllDrops,
		Reads:         driver.reads,
	}
	for _, kind := range wants.Kinds {
		plan.Selector.Kinds |= 1 << kind
	}
	return plan, nil
}

func reads(wants *Wants) []string {
	reads := append([]string{}, wants.Attributes...)
	for _, prefix := range wants.Prefixes {
		reads = append(reads, prefix+"*")
	}
	reads = append(reads, wants.Reads...)
	if wants.TypeAttribute != "" {
		reads = append(reads, wants.TypeAttribute)
	}
	return reads
}

func (driver *driver) sees(key string) bool {
	for _, read := range driver.reads {
		prefix, isPrefix := strings.CutSuffix(read, "*")
		if read == key || isPrefix && strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// process answers one batch. A rule that panics has failed on the batch: the host is
// told where, and of which span.
func (driver *driver) process(
	tasks types.Tasks, traces *spans.Traces,
) (verdict types.Verdict, failed error) {
	call := call{driver: driver, tasks: tasks, keys: newKeys(driver.index)}
	defer func() {
		if cause := recover(); cause != nil {
			failed = told(cause, call.at)
		}
	}()
	shown := make([]*Span, len(traces.Spans))
	for number := range traces.Spans {
		shown[number] = newSpan(traces, number)
	}
	return call.answer(shown)
}

// told is a panic with its place in the source of the rule.
func told(cause any, at *Span) error {
	if refused, ok := cause.(ConfigError); ok {
		return refused
	}
	text := fmt.Sprintf("panic: %v", cause)
	if place := place(); place != "" {
		text += " (" + place + ")"
	}
	if at != nil {
		text += fmt.Sprintf(", at span %s/%s (%s)", at.TraceID(), at.SpanID(), at.Name())
	}
	return fmt.Errorf("%s", text)
}

// place is the innermost line that is the author's: behind the functions that panic,
// and not of this package.
func place() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	isBehind := false
	for {
		frame, more := frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, "runtime."):
			isBehind = isBehind || strings.HasPrefix(frame.Function, "runtime.gopanic") ||
				strings.Contains(frame.Function, "panic")
		case isBehind && !isOurs(frame.Function):
			return fmt.Sprintf("%s, line %d, in %s",
				path.Base(frame.File), frame.Line, path.Base(frame.Function))
		}
		if !more {
			return ""
		}
	}
}

const ours = "github.com/linkmend/linkmend/guest/go."

func isOurs(function string) bool { return strings.HasPrefix(function, ours) }
