package scan

import "time"

// Report is the outcome of scanning one build result: all its platforms, all
// stages in the target's cone.
type Report struct {
	SchemaVersion int `json:"schemaVersion"`
	// Target names the bake target or build target that was scanned.
	Target   string   `json:"target,omitempty"`
	Scanner  Scanner  `json:"scanner"`
	Database Database `json:"database"`
	// Started and Finished frame the scan of this build. Layers may have been
	// analysed earlier: their results are reused.
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Build holds facts about the build; nil if nothing is known of it.
	Build     *Build     `json:"build,omitempty"`
	Platforms []Platform `json:"platforms"`
	// Verdict over all platforms: the worst of theirs.
	Verdict Verdict `json:"verdict"`
	// Notices are things a user must know about how the scan was done.
	Notices []string `json:"notices,omitempty"`
}

// Scanner identifies what made a report.
type Scanner struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Digest identifies the scanner's binaries: an image digest, or the digest
	// of a local build.
	Digest string `json:"digest,omitempty"`
}

// Database identifies the vulnerability database that findings came from.
type Database struct {
	// Schema is the database's schema version, e.g. "v6.1.10".
	Schema string `json:"schema"`
	// Built is when the database was built from its sources: its lastUpdate.
	Built time.Time `json:"built"`
	// Digest of the database's content, e.g. "xxh64:…" as grype records it.
	Digest string `json:"digest,omitempty"`
	// Source is where it came from: a URL, image reference or folder.
	Source string `json:"source,omitempty"`
}

// Platform is the scan of one platform of a build.
type Platform struct {
	// ID is the platform in containerd's notation, e.g. "linux/arm64/v8".
	ID string `json:"id"`
	// Stages in build order; the last one is the final image.
	Stages []Stage `json:"stages"`
	// Image is the image's configuration; nil if the build has none.
	Image   *ImageConfig `json:"image,omitempty"`
	Verdict Verdict      `json:"verdict"`
}

// Stage is one stage of a Dockerfile with the layers of its chain from the
// base image up. Layers of a parent stage are repeated in its children.
type Stage struct {
	// Name as in the Dockerfile, "stage-N" for an unnamed one, the image
	// reference for an image used directly by COPY --from.
	Name string `json:"name"`
	// Final marks the stage that becomes the image.
	Final  bool    `json:"final,omitempty"`
	Layers []Layer `json:"layers"`
	// OS as the stage's topmost os-release says; nil without one (scratch).
	OS *OSRelease `json:"os,omitempty"`
	// Packages present in the stage's final snapshot, sorted by type, name,
	// version and path.
	Packages []Package `json:"packages,omitempty"`
	Findings []Finding `json:"findings,omitempty"`
	// Secrets of the stage's layers, sorted by layer, path and line, and, in the
	// final stage, of the image's configuration and the Dockerfile.
	Secrets  []Secret  `json:"secrets,omitempty"`
	Problems []Problem `json:"problems,omitempty"`
	// Base is the image that the stage is built on; nil on scratch.
	Base *Base `json:"base,omitempty"`
	// Misconfigurations are sorted by severity (worst first), check and layer. Those
	// of the image's configuration and of the whole Dockerfile are in the final stage.
	Misconfigurations []Misconfiguration `json:"misconfigurations,omitempty"`
	// External are findings of analyzers that the user brought, sorted by analyzer,
	// layer, path, line and rule. Those about the build context are in the final stage.
	External []ExternalFinding `json:"external,omitempty"`
	// Files that the final snapshot has, or that a layer has and a later one
	// removed; sorted by kind and path.
	Files []FileFact `json:"files,omitempty"`
	// Owners other than root of what is in the stage's layers, and the accounts
	// that the final snapshot knows; nil where it has no etc/passwd.
	Owners   []Owner   `json:"owners,omitempty"`
	Accounts *Accounts `json:"accounts,omitempty"`
	// EndOfLife is the day (YYYY-MM-DD) on which the stage's distribution release
	// stops or stopped being maintained, where the database knows it.
	EndOfLife string `json:"endOfLife,omitempty"`
	// Unknown says why packages could not be matched, e.g. "no data for
	// wolfi 20230201 in this database". Empty when all could.
	Unknown []string `json:"unknown,omitempty"`
}

// AllStages returns every stage of every platform, in order.
func (r *Report) AllStages() []*Stage {
	var out []*Stage
	for i := range r.Platforms {
		for j := range r.Platforms[i].Stages {
			out = append(out, &r.Platforms[i].Stages[j])
		}
	}
	return out
}

