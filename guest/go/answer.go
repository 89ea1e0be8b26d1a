package linkmend

import (
	"strings"

	types "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_types"
)

// texts is the buffer that ranges point into; each text is in it once.
type texts struct {
	bytes []byte
	known map[string]types.Text
}

func newTexts() *texts { return &texts{known: map[string]types.Text{}} }

func (texts *texts) add(text string) types.Text {
	found, ok := texts.known[text]
	if !ok {
		text := strings.ToValidUTF8(text, "\ufffd")
		found = types.Text{Offset: uint32(len(texts.bytes)), Length: uint32(len(text))}
		texts.bytes = append(texts.bytes, text...)
		texts.known[text] = found
	}
	return found
}

// answer is the verdict, as it grows.
type answer struct {
	texts  *texts
	answer types.Verdict
}

func newAnswer() *answer { return &answer{texts: newTexts()} }

func (answer *answer) verdict() types.Verdict {
	answer.answer.Texts = answer.texts.bytes
	return answer.answer
}

// add takes the edits and notes of a span.
func (answer *answer) add(span *Span, edits *Edits) {
	for _, number := range edits.order {
		change := edits.changes[number]
		edit := types.Edit{Span: span.number, Link: number}
		if change.isDropped {
			edit.Action, edit.Reason = types.ActionDropLink, types.DropReason(change.reason)
			answer.edit(edit, Context{}, nil)
			continue
		}
		if change.context != nil {
			edit.Action = types.ActionReplaceContext
			answer.edit(edit, *change.context, nil)
		}
		if len(change.attributes) > 0 {
			edit.Action = types.ActionAddAttributes
			answer.edit(edit, Context{}, change.attributes)
		}
	}
	for _, added := range edits.added {
		edit := types.Edit{Span: span.number, Action: types.ActionAddLink}
		answer.edit(edit, added.context, added.attributes)
	}
	for kind, count := range edits.notes {
		if count > 0 {
			note := types.Note{Span: span.number, Kind: types.NoteKind(kind), Count: count}
			answer.answer.Notes = append(answer.answer.Notes, note)
		}
	}
}

// defers keeps a span back.
func (answer *answer) defers(span *Span, keys []types.MessageKey) {
	verdict := &answer.answer
	deferral := types.Deferral{
		Span: span.number, FirstKey: uint32(len(verdict.Keys)), KeyCount: uint32(len(keys)),
	}
	verdict.Deferrals = append(verdict.Deferrals, deferral)
	verdict.Keys = append(verdict.Keys, keys...)
}

// explain takes what is said of a span.
func (answer *answer) explain(span *Span, edits *Edits) {
	if len(edits.lines) > 0 {
		text := answer.texts.add(strings.Join(edits.lines, "\n"))
		explanation := types.Explanation{Span: span.number, Text: text}
		answer.answer.Explanations = append(answer.answer.Explanations, explanation)
	}
}

func (answer *answer) edit(edit types.Edit, context Context, attributes []Attribute) {
	edit.Context = types.SpanContext{
		TraceIdHigh: context.TraceHigh, TraceIdLow: context.TraceLow, SpanId: context.Span,
		TraceState: answer.texts.add(context.TraceState), Flags: context.Flags,
	}
	edit.FirstAttribute = uint32(len(answer.answer.Attributes))
	edit.AttributeCount = uint32(len(attributes))
	for _, attribute := range attributes {
		answer.answer.Attributes = append(answer.answer.Attributes, types.Attribute{
			Key: answer.texts.add(attribute.Key), Kind: attribute.kind,
			Text: answer.texts.add(attribute.text), Bits: attribute.bits,
		})
	}
	answer.answer.Edits = append(answer.answer.Edits, edit)
}
