package rule

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// anyTime is the time of a key that may be of any time.
const anyTime = math.MaxUint64

// What a rule says in one call is bounded, as by `linkmend run`.
const (
	mostLines     = 256
	mostSaidBytes = 16 << 10
)

// instanceKey is the key of the instance in the context of its calls.
type instanceKey struct{}

// hostFunction is a function that a rule imports, in the numbers of the core ABI.
type hostFunction struct {
	name       string
	parameters int
	call       func(*Instance, []uint32)
}

var indexFunctions = []hostFunction{
	{"remember", 5, (*Instance).remember},
	{"recall", 3, (*Instance).recall},
	{"recall-before", 5, (*Instance).recallBefore},
	{"remember-numbers", 5, (*Instance).rememberNumbers},
	{"recall-numbers", 3, (*Instance).recallNumbers},
	{"hash", 3, (*Instance).hash},
}

var logFunctions = []hostFunction{{"line", 3, (*Instance).line}}

// addHost defines what rules of a version import.
func addHost(ctx context.Context, runtime wazero.Runtime, version string) error {
	for name, functions := range map[string][]hostFunction{"index": indexFunctions, "log": logFunctions} {
		module := runtime.NewHostModuleBuilder("linkmend:rule/" + name + "@" + version)
		for _, f := range functions {
			parameters := slices.Repeat([]api.ValueType{api.ValueTypeI32}, f.parameters)
			module = module.NewFunctionBuilder().
				WithGoFunction(f.forRuntime(), parameters, nil).
				Export(f.name)
		}
		if _, err := module.Instantiate(ctx); err != nil {
			return fmt.Errorf("what rules import of %s: %w", name, err)
		}
	}
	return nil
}

// forRuntime makes the function one that the runtime calls. A fault ends the call of
// the rule; by a panic, which is how the runtime wants to be told and which it
// recovers from.
func (f hostFunction) forRuntime() api.GoFunc {
	return func(ctx context.Context, stack []uint64) {
		instance, ok := ctx.Value(instanceKey{}).(*Instance)
		if !ok {
			panic(trapped("%s was called outside of a call", f.name))
		}
		var arguments [5]uint32
		for n := range f.parameters {
			arguments[n] = api.DecodeU32(stack[n])
		}
		f.call(instance, arguments[:f.parameters])
		if instance.host.fault != nil {
			panic(instance.host.fault)
		}
	}
}

func (i *Instance) remember(a []uint32) {
	producers := i.host.items(list{a[0], a[1]}, sizeOfProducer, 8)
	texts := i.host.items(list{a[2], a[3]}, 1, 1)
	if !i.takes(len(producers) + len(texts)) {
		return
	}
	// The last byte of a producer is nobody's, and the kernel's numbers have one.
	clean := bytes.Clone(producers)
	for at := padding; at < len(clean); at += sizeOfProducer {
		clean[at] = 0
	}
	i.rememberAs(clean, texts, a[4])
}

func (i *Instance) rememberNumbers(a []uint32) {
	producers := i.host.items(list{a[0], a[1]}, numberSize, 8)
	texts := i.host.items(list{a[2], a[3]}, 1, 1)
	if !i.takes(len(producers) + len(texts)) {
		return
	}
	if a[1]%numbersOfProducer != 0 {
		i.host.putError(a[4], Malformed)
		return
	}
	i.rememberAs(producers, texts, a[4])
}

func (i *Instance) rememberAs(producers, texts []byte, to uint32) {
	i.clock.pause()
	status := i.index.Remember(producers, texts)
	i.clock.goOn()
	if status != OK {
		i.host.putError(to, status)
		return
	}
	i.host.putDone(to)
}

func (i *Instance) recall(a []uint32) {
	keys := i.host.items(list{a[0], a[1]}, sizeOfKey, 8)
	if !i.takes(len(keys)) {
		return
	}
	numbers := make([]byte, 0, a[1]*numbersOfKey*numberSize)
	for key := range slices.Chunk(keys, sizeOfKey) {
		numbers = append(numbers, key...)
		numbers = binary.LittleEndian.AppendUint64(numbers, anyTime)
	}
	i.recallAs(numbers, a[2], sizeOfProducer)
}

