package component

import (
	"encoding/binary"
	"strings"
)

// The tools that make a component give each import of a module a name of its own: where
// a module imports a function twice, as Go does, the second one is "name [v2]".
const secondTime = " [v"

// plainImports gives imports of WASI that are there more than once their name back.
func (r *Rule) plainImports(imports []moduleImport) error {
	var isAny bool
	for n := range imports {
		i := &imports[n]
		if name, _, found := strings.Cut(i.name, secondTime); found && i.module == WASI {
			i.name, isAny = name, true
		}
	}
	if !isAny {
		return nil
	}
	return r.rewrite(func(id byte, content []byte) ([]byte, error) {
		if id != sectionImport {
			return content, nil
		}
		plain := binary.AppendUvarint(nil, uint64(len(imports)))
		for _, i := range imports {
			for _, name := range []string{i.module, i.name} {
				plain = binary.AppendUvarint(plain, uint64(len(name)))
				plain = append(plain, name...)
			}
			plain = append(plain, i.descriptor...)
		}
		return plain, nil
	})
}

// rewrite makes the module anew, with some sections changed.
func (r *Rule) rewrite(change func(id byte, content []byte) ([]byte, error)) error {
	made := append([]byte(nil), moduleHeader...)
	err := sections(r.Module, func(id byte, content []byte) error {
		content, err := change(id, content)
		made = append(made, id)
		made = binary.AppendUvarint(made, uint64(len(content)))
		made = append(made, content...)
		return err
	})
	if err != nil {
		return err
	}
	r.Module = made
	return nil
}
