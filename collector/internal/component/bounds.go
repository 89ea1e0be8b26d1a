package component

import (
	"encoding/binary"
	"fmt"
)

// A rule has no more tables than this.
const mostTables = 16

// Types of the elements of tables.
const (
	funcRef   = 0x70
	externRef = 0x6f
)

// LeastMemory is how many bytes of memory the module begins with.
func (r *Rule) LeastMemory() (uint64, error) {
	const page = 1 << 16
	var least uint64
	err := sections(r.Module, func(id byte, content []byte) error {
		if id == sectionMemory {
			from := reader{bytes: content}
			for range from.number() {
				pages, _ := from.limits()
				least += pages * page
			}
			return from.err
		}
		return nil
	})
	return least, err
}

// BoundTables lets the tables of the module have so many elements at most, all
// together. Engines have no such limit of their own, but they keep to the one that
// stands in the module.
func (r *Rule) BoundTables(most uint32) error {
	return r.rewrite(func(id byte, content []byte) ([]byte, error) {
		if id == sectionTable {
			return boundTables(content, most)
		}
		return content, nil
	})
}

type table struct {
	elements    byte
	least, most uint64
}

func boundTables(section []byte, most uint32) ([]byte, error) {
	tables, least, err := readTables(section)
	switch {
	case err != nil:
		return nil, err
	case len(tables) > mostTables:
		return nil, fmt.Errorf("it has %d tables, and a rule has %d at most", len(tables), mostTables)
	case least > uint64(most):
		return nil, fmt.Errorf("it needs more table elements than limits.table_elements = %d", most)
	}
	bounded := binary.AppendUvarint(nil, uint64(len(tables)))
	for _, t := range tables {
		room := t.least + (uint64(most)-least)/uint64(len(tables))
		const hasMost = 1
		bounded = append(bounded, t.elements, hasMost)
		bounded = binary.AppendUvarint(bounded, t.least)
		bounded = binary.AppendUvarint(bounded, min(t.most, room))
	}
	return bounded, nil
}

func readTables(section []byte) (tables []table, least uint64, err error) {
	from := reader{bytes: section}
	for range from.number() {
		t := table{elements: from.byte(), most: 1<<32 - 1}
		if from.err == nil && t.elements != funcRef && t.elements != externRef {
			return nil, 0, fmt.Errorf("it has a table of a kind that is not known (%#x)", t.elements)
		}
		var bound *uint64
		if t.least, bound = from.limits(); bound != nil {
			t.most = *bound
		}
		if from.err != nil || t.least > 1<<32 {
			return nil, 0, errCut
		}
		least += t.least
		tables = append(tables, t)
	}
	return tables, least, nil
}
