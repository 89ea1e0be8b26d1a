// Package export_linkmend_rule_lifecycle is what the bindings call: the package
// linkmend puts its functions here.
package export_linkmend_rule_lifecycle

import (
	types "github.com/linkmend/linkmend/guest/go/internal/wit/linkmend_rule_types"
	witTypes "go.bytecodealliance.org/pkg/wit/types"
)

// The exports of the interface.
var (
	Describe  func() types.About
	Configure func(config string) witTypes.Result[types.Plan, string]
)
