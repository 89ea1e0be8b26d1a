package rule

import (
	"bytes"
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/linkmend/linkmend/collector/internal/component"
)

// pausesClock is a function of the adapter that a component brings, in whose place the
// runtime answers: the clock stands still anyway.
const pausesClock = "adapter_monotonic_clock_set_paused"

// addWASI defines WASI of the first kind with nothing in it, for languages that cannot be
// compiled without: no file, argument or variable; time and random numbers are always
// the same, and nobody sleeps. What is printed is what the rule says.
func addWASI(ctx context.Context, runtime wazero.Runtime) error {
	module := runtime.NewHostModuleBuilder(component.WASI)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(module)
	nothing := api.GoFunc(func(context.Context, []uint64) {})
	module.NewFunctionBuilder().
		WithGoFunction(nothing, []api.ValueType{api.ValueTypeI32}, nil).
		Export(pausesClock)
	if _, err := module.Instantiate(ctx); err != nil {
		return fmt.Errorf("the empty WASI: %w", err)
	}
	return nil
}

// printer is where a rule prints to: each line is what it says.
type printer struct {
	instance *Instance
	level    Level
	open     []byte
}

// Write implements io.Writer.
func (p *printer) Write(text []byte) (int, error) {
	const longest = 1 << 10 // a line that does not end is cut here
	for line := range bytes.Lines(text) {
		room := max(longest-len(p.open), 0)
		p.open = append(p.open, line[:min(len(line), room)]...)
		if line[len(line)-1] == '\n' {
			p.instance.say(p.level, string(bytes.TrimRight(p.open, "\r\n")))
			p.open = p.open[:0]
		}
	}
	return len(text), nil
}
