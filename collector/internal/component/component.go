// Package component takes the core module of a rule out of its component.
//
// A rule is a WebAssembly component. wazero runs core modules, so what the tools
// wrapped is unwrapped here: the module that has the functions of linkmend:rule
// under the names that the component model's build tools give them. What those tools
// put beside it, shims for imports that need the module's own memory, is left out:
// the host here calls into that memory by itself.
package component

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// World is what a rule is shown of spans, see wit/rule.wit.
type World string

// The worlds, by the names that the kernel has for them.
const (
	// Field is the world field-rule: spans as located fields.
	Field World = "field"
	// Batch is the world batch-rule: spans as OTLP.
	Batch World = "batch"
	// Span is the world span-rule: spans as records.
	Span World = "span"
)

// Package names of what a rule imports and exports begin like this.
const pkg = "linkmend:rule/"

// WASI is the module that older tools import from; the runtime has an empty one.
const WASI = "wasi_snapshot_preview1"

// Errors of components that are well-formed and cannot be run here.
var (
	// ErrCoreModule is for a module that is not wrapped.
	ErrCoreModule = errors.New("it is a core module, not a component: `linkmend rule component` makes one of it")
	// ErrSeveralModules is for components of languages that bring a whole runtime.
	ErrSeveralModules = errors.New("it consists of several modules, as rules in Python do, " +
		"and the Collector runs rules of one: run it with `linkmend run` beside the Collector (docs/collector.md), " +
		"or write it in Rust, Go or C")
)

// Rule is what is needed to run a component.
type Rule struct {
	// Module is the core module.
	Module []byte
	// World is what it is shown.
	World World
	// Version is the version of linkmend:rule that it was built against.
	Version string
	// TakesWASI says whether it imports WASI of the first kind.
	TakesWASI bool
}

// Describe is the name of the export that tells who the rule is.
func (r *Rule) Describe() string { return r.export("lifecycle", "describe") }

// Configure is the name of the export that takes the configuration.
func (r *Rule) Configure() string { return r.export("lifecycle", "configure") }

// Process is the name of the export that looks at spans.
func (r *Rule) Process() string {
	return r.export(interfaces[r.World], "process")
}

// Post is the name of the export that frees what the export of a name answered.
func Post(export string) string { return "cabi_post_" + export }

func (r *Rule) export(iface, function string) string {
	return pkg + iface + "@" + r.Version + "#" + function
}

var interfaces = map[World]string{Field: "fields", Batch: "batch", Span: "spans"}

// known are the interfaces that are run, in the order in which they are looked for,
// each with its versions without the number of the patch.
var known = []struct {
	world    World
	versions []string
}{
	{Field, []string{"0.2"}},
	{Batch, []string{"0.2", "0.1"}},
	{Span, []string{"0.2"}},
}

// Parse reads a component.
func Parse(component []byte) (*Rule, error) {
	modules, err := coreModules(component)
	if err != nil {
		return nil, err
	}
	main, names, err := mainModule(modules)
	if err != nil {
		return nil, err
	}
	rule := &Rule{Module: main}
	if err := rule.setInterface(names.exports); err != nil {
		return nil, err
	}
	if err := rule.checkImports(names.imports); err != nil {
		return nil, err
	}
	return rule, rule.plainImports(names.imports)
}

// mainModule finds the one that has the functions of a rule. Modules without a
// memory are shims; a module that borrows the memory of another one and answers the
// calls of WASI is an adapter, in whose place the runtime answers.
func mainModule(modules [][]byte) ([]byte, *moduleNames, error) {
	var main []byte
	var names *moduleNames
	owners := 0
	for _, module := range modules {
		found, err := namesOf(module)
		if err != nil {
			return nil, nil, err
		}
		if found.ownsMemory {
			owners++
		}
		if slices.ContainsFunc(found.exports, isOfRule) {
			if main != nil {
				return nil, nil, ErrSeveralModules
			}
			main, names = module, found
		}
	}
	switch {
	case main == nil && owners > 1:
		return nil, nil, ErrSeveralModules
	case main == nil:
		return nil, nil, fmt.Errorf("it exports nothing of linkmend:rule: it is no rule, or not one of the usual shape; "+
			"one that is run exports %slifecycle@0.2.0", pkg)
	case owners > 1 || !names.ownsMemory:
		return nil, nil, ErrSeveralModules
	}
	return main, names, nil
}

func isOfRule(export string) bool {
	return strings.HasPrefix(export, pkg) && strings.Contains(export, "#")
}

// setInterface tells world and version by the names of the exports.
func (r *Rule) setInterface(exports []string) error {
	for _, k := range known {
		for _, minor := range k.versions {
			version, ok := versionOf(exports, interfaces[k.world], minor)
			if !ok {
				continue
			}
			if _, ok := versionOf(exports, "lifecycle", minor); ok {
				r.World, r.Version = k.world, version
				return nil
			}
		}
	}
	return fmt.Errorf("it was built against another version of linkmend:rule, or lacks a part of it: "+
		"it exports %s, and what is run is 0.2 (and of 0.1 batch-rule); build it again", list(exports))
}

// versionOf is the whole version of an interface that is exported.
func versionOf(exports []string, iface, minor string) (string, bool) {
	for _, export := range exports {
		rest, ok := strings.CutPrefix(export, pkg+iface+"@")
		if !ok {
			continue
		}
		version, _, ok := strings.Cut(rest, "#")
		if ok && withoutPatch(version) == minor {
			return version, true
		}
	}
	return "", false
}

// withoutPatch: versions before 1.0 are compatible when their minor numbers are
// equal; one that is not released is compatible with none.
func withoutPatch(version string) string {
	at := strings.LastIndexByte(version, '.')
	if at < 0 || version[at+1:] == "" || strings.Trim(version[at+1:], "0123456789") != "" {
		return ""
	}
	return version[:at]
}

// checkImports refuses what nobody here can give.
func (r *Rule) checkImports(imports []moduleImport) error {
	var foreign []string
	for _, i := range imports {
		switch {
		case i.module == WASI && i.isFunction:
			r.TakesWASI = true
		case i.isFunction && r.isGiven(i.module):
		default:
			foreign = append(foreign, i.module+" "+i.name)
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	if slices.ContainsFunc(imports, func(i moduleImport) bool { return strings.HasPrefix(i.module, "wasi:") }) {
		return fmt.Errorf("it imports %s, and the Collector gives rules no WASI of that kind: "+
			"build it for wasm32-unknown-unknown, or run it with `linkmend run` beside the Collector", list(foreign))
	}
	return fmt.Errorf("it imports %s, and a rule is given %sindex and %slog", list(foreign), pkg, pkg)
}

func (r *Rule) isGiven(module string) bool {
	rest, ok := strings.CutPrefix(module, pkg)
	if !ok {
		return false
	}
	name, version, _ := strings.Cut(rest, "@")
	return (name == "index" || name == "log") && withoutPatch(version) == withoutPatch(r.Version)
}

// list is some names, for people.
func list(names []string) string {
	const most = 5
	if len(names) == 0 {
		return "nothing"
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
