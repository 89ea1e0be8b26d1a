package component

import "errors"

var errCut = errors.New("it ends in the middle, or has a number that is too large")

// reader reads the parts of a section. After the first error it reads zeros.
type reader struct {
	bytes []byte
	at    int
	err   error
}

func (r *reader) take(length uint32) []byte {
	if r.err != nil || int64(length) > int64(len(r.bytes)-r.at) {
		r.err = errCut
		return nil
	}
	taken := r.bytes[r.at : r.at+int(length)]
	r.at += int(length)
	return taken
}

func (r *reader) byte() byte {
	if taken := r.take(1); r.err == nil {
		return taken[0]
	}
	return 0
}

// number reads an unsigned number of 32 bits (LEB128).
func (r *reader) number() uint32 {
	return uint32(r.leb(32))
}

// leb reads an unsigned number of at most so many bits.
func (r *reader) leb(bits int) uint64 {
	var number uint64
	for shift := 0; shift < bits; shift += 7 {
		b := r.byte()
		number |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			if bits-shift < 7 && b>>(bits-shift) != 0 {
				r.err = errCut
			}
			return number
		}
	}
	r.err = errCut
	return 0
}

func (r *reader) name() string { return string(r.take(r.number())) }

func (r *reader) imports() []moduleImport {
	var imports []moduleImport
	for range r.number() {
		i := moduleImport{module: r.name(), name: r.name()}
		begin := r.at
		switch kind := r.byte(); kind {
		case kindFunction:
			i.isFunction = true
			r.number()
		case kindTable:
			r.byte()
			r.limits()
		case kindMemory:
			r.limits()
		case kindGlobal:
			r.take(2)
		default:
			r.err = errors.New("it has an import of a kind that is not known")
		}
		if r.err != nil {
			return nil
		}
		i.descriptor = r.bytes[begin:r.at]
		imports = append(imports, i)
	}
	return imports
}

func (r *reader) exports() []string {
	var exports []string
	for range r.number() {
		exports = append(exports, r.name())
		r.byte()
		r.number()
		if r.err != nil {
			return nil
		}
	}
	return exports
}

// limits reads those of a table or a memory.
func (r *reader) limits() (least uint64, most *uint64) {
	flags := r.byte()
	least = r.leb(64)
	if flags&1 == 1 {
		number := r.leb(64)
		most = &number
	}
	return least, most
}
