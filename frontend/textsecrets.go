package frontend

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/frontend/graph"
	"github.com/scan-build/scan-build/scan"
)

// dockerfileName is what a rule sees of texts that come from a Dockerfile
// without being in it any more.
const dockerfileName = "Dockerfile"

// texts are what holds a platform's secrets besides its layers: the Dockerfile
// and the image's configuration. They are searched in this process and not by an
// operation, whose definition would hold them.
type texts struct {
	build *graph.Build
	// target of the Dockerfile, empty for its last stage; main is the
	// Dockerfile's name.
	target, main string
	// args decide a FROM with variables.
	args map[string]string
	// contexts are the build contexts by name, see namedContexts.
	contexts map[string]string

	files  [][]scan.Secret // as Build.Files
	config []configSecret
	base   imageConfig
	// byArg names the build argument of a secret's fingerprint.
	byArg map[string]string
}

// placedSecret is a secret of a text and the stage it belongs to.
type placedSecret struct {
	scan.Secret
	// final, or the name of a stage that need not have been built.
	final bool
	stage string
}

// newTexts prepares the texts of a build with these frontend options.
func newTexts(b *graph.Build, opts map[string]string, platform string) *texts {
	t := &texts{build: b, target: opts[keyTarget], main: dockerfileName, args: platformArgs(platform), contexts: namedContexts(opts), byArg: map[string]string{}}
	if name := opts[keyFilename]; name != "" {
		t.main = path.Clean(name)
	}
	for k, v := range opts {
		if name, ok := strings.CutPrefix(k, buildArgPrefix); ok {
			t.args[name] = v
		}
	}
	return t
}

// platformArgs are the arguments that BuildKit sets by itself for every FROM.
func platformArgs(id string) map[string]string {
	p, err := platforms.Parse(id)
	if err != nil {
		return map[string]string{}
	}
	return map[string]string{
		"TARGETPLATFORM": platforms.Format(p), "TARGETOS": p.OS, "TARGETARCH": p.Architecture, "TARGETVARIANT": p.Variant,
	}
}

// find finds the secrets of all texts. Whatever is shown has to wait for it,
// because the finder learns their values.
func (t *texts) find(f *finder, config, base []byte) error {
	for _, info := range t.build.Files() {
		found, err := f.find(path.Clean(info.Filename), string(info.Data))
		if err != nil {
			return errors.Wrapf(err, "failed to search %s", info.Filename)
		}
		t.files = append(t.files, found)
	}
	for name, value := range t.args {
		found, err := f.find(dockerfileName, name+"="+value)
		if err != nil {
			return errors.Wrap(err, "failed to search the build's arguments")
		}
		for _, s := range found {
			t.byArg[s.Fingerprint] = name
		}
	}
	c, err := parseConfig(config)
	if err != nil {
		return err
	}
	if t.base, err = parseConfig(base); err != nil {
		return err
	}
	t.config, err = c.find(f)
	return errors.Wrap(err, "failed to search the image's configuration")
}

// place says which stages the secrets belong to, and which instructions wrote
// them. What stands in a stage that the image continues, or before the first
// FROM, counts as the image's own.
func (t *texts) place(stages []planStage) []placedSecret {
	final := &stages[len(stages)-1]
	var out []placedSecret
	written := map[string]*scan.Layer{}
	chains := t.chains(final)
	for i, found := range t.files {
		file := t.build.File(i)
		if !file.Parsed() {
			continue // of another language: nothing is known of its lines
		}
		for _, s := range found {
			in := file.At(s.Line)
			p := placedSecret{Secret: s}
			p.final, p.stage, p.Instruction = placeInstruction(in, chains[i], stages)
			p.Source, p.Path, p.Layer = scan.SecretInDockerfile, in.FileName(), -1
			if p.final {
				written[s.Fingerprint] = cmp.Or(written[s.Fingerprint], p.Instruction)
			}
			out = append(out, p)
		}
	}
	for _, s := range t.config {
		if s.Instruction = written[s.Fingerprint]; s.Instruction == nil || t.base.has(s.field.name, s.entry) {
			s.Instruction = t.setter(s, final, chains)
		}
		out = append(out, placedSecret{Secret: s.Secret, final: true})
	}
	return out
}

