package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// What a message shows of secrets at most.
const (
	shownSecrets  = 10
	shownPlaces   = 3 // other places of one secret
	redactedWidth = 40
	sentenceWidth = 160

	// acceptedFor is how long the entry holds that a message proposes.
	acceptedFor = 90 // days
)

// secretsBlock says which secrets block and what to do about each.
func (p *page) secretsBlock() {
	if len(p.r.Verdict.Secrets) == 0 {
		return
	}
	all := groupSecrets(p.r.Verdict.Secrets)
	shown := all[:min(len(all), p.secrets)]
	elsewhere := placesInStages(p.r, shown)
	for _, g := range byOrigin(shown) {
		p.heading(g.place())
		for _, f := range g.secrets {
			p.secret(f, elsewhere[valueOf(f.Secret)])
		}
		p.fix(g.remedy())
	}
	if more := len(all) - len(shown); more > 0 {
		p.blank()
		p.rest("… and " + plain.Count(more, "more secret", "more secrets"))
	}
	if !p.accept {
		p.cut = true
		return
	}
	for _, l := range acceptText(shown, p.r.Finished) {
		p.whole(l)
	}
}

func (p *page) secret(f *foundSecret, elsewhere []secretPlace) {
	first, rest := f.text(p.r, elsewhere)
	it := item{cells: []Span{{RoleSecret, first[0]}}}
	for _, c := range first[1:] {
		it.cells = append(it.cells, Span{Text: c})
	}
	p.itemRow(it)
	for _, l := range rest {
		p.text(6, Span{Text: "    " + l})
	}
}

// place names the instruction and where it stands.
func (g *instructionSecrets) place() (where, text string) {
	if g.inConfigOnly() {
		return "", g.origin()
	}
	return g.group.place()
}

// origin names the instruction, or the configuration if none is known.
func (g *instructionSecrets) origin() string {
	if g.inConfigOnly() {
		return "image configuration"
	}
	return g.instructionText()
}

func (g *instructionSecrets) inConfigOnly() bool {
	return g.source == scan.SecretInConfig && g.layer.Instruction == ""
}

// text is a secret in cells, and in lines where else it is and that it has to be
// rotated.
func (f *foundSecret) text(r *scan.Report, elsewhere []secretPlace) (cells, lines []string) {
	cells = []string{"SECRET", plain.Line(f.Rule, nameWidth), plain.Line(f.Redacted, redactedWidth), whereText(f.Secret)}
	if p := f.platforms(); len(p) < len(r.Platforms) {
		cells = append(cells, "only "+plain.Line(strings.Join(p, ", "), pathWidth))
	}
	if f.Removed > 0 {
		lines = append(lines, fmt.Sprintf("removed %s, but deleting the file in a later layer does not remove it from the image", removedBy(r, f.places[0])))
	}
	if also := alsoText(append(f.places[1:len(f.places):len(f.places)], elsewhere...)); also != "" {
		lines = append(lines, "also in "+also)
	}
	return withoutEmpty(cells), append(lines, "rotate it, layers and build caches keep a copy: "+Help(f.Rule))
}

func withoutEmpty(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// whereText is the place inside of what its instruction wrote.
func whereText(s scan.Secret) string {
	at := plain.Tail(s.Path, pathWidth)
	switch {
	case s.Source == scan.SecretInConfig && s.Line > 0:
		return fmt.Sprintf("the image's %s (entry %d)", at, s.Line)
	case s.Source == scan.SecretInConfig:
		return "the image's " + at
	case s.Line > 0:
		return fmt.Sprintf("%s:%d", at, s.Line)
	default:
		return at
	}
}

// alsoText lists other places of a secret.
func alsoText(places []secretPlace) string {
	var parts []string
	for _, p := range places[:min(len(places), shownPlaces)] {
		parts = append(parts, p.String())
	}
	if more := len(places) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return strings.Join(parts, ", ")
}

func (p secretPlace) String() string {
	text := whereText(p.Secret)
	at := plain.Location(p.Layer.File, p.Layer.StartLine, p.Layer.EndLine)
	if p.Secret.Source == scan.SecretInFile && at != "" {
		text += " (" + at + ")"
	}
	return text
}

// removedBy is where the file of a secret was removed.
func removedBy(r *scan.Report, p secretPlace) string {
	for i := range r.Platforms {
		for _, s := range r.Platforms[i].Stages {
			if r.Platforms[i].ID != p.Platform || s.Name != p.Stage || p.Secret.Removed >= len(s.Layers) {
				continue
			}
			l := s.Layers[p.Secret.Removed]
			if at := plain.Location(l.File, l.StartLine, l.EndLine); at != "" {
				return "by " + at
			}
		}
	}
	return "by a later instruction"
}

// placesInStages finds where build stages have secrets of the image: a COPY
// between stages often brought them in.
func placesInStages(r *scan.Report, image []*foundSecret) map[valueKey][]secretPlace {
	out := map[valueKey][]secretPlace{}
	known := map[valueKey]*foundSecret{}
	for _, f := range image {
		known[valueOf(f.Secret)] = f
	}
	for _, f := range groupSecrets(secretsOf(r, func(s *scan.Stage) bool { return !s.Final })) {
		k := valueOf(f.Secret)
		if known[k] == nil {
			continue
		}
		for _, p := range f.places {
			if _, both := known[k].index[placeOf(p.BlockingSecret)]; !both {
				out[k] = append(out[k], p)
			}
		}
	}
	return out
}

// acceptText is the entry for the options file that would accept each secret.
// Its reason is for the user to write: without one the file is refused.
func acceptText(secrets []*foundSecret, at time.Time) []string {
	out := []string{"", "To accept what is no secret or opens nothing, in .scan-build.yaml, with a reason:", "  secrets:", "    allow:"}
	expires := at.UTC().AddDate(0, 0, acceptedFor).Format(time.DateOnly)
	for _, f := range secrets {
		by := fmt.Sprintf("fingerprint: %q", plain.Line(f.Fingerprint, 0))
		if f.Fingerprint == "" {
			by = fmt.Sprintf("rule: %q, path: %q", plain.Line(f.Rule, 0), plain.Line(f.Path, 0))
		}
		out = append(out, fmt.Sprintf(`      - {%s, reason: "", expires: %s}  # %s in %s`,
			by, expires, plain.Line(f.Rule, nameWidth), whereText(f.Secret)))
	}
	return out
}
