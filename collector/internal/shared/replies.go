package shared

import (
	"bytes"
	"errors"
	"strconv"
)

const (
	// What the client takes for one answer of a list, at most.
	sizeOfAnswer = 64
	// Lists of lists: what describes the servers of a cluster has four. The client reads
	// them by calling itself.
	deepest = 8
	// The length of an answer has no more digits, with what stands before them.
	longestHeader = 12
)

var errNonsense = errors.New("it answers what was not asked for")

// replies follows what a server says. The client allocates what an answer announces, before
// any of it is there: so it is what is announced that counts.
type replies struct {
	// The beginning of a line.
	line []byte
	// So much of a text is still to come, with what ends it.
	text int64
	// Of each list that has begun, how many answers are still to come.
	lists []int64
}

// read follows the next bytes, and tells what the client takes for what begins in them.
func (r *replies) read(said []byte) (takes int64, err error) {
	for len(said) > 0 {
		if r.text > 0 {
			some := min(r.text, int64(len(said)))
			r.text -= some
			said = said[some:]
			if r.text == 0 {
				r.end()
			}
			continue
		}
		line, rest, isWhole := bytes.Cut(said, []byte{'\n'})
		takes += int64(len(said) - len(rest))
		r.line = append(r.line, line[:min(len(line), longestHeader+1-len(r.line))]...)
		said = rest
		if !isWhole {
			break
		}
		more, err := r.header(r.line)
		if err != nil {
			return takes, err
		}
		takes += more
		r.line = r.line[:0]
	}
	return takes, nil
}

// header follows the first line of an answer.
func (r *replies) header(line []byte) (takes int64, err error) {
	if len(line) < 2 {
		return 0, errNonsense
	}
	kind := line[0]
	switch kind {
	case '+', '-', ':', '_', ',', '#', '(':
		r.end()
		return sizeOfAnswer, nil
	case '$', '=', '!', '*', '~', '>', '%':
	default:
		return 0, errNonsense
	}
	digits, isWhole := bytes.CutSuffix(line[1:], []byte{'\r'})
	if bytes.Equal(digits, []byte("-1")) {
		r.end()
		return sizeOfAnswer, nil
	}
	count, err := strconv.ParseUint(string(digits), 10, 32)
	if err != nil || !isWhole {
		return 0, errNonsense
	}
	length := int64(count)
	switch kind {
	case '$', '=', '!':
		r.text = length + 2
		return sizeOfAnswer + length, nil
	case '%':
		length *= 2
	}
	r.lists = append(r.lists, length)
	if len(r.lists) > deepest {
		return 0, errNonsense
	}
	if length == 0 {
		r.lists = r.lists[:len(r.lists)-1]
		r.end()
	}
	return sizeOfAnswer + length*sizeOfAnswer, nil
}

// end ends an answer, and the lists of which it is the last one.
func (r *replies) end() {
	for last := len(r.lists) - 1; last >= 0; last-- {
		r.lists[last]--
		if r.lists[last] > 0 {
			return
		}
		r.lists = r.lists[:last]
	}
}