// Join returns the report of a build that several engines did a share of: the
// platforms of both, and the worse verdict. Either may be nil.
func (r *Report) Join(o *Report) *Report {
	if r == nil || o == nil {
		if r == nil {
			return o
		}
		return r
	}
	out := *r
	out.Platforms = append(append([]Platform(nil), r.Platforms...), o.Platforms...)
	out.Notices = append(append([]string(nil), r.Notices...), o.Notices...)
	if o.Finished.After(out.Finished) {
		out.Finished = o.Finished
	}
	out.Verdict = r.Verdict.Join(o.Verdict)
	return &out
}

// FinalStage returns the stage that becomes the platform's image.
func (p *Platform) FinalStage() *Stage {
	for i := range p.Stages {
		if p.Stages[i].Final {
			return &p.Stages[i]
		}
	}
	return nil
}

// Layer is one layer of a stage and where in the Dockerfile it comes from.
type Layer struct {
	// Digest identifies the layer: the blob's digest for a base image layer, the
	// digest of the build operation otherwise.
	Digest string `json:"digest,omitempty"`
	// Instruction is the Dockerfile instruction's text, e.g. "RUN npm ci".
	Instruction string `json:"instruction"`
	// Stage is the name of the stage that the instruction stands in.
	Stage string `json:"stage,omitempty"`
	// Base is the base image's reference when the layer is part of one.
	Base string `json:"base,omitempty"`
	// File and the 1-based, inclusive lines of the instruction; zero if unknown.
	File      string     `json:"file,omitempty"`
	StartLine int        `json:"startLine,omitempty"`
	EndLine   int        `json:"endLine,omitempty"`
	Stats     LayerStats `json:"stats"`
}

// Finding is one vulnerability of one package in one stage.
type Finding struct {
	ID       string   `json:"id"`
	Aliases  []string `json:"aliases,omitempty"`
	Severity Severity `json:"severity"`
	// Summary is the advisory's description, at most a few sentences.
	Summary string   `json:"summary,omitempty"`
	CVSS    []CVSS   `json:"cvss,omitempty"`
	EPSS    *EPSS    `json:"epss,omitempty"`
	KEV     *KEV     `json:"kev,omitempty"`
	Fix     Fix      `json:"fix"`
	URLs    []string `json:"urls,omitempty"`
	// Namespace is the grype namespace of the record, e.g. "debian:distro:debian:12".
	Namespace string `json:"namespace,omitempty"`
	// Published is the day (YYYY-MM-DD) on which the advisory was published, where
	// the database knows it.
	Published string `json:"published,omitempty"`
	// MatchType is how grype matched: exact-direct-match, exact-indirect-match, cpe-match.
	MatchType string `json:"matchType,omitempty"`

	// The package: an element of the stage's Packages.
	Package string `json:"package"`
	Version string `json:"version"`
	Type    string `json:"type"`
	PURL    string `json:"purl,omitempty"`
	Path    string `json:"path,omitempty"`
	// First and Last are the package's layers, as in [Package].
	First int `json:"first"`
	Last  int `json:"last"`

	// Decision of the policy; nil before it has decided.
	Decision *Decision `json:"decision,omitempty"`
}

// CVSS is one CVSS score of a vulnerability.
type CVSS struct {
	Version string  `json:"version"`
	Vector  string  `json:"vector"`
	Score   float64 `json:"score"`
	Source  string  `json:"source,omitempty"`
}

// EPSS is the probability (0..1) of exploitation within 30 days, and its
// percentile (0..1).
type EPSS struct {
	Score      float64 `json:"score"`
	Percentile float64 `json:"percentile"`
	Date       string  `json:"date,omitempty"`
}

// KEV is an entry of CISA's catalogue of known exploited vulnerabilities.
type KEV struct {
	DateAdded  string `json:"dateAdded,omitempty"`
	DueDate    string `json:"dueDate,omitempty"`
	Ransomware string `json:"ransomware,omitempty"`
}

// Fix says whether and where a vulnerability is fixed.
type Fix struct {
	// State is fixed, not-fixed, wont-fix or unknown.
	State    string   `json:"state"`
	Versions []string `json:"versions,omitempty"`
	// Available is the day (YYYY-MM-DD) since which there has been a fixed version,
	// where the database knows it.
	Available string `json:"available,omitempty"`
}
