package scan

import "strings"

// LintPrefix begins the ids of checks that are BuildKit's own lint rules, e.g.
// "dockerfile/StageNameCasing".
const LintPrefix = "dockerfile/"

// FromLint says whether a lint rule of BuildKit's found it. A build's client
// shows those by itself, so they need no warning of ours.
func (m *Misconfiguration) FromLint() bool { return strings.HasPrefix(m.Check, LintPrefix) }
