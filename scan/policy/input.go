package policy

import (
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

// Input is what rules see of a platform: the document `input` in Rego. Facts that
// need a library to find (which exception or VEX statement fits, which licence is
// denied, how old something is) are in it; what follows from them is for rules.
type Input struct {
	// Today is the day of the scan, YYYY-MM-DD in UTC. There is no other clock.
	Today    string        `json:"today"`
	Options  InputOptions  `json:"options"`
	Target   string        `json:"target,omitempty"`
	Scanner  scan.Scanner  `json:"scanner"`
	Database scan.Database `json:"database"`
	Build    *scan.Build   `json:"build,omitempty"`
	// Platform is in containerd's notation; Image its image's configuration.
	Platform string            `json:"platform"`
	Image    *scan.ImageConfig `json:"image,omitempty"`
	Stages   []InputStage      `json:"stages"`
	Packages []InputPackage    `json:"packages"`
	// Findings are vulnerabilities, secrets, misconfigurations and what analyzers
	// found, of all stages.
	Findings []any `json:"findings"`
	// Expired describes exceptions whose time is over.
	Expired []string `json:"expired,omitempty"`
}

// InputOptions are the options that rules decide by. A threshold is a severity's
// name or "none".
type InputOptions struct {
	Thresholds struct {
		Image  InputLevels `json:"image"`
		Base   InputLevels `json:"base"`
		Stages InputLevels `json:"stages"`
	} `json:"thresholds"`
	OnlyFixed bool `json:"onlyFixed"`
	Grace     struct {
		Days map[string]int `json:"days"`
	} `json:"grace"`
	KEV     string      `json:"kev"`
	EPSS    float64     `json:"epss,omitempty"`
	Secrets string      `json:"secrets"`
	Checks  InputLevels `json:"checks"`
	Base    struct {
		// MaxDays is missing for any age; an age below a day is 0.
		MaxDays *int `json:"maxDays,omitempty"`
	} `json:"base"`
}

// InputLevels are [config.Levels].
type InputLevels struct {
	Block string `json:"block"`
	Warn  string `json:"warn"`
	Log   string `json:"log"`
}

// InputStage is a stage without what is listed elsewhere.
type InputStage struct {
	Name    string          `json:"name"`
	Final   bool            `json:"final"`
	OS      *scan.OSRelease `json:"os,omitempty"`
	Base    *InputBase      `json:"base,omitempty"`
	Layers  []scan.Layer    `json:"layers"`
	Unknown []string        `json:"unknown,omitempty"`
	// Problems are files that could not be read.
	Problems []scan.Problem `json:"problems,omitempty"`
	// EndOfLife is a day; Unmaintained says that it is over.
	EndOfLife    string `json:"endOfLife,omitempty"`
	Unmaintained bool   `json:"unmaintained,omitempty"`
}

// InputBase is a base image, how many days old it is, where that is known, and
// whether every list of approved ones has it, where there are lists.
type InputBase struct {
	scan.Base
	Days     *int  `json:"days,omitempty"`
	Approved *bool `json:"approved,omitempty"`
}

// InputPackage is a package of a stage.
type InputPackage struct {
	scan.Package
	Place
	Layer *scan.Layer `json:"layer,omitempty"`
	// DeniedLicense is the licence for which it is denied.
	DeniedLicense string `json:"deniedLicense,omitempty"`
}

// Place says where something was found.
type Place struct {
	Stage string `json:"stage"`
	// Final says that it is in the image.
	Final bool `json:"final"`
	// Origin is base for what came with the base image, own for what the Dockerfile
	// brought in.
	Origin string `json:"origin"`
	// Group is image, base or stages: the thresholds that apply.
	Group string `json:"group"`
}

// InputFinding is what every finding has, beside the fields of [scan.Finding],
// [scan.Secret], [scan.Misconfiguration] or [scan.ExternalFinding].
type InputFinding struct {
	// Key is its index in Findings, by which a result may name it.
	Key int `json:"key"`
	// Kind is vulnerability, secret, misconfiguration or external.
	Kind string `json:"kind"`
	Place
	Layer     *scan.Layer `json:"layer,omitempty"`
	Exception *Acceptance `json:"exception,omitempty"`
}

// Acceptance is the exception that accepts a finding.
type Acceptance struct {
	Reason string `json:"reason"`
	// Policy is where it stands, e.g. ".scan-build.yaml:12".
	Policy  string `json:"policy"`
	Expires string `json:"expires"`
}

// Exploitability is the VEX statement about a finding.
type Exploitability struct {
	Status string `json:"status"`
	// Reason is the statement's justification in words.
	Reason   string `json:"reason"`
	Document string `json:"document"`
}

type inputVulnerability struct {
	InputFinding
	*scan.Finding
	Layer *scan.Layer `json:"layer,omitempty"`
	// Since is the day from which a grace period counts, Age the days since then.
	Since string          `json:"since,omitempty"`
	Age   *int            `json:"age,omitempty"`
	VEX   *Exploitability `json:"vex,omitempty"`
}

type inputSecret struct {
	InputFinding
	*scan.Secret
	Layer *scan.Layer `json:"layer,omitempty"`
}

type inputMisconfiguration struct {
	InputFinding
	*scan.Misconfiguration
	Layer *scan.Layer `json:"layer,omitempty"`
	// Effect is what the options say of this check, whatever its severity.
	Effect string `json:"effect,omitempty"`
}

type inputExternal struct {
	InputFinding
	*scan.ExternalFinding
	Layer *scan.Layer `json:"layer,omitempty"`
}

// The kinds of finding.
const (
	kindVulnerability    = "vulnerability"
	kindSecret           = "secret"
	kindMisconfiguration = "misconfiguration"
	kindExternal         = "external"
)

func inputOptions(o config.Options) InputOptions {
	var out InputOptions
	t := o.Thresholds
	out.Thresholds.Image, out.Thresholds.Base, out.Thresholds.Stages = inputLevels(t.Image), inputLevels(t.Base), inputLevels(t.Stages)
	out.OnlyFixed = o.OnlyFixed
	out.Grace.Days = map[string]int{}
	for s, n := range o.Grace.Days {
		out.Grace.Days[s.String()] = n
	}
	out.KEV, out.EPSS, out.Secrets = o.KEV.String(), o.EPSS, o.Secrets.Mode.String()
	out.Checks = inputLevels(o.Checks.Levels)
	if o.Base.MaxAge > 0 {
		days := int(o.Base.MaxAge / day)
		out.Base.MaxDays = &days
	}
	return out
}

func inputLevels(l config.Levels) InputLevels {
	return InputLevels{Block: l.Block.String(), Warn: l.Warn.String(), Log: l.Log.String()}
}

const day = 24 * time.Hour

// daysSince counts whole days between a day and a time; nil if either is not
// known. What lies in the future is 0 days old.
func daysSince(date string, at time.Time) *int {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil || at.IsZero() {
		return nil
	}
	n := max(0, int(at.UTC().Sub(t)/day))
	return &n
}

func inputBase(b *scan.Base, o config.BaseImages, at time.Time) *InputBase {
	if b == nil {
		return nil
	}
	out := &InputBase{Base: *b}
	if b.Created != nil {
		out.Days = daysSince(b.Created.UTC().Format(time.DateOnly), at)
	}
	if len(o.Approved) > 0 {
		ok := o.Approves(*b)
		out.Approved = &ok
	}
	return out
}
