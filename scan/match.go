package scan

// MatchRequest is the input of the match operation: packages of every stage
// and platform of a build, so that one operation matches them all. It holds
// nothing else, so that it is cached for as long as packages and database are
// the same.
type MatchRequest struct {
	SchemaVersion int            `json:"schemaVersion"`
	Subjects      []MatchSubject `json:"subjects"`
}

// MatchSubject is one stage of one platform.
type MatchSubject struct {
	OS       *OSRelease `json:"os,omitempty"`
	Packages []Package  `json:"packages,omitempty"`
}

// MatchResult is the output of the match operation, subjects in the same order.
type MatchResult struct {
	SchemaVersion int             `json:"schemaVersion"`
	Database      Database        `json:"database"`
	Subjects      []SubjectResult `json:"subjects"`
	// Error says why matching could not be done (the database is missing,
	// truncated, of another schema). The operation itself exits 0 so that the
	// reason reaches the user.
	Error string `json:"error,omitempty"`
}

// SubjectResult is what was found in one subject. Findings are sorted by
// severity (worst first), package, version, id and path.
type SubjectResult struct {
	Findings []Finding `json:"findings,omitempty"`
	// Unknown is as in [Stage].
	Unknown []string `json:"unknown,omitempty"`
	// EndOfLife is the day (YYYY-MM-DD) on which the distribution's release
	// stops or stopped being maintained, where the database knows it. Past it,
	// findings may be incomplete.
	EndOfLife string `json:"endOfLife,omitempty"`
}

// DatabaseStatus is the output of the unpack operation (status.json): which
// database now lies ready for matching, or why none does. Like the match
// operation it exits 0 either way.
type DatabaseStatus struct {
	SchemaVersion int      `json:"schemaVersion"`
	Database      Database `json:"database"`
	Error         string   `json:"error,omitempty"`
}
