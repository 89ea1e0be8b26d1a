package component

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func read(t testing.TB, path string) []byte {
	t.Helper()
	bytes, err := os.ReadFile(filepath.Join("..", "..", "..", path))
	require.NoError(t, err)
	return bytes
}

func TestParse(t *testing.T) {
	for path, want := range map[string]Rule{
		"collector/internal/embedded/repair.wasm":      {World: Field, Version: "0.2.0"},
		"collector/internal/rule/testdata/c-jobs.wasm": {World: Span, Version: "0.2.0"},
		"tests/frozen/batch-rule-0.1.0.wasm":           {World: Batch, Version: "0.1.0"},
		"tests/frozen/batch-rule-0.2.0.wasm":           {World: Batch, Version: "0.2.0"},
		"guest/dist/linkmend-boundary-records.wasm":    {World: Span, Version: "0.2.0"},
	} {
		t.Run(path, func(t *testing.T) {
			rule, err := Parse(read(t, path))
			require.NoError(t, err)
			assert.Equal(t, want.World, rule.World)
			assert.Equal(t, want.Version, rule.Version)
			assert.Equal(t, moduleHeader, rule.Module[:8])
		})
	}
}

// section is a section of a module or a component.
func section(id byte, content ...byte) []byte {
	return append([]byte{id, byte(len(content))}, content...)
}

func TestWhatIsNoRule(t *testing.T) {
	component := []byte("\x00asm\x0d\x00\x01\x00")
	empty := append(component, section(sectionCoreModule, moduleHeader...)...)
	python := append([]byte(nil), component...)
	for range 2 {
		module := append(append([]byte(nil), moduleHeader...), section(sectionMemory, 1, 0, 1)...)
		python = append(python, section(sectionCoreModule, module...)...)
	}
	for name, test := range map[string]struct {
		bytes []byte
		text  string
	}{
		"nothing":            {nil, "no WebAssembly"},
		"text":               {[]byte("(component)"), "no WebAssembly"},
		"a module":           {moduleHeader, "core module"},
		"half a header":      {component[:6], "damaged"},
		"no module":          {component, "it is no rule"},
		"an empty module":    {empty, "it is no rule"},
		"several modules":    {python, "consists of several modules"},
		"a cut section":      {append(component, 1, 100, 0), "at byte 8"},
		"a length too large": {append(component, 1, 0xff, 0xff, 0xff, 0xff, 0x7f), "at byte 8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(test.bytes)
			require.ErrorContains(t, err, test.text)
		})
	}
}

// Whatever is given as a rule is read, or refused.
func FuzzParse(f *testing.F) {
	f.Add(read(f, "collector/internal/rule/testdata/c-jobs.wasm"))
	f.Fuzz(func(_ *testing.T, bytes []byte) {
		if rule, err := Parse(bytes); err == nil {
			_, _ = rule.LeastMemory()
			_ = rule.BoundTables(1000)
		}
	})
}

// TestCut cuts a component at every place.
func TestCut(t *testing.T) {
	whole := read(t, "collector/internal/rule/testdata/c-jobs.wasm")
	for end := range len(whole) {
		rule, err := Parse(whole[:end])
		if err == nil {
			require.NotEmpty(t, rule.Module, end)
		}
	}
}
