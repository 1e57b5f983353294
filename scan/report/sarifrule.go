package report

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// sarifRules collects the rules of results. Those of the program are the
// driver's; each analyzer that the user brought is an extension. It has no run of
// its own because a code host closes an analyzer's old alerts only by an upload for
// the same tool: one that finds nothing any more would leave them open.
type sarifRules struct {
	driver     *sarifComponent
	extensions []*sarifComponent
	index      map[string]sarifRuleRef
	rules      map[string]*sarifRule
	worst      map[string]float64
}

func newSARIFRules(r *scan.Report) *sarifRules {
	return &sarifRules{
		driver: &sarifComponent{
			Name: cmp.Or(plain.Line(r.Scanner.Name, cellWidth), "scan-build"), Version: plain.Line(r.Scanner.Version, cellWidth), Rules: []*sarifRule{},
		},
		index: map[string]sarifRuleRef{}, rules: map[string]*sarifRule{}, worst: map[string]float64{},
	}
}

func (s *sarifRules) tool() sarifTool { return sarifTool{Driver: s.driver, Extensions: s.extensions} }

// sarifRuleID is the rule's id among all kinds of rules. That of a vulnerability
// is its own.
func sarifRuleID(i *issue) string {
	id := cmp.Or(plain.Line(i.rule, 200), "unnamed")
	switch i.kind {
	case issueVulnerability:
		return id
	case issueExternal:
		return plain.Line(i.external.Analyzer, 50) + "/" + id
	default:
		if strings.HasPrefix(id, scan.LintPrefix) {
			return id
		}
		return i.kind.String() + "/" + id
	}
}

// of returns the rule of an issue, and raises its severity to the issue's.
func (s *sarifRules) of(i *issue) sarifRuleRef {
	id := sarifRuleID(i)
	ref, ok := s.index[id]
	if !ok {
		rule := newSARIFRule(id, i)
		c := s.driver
		if i.kind == issueExternal {
			c, ref.Component = s.extension(plain.Line(i.external.Analyzer, cellWidth))
		}
		ref.Index = len(c.Rules)
		c.Rules = append(c.Rules, rule)
		s.index[id], s.rules[id] = ref, rule
	}
	if score := securitySeverity(i); score > s.worst[id] {
		s.worst[id] = score
		s.rules[id].Properties["security-severity"] = strconv.FormatFloat(score, 'f', 1, 64)
	}
	return ref
}

func (s *sarifRules) extension(name string) (*sarifComponent, *sarifComponentRef) {
	name = cmp.Or(name, "unnamed")
	for n, c := range s.extensions {
		if c.Name == name {
			return c, &sarifComponentRef{n}
		}
	}
	c := &sarifComponent{Name: name}
	s.extensions = append(s.extensions, c)
	return c, &sarifComponentRef{len(s.extensions) - 1}
}

func newSARIFRule(id string, i *issue) *sarifRule {
	short, full, help := ruleTexts(i)
	uri := ruleURL(i)
	rule := &sarifRule{
		ID:      id,
		Short:   sarifMessage{Text: sarifLine(short)},
		Full:    sarifMessage{Text: sarifLine(cmp.Or(full, short))},
		HelpURI: uri,
		Help:    sarifMessage{Text: sarifLine(help), Markdown: mdProse(help)},
	}
	if uri != "" {
		rule.Help.Text += " " + uri
		rule.Help.Markdown += "\n\n<" + uri + ">"
	}
	rule.Properties = map[string]any{"tags": ruleTags(i)}
	return rule
}

// ruleTexts are a rule's name, its description and what to do.
func ruleTexts(i *issue) (short, full, help string) {
	switch i.kind {
	case issueVulnerability:
		return "Vulnerability " + i.rule, i.finding.Summary, cmp.Or(strings.TrimSpace(i.finding.Summary), "Vulnerability "+i.rule+".")
	case issueSecret:
		return "Secret: " + i.rule, i.secrets[0].Description, strings.TrimSpace(i.secrets[0].Description + " " + i.remedy())
	case issueCheck:
		title := cmp.Or(i.misconfiguration.Title, i.rule)
		if c, ok := check.Find(i.rule); ok {
			return c.Title, c.Description, c.Description + " " + c.Remedy
		}
		return title, title, title + "."
	case issueExternal:
		text := fmt.Sprintf("%s of the analyzer %s", i.rule, i.external.Analyzer)
		return text, text, cmp.Or(i.message, text)
	default:
		text := "Rule " + i.rule + " of the policy"
		return text, text, cmp.Or(i.message, text)
	}
}

// ruleURL is the page about a rule; empty if there is none.
func ruleURL(i *issue) string {
	switch i.kind {
	case issueVulnerability:
		return cmp.Or(advisoryURL(i.rule), webURL(firstOf(i.finding.URLs)))
	case issueCheck:
		return webURL(i.misconfiguration.URL)
	case issueExternal:
		return webURL(i.external.URL)
	case issueViolation:
		return webURL(i.violation.HelpURL)
	default:
		return "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html"
	}
}

var (
	cveID  = regexp.MustCompile(`^CVE-\d{4}-\d{4,19}$`)
	ghsaID = regexp.MustCompile(`^GHSA(-[23456789cfghjmpqrvwx]{4}){3}$`)
)

// advisoryURL is the page of a vulnerability whose id tells it. It is made of
// the id alone and so safe to follow.
func advisoryURL(id string) string {
	switch {
	case cveID.MatchString(id):
		return "https://nvd.nist.gov/vuln/detail/" + id
	case ghsaID.MatchString(id):
		return "https://github.com/advisories/" + id
	default:
		return ""
	}
}

func ruleTags(i *issue) []string {
	tags := []string{"security", i.kind.String()}
	switch i.kind {
	case issueVulnerability:
		if t := plain.Line(i.finding.Type, 40); t != "" {
			tags = addOnce(tags, t)
		}
		for _, alias := range i.finding.Aliases {
			tags = addOnce(tags, plain.Line(alias, 60))
		}
		if i.finding.KEV != nil {
			tags = append(tags[:2:2], append([]string{"known-exploited"}, tags[2:]...)...)
		}
	case issueCheck:
		if c, ok := check.Find(i.rule); ok {
			tags = append(tags, c.Controls...)
		}
	}
	return tags[:min(len(tags), sarifTags)]
}

// band is the range of scores that code hosts show as a severity, and the score
// of one that has none.
type band struct{ low, high, middle float64 }

var bands = map[scan.Severity]band{
	scan.SeverityCritical:   {9.1, 10, 9.5}, // GitHub: "over 9.0"
	scan.SeverityHigh:       {7.0, 8.9, 8.0},
	scan.SeverityMedium:     {4.0, 6.9, 5.5},
	scan.SeverityLow:        {0.1, 3.9, 2.0},
	scan.SeverityNegligible: {0.1, 3.9, 0.5},
}

// securitySeverity is the CVSS score where it agrees with the severity, else a
// score that does: a code host and every other report say the same word. It is
// zero if nothing is known. A secret that counts is as bad as a high one.
func securitySeverity(i *issue) float64 {
	if i.kind == issueSecret {
		return bands[scan.SeverityHigh].middle
	}
	b, known := bands[i.severity]
	if i.finding != nil {
		for _, c := range i.finding.CVSS {
			if c.Score > 0 && c.Score <= 10 && (!known || c.Score >= b.low && c.Score <= b.high) {
				return c.Score
			}
		}
	}
	return b.middle
}
