package component

import (
	"bytes"
	"errors"
	"fmt"
)

// The first eight bytes tell modules from components.
var (
	magic           = []byte("\x00asm")
	moduleHeader    = []byte("\x00asm\x01\x00\x00\x00")
	componentHeader = []byte{0x01, 0x00} // layer 1, behind the version
)

// Sections of a component (component model, binary format).
const sectionCoreModule = 1

// Sections of a core module (WebAssembly 2.0, 5.5.2).
const (
	sectionImport = 2
	sectionTable  = 4
	sectionMemory = 5
	sectionExport = 7
)

// Kinds of imports and exports of a core module.
const (
	kindFunction = 0
	kindTable    = 1
	kindMemory   = 2
	kindGlobal   = 3
)

// moduleNames is what a core module says of itself.
type moduleNames struct {
	imports    []moduleImport
	exports    []string
	ownsMemory bool
}

type moduleImport struct {
	module, name string
	isFunction   bool
	// descriptor is its kind and its type, as they stand there.
	descriptor []byte
}

// coreModules are the core modules that lie in a component, not those of
// components in it.
func coreModules(component []byte) ([][]byte, error) {
	switch {
	case bytes.HasPrefix(component, moduleHeader):
		return nil, ErrCoreModule
	case !bytes.HasPrefix(component, magic):
		return nil, errors.New("it is no WebAssembly: it does not begin with \\0asm")
	case len(component) < 8 || !bytes.Equal(component[6:8], componentHeader):
		return nil, errors.New("its header is damaged: it is neither a component nor a module")
	}
	var modules [][]byte
	err := sections(component, func(id byte, content []byte) error {
		if id == sectionCoreModule {
			if !bytes.HasPrefix(content, moduleHeader) {
				return errors.New("a module in it has a damaged header")
			}
			modules = append(modules, content)
		}
		return nil
	})
	return modules, err
}

// namesOf reads the names of what a core module imports and exports.
func namesOf(module []byte) (*moduleNames, error) {
	names := &moduleNames{}
	err := sections(module, func(id byte, content []byte) error {
		from := reader{bytes: content}
		switch id {
		case sectionImport:
			names.imports = from.imports()
		case sectionMemory:
			names.ownsMemory = from.number() > 0
		case sectionExport:
			names.exports = from.exports()
		}
		return from.err
	})
	return names, err
}

// sections walks the sections behind the header of a module or a component.
func sections(binary []byte, each func(id byte, content []byte) error) error {
	from := reader{bytes: binary, at: len(moduleHeader)}
	for from.at < len(binary) {
		begin := from.at
		id := from.byte()
		content := from.take(from.number())
		if from.err == nil {
			from.err = each(id, content)
		}
		if from.err != nil {
			return fmt.Errorf("the section at byte %d: %w", begin, from.err)
		}
	}
	return nil
}
