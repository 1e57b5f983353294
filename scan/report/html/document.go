package html

// document is what the page's script reads. What several findings share is in a
// list of its own and referred to.
type document struct {
	Platforms  []string   `json:"platforms"`
	Stages     []stage    `json:"stages"`
	Layers     []layer    `json:"layers"`
	Packages   []pkg      `json:"packages"`
	Advisories []advisory `json:"advisories"`
	Decisions  []decision `json:"decisions"`
	// Findings in the order in which people should read them.
	Findings []finding `json:"findings"`
}

// ref is the place of an element in one of the document's lists, counted from
// 1; zero refers to nothing.
type ref int

// presence says where something was found: indices into the document's
// platforms and stages.
type presence struct {
	Platforms []int `json:"platforms"`
	Stages    []int `json:"stages"`
}

// stage is one stage of the Dockerfile, on whichever platforms it was built.
type stage struct {
	Name  string `json:"name"`
	Final bool   `json:"final,omitempty"`
	OS    string `json:"os,omitempty"`
}

// layer is one layer or, of an instruction that makes none, that instruction.
type layer struct {
	Where       string `json:"where,omitempty"`
	Line        int    `json:"line,omitempty"`
	Instruction string `json:"instruction,omitempty"`
	Stage       string `json:"stage,omitempty"`
	Base        string `json:"base,omitempty"`
	// Files is how many the layer created or changed: the most of any platform.
	Files int `json:"files,omitempty"`
}

type pkg struct {
	Name     string   `json:"name"`
	Version  string   `json:"version,omitempty"`
	Type     string   `json:"type,omitempty"`
	Path     string   `json:"path,omitempty"`
	Source   string   `json:"source,omitempty"`
	Licenses string   `json:"licenses,omitempty"`
	Declared bool     `json:"declared,omitempty"`
	Layer    ref      `json:"layer,omitempty"` // that last changed it
	First    ref      `json:"first,omitempty"` // that brought it in, if another
	PURLs    []string `json:"purls,omitempty"`
	presence
}

// advisory is what is known of a vulnerability whatever package it is in.
type advisory struct {
	Aliases   []string `json:"aliases,omitempty"`
	Summary   string   `json:"summary,omitempty"`
	CVSS      []string `json:"cvss,omitempty"`
	EPSS      float64  `json:"epss,omitempty"` // probability, 0 to 1
	EPSSText  string   `json:"epssText,omitempty"`
	KEV       string   `json:"kev,omitempty"`
	Published string   `json:"published,omitempty"`
	URLs      []string `json:"urls,omitempty"` // http and https only
}

type decision struct {
	Action  string `json:"action"`
	Rule    string `json:"rule,omitempty"`
	Message string `json:"message,omitempty"`
	Policy  string `json:"policy,omitempty"`
	Expires string `json:"expires,omitempty"`
	HelpURL string `json:"helpURL,omitempty"`
}

// The kinds of finding.
const (
	kindVulnerability = "vulnerability"
	kindSecret        = "secret"
	kindConfiguration = "configuration"
	kindPolicy        = "policy"
	kindAnalyzer      = "analyzer"
)

// finding is one row, of whatever kind.
type finding struct {
	Kind     string `json:"kind"`
	Severity string `json:"severity,omitempty"` // empty for what has none
	// ID of the vulnerability, or of the rule or check that found it.
	ID string `json:"id"`
	// Subject is what it is about: a package's name, a file, a sentence.
	Subject  string `json:"subject,omitempty"`
	Version  string `json:"version,omitempty"`
	Text     string `json:"text,omitempty"` // a sentence or two
	Fix      string `json:"fix,omitempty"`  // versions, or why there is none
	Fixed    bool   `json:"fixed,omitempty"`
	Package  ref    `json:"package,omitempty"`
	Advisory ref    `json:"advisory,omitempty"`
	Layer    ref    `json:"layer,omitempty"`
	Decision ref    `json:"decision,omitempty"`
	URL      string `json:"url,omitempty"`
	// Facts are further lines, each a label and a value.
	Facts [][2]string `json:"facts,omitempty"`
	presence
}
