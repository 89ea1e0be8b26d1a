package rule

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is how a rule failed, by the numbers that the kernel has for it.
type Kind uint32

// How a rule fails.
const (
	// Trapped is for a trap.
	Trapped Kind = 1
	// Unfit is for an answer, or an export, that does not fit the interface.
	Unfit Kind = 2
	// TooLong is for a call that took more time than it may.
	TooLong Kind = 3
	// TooMuchMemory is for more linear memory than a rule may have.
	TooMuchMemory Kind = 4
	// TooManyElements is for more elements of tables than a rule may have.
	TooManyElements Kind = 5
	// StackUsedUp is for a recursion without an end.
	StackUsedUp Kind = 6
	// TooMuchOutput is for more than a call may hand over.
	TooMuchOutput Kind = 7
	// Said is for a failure that the rule tells of itself.
	Said Kind = 8
)

// Fault tells how a rule failed. After any but one that it said itself, its
// instance is not used again.
type Fault struct {
	Kind Kind
	Text string
}

func (f *Fault) Error() string { return f.Text }

func fault(kind Kind, format string, arguments ...any) *Fault {
	return &Fault{Kind: kind, Text: fmt.Sprintf(format, arguments...)}
}

func unfit(format string, arguments ...any) *Fault {
	return fault(Unfit, "it does not fit the interface linkmend:rule: "+format, arguments...)
}

// clip makes a text that a rule made up fit for logs and terminals.
func clip(text string) string {
	const longest = 1000
	var clipped strings.Builder
	for _, char := range text {
		if clipped.Len() > longest {
			clipped.WriteString("…")
			break
		}
		switch {
		case char == utf8.RuneError:
			clipped.WriteRune(char)
		case unicode.IsControl(char):
			fmt.Fprintf(&clipped, "\\u{%x}", char)
		default:
			clipped.WriteRune(char)
		}
	}
	return clipped.String()
}
