package report

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// gitlabRules state what GitLab 15.0.7 of the container scanning format requires of
// the fields that we write, and forbid any other. GitLab's own schema stands in no
// package that Go could fetch; SCAN_BUILD_GITLAB_SCHEMA names a copy to validate
// by as well.
const gitlabRules = `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "definitions": {
    "time": {"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}$"},
    "text": {"type": "string", "minLength": 1},
    "url": {"type": "string", "pattern": "^(https?|ftp)://.+"},
    "tool": {
      "type": "object", "required": ["id", "name", "version", "vendor"], "additionalProperties": false,
      "properties": {
        "id": {"$ref": "#/definitions/text"}, "name": {"$ref": "#/definitions/text"}, "version": {"$ref": "#/definitions/text"},
        "vendor": {"type": "object", "required": ["name"], "properties": {"name": {"$ref": "#/definitions/text"}}}
      }
    },
    "detail": {
      "type": "object", "required": ["name", "type"],
      "properties": {"name": {"$ref": "#/definitions/text"}},
      "oneOf": [
        {"required": ["value"], "properties": {"type": {"const": "text"}, "value": {"type": "string"}}},
        {"required": ["file_name", "line_start"], "properties": {
          "type": {"const": "file-location"}, "file_name": {"$ref": "#/definitions/text"}, "line_start": {"type": "integer"}, "line_end": {"type": "integer"}}}
      ]
    },
    "vulnerability": {
      "type": "object", "required": ["id", "identifiers", "location"], "additionalProperties": false,
      "properties": {
        "id": {"$ref": "#/definitions/text"},
        "name": {"type": "string", "maxLength": 255},
        "description": {"type": "string", "maxLength": 1048576},
        "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
        "solution": {"type": "string", "maxLength": 7000},
        "identifiers": {"type": "array", "minItems": 1, "items": {
          "type": "object", "required": ["type", "name", "value"], "additionalProperties": false,
          "properties": {"type": {"$ref": "#/definitions/text"}, "name": {"$ref": "#/definitions/text"}, "value": {"$ref": "#/definitions/text"}, "url": {"$ref": "#/definitions/url"}}}},
        "cvss_vectors": {"type": "array", "minItems": 1, "maxItems": 10, "items": {
          "type": "object", "required": ["vendor", "vector"],
          "properties": {"vendor": {"$ref": "#/definitions/text"}, "vector": {"type": "string", "minLength": 16, "maxLength": 128, "pattern": "^(CVSS:3[.][01]/)?[A-Za-z]+:[A-Z]+(/[A-Za-z]+:[A-Z]+)*$"}}}},
        "links": {"type": "array", "items": {"type": "object", "required": ["url"], "properties": {"url": {"$ref": "#/definitions/url"}}}},
        "details": {"type": "object", "additionalProperties": {"$ref": "#/definitions/detail"}},
        "location": {
          "type": "object", "required": ["dependency", "operating_system", "image"], "additionalProperties": false,
          "properties": {
            "image": {"$ref": "#/definitions/text"}, "operating_system": {"$ref": "#/definitions/text"},
            "dependency": {"type": "object", "required": ["package", "version"], "properties": {
              "package": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}, "version": {"type": "string"}}}
          }
        }
      }
    }
  },
  "type": "object", "required": ["scan", "version", "vulnerabilities"], "additionalProperties": false,
  "properties": {
    "version": {"type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+$"},
    "remediations": {"type": "array", "maxItems": 0},
    "vulnerabilities": {"type": "array", "items": {"$ref": "#/definitions/vulnerability"}},
    "scan": {
      "type": "object", "required": ["analyzer", "end_time", "scanner", "start_time", "status", "type"], "additionalProperties": false,
      "properties": {
        "start_time": {"$ref": "#/definitions/time"}, "end_time": {"$ref": "#/definitions/time"},
        "status": {"enum": ["success", "failure"]}, "type": {"const": "container_scanning"},
        "analyzer": {"$ref": "#/definitions/tool"}, "scanner": {"$ref": "#/definitions/tool"},
        "messages": {"type": "array", "items": {"type": "object", "required": ["level", "value"],
          "properties": {"level": {"enum": ["info", "warn", "fatal"]}, "value": {"$ref": "#/definitions/text"}}}}
      }
    }
  }
}`

