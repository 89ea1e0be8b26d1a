package rule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/linkmend/linkmend/collector/internal/component"
)

// Instance is one instance of a rule. It serves one call at a time.
type Instance struct {
	// Number is which of the rules it is of, for who has several.
	Number int

	rule   *Rule
	limits Limits
	log    Log
	memory *memory
	module api.Module

	// What it exports; a function of the runtime is not called again while a call of it is
	// under way, so the rule's own allocator is there a second time for what it imports.
	describes, configures, processes function
	realloc, nestedRealloc           api.Function

	// memoryAtFirst is its linear memory when it was configured.
	memoryAtFirst uint32

	// Of the call that is under way.
	context              context.Context
	host                 guest
	clock                *clock
	index                Index
	saidLines, saidBytes int
	lastWords            string
	isFailing            bool
}

// function is an export, and what gives back what it answered.
type function struct {
	call, post api.Function
}

// Types of the exports in the core ABI.
var exportTypes = map[string]struct{ parameters, results int }{
	"describe":     {0, 1},
	"configure":    {2, 1},
	"fields":       {5, 1},
	"batch":        {3, 1},
	"spans":        {5, 1},
	"cabi_realloc": {4, 1},
}

// find looks up what the module exports, and compares the types with those of the
// interface.
func (i *Instance) find(module api.Module, names *component.Rule) error {
	i.module = module
	world := map[component.World]string{component.Field: "fields", component.Batch: "batch", component.Span: "spans"}
	for _, export := range []struct {
		to         *function
		name, kind string
	}{
		{&i.describes, names.Describe(), "describe"},
		{&i.configures, names.Configure(), "configure"},
		{&i.processes, names.Process(), world[names.World]},
	} {
		call, err := exported(module, export.name, export.kind)
		if err != nil {
			return err
		}
		*export.to = function{call: call, post: module.ExportedFunction(component.Post(export.name))}
	}
	var err error
	if i.realloc, err = exported(module, "cabi_realloc", "cabi_realloc"); err != nil {
		return err
	}
	i.nestedRealloc = module.ExportedFunction("cabi_realloc")
	if i.host.memory = module.ExportedMemory("memory"); i.host.memory == nil {
		return unfit("it exports no memory")
	}
	return nil
}

// exported is an export of the type that the interface says.
func exported(module api.Module, name, kind string) (api.Function, error) {
	call := module.ExportedFunction(name)
	if call == nil {
		return nil, unfit("it does not export %s", name)
	}
	want, is := exportTypes[kind], call.Definition()
	are := func(types []api.ValueType, count int) bool {
		return len(types) == count &&
			!slices.ContainsFunc(types, func(t api.ValueType) bool { return t != api.ValueTypeI32 })
	}
	if !are(is.ParamTypes(), want.parameters) || !are(is.ResultTypes(), want.results) {
		return nil, unfit("its export %s has another type", name)
	}
	return call, nil
}

// run makes a call under a limit of time, and tells why it failed.
func (i *Instance) run(ctx context.Context, limit time.Duration, name string, call func(context.Context) error) error {
	i.saidLines, i.saidBytes, i.lastWords, i.isFailing = 0, 0, "", false
	i.host.fault, i.memory.refused = nil, false
	ctx, i.clock = startClock(context.WithValue(ctx, instanceKey{}, i), limit)
	i.context = ctx
	defer i.clock.stop()
	err := call(ctx)
	if err == nil {
		// A nil *Fault in an error would not be nil.
		if i.host.fault != nil {
			return i.host.fault
		}
		return nil
	}
	return i.reason(ctx, err, limit, name)
}

// reason tells why a call failed, in the words of the limits.
func (i *Instance) reason(ctx context.Context, err error, limit time.Duration, name string) error {
	var known *Fault
	switch {
	case errors.Is(context.Cause(ctx), errOverrun):
		return over(TooLong, "it ran longer than %s = %v", name, limit)
	case errors.As(err, &known):
		return known
	case strings.HasPrefix(err.Error(), "stack overflow"):
		return over(StackUsedUp, "its call stack is used up")
	case i.memory.refused:
		// Whatever it did when it was refused memory, this is why.
		return tooMuchMemory(i.limits)
	}
	text := told(err)
	if i.lastWords != "" {
		text += "; it said: " + i.lastWords
	}
	return trapped("%s", text)
}

func tooMuchMemory(limits Limits) *Fault {
	return over(TooMuchMemory, "it needs more linear memory than limits.memory = %d bytes", limits.Memory)
}

