package scan

// LayerInventory is what the analysis of one layer found. Everything in it
// depends on the layer alone: it is cached for as long as the layer exists and
// must never hold knowledge that changes by itself (advisories, end-of-life
// dates, the time).
//
// All paths are slash-separated and relative to the image's root, without a
// leading slash, cleaned, and with the symlinks of their parent directories
// resolved within the layer's snapshot (so merged-/usr systems have one name
// for a file).
type LayerInventory struct {
	SchemaVersion int `json:"schemaVersion"`
	// OS is set when the layer changed the os-release file.
	OS *OSRelease `json:"os,omitempty"`
	// Packages found in files that the layer created or changed.
	Packages []Package `json:"packages,omitempty"`
	// Evidence is every file the layer created or changed that an extractor
	// claimed, whether or not it held a package: it replaces what an earlier
	// layer found at the same path. Sorted.
	Evidence []string `json:"evidence,omitempty"`
	// Removed is every path that the layer removed: a file, or a directory with
	// all that was below it. Sorted. A directory that was removed and made again
	// (opaque) is listed here too; what Packages and Evidence say of paths below
	// it comes after the removal. "." is all there was.
	Removed []string `json:"removed,omitempty"`
	// Secrets found in files that the layer created or changed, sorted by path,
	// line, column and rule.
	Secrets []Secret `json:"secrets,omitempty"`
	// Files worth a look that the layer created or changed, sorted by kind and path.
	Files []FileFact `json:"files,omitempty"`
	// Cleared are facts of lower layers that no longer hold, with nothing but their
	// kind and path: the layer changed a file that was worth a look so that it is
	// so no more, or emptied a package cache. It may name what never was one. Only
	// a method that sees the layer below knows these; what a tar has of executable
	// files is in Evidence. Sorted by kind and path.
	Cleared []FileFact `json:"cleared,omitempty"`
	// Owners other than root of what the layer created or changed, sorted by ids.
	Owners []Owner `json:"owners,omitempty"`
	// Accounts is set when the layer changed etc/passwd or etc/group.
	Accounts *Accounts `json:"accounts,omitempty"`
	// Problems are files that could not be read as what they claim to be.
	Problems []Problem `json:"problems,omitempty"`
	// Stats says how much was looked at.
	Stats LayerStats `json:"stats"`
}

// LayerStats counts the work of one analysis.
type LayerStats struct {
	// Method is how the layer's changes were found: "overlay" (pruned walk),
	// "compare" (both trees walked), "whole" (no parent), "tar" (a layer blob).
	Method string `json:"method"`
	// Changed is the number of files the layer created or changed.
	Changed int `json:"changed"`
	// Visited is the number of directory entries looked at.
	Visited int `json:"visited"`
	// Searched is the number of bytes that were searched for secrets.
	Searched int64 `json:"searched,omitempty"`
}

// Problem is a file that could not be analysed. It never passes silently: a
// fatal one fails the scan, any other is reported with the findings.
type Problem struct {
	Path      string `json:"path"`
	Extractor string `json:"extractor,omitempty"`
	Message   string `json:"message"`
	// Fatal marks a file without which a result would be misleading: an
	// operating system's package database.
	Fatal bool `json:"fatal,omitempty"`
}

// OSRelease is the content of os-release that matters for matching.
type OSRelease struct {
	ID         string   `json:"id"`
	IDLike     []string `json:"idLike,omitempty"`
	VersionID  string   `json:"versionID,omitempty"`
	Version    string   `json:"version,omitempty"`
	Codename   string   `json:"codename,omitempty"`
	PrettyName string   `json:"prettyName,omitempty"`
	// SupportEnd is os-release's own SUPPORT_END (YYYY-MM-DD), if it has one.
	SupportEnd string `json:"supportEnd,omitempty"`
	// Path is the file it was read from.
	Path string `json:"path,omitempty"`
}

// Package is one installed or declared package.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Type is the package URL type: deb, apk, rpm, npm, pypi, golang, maven,
	// gem, composer, cargo, nuget.
	Type string `json:"type"`
	PURL string `json:"purl,omitempty"`
	Arch string `json:"arch,omitempty"`
	// Source is the OS source package, where it is known and differs.
	Source *SourcePackage `json:"source,omitempty"`
	// Modularity is an rpm's module label, e.g. "nodejs:18:…".
	Modularity string `json:"modularity,omitempty"`
	// Path is the evidence: the file in which the package was found. For a
	// package inside an archive it is "outer.jar!inner.jar", and the part before
	// the first "!" is the file.
	Path string `json:"path"`
	// Licenses as the package declares them.
	Licenses []string `json:"licenses,omitempty"`
	// Go holds what only a Go binary knows.
	Go *GoBinary `json:"go,omitempty"`
	// Java holds what only a Java archive knows.
	Java *JavaArchive `json:"java,omitempty"`
	// Extractor is the name of the scalibr extractor that found it.
	Extractor string `json:"extractor,omitempty"`
	// Declared marks a package that a lock file or manifest names; any other is
	// installed: its own files or its record in a package database were found.
	Declared bool `json:"declared,omitempty"`
	// Dev marks a package that a lock file declares for development only.
	Dev bool `json:"dev,omitempty"`

	// First and Last are the layer that brought the package in (at any version)
	// and the one that last changed it, as indices into [Stage.Layers]. They are
	// zero in a LayerInventory and set by merging.
	First int `json:"first"`
	Last  int `json:"last"`
}

// SourcePackage names the source package that an OS package was built from.
type SourcePackage struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// GoBinary is Go's build information as far as matching needs it.
type GoBinary struct {
	// Main says that the package is the binary's own main module.
	Main bool `json:"main,omitempty"`
	// Symbols are the package's functions that the linker kept, if the binary
	// still has its symbol table.
	Symbols []string `json:"symbols,omitempty"`
}

// JavaArchive is a Java archive's identity as far as matching needs it.
type JavaArchive struct {
	GroupID    string `json:"groupID,omitempty"`
	ArtifactID string `json:"artifactID,omitempty"`
	SHA1       string `json:"sha1,omitempty"`
}
