// Package rule runs link rules: WebAssembly components of the interface linkmend:rule,
// by wazero, under limits.
package rule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/linkmend/linkmend/collector/internal/component"
)

// Options say how a rule is run.
type Options struct {
	// Config is the configuration of the rule, a JSON object.
	Config string
	Limits Limits
	// Trusted is for the rule that is built in: its calls are not ended when they take
	// long, which takes half of the time of each. It is ours, makes no loop that the size
	// of its input does not bound, and is shown 8 MiB at most.
	Trusted bool
	// Cache keeps compiled code; it may be nil.
	Cache wazero.CompilationCache
	// Log is told what the rule says; it may be nil.
	Log Log
}

// Rule is a rule that is loaded and configured, and makes instances.
type Rule struct {
	About About
	Plan  Plan
	World component.World

	component *component.Rule
	options   Options
	runtime   wazero.Runtime
	compiled  wazero.CompiledModule
	// first is the instance that told about and plan, until it is used.
	first *Instance
}

// Load compiles a rule, and makes and configures an instance of it.
func Load(ctx context.Context, bytes []byte, options Options) (*Rule, error) {
	if options.Log == nil {
		options.Log = func(Level, string) {}
	}
	parsed, err := component.Parse(bytes)
	if err != nil {
		return nil, err
	}
	least, err := parsed.LeastMemory()
	if err != nil {
		return nil, err
	}
	if least > options.Limits.Memory {
		return nil, tooMuchMemory(options.Limits)
	}
	if err := parsed.BoundTables(options.Limits.TableElements); err != nil {
		return nil, err
	}
	r := &Rule{World: parsed.World, component: parsed, options: options}
	if err := errors.Join(r.compile(ctx), r.configure(ctx)); err != nil {
		return nil, errors.Join(err, r.Close(ctx))
	}
	return r, nil
}

// compile makes a runtime for the rule alone: another one cannot be seen from it.
func (r *Rule) compile(ctx context.Context) error {
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2).
		WithCloseOnContextDone(!r.options.Trusted)
	if r.options.Cache != nil {
		config = config.WithCompilationCache(r.options.Cache)
	}
	r.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := addHost(ctx, r.runtime, r.component.Version); err != nil {
		return err
	}
	if r.component.TakesWASI {
		if err := addWASI(ctx, r.runtime); err != nil {
			return err
		}
	}
	compiled, err := r.runtime.CompileModule(ctx, r.component.Module)
	if err != nil {
		return fmt.Errorf("it cannot be compiled: %w (in a Collector a rule consists of instructions of "+
			"WebAssembly 2.0: build it without what came later, such as wide arithmetic)", err)
	}
	r.compiled = compiled
	return nil
}

// configure makes the first instance, and asks it what it wants.
func (r *Rule) configure(ctx context.Context) error {
	if r.compiled == nil {
		return nil
	}
	first, err := r.instantiate(ctx)
	if err != nil {
		return fmt.Errorf("while it was made: %w", err)
	}
	r.first = first
	about, err := first.describe(ctx)
	if err != nil {
		return fmt.Errorf("when it was asked who it is: %w", err)
	}
	if err := about.check(); err != nil {
		return err
	}
	plan, err := first.configure(ctx, r.options.Config)
	if err != nil {
		return err
	}
	r.About, r.Plan = *about, *plan
	return plan.check()
}

// New is an instance that is ready for spans.
func (r *Rule) New(ctx context.Context) (*Instance, error) {
	if first := r.first; first != nil {
		r.first = nil
		return first, nil
	}
	instance, err := r.instantiate(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := instance.configure(ctx, r.options.Config); err != nil {
		return nil, errors.Join(err, instance.Close(ctx))
	}
	return instance, nil
}

func (r *Rule) instantiate(ctx context.Context) (*Instance, error) {
	limits := r.options.Limits
	instance := &Instance{
		rule:   r,
		limits: limits,
		memory: &memory{limit: limits.Memory},
		log:    r.options.Log,
	}
	// Nothing is run that another host would not run.
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().
		WithStdout(&printer{instance: instance, level: Info}).
		WithStderr(&printer{instance: instance, level: Error})
	err := instance.run(ctx, limits.InitTime, "limits.init_time", func(ctx context.Context) error {
		ctx = experimental.WithMemoryAllocator(ctx, instance.memory)
		module, err := r.runtime.InstantiateModule(ctx, r.compiled, config)
		if err != nil {
			return err
		}
		if err := instance.find(module, r.component); err != nil {
			return errors.Join(err, module.Close(ctx))
		}
		if initialize := module.ExportedFunction("_initialize"); initialize != nil {
			_, err = initialize.Call(ctx)
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, instance.Close(ctx))
	}
	return instance, nil
}

// Close ends the rule with all its instances.
func (r *Rule) Close(ctx context.Context) error {
	if r.runtime == nil {
		return nil
	}
	return r.runtime.Close(context.WithoutCancel(ctx))
}

// CallTime is how long a call may take.
func (r *Rule) CallTime() time.Duration { return r.options.Limits.CallTime }
