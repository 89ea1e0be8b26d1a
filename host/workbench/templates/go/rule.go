// {{name}}: links every piece of work to the span that created it.
//
// Both carry the same id in an attribute: a request that creates a job, say, and the
// job itself, hours later and in a trace of its own.
package main

import (
	"slices"

	linkmend "github.com/linkmend/linkmend/guest/go"
)

type {{type}} struct{ attribute string }

func (*{{type}}) About() linkmend.About {
	return linkmend.About{
		Name:    "{{name}}",
		Version: "0.1.0",
		Summary: "Links the spans that work a job off to the span that created it.",
	}
}

// Keys that are not taken here are refused, by name.
func (rule *{{type}}) Configure(config *linkmend.Config) {
	rule.attribute = config.Text("attribute", "job.id")
}

func (rule *{{type}}) Wants() linkmend.Wants {
	return linkmend.Wants{Attributes: []string{rule.attribute}}
}

func (rule *{{type}}) Produces(span *linkmend.Span) []linkmend.Key {
	return rule.jobs(span, linkmend.Producer, linkmend.Client, linkmend.Server)
}

func (rule *{{type}}) Awaits(span *linkmend.Span) []linkmend.Key {
	return rule.jobs(span, linkmend.Consumer, linkmend.Internal)
}

func (rule *{{type}}) Mend(span *linkmend.Span, found []linkmend.Message, edits *linkmend.Edits) {
	for _, job := range found {
		edits.Link(job.Nearest(), linkmend.String("link.type", "triggered_by"))
	}
}

// The jobs that a span of these kinds names: one, or an array of them.
func (rule *{{type}}) jobs(span *linkmend.Span, kinds ...linkmend.Kind) []linkmend.Key {
	if !slices.Contains(kinds, span.Kind()) {
		return nil
	}
	return linkmend.Keys("job", span.IDsOf(rule.attribute))
}

func init() { linkmend.Export(func() linkmend.Rule { return new({{type}}) }) }

func main() {}
