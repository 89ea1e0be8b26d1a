// Package export_linkmend_rule_spans is what the bindings call: the package linkmend
// puts its function here.
package export_linkmend_rule_spans

import (
	spans "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_spans"
	types "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_types"
	witTypes "go.bytecodealliance.org/pkg/wit/types"
)

// Process is the export of the interface.
var Process func(tasks types.Tasks, traces spans.Traces) witTypes.Result[types.Verdict, string]
