// Package embedded has the modules that lie in the binary. `cargo xtask build-guest`
// puts them here.
package embedded

import _ "embed"

// Kernel is the engine of linkmend.
//
//go:embed kernel.wasm
var Kernel []byte

// Repair is the built-in rule, a component.
//
//go:embed repair.wasm
var Repair []byte
