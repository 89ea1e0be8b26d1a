package kernel

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/linkmend/linkmend/collector/internal/component"
	"github.com/linkmend/linkmend/collector/internal/rule"
)

// Value types of functions, in short.
const (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64
)

// imported is a function that the kernel imports.
type imported struct {
	name                string
	parameters, results []api.ValueType
	call                func(ctx context.Context, stack []uint64) error
}

func (k *Kernel) addHost(ctx context.Context) error {
	module := k.runtime.NewHostModuleBuilder("linkmend")
	for _, f := range []imported{
		{"rule_new", []api.ValueType{i32}, []api.ValueType{i64}, k.ruleNew},
		{"rule_call", []api.ValueType{i32, i32, i32, i32, i32, i32}, []api.ValueType{i64}, k.ruleCall},
		{"rule_drop", []api.ValueType{i32}, nil, k.ruleDrop},
		{"now", nil, []api.ValueType{i64}, k.tellTime},
		{"log", []api.ValueType{i32, i32, i32}, nil, k.logLine},
		{"store_remember", []api.ValueType{i32, i32, i32, i32}, nil, k.storeRemember},
		{"store_recall", []api.ValueType{i32, i32}, []api.ValueType{i64}, k.storeRecall},
	} {
		// The runtime is told of an error by a panic, and recovers from it.
		call := func(ctx context.Context, stack []uint64) {
			if err := f.call(ctx, stack); err != nil {
				panic(fmt.Errorf("%s: %w", f.name, err))
			}
		}
		module = module.NewFunctionBuilder().
			WithGoFunction(api.GoFunc(call), f.parameters, f.results).
			Export(f.name)
	}
	_, err := module.Instantiate(ctx)
	return err
}

// rangeAt reads a range of the kernel's memory that it tells by two arguments.
func (k *Kernel) rangeAt(stack []uint64) ([]byte, error) {
	content, ok := k.memory.Read(api.DecodeU32(stack[0]), api.DecodeU32(stack[1]))
	if !ok {
		return nil, errPastEnd
	}
	return content, nil
}

// answer makes a block of words and parts, which the kernel is answered with.
func (k *Kernel) answer(ctx context.Context, words []uint32, parts ...[]byte) (uint64, error) {
	length := 4 * len(words)
	for _, part := range parts {
		length += len(part)
	}
	results, err := k.nested.allocate.Call(ctx, uint64(length))
	if err != nil {
		return 0, err
	}
	block := results[0]<<32 | uint64(length)
	to, err := k.view(block)
	if err != nil {
		return 0, err
	}
	for n, word := range words {
		binary.LittleEndian.PutUint32(to[4*n:], word)
	}
	to = to[4*len(words):]
	for _, part := range parts {
		to = to[copy(to, part):]
	}
	return block, nil
}

// faultOf is how a rule failed, as the kernel is told.
func faultOf(err error) *rule.Fault {
	var failed *rule.Fault
	if err != nil && !errors.As(err, &failed) {
		return &rule.Fault{Kind: rule.Trapped, Text: err.Error(), Detail: err.Error()}
	}
	return failed
}

func (k *Kernel) ruleNew(ctx context.Context, stack []uint64) (err error) {
	number := api.DecodeU32(stack[0])
	if int(number) >= len(k.options.Rules) {
		return fmt.Errorf("there is no rule %d", number)
	}
	instance, failed := k.options.Rules[number].New(ctx)
	if failed != nil {
		fault := faultOf(failed)
		stack[0], err = k.answer(ctx, []uint32{uint32(fault.Kind)}, []byte(fault.Detail))
		return err
	}
	k.handles++
	instance.Number = int(number)
	k.instances[k.handles] = instance
	stack[0], err = k.answer(ctx, []uint32{0, k.handles})
	return err
}

func (k *Kernel) ruleDrop(ctx context.Context, stack []uint64) error {
	handle := api.DecodeU32(stack[0])
	instance, ok := k.instances[handle]
	if !ok {
		return fmt.Errorf("there is no instance %d", handle)
	}
	delete(k.instances, handle)
	return instance.Close(ctx)
}

func (k *Kernel) ruleCall(ctx context.Context, stack []uint64) (err error) {
	instance, ok := k.instances[api.DecodeU32(stack[0])]
	if !ok {
		return fmt.Errorf("there is no instance %d", api.DecodeU32(stack[0]))
	}
	tasks := rule.Tasks(api.DecodeU32(stack[1]))
	a, err := k.rangeAt(stack[2:])
	if err != nil {
		return err
	}
	b, err := k.rangeAt(stack[4:])
	if err != nil {
		return err
	}
	var answered uint64
	take := func(verdict *rule.Verdict) { answered, err = k.answerVerdict(ctx, instance, verdict) }
	begun := time.Now()
	failed := faultOf(k.show(ctx, instance, tasks, take, a, b))
	k.options.OnCall(instance.Number, time.Since(begun), failed)
	if err != nil {
		return err
	}
	if failed != nil {
		const flags = 0
		answered, err = k.answer(ctx, []uint32{uint32(failed.Kind), flags}, []byte(failed.Detail))
	}
	stack[0] = answered
	return err
}

func (k *Kernel) show(
	ctx context.Context, instance *rule.Instance, tasks rule.Tasks, take func(*rule.Verdict), a, b []byte,
) error {
	index := &index{kernel: k, context: ctx}
	switch k.options.Rules[instance.Number].World {
	case component.Field:
		return instance.ProcessBytes(ctx, index, tasks, take, a, b)
	case component.Batch:
		return instance.ProcessBytes(ctx, index, tasks, take, a)
	default:
		return instance.ProcessImage(ctx, index, tasks, take, a)
	}
}

// answerVerdict copies the lists of a verdict from the memory of the rule into the
// kernel's.
func (k *Kernel) answerVerdict(
	ctx context.Context, instance *rule.Instance, verdict *rule.Verdict,
) (uint64, error) {
	const fresh = 1
	words := []uint32{0, 0}
	if instance.IsFresh() {
		words[1] = fresh
	}
	for _, l := range verdict {
		words = append(words, uint32(len(l)))
	}
	return k.answer(ctx, words, verdict[:]...)
}

func (k *Kernel) tellTime(_ context.Context, stack []uint64) error {
	stack[0] = k.now()
	return nil
}

func (k *Kernel) logLine(_ context.Context, stack []uint64) error {
	text, err := k.rangeAt(stack[1:])
	if err != nil {
		return err
	}
	// The kernel counts from 1, rules from 0.
	level := min(max(api.DecodeU32(stack[0]), 1)-1, uint32(rule.Error))
	k.options.Log(rule.Level(level), string(text))
	return nil
}

func (k *Kernel) storeRemember(_ context.Context, stack []uint64) error {
	producers, err := k.rangeAt(stack)
	if err != nil {
		return err
	}
	texts, err := k.rangeAt(stack[2:])
	if err == nil && k.options.Store != nil {
		k.options.Store.Remember(producers, texts)
	}
	return err
}

func (k *Kernel) storeRecall(ctx context.Context, stack []uint64) error {
	keys, err := k.rangeAt(stack)
	if err != nil || k.options.Store == nil {
		stack[0] = 0
		return err
	}
	producers, texts := k.options.Store.Recall(ctx, keys)
	if len(producers) == 0 {
		stack[0] = 0
		return nil
	}
	words := []uint32{uint32(len(producers)), uint32(len(texts))}
	stack[0], err = k.answer(ctx, words, producers, texts)
	return err
}
