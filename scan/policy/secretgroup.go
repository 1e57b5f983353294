package policy

import "github.com/scan-build/scan-build/scan"

// foundSecret is one secret with all the places it was found in. The first is
// the nearest to its origin: there it has to be taken out.
type foundSecret struct {
	scan.Secret // as in the first place
	places      []secretPlace
	index       map[placeKey]int // into places
}

// secretPlace is a place in one instruction's result.
type secretPlace struct {
	scan.BlockingSecret // the first of those it stands for
	platforms           []string
}

// valueKey identifies a secret wherever it was found. Without a fingerprint it
// is known by where it is.
type valueKey struct{ rule, fingerprint, path string }

func valueOf(s scan.Secret) valueKey {
	if s.Fingerprint != "" {
		return valueKey{rule: s.Rule, fingerprint: s.Fingerprint}
	}
	return valueKey{rule: s.Rule, path: s.Path}
}

// placeKey identifies a place across platforms and stages.
type placeKey struct {
	source scan.SecretSource
	path   string
	in     instruction
}

func placeOf(b scan.BlockingSecret) placeKey {
	k := placeKey{source: b.Secret.Source, path: b.Secret.Path}
	if b.Secret.Source != scan.SecretInConfig { // a field is one, whatever writes to it
		k.in = instructionOf(b.Layer)
	}
	return k
}

// groupSecrets puts together what is the same secret, in the order of each
// one's first place.
func groupSecrets(found []scan.BlockingSecret) []*foundSecret {
	var out []*foundSecret
	byValue := map[valueKey]*foundSecret{}
	for _, b := range found {
		k := valueOf(b.Secret)
		f := byValue[k]
		if f == nil {
			f = &foundSecret{Secret: b.Secret, index: map[placeKey]int{}}
			byValue[k] = f
			out = append(out, f)
		}
		f.add(b)
	}
	return out
}

func (f *foundSecret) add(b scan.BlockingSecret) {
	k := placeOf(b)
	i, ok := f.index[k]
	if !ok {
		i = len(f.places)
		f.index[k] = i
		f.places = append(f.places, secretPlace{BlockingSecret: b})
	}
	f.places[i].platforms = addTo(f.places[i].platforms, b.Platform)
}

// platforms are all that have the secret.
func (f *foundSecret) platforms() []string {
	var out []string
	for _, p := range f.places {
		for _, id := range p.platforms {
			out = addTo(out, id)
		}
	}
	return out
}

// instructionSecrets are the secrets that have their first place in one
// instruction.
type instructionSecrets struct {
	group   // for its heading
	source  scan.SecretSource
	secrets []*foundSecret
}

// byOrigin groups secrets by the instruction of their first place, in the order
// of each instruction's first.
func byOrigin(secrets []*foundSecret) []instructionSecrets {
	type key struct {
		in     instruction
		config bool
	}
	var out []instructionSecrets
	index := map[key]int{}
	for _, f := range secrets {
		first := f.places[0]
		k := key{instructionOf(first.Layer), first.Secret.Source == scan.SecretInConfig}
		i, ok := index[k]
		if !ok {
			i = len(out)
			index[k] = i
			out = append(out, instructionSecrets{group: group{layer: first.Layer, stage: first.Stage}, source: first.Secret.Source})
		}
		out[i].secrets = append(out[i].secrets, f)
	}
	return out
}
