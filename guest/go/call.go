package linkmend

import (
	"errors"

	types "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_types"
)

// call is one call of `process`.
type call struct {
	driver *driver
	tasks  types.Tasks
	keys   *keys
	// The span that the rule looks at, when it fails.
	at *Span
}

// named are the keys that a span names, and how many were left out.
type named struct {
	span    *Span
	places  []int
	leftOut int
}

func (call *call) has(task types.Tasks) bool { return call.tasks&task != 0 }

func (call *call) answer(shown []*Span) (types.Verdict, error) {
	driver := call.driver
	mends := call.has(types.TasksMend)
	var produced, awaited []named
	if producing, ok := driver.rule.(Producing); ok && call.has(types.TasksRemember) {
		produced = call.named(shown, producing.Produces)
	}
	if awaiting, ok := driver.rule.(Awaiting); ok && mends {
		awaited = call.named(shown, awaiting.Awaits)
	}
	call.keys.hash()
	if err := call.remember(produced); err != nil {
		return types.Verdict{}, err
	}
	answer := newAnswer()
	if !mends {
		return answer.verdict(), nil
	}
	if err := call.keys.recall(awaited); err != nil {
		return types.Verdict{}, err
	}
	next := 0
	for _, span := range shown {
		of := named{span: span}
		if next < len(awaited) && awaited[next].span == span {
			of, next = awaited[next], next+1
		}
		call.mend(of, answer)
	}
	return answer.verdict(), nil
}

func (call *call) named(shown []*Span, name func(*Span) []Key) []named {
	var all []named
	for _, span := range shown {
		call.at = span
		of := named{span: span}
		for _, key := range name(span) {
			of.add(call.keys.place(key))
		}
		if len(of.places) > 0 {
			all = append(all, of)
		}
	}
	call.at = nil
	return all
}

func (of *named) add(place int) {
	if place < 0 {
		return
	}
	// Spans name few messages; those that name very many stop at the limit.
	for _, known := range of.places {
		if known == place {
			return
		}
	}
	if len(of.places) == mostKeys {
		of.leftOut++
		return
	}
	of.places = append(of.places, place)
}

func (call *call) remember(produced []named) error {
	var producers []remembered
	texts := newTexts()
	for _, of := range produced {
		if !of.span.IsValid() {
			continue
		}
		rank := uint8(0)
		if ranking, ok := call.driver.rule.(Ranking); ok {
			rank = ranking.Rank(of.span)
		}
		state := texts.add(of.span.raw.TraceState)
		for _, place := range of.places {
			producers = append(producers, remembered{call.keys.hashes[place], of.span, state, rank})
		}
	}
	if len(producers) == 0 {
		return nil
	}
	return call.driver.index.remember(producers, texts.bytes)
}

func (call *call) mend(of named, answer *answer) {
	call.at = of.span
	edits := &Edits{
		Explaining: call.has(types.TasksExplain), span: of.span, sees: call.driver.sees,
	}
	var found []Message
	var missing []types.MessageKey
	for _, place := range of.places {
		message := Message{Key: call.keys.named[place], span: of.span, edits: edits}
		for _, source := range call.keys.known[place] {
			// Never the span itself.
			if source.IDs != of.span.IDs {
				message.Sources = append(message.Sources, source)
			}
		}
		if len(message.Sources) == 0 {
			missing = append(missing, call.keys.hashes[place])
			edits.Explain("no producer is known of %q", message.Key)
		}
		found = append(found, message)
	}
	if len(missing) > 0 && call.has(types.TasksDefer) {
		answer.defers(of.span, missing)
	} else {
		edits.Note(Unresolved, len(missing))
		edits.Note(TooMany, of.leftOut)
		call.driver.rule.Mend(of.span, found, edits)
		edits.settle()
		answer.add(of.span, edits)
	}
	answer.explain(of.span, edits)
	call.at = nil
}

// keys are the keys of a batch, each once.
type keys struct {
	index  index
	places map[string]int
	named  []Key
	hashes []types.MessageKey
	// The producers that are known, by place.
	known map[int][]*Source
}

func newKeys(index index) *keys {
	return &keys{index: index, places: map[string]int{}, known: map[int][]*Source{}}
}

// place is where a key is; -1 for one that names nothing.
func (keys *keys) place(key Key) int {
	if !key.isNamed() {
		return -1
	}
	whole := ""
	for _, part := range key {
		whole += part + "\x00"
	}
	place, ok := keys.places[whole]
	if !ok {
		place = len(keys.named)
		keys.places[whole] = place
		keys.named = append(keys.named, key)
	}
	return place
}

func (keys *keys) hash() {
	if len(keys.named) == 0 {
		return
	}
	messages := make([][]string, len(keys.named))
	for place, key := range keys.named {
		messages[place] = key
	}
	keys.hashes = keys.index.hash(messages)
}

func (keys *keys) recall(awaited []named) error {
	var wanted []int
	isWanted := map[int]bool{}
	for _, of := range awaited {
		for _, place := range of.places {
			if !isWanted[place] {
				isWanted[place] = true
				wanted = append(wanted, place)
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	hashes := make([]types.MessageKey, len(wanted))
	for number, place := range wanted {
		hashes[number] = keys.hashes[place]
	}
	recalled, err := keys.index.recall(hashes)
	if err != nil {
		return err
	}
	if len(recalled) != len(wanted) {
		return errors.New("the index answered for other keys")
	}
	for number, place := range wanted {
		keys.known[place] = recalled[number]
	}
	return nil
}