// call calls an export that answers with an address; what lies there is for read, and
// given back then.
func (i *Instance) call(ctx context.Context, f function, read func(at uint32), arguments ...uint64) error {
	results, err := f.call.Call(ctx, arguments...)
	if err != nil {
		return err
	}
	at := api.DecodeU32(results[0])
	read(at)
	if f.post == nil || i.host.fault != nil {
		return nil
	}
	_, err = f.post.Call(ctx, results[0])
	return err
}

func (i *Instance) describe(ctx context.Context) (*About, error) {
	var about About
	err := i.run(ctx, i.limits.InitTime, "limits.init_time", func(ctx context.Context) error {
		return i.call(ctx, i.describes, func(at uint32) { about = i.host.about(at) })
	})
	return &about, err
}

func (i *Instance) configure(ctx context.Context, config string) (*Plan, error) {
	var plan *Plan
	var refusal string
	err := i.run(ctx, i.limits.InitTime, "limits.init_time", func(ctx context.Context) error {
		text := i.put([]byte(config), 1)
		if i.host.fault != nil {
			return i.host.fault
		}
		return i.call(ctx, i.configures, func(at uint32) { plan, refusal = i.host.plan(at) },
			uint64(text.at), uint64(text.length))
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("while it was configured: %w", err)
	case plan == nil:
		return nil, fmt.Errorf("it refuses its configuration (config): %s", clip(refusal))
	}
	i.memoryAtFirst = i.host.memory.Size()
	return plan, nil
}

// Tasks are what is wanted of a call: the bits of the flags of the interface.
type Tasks uint32

// Verdict is the answer of a rule: its lists as they lie in its memory, in the order of
// the interface. They are views, and good until the next call.
type Verdict [VerdictLists][]byte

// ProcessBytes shows spans to a rule of the worlds field-rule and batch-rule: two
// buffers, or one.
func (i *Instance) ProcessBytes(
	ctx context.Context, index Index, tasks Tasks, take func(*Verdict), buffers ...[]byte,
) error {
	shown := 0
	for _, buffer := range buffers {
		shown += len(buffer)
	}
	return i.process(ctx, index, shown, take, func() []uint64 {
		arguments := []uint64{uint64(tasks)}
		for _, buffer := range buffers {
			l := i.put(buffer, 1)
			arguments = append(arguments, uint64(l.at), uint64(l.length))
		}
		return arguments
	})
}

func (i *Instance) process(
	ctx context.Context, index Index, shown int, take func(*Verdict), lower func() []uint64,
) error {
	i.index = index
	i.memory.shown = uint64(shown)
	var refusal *string
	err := i.run(ctx, i.limits.CallTime, "limits.call_time", func(ctx context.Context) error {
		arguments := lower()
		if i.host.fault != nil {
			return i.host.fault
		}
		return i.call(ctx, i.processes, func(at uint32) {
			var verdict Verdict
			verdict, refusal = i.host.verdict(at)
			handed := 0
			for _, l := range verdict {
				handed += len(l)
			}
			if i.takes(handed) && refusal == nil {
				take(&verdict)
			}
		}, arguments...)
	})
	i.index = nil
	if err == nil && refusal != nil {
		return said(*refusal)
	}
	return err
}

// put copies bytes into a block that the rule allocates.
func (i *Instance) put(content []byte, align uint32) list {
	return i.copyIn(i.realloc, content, align)
}

func (i *Instance) copyIn(realloc api.Function, content []byte, align uint32) list {
	if len(content) == 0 || i.host.fault != nil {
		return list{at: align}
	}
	at := i.allocate(realloc, uint32(len(content)), align)
	if block := i.host.bytes(at, uint32(len(content)), align); i.host.fault == nil {
		copy(block, content)
	}
	return list{at: at, length: uint32(len(content))}
}

func (i *Instance) allocate(realloc api.Function, length, align uint32) uint32 {
	results, err := realloc.Call(i.context, 0, 0, uint64(align), uint64(length))
	if err != nil {
		var known *Fault
		if !errors.As(i.reason(i.context, err, i.limits.CallTime, "limits.call_time"), &known) {
			known = trapped("%s", err.Error())
		}
		i.host.fault = known
		return 0
	}
	return api.DecodeU32(results[0])
}

// IsFresh tells whether its linear memory grew little since it was configured. It only
// grows: an instance that took much for one large batch is not kept.
func (i *Instance) IsFresh() bool {
	grown := uint64(i.host.memory.Size() - i.memoryAtFirst)
	return grown <= i.limits.Memory/2
}

// Memory is its linear memory, in bytes.
func (i *Instance) Memory() uint32 { return i.host.memory.Size() }

// Close ends the instance.
func (i *Instance) Close(ctx context.Context) error {
	if i.module == nil {
		return nil
	}
	return i.module.Close(context.WithoutCancel(ctx))
}
