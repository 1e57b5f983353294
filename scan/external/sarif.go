package external

import (
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// The parts of SARIF 2.1.0 that are read:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
type (
	sarifLog struct {
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver     sarifComponent   `json:"driver"`
			Extensions []sarifComponent `json:"extensions"`
		} `json:"tool"`
		Invocations []sarifInvocation        `json:"invocations"`
		Artifacts   []sarifArtifact          `json:"artifacts"`
		BaseIDs     map[string]sarifLocation `json:"originalUriBaseIds"`
		Results     *[]sarifResult           `json:"results"`
		External    struct {
			Results []struct{} `json:"results"`
		} `json:"externalPropertyFileReferences"`
	}
	sarifComponent struct {
		Rules []sarifRule `json:"rules"`
		byID  map[string]*sarifRule
	}
	sarifRule struct {
		ID               string                  `json:"id"`
		ShortDescription sarifMessage            `json:"shortDescription"`
		FullDescription  sarifMessage            `json:"fullDescription"`
		HelpURI          string                  `json:"helpUri"`
		Messages         map[string]sarifMessage `json:"messageStrings"`
		Default          struct {
			Level string `json:"level"`
		} `json:"defaultConfiguration"`
		Properties sarifProperties `json:"properties"`
	}
	sarifProperties struct {
		Severity any `json:"security-severity"`
	}
	sarifMessage struct {
		Text      string   `json:"text"`
		ID        string   `json:"id"`
		Arguments []string `json:"arguments"`
	}
	sarifInvocation struct {
		Successful    *bool               `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level     string       `json:"level"`
		Message   sarifMessage `json:"message"`
		Locations []sarifPlace `json:"locations"`
	}
	sarifArtifact struct {
		Location sarifLocation `json:"location"`
	}
	sarifLocation struct {
		URI    string `json:"uri"`
		BaseID string `json:"uriBaseId"`
		Index  *int   `json:"index"`
	}
	sarifPlace struct {
		Physical struct {
			Artifact sarifLocation `json:"artifactLocation"`
			Region   struct {
				Start int `json:"startLine"`
				End   int `json:"endLine"`
			} `json:"region"`
		} `json:"physicalLocation"`
	}
	sarifResult struct {
		RuleID    string `json:"ruleId"`
		RuleIndex *int   `json:"ruleIndex"`
		Rule      struct {
			ID        string `json:"id"`
			Index     *int   `json:"index"`
			Component struct {
				Index *int `json:"index"`
			} `json:"toolComponent"`
		} `json:"rule"`
		Kind         string            `json:"kind"`
		Level        string            `json:"level"`
		Message      sarifMessage      `json:"message"`
		Locations    []sarifPlace      `json:"locations"`
		Fingerprints map[string]string `json:"fingerprints"`
		Partial      map[string]string `json:"partialFingerprints"`
		Suppressions []struct {
			Status string `json:"status"`
		} `json:"suppressions"`
		Properties sarifProperties `json:"properties"`
	}
)

func (r *reader) sarif(data []byte) error {
	var log sarifLog
	if err := decode(data, &log); err != nil {
		return err
	}
	if !strings.HasPrefix(log.Version, "2.1") {
		return errors.Errorf("version: %q is no version of SARIF that is known, want 2.1.0", text(log.Version, 40))
	}
	if len(log.Runs) == 0 {
		return errors.New("has no runs: nothing was looked at")
	}
	for i := range log.Runs {
		if err := r.sarifRun(&log.Runs[i]); err != nil {
			return errors.Wrapf(err, "run %d", i+1)
		}
	}
	return nil
}

func (r *reader) sarifRun(run *sarifRun) error {
	for _, in := range run.Invocations {
		if in.Successful != nil && !*in.Successful {
			return errors.Errorf("its tool failed: %s", firstMessage(in.Notifications))
		}
		for _, n := range in.Notifications {
			if n.Level == "error" {
				r.problem(run, n)
			}
		}
	}
	switch {
	case len(run.External.Results) > 0:
		return errors.New("has results in other files, which are not read")
	case run.Results == nil:
		return errors.New(`has no "results": a tool that found nothing writes "results": []`)
	}
	for i := range *run.Results {
		if err := r.sarifResult(run, &(*run.Results)[i]); err != nil {
			return err
		}
	}
	return nil
}

func firstMessage(list []sarifNotification) string {
	for _, n := range list {
		if n.Level == "error" && n.Message.Text != "" {
			return text(n.Message.Text, maxName)
		}
	}
	return "it does not say why"
}

// maxProblems bounds what is kept of files that could not be looked at.
const maxProblems = 100

func (r *reader) problem(run *sarifRun, n sarifNotification) {
	p := scan.Problem{Extractor: r.analyzer.Name, Message: r.analyzer.Name + ": " + text(n.Message.Text, maxMessage)}
	if len(n.Locations) > 0 {
		p.Path = within(run.uri(n.Locations[0].Physical.Artifact))
	}
	if len(r.out.Problems) < maxProblems {
		r.out.Problems = append(r.out.Problems, p)
	}
}

func (r *reader) sarifResult(run *sarifRun, res *sarifResult) error {
	switch res.Kind {
	case "pass", "notApplicable", "informational":
		return nil // it is none: SARIF 3.27.9
	}
	for _, s := range res.Suppressions {
		if s.Status == "" || s.Status == "accepted" {
			r.out.Suppressed++
			return nil
		}
	}
	rule := run.rule(res)
	f := scan.ExternalFinding{
		Rule:     firstOf(res.RuleID, res.Rule.ID, rule.ID, "unnamed"),
		Severity: severityOf(res, rule),
		Message:  firstOf(message(res.Message, rule), rule.ShortDescription.Text, rule.FullDescription.Text),
		URL:      rule.HelpURI,
	}
	if len(res.Locations) > 0 {
		at := res.Locations[0].Physical
		f.Path = within(run.uri(at.Artifact))
		if f.Line = max(at.Region.Start, 0); f.Path == "" {
			f.Line = 0
		}
		if f.Line > 0 {
			f.EndLine = max(at.Region.End, f.Line)
		}
	}
	return r.add(f, fingerprint(res)...)
}

// fingerprint is what the tool says identifies a result, in the order of its keys.
func fingerprint(res *sarifResult) []string {
	from := res.Fingerprints
	if len(from) == 0 {
		from = res.Partial
	}
	var out []string
	for k, v := range from {
		out = append(out, k+"="+v)
	}
	slices.Sort(out)
	return out
}

func severityOf(res *sarifResult, rule *sarifRule) scan.Severity {
	for _, p := range []sarifProperties{res.Properties, rule.Properties} {
		if score, ok := securityScore(p.Severity); ok {
			return ofScore(score)
		}
	}
	return ofLevel(firstOf(res.Level, rule.Default.Level))
}

func firstOf(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}
