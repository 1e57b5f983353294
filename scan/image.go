package scan

import "time"

// ImageConfig is what an image's configuration says about how it runs. Values
// that may hold secrets are concealed.
type ImageConfig struct {
	// User as in the configuration; empty means root.
	User         string   `json:"user,omitempty"`
	ExposedPorts []string `json:"exposedPorts,omitempty"`
	// EnvNames are the names of the environment's variables, without values.
	EnvNames    []string          `json:"envNames,omitempty"`
	Volumes     []string          `json:"volumes,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Entrypoint  []string          `json:"entrypoint,omitempty"`
	Cmd         []string          `json:"cmd,omitempty"`
	WorkingDir  string            `json:"workingDir,omitempty"`
	StopSignal  string            `json:"stopSignal,omitempty"`
	Healthcheck bool              `json:"healthcheck,omitempty"`
	// OnBuild counts the instructions that wait for a child image.
	OnBuild int        `json:"onBuild,omitempty"`
	Created *time.Time `json:"created,omitempty"`
}

// Build holds facts about the build itself.
type Build struct {
	// Revision and Source of the version control that the build's context is in.
	Revision string `json:"revision,omitempty"`
	Source   string `json:"source,omitempty"`
	Branch   string `json:"branch,omitempty"`
	// Dockerfile is the file's name, Stage the stage of it that was built, if one
	// was asked for.
	Dockerfile string `json:"dockerfile,omitempty"`
	Stage      string `json:"stage,omitempty"`
	// Images are the names that the image will have, where they are known.
	Images []string `json:"images,omitempty"`
	// Profile of the options that was chosen, if any.
	Profile string `json:"profile,omitempty"`
}

// Base is the image that a stage is built on: the one of the FROM at the
// bottom of its chain.
type Base struct {
	// Ref is the reference as the Dockerfile has it, variables replaced, e.g.
	// "debian:12".
	Ref string `json:"ref"`
	// Name is the repository in full, e.g. "docker.io/library/debian". Empty for a
	// base that no registry has: an OCI layout, another target of the same run.
	Name string `json:"name,omitempty"`
	// Tag that was asked for; empty if only a digest was. "latest" if neither was.
	Tag string `json:"tag,omitempty"`
	// Untagged says that the Dockerfile named neither tag nor digest.
	Untagged bool `json:"untagged,omitempty"`
	// Digest that was really used: of the index, or of the manifest if there is none.
	Digest string `json:"digest,omitempty"`
	// Pinned says that the Dockerfile names a digest.
	Pinned bool `json:"pinned,omitempty"`
	// Created is when the image was made, where it says so: nil for one whose dates
	// are made reproducible (the epoch, or any date before containers existed).
	Created *time.Time `json:"created,omitempty"`
	// CurrentDigest is what Tag points at now, for a pinned base whose tag could be
	// looked up; Newer says that it is another image.
	CurrentDigest string `json:"currentDigest,omitempty"`
	// Missing says that the registry does not have Tag any more.
	Missing bool `json:"missing,omitempty"`
	// Advice compares the base with newer ones, if that was asked for.
	Advice []BaseAdvice `json:"advice,omitempty"`
}

// Moved says whether the tag points at another image than the one used.
func (b *Base) Moved() bool {
	return b.CurrentDigest != "" && b.CurrentDigest != b.Digest
}

// BaseAdvice says what another base image would change.
type BaseAdvice struct {
	// Ref and Digest of the other base.
	Ref    string `json:"ref"`
	Digest string `json:"digest"`
	// Gone and New count findings by severity name, Same those that stay.
	Gone map[string]int `json:"gone,omitempty"`
	New  map[string]int `json:"new,omitempty"`
	Same map[string]int `json:"same,omitempty"`
	// GoneIDs and NewIDs are the vulnerabilities, sorted, at most 100 of each.
	GoneIDs []string `json:"goneIDs,omitempty"`
	NewIDs  []string `json:"newIDs,omitempty"`
}
