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
	// Text is the whole of it, for people.
	Text string
	// Detail is what the kernel does not know by the kind and the limits.
	Detail string
}

func (f *Fault) Error() string { return f.Text }

// detailed is a fault of a kind that is told by a detail.
func detailed(kind Kind, beginning, detail string) *Fault {
	detail = clip(detail)
	return &Fault{Kind: kind, Text: beginning + detail, Detail: detail}
}

func trapped(format string, arguments ...any) *Fault {
	return detailed(Trapped, "it trapped: ", fmt.Sprintf(format, arguments...))
}

func unfit(format string, arguments ...any) *Fault {
	return detailed(Unfit, "it does not fit the interface linkmend:rule: ", fmt.Sprintf(format, arguments...))
}

func said(text string) *Fault { return detailed(Said, "it says: ", text) }

// over is a fault for more than a limit allows.
func over(kind Kind, format string, arguments ...any) *Fault {
	return &Fault{Kind: kind, Text: fmt.Sprintf(format, arguments...)}
}

// told is what the runtime tells of a trap, and the functions that it was in, the
// innermost first: on one line.
func told(err error) string {
	const most = 4
	what, trace, _ := strings.Cut(err.Error(), "\nwasm stack trace:")
	what = strings.TrimPrefix(what, "wasm error: ")
	var functions []string
	for line := range strings.Lines(trace) {
		// module.name(types) types
		name, _, _ := strings.Cut(strings.TrimSpace(line), "(")
		if name != "" && len(functions) < most {
			functions = append(functions, name[strings.LastIndexByte(name, '.')+1:])
		}
	}
	if len(functions) > 0 {
		what += " in " + strings.Join(functions, " < ")
	}
	return what
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
