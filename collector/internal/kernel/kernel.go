// Package kernel runs the engine of linkmend, which is a WebAssembly module, and lends
// it what it has not: rules, a clock, a log, a store.
package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/linkmend/linkmend/collector/internal/rule"
)

// Options say what a kernel works with.
type Options struct {
	// Module is the kernel itself.
	Module []byte
	// Config is what it is told.
	Config Config
	// Rules are the rules, in the order of Config.Rules.
	Rules []*rule.Rule
	// Store is a store that others share; it may be nil.
	Store Store
	// Log is told what the kernel says.
	Log rule.Log
	// OnCall is told of each call of a rule how long it took, and how it failed.
	OnCall func(number int, took time.Duration, failed *rule.Fault)
	// Cache keeps compiled code; it may be nil.
	Cache wazero.CompilationCache
}

// Store is what other hosts remember of messages. Producers and keys are in the bytes
// of the kernel's ABI, and good for the time of the call.
type Store interface {
	// Remember takes producers, and does not wait.
	Remember(producers, texts []byte)
	// Recall looks up keys, none of which is there twice.
	Recall(ctx context.Context, keys []byte) (producers, texts []byte)
}

// Kernel is one engine, for one call at a time.
type Kernel struct {
	options   Options
	runtime   wazero.Runtime
	memory    api.Memory
	begun     time.Time
	instances map[uint32]*rule.Instance
	handles   uint32

	configure, process, release, nextRelease, drain, counts, awaited, wake api.Function
	allocate                                                               api.Function
	// In the middle of a call.
	nested struct{ allocate, remember, recall, hash api.Function }
}

// Never is the time of something that does not come.
const Never = time.Duration(math.MaxInt64)

// New starts a kernel.
func New(ctx context.Context, options Options) (*Kernel, error) {
	if options.OnCall == nil {
		options.OnCall = func(int, time.Duration, *rule.Fault) {}
	}
	config := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2)
	if options.Cache != nil {
		config = config.WithCompilationCache(options.Cache)
	}
	k := &Kernel{
		options:   options,
		runtime:   wazero.NewRuntimeWithConfig(ctx, config),
		begun:     time.Now(),
		instances: map[uint32]*rule.Instance{},
	}
	if err := k.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the kernel: %w", err), k.Close(ctx))
	}
	return k, nil
}

func (k *Kernel) start(ctx context.Context) error {
	if err := k.addHost(ctx); err != nil {
		return err
	}
	config := wazero.NewModuleConfig().WithName("kernel").WithStartFunctions()
	module, err := k.runtime.InstantiateWithConfig(ctx, k.options.Module, config)
	if err != nil {
		return err
	}
	if k.memory = module.Memory(); k.memory == nil {
		return errors.New("it has no memory")
	}
	for name, to := range map[string][]*api.Function{
		"allocate":       {&k.allocate, &k.nested.allocate},
		"configure":      {&k.configure},
		"process":        {&k.process},
		"release":        {&k.release},
		"next_release":   {&k.nextRelease},
		"drain":          {&k.drain},
		"counts":         {&k.counts},
		"awaited":        {&k.awaited},
		"wake":           {&k.wake},
		"index_remember": {&k.nested.remember},
		"index_recall":   {&k.nested.recall},
		"index_hash":     {&k.nested.hash},
	} {
		for _, function := range to {
			if *function = module.ExportedFunction(name); *function == nil {
				return fmt.Errorf("it does not export %s", name)
			}
		}
	}
	return k.tellConfig(ctx)
}

func (k *Kernel) tellConfig(ctx context.Context) error {
	config, err := json.Marshal(k.options.Config)
	if err != nil {
		return err
	}
	refusal, err := k.callWith(ctx, k.configure, config)
	if err != nil {
		return err
	}
	if len(refusal) > 0 {
		return errors.New(string(refusal))
	}
	return nil
}

// Process shows a batch to the rules.
func (k *Kernel) Process(ctx context.Context, traces []byte) (*Answer, error) {
	block, err := k.callWith(ctx, k.process, traces, k.now())
	if err != nil {
		return nil, err
	}
	return readAnswer(block)
}

// Release is a batch of held spans that are ready or due, if there is one.
func (k *Kernel) Release(ctx context.Context) ([]byte, error) {
	return k.call(ctx, k.release, k.now())
}

// NextRelease tells in what time Release has something.
func (k *Kernel) NextRelease(ctx context.Context) (time.Duration, error) {
	results, err := k.nextRelease.Call(ctx)
	if err != nil {
		return 0, err
	}
	if results[0] > math.MaxInt64 {
		return Never, nil
	}
	return max(time.Duration(results[0])-time.Since(k.begun), 0), nil
}

// Drain is a batch of what is still held, if there is one.
func (k *Kernel) Drain(ctx context.Context) ([]byte, error) {
	return k.call(ctx, k.drain)
}

// Counts is what was done.
func (k *Kernel) Counts(ctx context.Context) (*Counts, error) {
	block, err := k.call(ctx, k.counts)
	if err != nil {
		return nil, err
	}
	counts := &Counts{}
	if err := json.Unmarshal(block, counts); err != nil {
		return nil, fmt.Errorf("the counts of the kernel: %w", err)
	}
	return counts, nil
}

// Awaited are the keys that held spans wait for.
func (k *Kernel) Awaited(ctx context.Context) ([]byte, error) {
	return k.call(ctx, k.awaited)
}

// Wake tells of keys whose producers another host has remembered.
func (k *Kernel) Wake(ctx context.Context, keys []byte) error {
	_, err := k.callWith(ctx, k.wake, keys)
	return err
}

// Close ends the kernel. The rules are not its own.
func (k *Kernel) Close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var err error
	for handle, instance := range k.instances {
		err = errors.Join(err, instance.Close(ctx))
		delete(k.instances, handle)
	}
	return errors.Join(err, k.runtime.Close(ctx))
}

func (k *Kernel) now() uint64 { return uint64(time.Since(k.begun)) }
