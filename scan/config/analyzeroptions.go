package config

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// MaxAnalyzers bounds how many analyzers a build has: each of them runs for every
// layer or stage.
const MaxAnalyzers = 16

func analyzerOptions() []Option {
	return []Option{{
		Name: "analyzers", Roads: RoadFile, Repeatable: true, Entry: analyzerFields(), across: unites,
		list: schema{"maxItems": MaxAnalyzers},
		Why:  "an image that is run on what is built is written down where it is reviewed",
		Help: "Images of your own that look at layers, stages or the build context and write SARIF, SPDX or CycloneDX",
		set:  setAnalyzers,
	}}
}

// The keys of an analyzer.
const (
	analyzerName    = "name"
	analyzerImage   = "image"
	analyzerScope   = "scope"
	analyzerStages  = "stages"
	analyzerNetwork = "network"
	analyzerParams  = "params"
	analyzerCommand = "command"
	analyzerTimeout = "timeout"
)

const (
	analyzerNamePattern = `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	// contextNamePattern is a name of a build context that is no image's.
	contextNamePattern = `^[a-z0-9]+([._-][a-z0-9]+)*$`
	paramPattern       = `^[A-Z][A-Z0-9_]{0,99}$`
	// maxArguments and maxArgument bound a command; maxParams the parameters.
	maxArguments = 100
	maxArgument  = 4096
	maxParams    = 50
)

var (
	analyzerNames = regexp.MustCompile(analyzerNamePattern)
	contextNames  = regexp.MustCompile(contextNamePattern)
	paramNames    = regexp.MustCompile(paramPattern)
)

// reservedParams are what BuildKit's protocol says to a scanner itself.
var reservedParams = []string{"DESTINATION", "SOURCE", "SOURCE_EXTRAS"}

func analyzerFields() []Field {
	return []Field{
		{Name: analyzerName, Required: true, Help: "what it is called in reports", schema: patterned(analyzerNamePattern)},
		{Name: analyzerImage, Required: true, Help: "docker-image://REF, best with its digest, or the name of a build context", schema: analyzerImageSchema()},
		{Name: analyzerScope, Help: "what it is given: layer, stage or context", schema: schema{"enum": []AnalyzerScope{ScopeLayer, ScopeStage, ScopeContext}, "default": ScopeStage}},
		{Name: analyzerStages, Help: "whether it looks at what becomes the image or at all stages: image or all", schema: schema{"enum": []string{"image", "all"}, "default": "image"}},
		{Name: analyzerNetwork, Help: "none, or default for the network of the build", schema: schema{"enum": []string{"none", "default"}, "default": "none"}},
		{Name: analyzerParams, kind: fieldMap, Help: "parameters, which it finds in BUILDKIT_SCAN_KEY", schema: schema{
			"type": "object", "maxProperties": maxParams, "additionalProperties": false,
			"patternProperties": schema{paramPattern: schema{"type": []string{"string", "number", "boolean"}, "maxLength": maxArgument}},
			"propertyNames":     schema{"not": schema{"enum": reservedParams}},
		}},
		{Name: analyzerCommand, kind: fieldList, Help: "command in place of the image's entrypoint and command", schema: schema{
			"type": "array", "minItems": 1, "maxItems": maxArguments,
			"items": schema{"type": []string{"string", "number", "boolean"}, "maxLength": maxArgument},
		}},
		{Name: analyzerTimeout, Help: "how long one run may take, e.g. 90s or 10m", schema: schema{"type": "string", "default": "10m", "pattern": `^\+?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`}},
	}
}

func analyzerImageSchema() schema {
	return schema{"type": "string", "anyOf": []schema{
		{"pattern": `^` + imageScheme + `\S+$`}, {"pattern": contextNamePattern},
	}}
}

func setAnalyzers(o *Options, s setting) error {
	for _, e := range s.entries {
		a, err := parseAnalyzer(e)
		if err != nil {
			return err
		}
		a.File, a.Line = s.at.file, e.line
		for _, have := range o.Analyzers {
			if have.Name == a.Name {
				at := place{road: RoadFile, file: have.File, line: have.Line, policy: have.File != a.File}
				return &partError{line: e.values[analyzerName].line, key: analyzerName, err: errors.Errorf("%q is the name of an analyzer in %s already", a.Name, at.where())}
			}
		}
		if o.Analyzers = append(o.Analyzers, a); len(o.Analyzers) > MaxAnalyzers {
			return &partError{line: e.line, err: errors.Errorf("is one of more than %d analyzers, with those of policies", MaxAnalyzers)}
		}
	}
	return nil
}

func parseAnalyzer(e entry) (Analyzer, error) {
	a := Analyzer{Scope: ScopeStage, Timeout: DefaultAnalyzerTimeout}
	for _, f := range []struct {
		key   string
		parse func(v value) error
	}{
		{analyzerName, func(v value) error { a.Name = v.text; return checkAnalyzerName(v.text) }},
		{analyzerImage, func(v value) (err error) { a.Image, a.Context, err = parseAnalyzerImage(v.text); return err }},
		{analyzerScope, func(v value) error {
			a.Scope = AnalyzerScope(v.text)
			return oneOf(v.text, string(ScopeLayer), string(ScopeStage), string(ScopeContext))
		}},
		{analyzerStages, func(v value) error { a.AllStages = v.text == "all"; return oneOf(v.text, "image", "all") }},
		{analyzerNetwork, func(v value) error { a.Network = v.text == "default"; return oneOf(v.text, "none", "default") }},
		{analyzerParams, func(v value) (err error) { a.Params, err = parseParams(v.items); return err }},
		{analyzerCommand, func(v value) (err error) { a.Command, err = parseCommand(v.items); return err }},
		{analyzerTimeout, func(v value) (err error) { a.Timeout, err = parseTimeout(v.text); return err }},
	} {
		v, ok := e.values[f.key]
		if !ok {
			if f.key == analyzerName || f.key == analyzerImage {
				return a, &partError{line: e.line, err: errors.Errorf("an analyzer needs %s", f.key)}
			}
			continue
		}
		if err := f.parse(v); err != nil {
			var part *partError
			if errors.As(err, &part) {
				return a, &partError{line: part.line, key: f.key, err: part.err}
			}
			return a, &partError{line: v.line, key: f.key, err: err}
		}
	}
	if _, ok := e.values[analyzerStages]; ok && a.Scope == ScopeContext {
		return a, &partError{line: e.values[analyzerStages].line, key: analyzerStages, err: errors.New("means nothing with scope: context")}
	}
	return a, nil
}

func checkAnalyzerName(s string) error {
	if !analyzerNames.MatchString(s) {
		return errors.Errorf("%q is no name, want lower-case letters, digits and hyphens", shorten(s))
	}
	return nil
}

// parseAnalyzerImage tells an image from the name of a build context. Nothing
// stands in for an image: who names one by its digest gets that.
func parseAnalyzerImage(s string) (image, buildContext string, err error) {
	if contextNames.MatchString(s) {
		return "", s, nil
	}
	if !strings.Contains(s, "://") {
		return "", "", errors.Errorf("%q is no name of a build context, want %s%s for an image", shorten(s), imageScheme, shorten(s))
	}
	ref, err := ParseRef(s, RefImage)
	return ref.Value, "", err
}

func oneOf(s string, words ...string) error {
	if !slices.Contains(words, s) {
		return errors.Errorf("unknown value %q, want %s", shorten(s), orList(words))
	}
	return nil
}

func parseParams(items []value) (map[string]string, error) {
	if len(items) > maxParams {
		return nil, errors.Errorf("has %d parameters, more than %d", len(items), maxParams)
	}
	params := map[string]string{}
	for _, it := range items {
		var err error
		switch {
		case !paramNames.MatchString(it.key):
			err = errors.Errorf("%q is no parameter, want upper-case letters, digits and underscores", shorten(it.key))
		case slices.Contains(reservedParams, it.key):
			err = errors.Errorf("%s is set by the protocol itself", it.key)
		default:
			err = checkArgument(it.text)
		}
		if err != nil {
			return nil, &partError{line: it.line, err: err}
		}
		params[it.key] = it.text
	}
	return params, nil
}

func parseCommand(items []value) ([]string, error) {
	if len(items) == 0 || len(items) > maxArguments {
		return nil, errors.Errorf("has %d arguments, want 1 to %d", len(items), maxArguments)
	}
	var args []string
	for _, it := range items {
		if err := checkArgument(it.text); err != nil {
			return nil, &partError{line: it.line, err: err}
		}
		args = append(args, it.text)
	}
	return args, nil
}

func checkArgument(s string) error {
	switch {
	case len(s) > maxArgument:
		return errors.Errorf("is longer than %d bytes", maxArgument)
	case strings.ContainsRune(s, 0):
		return errors.New("contains a NUL")
	}
	return nil
}

// maxTimeout is longer than any build.
const maxTimeout = 24 * time.Hour

func parseTimeout(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > maxTimeout {
		return 0, errors.Errorf("%q is no duration of at most 24h, want e.g. 90s or 10m", shorten(s))
	}
	return d, nil
}
