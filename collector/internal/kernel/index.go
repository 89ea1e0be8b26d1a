package kernel

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/linkmend/linkmend/collector/internal/rule"
)

// index is the kernel's index, as a rule sees it in the middle of a call of the kernel.
type index struct {
	kernel  *Kernel
	context context.Context
}

var _ rule.Index = (*index)(nil)

// Remember implements rule.Index.
func (i *index) Remember(producers, texts []byte) rule.Status {
	k := i.kernel
	at, err := k.put(i.context, k.nested.allocate, producers)
	if err != nil {
		return i.failed(err)
	}
	textsAt, err := k.put(i.context, k.nested.allocate, texts)
	if err != nil {
		return i.failed(err)
	}
	results, err := k.nested.remember.Call(i.context, at, uint64(len(producers)), textsAt, uint64(len(texts)))
	if err != nil {
		return i.failed(err)
	}
	return rule.Status(api.DecodeU32(results[0]))
}

// Recall implements rule.Index.
func (i *index) Recall(keys []byte) (rule.Recalled, rule.Status) {
	block, err := i.ask(i.kernel.nested.recall, keys)
	if err != nil {
		return rule.Recalled{}, i.failed(err)
	}
	r := reader{rest: block}
	if status := rule.Status(r.word()); status != rule.OK || r.isShort {
		return rule.Recalled{}, max(status, rule.Malformed)
	}
	counts, producers, texts := r.word(), r.word(), r.word()
	recalled := rule.Recalled{Counts: r.bytes(counts), Producers: r.bytes(producers), Texts: r.bytes(texts)}
	if r.isShort {
		return rule.Recalled{}, i.failed(errAnswer)
	}
	return recalled, rule.OK
}

// Hash implements rule.Index.
func (i *index) Hash(messages []byte) ([]byte, rule.Status) {
	keys, err := i.ask(i.kernel.nested.hash, messages)
	if err != nil {
		return nil, i.failed(err)
	}
	return keys, rule.OK
}

// ask gives the kernel a block, and is given one, which is good until the next call.
func (i *index) ask(f api.Function, question []byte) ([]byte, error) {
	k := i.kernel
	at, err := k.put(i.context, k.nested.allocate, question)
	if err != nil {
		return nil, err
	}
	results, err := f.Call(i.context, at, uint64(len(question)))
	if err != nil {
		return nil, err
	}
	if results[0] == 0 {
		return nil, nil
	}
	return k.view(results[0])
}

// failed is for a kernel that failed: the call ends, and says so.
func (i *index) failed(err error) rule.Status {
	i.kernel.options.Log(rule.Error, fmt.Sprintf("the index of the kernel failed: %v", err))
	return rule.Unavailable
}
