package scan

// ExternalFinding is what an analyzer found that the user brought: malware, a
// weakness in source code, whatever its tool looks for.
type ExternalFinding struct {
	// Analyzer is its name in the options, Rule the tool's own id of what it found.
	Analyzer string   `json:"analyzer"`
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	// Path is relative to the image's root or, if Context is set, to the build
	// context. Line and EndLine are 1-based, zero if unknown.
	Path    string `json:"path,omitempty"`
	Line    int    `json:"line,omitempty"`
	EndLine int    `json:"endLine,omitempty"`
	// Context says that it is about the build context and not about the image.
	Context bool   `json:"context,omitempty"`
	URL     string `json:"url,omitempty"`
	// Fingerprint is the same for the same finding in every run.
	Fingerprint string `json:"fingerprint,omitempty"`
	// Layer brought it in: an index into [Stage.Layers], -1 where no layer is known.
	// Removed is as in [Secret].
	Layer   int `json:"layer"`
	Removed int `json:"removed,omitempty"`
	// Decision of the policy; nil before it has decided.
	Decision *Decision `json:"decision,omitempty"`
}

// BlockingExternal points at one blocking finding of an analyzer.
type BlockingExternal struct {
	Platform string          `json:"platform"`
	Stage    string          `json:"stage"`
	External ExternalFinding `json:"external"`
	Layer    Layer           `json:"layer"`
}
