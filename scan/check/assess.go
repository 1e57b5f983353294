package check

import (
	"slices"

	"github.com/scan-build/scan-build/scan"
)

// Status is what a scan says about a control.
type Status string

// The statuses. Pass says that nothing in the image speaks against the control,
// and that everything that could was looked at.
const (
	StatusPass          Status = "pass"
	StatusFail          Status = "fail"
	StatusNotAssessable Status = "not assessable"
)

// Assessment is what a report says about one control.
type Assessment struct {
	Control string `json:"control"`
	Title   string `json:"title"`
	Status  Status `json:"status"`
	// Failures are what breaks the control, at most [MaxFailures]; More counts the
	// rest.
	Failures []Evidence `json:"failures,omitempty"`
	More     int        `json:"more,omitempty"`
	// Reasons say why the control is not assessable.
	Reasons []string `json:"reasons,omitempty"`
	// Looked names what was looked at; of a control that passes it is the evidence.
	Looked []string `json:"looked,omitempty"`
	// Accepted are findings that count for nothing, with the reason.
	Accepted []string `json:"accepted,omitempty"`
}

// Evidence is one finding that breaks a control.
type Evidence struct {
	// ID is of a check, lint rule, secret rule, policy rule or vulnerability.
	ID      string `json:"id"`
	Message string `json:"message"`
	// Where is the instruction, "" if none is to blame.
	Where string `json:"where,omitempty"`
	// Platforms that have it.
	Platforms []string `json:"platforms"`
}

// MaxFailures is how many failures of a control are listed.
const MaxFailures = 20

// FrameworkAssessment is the assessment of all controls of a framework.
type FrameworkAssessment struct {
	Framework string       `json:"framework"`
	Name      string       `json:"name"`
	URL       string       `json:"url"`
	Pass      int          `json:"pass"`
	Fail      int          `json:"fail"`
	None      int          `json:"notAssessable"`
	Controls  []Assessment `json:"controls"`
}

// Assess says for every control of every framework what the report shows. It
// reads the findings that are in the report: [Evaluate] and the policy come
// before. A control fails if anything breaks it on any platform; it passes only if
// everything it depends on was looked at on all of them.
//
// What an exception accepts is still there: a configuration finding breaks a
// control also if the policy ignores it. Of vulnerabilities the verdict counts, of
// secrets those that nobody has accepted.
func Assess(r *scan.Report) []FrameworkAssessment {
	var out []FrameworkAssessment
	for _, f := range Frameworks() {
		a := FrameworkAssessment{Framework: f.ID, Name: f.Name, URL: f.URL}
		for _, c := range f.Controls {
			one := assess(c, r)
			a.Controls = append(a.Controls, one)
			switch one.Status {
			case StatusPass:
				a.Pass++
			case StatusFail:
				a.Fail++
			default:
				a.None++
			}
		}
		out = append(out, a)
	}
	return out
}

func assess(c Control, r *scan.Report) Assessment {
	a := assessor{control: c, checks: c.Checks(), report: r}
	if c.Assessable() {
		for i := range r.Platforms {
			a.platform(&r.Platforms[i])
		}
	}
	return a.assessment()
}

// assessor collects what a report says about one control.
type assessor struct {
	control  Control
	checks   []Check
	report   *scan.Report
	failures []Evidence
	gaps     []string
	looked   []string
	accepted []string
}

func (a *assessor) platform(p *scan.Platform) {
	final := p.FinalStage()
	if final == nil {
		a.gap("the final stage was not scanned")
		return
	}
	a.misconfigurations(p)
	for _, c := range a.checks {
		if why := c.Missing(a.report, p); why != "" {
			a.gap(why)
		}
		a.looked = add(a.looked, c.Looks)
	}
	if a.control.Vulnerabilities {
		a.vulnerabilities(p, final)
	}
	if a.control.Secrets || a.control.SecretsInText {
		a.secrets(p, final)
	}
	if a.control.limit != nil {
		if why := a.control.limit(final); why != "" {
			a.gap(why)
		}
	}
}

func (a *assessor) assessment() Assessment {
	out := Assessment{Control: a.control.ID, Title: a.control.Title, Failures: a.failures, Looked: a.looked, Accepted: a.accepted}
	if more := len(out.Failures) - MaxFailures; more > 0 {
		out.Failures, out.More = out.Failures[:MaxFailures], more
	}
	switch {
	case len(a.failures) > 0:
		out.Status = StatusFail
	case a.control.Reason != "":
		out.Status, out.Reasons = StatusNotAssessable, add(a.gaps, a.control.Reason)
	case len(a.report.Platforms) == 0:
		out.Status, out.Reasons = StatusNotAssessable, []string{"no platform was scanned"}
	case len(a.gaps) > 0:
		out.Status, out.Reasons = StatusNotAssessable, a.gaps
	default:
		out.Status = StatusPass
	}
	return out
}

func (a *assessor) gap(why string) { a.gaps = add(a.gaps, why) }

// fail adds a failure; the same one of another platform only adds the platform.
func (a *assessor) fail(platform string, e Evidence) {
	for i := range a.failures {
		f := &a.failures[i]
		if f.ID == e.ID && f.Message == e.Message && f.Where == e.Where {
			f.Platforms = add(f.Platforms, platform)
			return
		}
	}
	e.Platforms = []string{platform}
	a.failures = append(a.failures, e)
}

func add(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
