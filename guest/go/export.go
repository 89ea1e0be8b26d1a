//go:build !wasip1

package linkmend

// Export makes the rule that the component is. To be called in an init function; it
// does nothing where nobody can call a component.
func Export(func() Rule) {}
