package config

import (
	"strings"
	"unicode"
)

// Schemas of single values. A file's values are read as text whatever YAML takes
// them for, so that reason: 4711 is one.

// text is one that says something, of at most so many characters; 0 for any.
func text(most int) schema {
	s := schema{"type": []string{"string", "number", "boolean"}, "pattern": `\S`}
	if most > 0 {
		s["maxLength"] = most
	}
	return s
}

func patterned(pattern string) schema { return schema{"type": "string", "pattern": pattern} }

// anyCase are words in any case; editors offer them in lower case.
func anyCase(words ...string) schema {
	var alternatives []string
	for _, w := range words {
		alternatives = append(alternatives, foldPattern(w))
	}
	return schema{"type": "string", "anyOf": []schema{
		{"enum": words},
		{"pattern": "^(" + strings.Join(alternatives, "|") + ")$"},
	}}
}

// foldPattern matches a word in any case, in every dialect of regular expressions.
func foldPattern(word string) string {
	var b strings.Builder
	for _, r := range word {
		b.WriteString("[" + string(unicode.ToUpper(r)) + string(unicode.ToLower(r)) + "]")
	}
	return b.String()
}

func blockSchema() schema {
	return anyCase("critical", "high", "medium", "low", "negligible", thresholdNone)
}

func warnSchema() schema {
	return anyCase("critical", "high", "medium", "low", "negligible", "unknown", thresholdNone)
}

func effectSchema() schema {
	return anyCase(string(EffectBlock), string(EffectWarn), string(EffectOff))
}

func boolSchema() schema {
	return schema{"anyOf": []schema{
		{"type": "boolean"},
		{"enum": []any{0, 1, "0", "1", "t", "f", "T", "F", "true", "false", "True", "False", "TRUE", "FALSE"}},
	}}
}

func daysSchema() schema {
	return schema{"anyOf": []schema{
		{"type": "integer", "minimum": 0, "maximum": maxAgeDays},
		patterned(`^` + daysPattern + `d?$`),
	}}
}

// daysPattern is a number up to maxAgeDays.
const daysPattern = `0*([0-9]{1,4}|[12][0-9]{4}|3[0-5][0-9]{3}|36[0-4][0-9]{2}|36500)`

func ageSchema() schema {
	return schema{"anyOf": []schema{
		{"const": 0},
		patterned(`^(\+?0|` + daysPattern + `d|\+?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`),
	}}
}

func epssSchema() schema {
	return schema{"anyOf": []schema{
		{"type": "number", "exclusiveMinimum": 0, "maximum": 1},
		anyCase("off"),
		patterned(`^(0*\.[0-9]*[1-9][0-9]*|0*1(\.0+)?)$`),
	}}
}

func urlSchema() schema {
	return schema{"type": "string", "maxLength": maxURLLength, "pattern": `^https?://[^\s/?#@]+([/?#]\S*)?$`}
}

func daySchema() schema {
	return schema{"type": "string", "format": "date", "pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`}
}

// pathSchema is a path inside the build context.
func pathSchema() schema {
	s := text(0)
	s["not"] = schema{"pattern": `^/|^\.\.(/|$)|^(\./?)+$|\\|[\r\n]`}
	return s
}

// namesSchema is a pattern of files in the build context.
func namesSchema() schema {
	s := text(maxGlob)
	s["not"] = schema{"pattern": `^/|^\.\.(/|$)|^(\./?)+$|\\|/$|` + nameSeparator + `|[\r\n]`}
	return s
}

func licenseSchema() schema {
	s := patterned(licenseGlob.String())
	s["maxLength"] = maxGlob
	return s
}

func purlSchema() schema {
	s := patterned(purlPattern)
	s["maxLength"] = maxGlob
	s["not"] = schema{"pattern": "#"}
	return s
}

// imageSchema is a pattern of base images: in full, with their registry.
func imageSchema() schema {
	s := patterned(`^(\*\*|localhost/\S+|[^/\s]*[.:*{\[][^/\s]*/\S+)$`)
	s["maxLength"] = maxGlob
	s["not"] = schema{"pattern": "://"}
	return s
}

const (
	httpsPattern = `^[hH][tT][tT][pP][sS]://`
	ociPattern   = `^oci://[A-Za-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_.-]{1,128})?@sha256:[0-9a-f]{64}$`
)

// policySchema is what can be extended.
func policySchema() schema {
	path := pathSchema()
	path["not"] = schema{"anyOf": []any{path["not"], schema{"pattern": "://"}}}
	return schema{"type": "string", "maxLength": maxURLLength, "anyOf": []schema{
		{"pattern": ociPattern},
		{"pattern": httpsPattern + `[^\s/?#@]+([/?#]\S*)?$`},
		path,
	}}
}

// httpsNeedsDigest holds an entry of extends to its digest.
func httpsNeedsDigest() schema {
	return schema{
		"if":   schema{"properties": schema{extendPolicy: schema{"pattern": httpsPattern}}},
		"then": schema{"required": []string{extendDigest}},
	}
}
