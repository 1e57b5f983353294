package html

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

//go:embed page.html.tmpl style.css script/*.js
var assets embed.FS

// scripts in the order in which the page's one script is put together.
var scripts = []string{"dom", "data", "state", "filter", "window", "table", "views", "controls", "details", "main"}

// page is what the template shows.
type page struct {
	Summary summary
	// Data is a [document] as JSON, escaped so that it cannot end its element.
	Data   template.JS
	Style  template.CSS
	Script template.JS
	Policy string
}

// Write renders the whole report, all platforms.
func Write(w io.Writer, r *scan.Report) error {
	tmpl, err := template.ParseFS(assets, "page.html.tmpl")
	if err != nil {
		return errors.Wrap(err, "failed to parse the page's template")
	}
	style, err := assets.ReadFile("style.css")
	if err != nil {
		return errors.Wrap(err, "failed to read the page's style")
	}
	script, err := joinScripts()
	if err != nil {
		return err
	}
	doc := collect(r)
	// Marshal writes <, >, &, U+2028 and U+2029 as escapes.
	data, err := json.Marshal(doc)
	if err != nil {
		return errors.Wrap(err, "failed to encode the page's data")
	}
	return errors.Wrap(tmpl.Execute(w, page{
		Summary: summarize(r, doc),
		Data:    template.JS(data),   //nolint:gosec // JSON, escaped by Marshal
		Style:   template.CSS(style), //nolint:gosec // ours
		Script:  template.JS(script), //nolint:gosec // ours
		Policy:  securityPolicy(script, string(style)),
	}), "failed to render the page")
}

// joinScripts puts the parts into one function, so that they share names among
// themselves and with nothing else.
func joinScripts() (string, error) {
	var b strings.Builder
	b.WriteString("(() => {\n\"use strict\";\n")
	for _, name := range scripts {
		part, err := assets.ReadFile("script/" + name + ".js")
		if err != nil {
			return "", errors.Wrap(err, "failed to read the page's script")
		}
		b.Write(part)
	}
	b.WriteString("})();\n")
	return b.String(), nil
}

// securityPolicy allows the page its own script and style and an icon that is
// written out in it, and no request to anywhere.
func securityPolicy(script, style string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src " + source(script),
		"style-src " + source(style),
		"img-src data:",
		"base-uri 'none'",
		"form-action 'none'",
	}, "; ")
}

// source names an inline element by its content, as Content Security Policy
// Level 3 does in its section 6.7.2.
func source(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
