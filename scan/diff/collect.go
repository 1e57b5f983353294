package diff

import (
	"cmp"
	"slices"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/base"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// vulnerabilities are found again by what databases call them and by package,
// whatever version of it has them.
func vulnerabilities(images []image) set {
	out := set{}
	for _, i := range images {
		for _, f := range i.Findings {
			id := base.Identity(f)
			found := Finding{
				ID: id, Severity: f.Severity, Package: f.Package, Versions: []string{f.Version}, Location: location(i, f.Last, nil),
			}
			if f.Fix.State == "fixed" {
				found.Fixed = f.Fix.Versions
			}
			out.add(key{id, f.Type, f.Package}, found, i.platform, []string{f.Path}, f.Decision)
		}
	}
	return out
}

// secrets are found again by their rule and value.
func secrets(images []image) set {
	out := set{}
	for _, i := range images {
		for _, s := range i.Secrets {
			found := Finding{ID: s.Rule, Subject: s.Redacted, Location: location(i, s.Layer, s.Instruction)}
			switch {
			case s.Dismissed != "":
				found.Ignored = "dismissed"
			case s.Allowed != "":
				found.Ignored = "secrets.allow"
			}
			out.add(key{s.Rule, "", s.Fingerprint}, found, i.platform, []string{s.Path}, s.Decision)
		}
	}
	return out
}

// misconfigurations are found again by their check and the file that they are
// about, so that one more file is one more finding; else by what of the image's
// configuration they are about, else by what they say.
func misconfigurations(images []image) set {
	out := set{}
	for _, i := range images {
		for _, m := range i.Misconfigurations {
			found := Finding{ID: m.Check, Severity: m.Severity, Subject: m.Message, Location: location(i, m.Layer, m.Instruction)}
			if len(m.Paths) == 0 {
				out.add(key{m.Check, "", cmp.Or(m.Subject, m.Message)}, found, i.platform, nil, m.Decision)
				continue
			}
			found.Subject = m.Title
			for _, p := range m.Paths {
				out.add(key{m.Check, "file", p}, found, i.platform, []string{p}, m.Decision)
			}
		}
	}
	return out
}

// external findings have a fingerprint of their own, or go by rule and file.
func external(images []image) set {
	out := set{}
	for _, i := range images {
		for _, e := range i.External {
			id := e.Analyzer + "/" + e.Rule
			found := Finding{ID: id, Severity: e.Severity, Subject: e.Message, Location: location(i, e.Layer, nil)}
			out.add(key{id, "", cmp.Or(e.Fingerprint, e.Path)}, found, i.platform, []string{e.Path}, e.Decision)
		}
	}
	return out
}

// location is the place in the Dockerfile of what a layer or an instruction of no
// layer brought in.
func location(i image, layer int, instruction *scan.Layer) string {
	if instruction == nil && layer >= 0 && layer < len(i.Layers) {
		instruction = &i.Layers[layer]
	}
	if instruction == nil {
		return ""
	}
	return plain.Location(instruction.File, instruction.StartLine, instruction.EndLine)
}

func comparePackages(a, b []image) Packages {
	type name struct{ kind, name string }
	versions := func(images []image) map[name][]string {
		out := map[name][]string{}
		for _, i := range images {
			for _, p := range i.Packages {
				n := name{p.Type, p.Name}
				out[n] = append(out[n], p.Version)
			}
		}
		for n, v := range out {
			slices.Sort(v)
			out[n] = slices.Compact(v)
		}
		return out
	}
	from, to := versions(a), versions(b)
	out := Packages{Added: []Package{}, Removed: []Package{}, Changed: []Package{}}
	for n, v := range to {
		p := Package{Type: n.kind, Name: n.name, From: from[n], To: v}
		switch {
		case p.From == nil:
			out.Added = append(out.Added, p)
		case slices.Equal(p.From, v):
			out.Unchanged++
		default:
			out.Changed = append(out.Changed, p)
		}
	}
	for n, v := range from {
		if to[n] == nil {
			out.Removed = append(out.Removed, Package{Type: n.kind, Name: n.name, From: v})
		}
	}
	for _, list := range [][]Package{out.Added, out.Removed, out.Changed} {
		slices.SortFunc(list, func(a, b Package) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name)) })
	}
	return out
}