func TestGitLabReportIsValidAndReadsWell(t *testing.T) {
	schemas := []string{gitlabRules}
	if file := os.Getenv("SCAN_BUILD_GITLAB_SCHEMA"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		schemas = append(schemas, string(text))
	}
	got := render(t, "gitlab", everything(t))
	golden(t, "gitlab.json", got)
	for _, s := range schemas {
		schema := compileSchema(t, "schema.json", []byte(s))
		validate(t, schema, got)
		validate(t, schema, render(t, "gitlab", &scan.Report{}))
		validate(t, schema, render(t, "gitlab", hostile(t)))
	}
}

func gitlabOf(t *testing.T, r *scan.Report) gitlabReport {
	t.Helper()
	var out gitlabReport
	if err := json.Unmarshal(render(t, "gitlab", r), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGitLabGetsTheImagesVulnerabilitiesAlone(t *testing.T) {
	doc := gitlabOf(t, everything(t))
	var names []string
	for _, v := range doc.Vulnerabilities {
		names = append(names, v.Name)
		if v.Location.Image != "registry.example/app:1" || v.Location.OS != "debian:12" {
			t.Errorf("%+v", v.Location)
		}
	}
	for _, absent := range []string{"GHSA-moch-moch-moch", "CVE-2024-24790", "github-pat", "Eicar-Test", "root-user"} { // of a build stage, accepted, no vulnerabilities
		if slices.Contains(names, absent) {
			t.Errorf("%s is in the report", absent)
		}
	}
	if len(names) != 10 {
		t.Error(names)
	}
	if m := doc.Scan.Messages[len(doc.Scan.Messages)-1]; m.Value != "1 vulnerability is left out: ignored by the policy (exception)" {
		t.Error(m)
	}
}

func TestGitLabIDsStayTheSame(t *testing.T) {
	ids := func(r *scan.Report) []string {
		var out []string
		for _, v := range gitlabOf(t, r).Vulnerabilities {
			out = append(out, v.ID)
		}
		slices.Sort(out)
		return out
	}
	a, b := everything(t), everything(t)
	slices.Reverse(b.Platforms)
	if x, y := ids(a), ids(b); !slices.Equal(x, y) || len(slices.Compact(slices.Clone(x))) != len(x) {
		t.Errorf("%v\n%v", x, y)
	}
}

func TestGitLabDescriptionsAreText(t *testing.T) {
	for _, v := range gitlabOf(t, hostile(t)).Vulnerabilities {
		for _, bad := range []string{"<script", "@everyone", "](", "https://", "![", "www.evil"} {
			if strings.Contains(v.Description, bad) && !strings.Contains(v.Description, `\`+bad) {
				t.Fatalf("%s in %s", bad, v.Description)
			}
		}
		if len(v.Links) > 0 {
			t.Fatal(v.Links)
		}
	}
}

func TestGitLabHearsOfAScanWithoutVerdict(t *testing.T) {
	if s := gitlabOf(t, sample.Report()).Scan.Status; s != "failure" {
		t.Error(s)
	}
}

func TestVectorsThatAreNoneAreLeftOut(t *testing.T) {
	for vector, want := range map[string]string{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":                    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
		"AV:N/AC:L/Au:N/C:P/I:P/A:P":                                      "AV:N/AC:L/Au:N/C:P/I:P/A:P",
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N": "",
		"CVSS:3.1/<script>":                                               "",
		"":                                                                "",
	} {
		if got := canonicalVector(vector); got != want {
			t.Errorf("%q gives %q", vector, got)
		}
	}
}