func (i *Instance) recallBefore(a []uint32) {
	keys := i.host.items(list{a[0], a[1]}, sizeOfKey, 8)
	before := i.host.items(list{a[2], a[3]}, numberSize, 8)
	if !i.takes(len(keys) + len(before)) {
		return
	}
	if a[1] != a[3] {
		i.host.putError(a[4], Malformed)
		return
	}
	numbers := make([]byte, 0, len(keys)+len(before))
	for n := range int(a[1]) {
		numbers = append(numbers, keys[n*sizeOfKey:][:sizeOfKey]...)
		numbers = append(numbers, before[n*numberSize:][:numberSize]...)
	}
	i.recallAs(numbers, a[4], sizeOfProducer)
}

func (i *Instance) recallNumbers(a []uint32) {
	numbers := i.host.items(list{a[0], a[1]}, numberSize, 8)
	if !i.takes(len(numbers)) {
		return
	}
	if a[1]%numbersOfKey != 0 {
		i.host.putError(a[2], Malformed)
		return
	}
	i.recallAs(numbers, a[2], numberSize)
}

// recallAs looks up keys, and writes what is known into the memory of the rule. The
// lists of recalled and of recalled-numbers lie there in the same way; what differs is
// how many bytes make one of the producers that are counted.
func (i *Instance) recallAs(numbers []byte, to, unit uint32) {
	i.clock.pause()
	recalled, status := i.index.Recall(numbers)
	i.clock.goOn()
	if status != OK {
		i.host.putError(to, status)
		return
	}
	counts := i.give(recalled.Counts, 1)
	producers := i.give(recalled.Producers, 8)
	texts := i.give(recalled.Texts, 1)
	producers.length = uint32(len(recalled.Producers)) / unit
	if record := i.host.bytes(to, payload+sizeOfRecalled, 4); i.host.fault == nil {
		record[0] = 0
		i.host.putLists(to+payload, counts, producers, texts)
	}
}

func (i *Instance) hash(a []uint32) {
	messages := i.host.messages(list{a[0], a[1]})
	if !i.takes(len(messages)) {
		return
	}
	i.clock.pause()
	keys, status := i.index.Hash(messages)
	i.clock.goOn()
	if status != OK || uint64(len(keys)) != uint64(a[1])*sizeOfKey {
		i.host.fault = trapped("index.hash was given more than it takes")
		return
	}
	l := i.give(keys, 8)
	l.length = a[1]
	i.host.putLists(a[2], l)
}

func (i *Instance) line(a []uint32) {
	text := i.host.text(list{a[1], a[2]})
	if !i.takes(len(text)) {
		return
	}
	if a[0] > uint32(Error) {
		i.host.fault = unfit("a level of %d", a[0])
		return
	}
	i.say(Level(a[0]), text)
}

// failures are how languages begin to say that they fail; what they say then is where.
var failures = []string{"panic:", "fatal error:", "thread '"}

// say takes a line, whichever way it came, as far as there is room for it in this call.
func (i *Instance) say(level Level, text string) {
	text = clip(text)
	if level == Error && text != "" && !i.isFailing {
		i.lastWords = text
		i.isFailing = slices.ContainsFunc(failures, func(begin string) bool { return strings.HasPrefix(text, begin) })
	}
	if i.saidLines < mostLines && i.saidBytes+len(text) <= mostSaidBytes {
		i.saidLines++
		i.saidBytes += len(text)
		i.log(level, text)
	}
}

// takes bounds what the rule hands over at once.
func (i *Instance) takes(bytes int) bool {
	if i.host.fault == nil && uint64(bytes) > i.limits.Output {
		i.host.fault = over(TooMuchOutput,
			"it handed more to the host than limits.output = %d bytes in one call", i.limits.Output)
	}
	return i.host.fault == nil
}

// give copies bytes into a block of the memory of the rule that it allocates.
func (i *Instance) give(content []byte, align uint32) list {
	return i.copyIn(i.nestedRealloc, content, align)
}
