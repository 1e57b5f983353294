package policy

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// evaluationTime bounds the rules of one platform: the program's own take two
// seconds for 20,000 findings.
const evaluationTime = time.Minute

// maxResults bounds what rules may say of one platform.
const maxResults = 1_000_000

// candidate is one result of a rule.
type candidate struct {
	scan.Decision
	// finding is a key, -1 if the result is about no finding.
	finding   int
	violation scan.Violation
	// of is the index of the rule's package.
	of int
}

// decide evaluates the rules over an input: the decision for every finding, by
// key, and the results that are about none, sorted.
func (r *rules) decide(in *Input) ([]*scan.Decision, []scan.Violation, error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), evaluationTime, errors.Errorf("the policy's rules took longer than %s", evaluationTime))
	defer cancel()
	document, err := regoValue(in)
	if err != nil {
		return nil, nil, errors.Wrap(err, "failed to make the policy's input")
	}
	// What rules of several sets share, such as which findings reach a threshold, is
	// made once for all of them.
	cache := topdown.NewVirtualCache()
	decisions := make([]*scan.Decision, len(in.Findings))
	best := make([]candidate, len(in.Findings))
	var violations []candidate
	for i := range r.packages {
		for _, set := range r.packages[i].sets {
			found, err := r.query(ctx, i, set, document, cache, len(in.Findings))
			if err != nil {
				return nil, nil, err
			}
			for _, c := range found {
				switch {
				case c.finding < 0:
					violations = append(violations, c)
				case decisions[c.finding] == nil || better(c, best[c.finding]):
					best[c.finding], decisions[c.finding] = c, &best[c.finding].Decision
				}
			}
		}
	}
	for key, d := range decisions {
		if d == nil {
			decisions[key] = &scan.Decision{Action: scan.ActionInfo, Rule: "none", Message: "no rule says anything of it"}
		}
	}
	return decisions, sortViolations(violations), nil
}

// query evaluates one set of one package.
func (r *rules) query(ctx context.Context, pkg int, set string, input ast.Value, cache topdown.VirtualCache, findings int) ([]candidate, error) {
	p := r.packages[pkg]
	if set == setIgnore && !p.mayIgnore {
		return nil, nil
	}
	const result = ast.Var("result")
	term := ast.NewTerm(p.path.Append(ast.StringTerm(set)))
	body, err := r.compiler.QueryCompiler().Compile(ast.NewBody(ast.Equality.Expr(ast.NewTerm(result), term)))
	if err != nil {
		return nil, regoError(err)
	}
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	var out []candidate
	// A rule may read what no module has: without an empty store that is a panic.
	store := inmem.New()
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, errors.Wrap(err, "failed to evaluate the policy")
	}
	defer store.Abort(ctx, txn)
	q := topdown.NewQuery(body).WithCompiler(r.compiler).WithStore(store).WithTransaction(txn).WithInput(ast.NewTerm(input)).WithVirtualCache(cache).WithStrictBuiltinErrors(true).WithCancel(cancel)
	err = q.Iter(ctx, func(res topdown.QueryResult) error {
		return eachResult(res[result].Value, func(t *ast.Term) error {
			c, err := newCandidate(t, findings)
			if err != nil {
				return errors.Wrapf(err, "%s: data.%s.%s: cannot use a result", cmp.Or(p.file, "rules"), p.name, set)
			}
			c.of, c.Action = pkg, scan.Action(set)
			if p.file != "" {
				c.Rule = p.name + "." + cmp.Or(c.Rule, set)
				c.Policy = cmp.Or(c.Policy, p.file)
			}
			if out = append(out, c); len(out) > maxResults {
				return errors.Errorf("%s: data.%s.%s has more than %d results", p.file, p.name, set, maxResults)
			}
			return nil
		})
	})
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return out, errors.Wrapf(evaluationError(err), "failed to evaluate data.%s.%s", p.name, set)
}

// evaluationError says where in a policy something went wrong, on one line.
func evaluationError(err error) error {
	var e *topdown.Error
	if !errors.As(err, &e) || e.Location == nil {
		return err
	}
	return errors.Errorf("%s: %s", e.Location, e.Message)
}

func eachResult(v ast.Value, f func(*ast.Term) error) error {
	switch v := v.(type) {
	case ast.Set:
		return v.Iter(f)
	case *ast.Array:
		return v.Iter(f)
	}
	return errors.New("it must be a set or an array of results")
}

