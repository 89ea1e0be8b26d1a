package rule

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/linkmend/linkmend/collector/internal/component"
)

// builtin is the built-in rule.
const builtin = "collector/internal/embedded/repair.wasm"

// cJobs is the rule that `linkmend rule new --lang c` begins with.
const cJobs = "collector/internal/rule/testdata/c-jobs.wasm"

var cache = wazero.NewCompilationCache()

func limits() Limits {
	return Limits{
		Memory: 64 << 20, TableElements: 100_000, Output: 64 << 20,
		InitTime: patient, CallTime: patient,
	}
}

func load(t testing.TB, path, config string) *Rule {
	t.Helper()
	loaded, err := tryToLoad(t, path, config, limits())
	require.NoError(t, err)
	return loaded
}

func tryToLoad(t testing.TB, path, config string, limits Limits) (*Rule, error) {
	t.Helper()
	bytes, err := os.ReadFile(filepath.Join("..", "..", "..", path))
	require.NoError(t, err)
	loaded, err := Load(t.Context(), bytes, Options{Config: config, Limits: limits, Cache: cache})
	if err == nil {
		t.Cleanup(func() { require.NoError(t, loaded.Close(t.Context())) })
	}
	return loaded, err
}

// TestWorlds loads rules of every world and version that is run.
func TestWorlds(t *testing.T) {
	for _, test := range []struct {
		path  string
		world component.World
		name  string
	}{
		{builtin, component.Field, "repair"},
		{cJobs, component.Span, "c-jobs"},
		{"tests/frozen/batch-rule-0.1.0.wasm", component.Batch, "repair"},
		{"tests/frozen/batch-rule-0.2.0.wasm", component.Batch, "repair"},
	} {
		t.Run(filepath.Base(test.path), func(t *testing.T) {
			loaded := load(t, test.path, "{}")
			assert.Equal(t, test.world, loaded.World)
			assert.Equal(t, test.name, loaded.About.Name)
			assert.NotEmpty(t, loaded.About.Version)
			t.Logf("%+v %+v", loaded.About, loaded.Plan)
		})
	}
}

func TestAConfigurationThatIsRefused(t *testing.T) {
	_, err := tryToLoad(t, builtin, `{"invalid_links": "dorp"}`, limits())
	require.ErrorContains(t, err, "invalid_links")
}

// TestInstructionsOfTomorrow: the built-in rule as linkmend has it runs in wasmtime alone, and
// whoever takes it, or builds a rule in its way, is told why.
func TestInstructionsOfTomorrow(t *testing.T) {
	_, err := tryToLoad(t, "guest/dist/linkmend-repair.wasm", "{}", limits())
	require.ErrorContains(t, err, "build it without what came later, such as wide arithmetic")
}

// TestWhatIsSaid: a rule that says much is listened to in part.
func TestWhatIsSaid(t *testing.T) {
	var lines, length int
	bytes, err := os.ReadFile("testdata/hostile/hostile.wasm")
	require.NoError(t, err)
	slow := limits()
	slow.CallTime = patient
	loaded, err := Load(t.Context(), bytes, Options{
		Config: `{"do":"log"}`, Limits: slow, Cache: cache,
		Log: func(level Level, text string) {
			assert.Equal(t, Error, level)
			lines++
			length += len(text)
		},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, loaded.Close(t.Context())) }()
	instance, err := loaded.New(t.Context())
	require.NoError(t, err)
	const mend = 2
	require.NoError(t, instance.ProcessBytes(t.Context(), nothing{}, mend, func(*Verdict) {}, []byte("traces")))
	assert.LessOrEqual(t, length, mostSaidBytes)
	assert.Positive(t, lines)
}
