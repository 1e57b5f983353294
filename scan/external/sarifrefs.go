package external

import (
	"strconv"
	"strings"
)

// rule finds the rule that a result refers to by index or by id; an empty one if
// the tool describes none.
func (run *sarifRun) rule(res *sarifResult) *sarifRule {
	component := &run.Tool.Driver
	if i := res.Rule.Component.Index; i != nil && *i >= 0 && *i < len(run.Tool.Extensions) {
		component = &run.Tool.Extensions[*i]
	}
	for _, i := range []*int{res.Rule.Index, res.RuleIndex} {
		if i != nil && *i >= 0 && *i < len(component.Rules) {
			return &component.Rules[*i]
		}
	}
	if r := component.named(firstOf(res.RuleID, res.Rule.ID)); r != nil {
		return r
	}
	return &sarifRule{}
}

// named finds a rule by its id. One more specific than any, a/b, has what is
// said of a: SARIF 3.27.5.
func (c *sarifComponent) named(id string) *sarifRule {
	if c.byID == nil {
		c.byID = make(map[string]*sarifRule, len(c.Rules))
		for i := range c.Rules {
			c.byID[c.Rules[i].ID] = &c.Rules[i]
		}
	}
	for id = text(id, maxName); id != ""; {
		if r := c.byID[id]; r != nil {
			return r
		}
		i := strings.LastIndexByte(id, '/')
		id = id[:max(i, 0)]
	}
	return nil
}

// message is a result's text, taken from its rule if it only names it, with its
// arguments filled in.
func message(m sarifMessage, rule *sarifRule) string {
	s := m.Text
	if s == "" && m.ID != "" {
		s = rule.Messages[m.ID].Text
	}
	if len(m.Arguments) == 0 || len(m.Arguments) > 100 || len(s) > maxMessage {
		return s
	}
	var pairs []string
	for i, a := range m.Arguments {
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", text(a, maxName))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// maxBases bounds how many bases of URIs stand on each other.
const maxBases = 10

// uri is a location's URI with the bases that the run gives it. A base that the
// run does not tell is the root of what was looked at.
func (run *sarifRun) uri(l sarifLocation) string {
	if i := l.Index; l.URI == "" && i != nil && *i >= 0 && *i < len(run.Artifacts) {
		l = run.Artifacts[*i].Location
	}
	uri := l.URI
	for range maxBases {
		base, ok := run.BaseIDs[l.BaseID]
		if l.BaseID == "" || !ok || strings.Contains(uri, "://") || strings.HasPrefix(uri, "/") || strings.HasPrefix(uri, "file:") {
			break
		}
		if base.URI != "" {
			uri = strings.TrimSuffix(base.URI, "/") + "/" + uri
		}
		l = base
	}
	return uri
}
