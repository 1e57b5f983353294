package config

import "time"

// Analyzer is an image of the user's that looks at what is built. It writes what
// it finds as SARIF, SPDX or CycloneDX, see package external.
type Analyzer struct {
	// Name is unique, also among those of the policies that are extended.
	Name string
	// Image is the image's reference, pinned or not. Without it the image is that of
	// the build context Context.
	Image, Context string
	// Scope is what it is given.
	Scope AnalyzerScope
	// AllStages has it look at all stages, not only at what becomes the image. It
	// means nothing for the build context.
	AllStages bool
	// Network lets it use the network of the build.
	Network bool
	// Params are handed to it in BUILDKIT_SCAN_KEY.
	Params map[string]string
	// Command runs in place of the image's own; empty for that.
	Command []string
	// Timeout bounds one run of it.
	Timeout time.Duration
	// File and Line are where it was defined.
	File string
	Line int
}

// AnalyzerScope is what an analyzer is given.
type AnalyzerScope string

// The scopes of analyzers.
const (
	// ScopeLayer gives it every layer by itself: what the layer added or changed.
	ScopeLayer AnalyzerScope = "layer"
	// ScopeStage gives it a stage's final snapshot.
	ScopeStage AnalyzerScope = "stage"
	// ScopeContext gives it the build context without what .dockerignore excludes.
	ScopeContext AnalyzerScope = "context"
)

// DefaultAnalyzerTimeout is for an analyzer that says nothing of it.
const DefaultAnalyzerTimeout = 10 * time.Minute