// placeInstruction says whether an instruction counts as the image's own, whose
// stage it is in if not, and how a report shows it. chain are the stages of its
// file that the image has, the last of stages is the final one.
func placeInstruction(in graph.Instruction, chain []int, stages []planStage) (final bool, stage string, l *scan.Layer) {
	l = instruction(in, chain, &stages[len(stages)-1])
	if in.StageIndex() < 0 || slices.Contains(chain, in.StageIndex()) {
		return true, "", l
	}
	return false, stageOf(in, stages), l
}

// chains lists, for each file, the stages whose instructions the image has.
func (t *texts) chains(final *planStage) [][]int {
	files := t.build.Files()
	out := make([][]int, len(files))
	for i := range files {
		file := t.build.File(i)
		if len(files) == 1 || path.Clean(files[i].Filename) == t.main {
			out[i] = file.Chain(t.target, t.args)
		}
		for _, l := range final.layers {
			if l.from.Source == file.Info && !slices.Contains(out[i], l.from.StageIndex()) && !t.bottomOf(file, out[i], l.from) {
				out[i] = append(out[i], file.Below(l.from.StageIndex(), t.args)...)
			}
		}
	}
	return out
}

// bottomOf reports whether a layer is the image that the last stage of a chain is
// FROM. Stages on the same image share its layers, so those do not tell which of
// them the chain has.
func (t *texts) bottomOf(file *graph.File, chain []int, l *graph.Layer) bool {
	if l.Base == nil || len(chain) == 0 {
		return false
	}
	ref, ok := file.Base(chain[len(chain)-1], t.args)
	if !ok {
		return false
	}
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return false
	}
	used, err := reference.ParseNormalizedNamed(l.Base.Ref)
	return err == nil && named.Name() == used.Name()
}

// stageOf names the stage of the plan that an instruction is in; the stage in
// the Dockerfile if it was not built.
func stageOf(in graph.Instruction, stages []planStage) string {
	for _, st := range stages {
		for _, l := range st.layers {
			if l.from.Source == in.Source && l.from.StageIndex() == in.StageIndex() {
				return st.Name
			}
		}
	}
	return in.Stage
}

// instruction is how a report shows an instruction that made no layer. An unnamed
// stage that is the image's own, the first of the chain, is called as the image is.
func instruction(in graph.Instruction, chain []int, final *planStage) *scan.Layer {
	l := place(in)
	if len(chain) > 0 && chain[0] == in.StageIndex() && !in.Named() {
		l.Stage = final.Name
	}
	return &l
}

// setter finds the instruction that wrote a configuration's entry: the FROM for
// what the base image has, nil if it is not known.
func (t *texts) setter(s configSecret, final *planStage, chains [][]int) *scan.Layer {
	if t.base.has(s.field.name, s.entry) {
		if len(final.layers) == 0 || final.layers[0].Base == "" {
			return nil
		}
		l := place(final.layers[0].from.Instruction)
		l.Base = final.layers[0].Base
		return &l
	}
	keyword, name := s.field.keyword, ""
	switch arg := t.byArg[s.Fingerprint]; {
	case arg != "":
		keyword, name = "arg", arg
	case keyword == "": // history: "ENV NAME=value", "CMD […]"
		keyword, name, _ = strings.Cut(s.entry, " ")
		keyword = strings.ToLower(keyword)
		name, _, _ = strings.Cut(name, "=")
	default:
		name, _, _ = strings.Cut(s.entry, "=")
	}
	if !slices.Contains([]string{"env", "label", "arg"}, keyword) {
		name = ""
	}
	for i, chain := range chains {
		if in, ok := t.build.File(i).Setting(chain, keyword, name); ok {
			return instruction(in, chain, final)
		}
	}
	return nil
}

// addSecrets puts the secrets of texts into a report's stages. One that was not
// built is added for them: its lines are in the Dockerfile all the same.
func (p *plan) addSecrets(r *scan.Report) {
	for i, pp := range p.platforms {
		for _, s := range pp.secrets {
			st := r.Platforms[i].FinalStage()
			if !s.final {
				st = stageNamed(&r.Platforms[i], s.stage)
			}
			st.Secrets = append(st.Secrets, s.Secret)
		}
	}
}

func stageNamed(p *scan.Platform, name string) *scan.Stage {
	for i := range p.Stages {
		if st := &p.Stages[i]; st.Name == name && !st.Final {
			return st
		}
	}
	p.Stages = slices.Insert(p.Stages, 0, scan.Stage{Name: name})
	return &p.Stages[0]
}
