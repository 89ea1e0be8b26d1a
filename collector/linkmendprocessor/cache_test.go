package linkmendprocessor

import (
	"os"
	"path/filepath"

	"github.com/tetratelabs/wazero"
)

// Tests start hundreds of processors: what is compiled for one is kept for the others,
// and for the next run.
func init() {
	// Of the user's own: it is run.
	folder, err := os.UserCacheDir()
	if err != nil {
		return
	}
	cache, err := wazero.NewCompilationCacheWithDir(filepath.Join(folder, "linkmendprocessor-tests"))
	if err == nil {
		compiled = func() wazero.CompilationCache { return cache }
	}
}
