package bundle

import (
	"context"

	"github.com/scan-build/scan-build/scan/config"
)

// Source reads what options name. A build reads through its engine, other
// programs from this machine.
type Source interface {
	// Files returns the project's files that a pattern matches (of doublestar, on
	// slash-separated paths), each once and with its path as name. What is not there
	// is no error. No more than [MaxFiles] files, [MaxFile] bytes of each and
	// [MaxSize] of all are returned; more is an error.
	Files(ctx context.Context, patterns ...string) ([]config.File, error)
	// Fetch returns what an https URL leads to, having checked its digest
	// ("sha256:…"), at most limit bytes.
	Fetch(ctx context.Context, url, digest string, limit int) ([]byte, error)
	// Pull returns the bundle in an image that is named by its digest.
	Pull(ctx context.Context, image string) (*Bundle, error)
}