// newCandidate reads a result: a message, or an object.
func newCandidate(t *ast.Term, findings int) (candidate, error) {
	c := candidate{finding: -1}
	switch v := t.Value.(type) {
	case ast.String:
		c.Message = string(v)
		return c, nil
	case ast.Object:
		return c, c.read(v, findings)
	}
	return c, errors.New("it is neither a message nor an object with a message")
}

func (c *candidate) read(o ast.Object, findings int) error {
	for name, to := range map[string]*string{
		"rule": &c.Rule, "message": &c.Message, "msg": &c.Message, "helpURL": &c.HelpURL, "policy": &c.Policy, "expires": &c.Expires,
		"stage": &c.violation.Stage, "package": &c.violation.Package, "version": &c.violation.Version, "path": &c.violation.Path,
	} {
		switch v := valueAt(o, name).(type) {
		case nil:
		case ast.String:
			*to = string(v)
		default:
			return errors.Errorf("%s is no string", name)
		}
	}
	if l := valueAt(o, "layer"); l != nil {
		if err := ast.As(l, &c.violation.Layer); err != nil {
			return errors.New("layer is none of the input's")
		}
	}
	return c.readFinding(valueAt(o, "finding"), findings)
}

// readFinding takes a finding, or its key.
func (c *candidate) readFinding(v ast.Value, findings int) error {
	if o, ok := v.(ast.Object); ok {
		v = valueAt(o, "key")
	}
	switch v := v.(type) {
	case nil:
		return nil
	case ast.Number:
		if n, ok := v.Int(); ok && n >= 0 && n < findings {
			c.finding = n
			return nil
		}
	}
	return errors.New("finding is neither one of input.findings nor its key")
}

func valueAt(o ast.Object, name string) ast.Value {
	t := o.Get(ast.InternedTerm(name))
	if t == nil {
		return nil
	}
	return t.Value
}

// precedence of the program's own rules where several want the same: the one that
// tells most comes first.
var ruleOrder = []string{"exception", "vex", "secrets.allow", "dismissed", "known-exploited", "epss", "grace", "severity"}

// better says whether a result decides in place of another about the same finding.
// A user's own rule says more than the program's.
func better(a, b candidate) bool {
	return cmp.Or(
		slices.Index(sets, string(a.Action))-slices.Index(sets, string(b.Action)),
		b.of-a.of,
		order(a.Rule)-order(b.Rule),
		strings.Compare(a.Rule, b.Rule), strings.Compare(a.Message, b.Message), strings.Compare(a.Policy, b.Policy),
		strings.Compare(a.HelpURL, b.HelpURL), strings.Compare(a.Expires, b.Expires),
	) < 0
}

func order(rule string) int {
	if i := slices.Index(ruleOrder, rule); i >= 0 {
		return i
	}
	return len(ruleOrder)
}

// sortViolations puts the blocking ones first, then follows the Dockerfile.
func sortViolations(found []candidate) []scan.Violation {
	out := make([]scan.Violation, len(found))
	for i, c := range found {
		out[i] = c.violation
		out[i].Decision = c.Decision
	}
	slices.SortFunc(out, compareViolations)
	return slices.CompactFunc(out, func(a, b scan.Violation) bool { return compareViolations(a, b) == 0 })
}

func compareViolations(a, b scan.Violation) int {
	x, y := layerOrNone(a.Layer), layerOrNone(b.Layer)
	return cmp.Or(
		slices.Index(violationOrder, a.Action)-slices.Index(violationOrder, b.Action),
		x.StartLine-y.StartLine, strings.Compare(a.Stage, b.Stage), strings.Compare(a.Rule, b.Rule),
		strings.Compare(a.Package, b.Package), strings.Compare(a.Version, b.Version), strings.Compare(a.Path, b.Path),
		strings.Compare(a.Message, b.Message), strings.Compare(a.Policy, b.Policy), strings.Compare(a.Platform, b.Platform),
		strings.Compare(a.HelpURL, b.HelpURL), strings.Compare(a.Expires, b.Expires),
	)
}

var violationOrder = []scan.Action{scan.ActionDeny, scan.ActionWarn, scan.ActionInfo, scan.ActionIgnore}
