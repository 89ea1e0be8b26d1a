package rule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nothing is an index that knows nothing.
type nothing struct{}

func (nothing) Remember([]byte, []byte) Status { return OK }
func (nothing) Hash([]byte) ([]byte, Status)   { return nil, OK }
func (nothing) Recall(keys []byte) (Recalled, Status) {
	return Recalled{Counts: make([]byte, len(keys)/(numbersOfKey*numberSize))}, OK
}

// patient is the time of calls that are to fail for another reason: a machine may be
// busy, the race detector makes it slow, and the runtime has room for a stack of 50 MB.
const patient = time.Minute

const hostile = "collector/internal/rule/testdata/hostile/hostile.wasm"

// TestHostile runs a rule that means harm, which fails in the way that is told, in
// time, and within its memory; and then another instance of it, which is well.
func TestHostile(t *testing.T) {
	for mode, want := range map[string]struct {
		kind Kind
		text string
	}{
		"loop":              {TooLong, "limits.call_time = 200ms"},
		"recall-loop":       {TooLong, "limits.call_time = 200ms"},
		"trap":              {Trapped, "unreachable"},
		"recursion":         {Trapped, "out of bounds memory access"}, // its stack is in its memory
		"stack":             {StackUsedUp, "call stack is used up"},
		"memory":            {TooMuchMemory, "limits.memory = 8388608"},
		"remember-past-end": {Unfit, "past the end of its memory"},
		"recall-misaligned": {Unfit, "not aligned"},
		"recall-many":       {Unfit, "past the end of its memory"},
		"result-past-end":   {Unfit, "past the end of its memory"},
		"list-past-end":     {Unfit, "past the end of its memory"},
		"list-misaligned":   {Unfit, "not aligned"},
		"answer-past-end":   {Unfit, "past the end of its memory"},
		"answer-misaligned": {Unfit, "not aligned"},
		"no-result":         {Unfit, "neither a success nor an error"},
		"output":            {TooMuchOutput, "limits.output = 1048576"},
		"log-level":         {Unfit, "a level of 7"},
		"says-error":        {Said, "it says: it is not my day"},
	} {
		t.Run(mode, func(t *testing.T) {
			l := limits()
			l.CallTime, l.Memory, l.Output = patient, 8<<20, 1<<20
			if want.kind == TooLong {
				l.CallTime = 200 * time.Millisecond
			}
			loaded, err := tryToLoad(t, hostile, `{"do":"`+mode+`"}`, l)
			require.NoError(t, err)
			instance, err := loaded.New(t.Context())
			require.NoError(t, err)
			begun := time.Now()
			const mend = 2
			take := func(*Verdict) { t.Error("its answer was taken") }
			err = instance.ProcessBytes(t.Context(), nothing{}, mend, take, []byte("traces"))
			var failed *Fault
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, want.kind, failed.Kind, failed.Text)
			assert.Contains(t, failed.Text, want.text)
			assert.Less(t, time.Since(begun), l.CallTime+5*time.Second)
			assert.LessOrEqual(t, uint64(instance.Memory()), l.Memory+6)
			require.NoError(t, instance.Close(t.Context()))

			again, err := loaded.New(t.Context())
			require.NoError(t, err)
			require.NoError(t, again.ProcessBytes(t.Context(), nothing{}, 1, func(*Verdict) {}, []byte("traces")))
			require.NoError(t, again.Close(t.Context()))
		})
	}
}

func TestAConfigurationThatTakesForEver(t *testing.T) {
	l := limits()
	l.InitTime = 200 * time.Millisecond
	_, err := tryToLoad(t, hostile, `{"do":"configure-loop"}`, l)
	require.ErrorContains(t, err, "limits.init_time = 200ms")
}

func TestTooLittleMemoryToBegin(t *testing.T) {
	l := limits()
	l.Memory = 1 << 20
	_, err := tryToLoad(t, hostile, `{"do":"good"}`, l)
	require.ErrorContains(t, err, "limits.memory = 1048576")
}

func TestTooManyTableElements(t *testing.T) {
	l := limits()
	l.TableElements = 1
	_, err := tryToLoad(t, builtin, `{}`, l)
	require.ErrorContains(t, err, "limits.table_elements = 1")
}
