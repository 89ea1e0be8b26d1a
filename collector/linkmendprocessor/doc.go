//go:generate mdatagen metadata.yaml

// Package linkmendprocessor mends span links in the OpenTelemetry Collector: the engine
// of linkmend, and its built-in rule, as WebAssembly modules that lie in the binary.
package linkmendprocessor
